/**
 * Reads the bodies of `PUT` and `PATCH` on `Microsoft.ImportExport/jobs` (api-version 2021-01-01) and finds everything
 * that its published specification does not allow.
 */
import type { BodyChecker, JsonObject } from "../arm/body-checker.js";
import type { ImportExportDrive } from "./import-export-job.js";

/** Job names: lower-case letters, digits and hyphens, beginning with a letter. */
export const jobNamePattern: RegExp = /^[a-z][a-z0-9-]{1,63}$/;

const containerNamePattern = /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/;

/** What a body may change, each undefined when it was not sent. */
export interface JobChanges {
  readonly returnAddress: object | undefined;
  readonly returnShipping: object | undefined;
  readonly deliveryPackage: { readonly carrierName: string; readonly trackingNumber: string } | undefined;
  readonly diagnosticsPath: string | undefined;
  readonly logLevel: string | undefined;
  readonly backupDriveManifest: boolean | undefined;
  readonly state: string | undefined;
  readonly cancelRequested: boolean | undefined;
  readonly encryptionKey: object | undefined;
  readonly drives: readonly ImportExportDrive[] | undefined;
}

/** Reads the properties that `PUT` and `PATCH` share. */
export function readJobChanges(check: BodyChecker, properties: JsonObject | undefined): JobChanges {
  return {
    returnAddress: readReturnAddress(check, properties),
    returnShipping: readCarrierAccount(check, properties),
    deliveryPackage: readDeliveryPackage(check, properties),
    diagnosticsPath: check.text(properties, "properties.diagnosticsPath", {
      must: ["be a valid container name", (text) => containerNamePattern.test(text)],
    }),
    logLevel: check.text(properties, "properties.logLevel", { oneOf: ["Error", "Verbose"] }),
    backupDriveManifest: check.boolean(properties, "properties.backupDriveManifest"),
    state: check.text(properties, "properties.state"),
    cancelRequested: check.boolean(properties, "properties.cancelRequested"),
    encryptionKey: readEncryptionKey(check, properties),
    drives: readDrives(check, properties),
  };
}

function readReturnAddress(check: BodyChecker, properties: JsonObject | undefined): object | undefined {
  const address = check.object(properties, "properties.returnAddress");
  if (address === undefined) return undefined;
  for (const name of [
    "recipientName",
    "streetAddress1",
    "city",
    "postalCode",
    "countryOrRegion",
    "phone",
    "email",
  ]) {
    check.text(address, `properties.returnAddress.${name}`, { required: true });
  }
  for (const name of ["streetAddress2", "stateOrProvince"]) {
    check.text(address, `properties.returnAddress.${name}`);
  }
  return address;
}

function readCarrierAccount(check: BodyChecker, properties: JsonObject | undefined): object | undefined {
  const shipping = check.object(properties, "properties.returnShipping");
  if (shipping === undefined) return undefined;
  check.text(shipping, "properties.returnShipping.carrierName", { required: true });
  check.text(shipping, "properties.returnShipping.carrierAccountNumber", { required: true });
  return shipping;
}

function readDeliveryPackage(
  check: BodyChecker,
  properties: JsonObject | undefined,
): JobChanges["deliveryPackage"] {
  const parcel = check.object(properties, "properties.deliveryPackage");
  if (parcel === undefined) return undefined;
  const carrierName = check.text(parcel, "properties.deliveryPackage.carrierName", { required: true });
  const trackingNumber = check.text(parcel, "properties.deliveryPackage.trackingNumber", {
    required: true,
  });
  check.integer(parcel, "properties.deliveryPackage.driveCount");
  check.text(parcel, "properties.deliveryPackage.shipDate");
  if (carrierName === undefined || trackingNumber === undefined) return undefined;
  return { ...parcel, carrierName, trackingNumber };
}

function readEncryptionKey(check: BodyChecker, properties: JsonObject | undefined): object | undefined {
  const key = check.object(properties, "properties.encryptionKey");
  if (key === undefined) return undefined;
  const kind = check.text(key, "properties.encryptionKey.kekType", {
    oneOf: ["MicrosoftManaged", "CustomerManaged"],
  });
  if (kind === "CustomerManaged") {
    check.text(key, "properties.encryptionKey.kekUrl", { required: true });
    check.text(key, "properties.encryptionKey.kekVaultResourceID", { required: true });
  }
  return { ...key, kekType: kind ?? "MicrosoftManaged" };
}

function readDrives(
  check: BodyChecker,
  properties: JsonObject | undefined,
): readonly ImportExportDrive[] | undefined {
  const items = check.objects(properties, "properties.driveList", { atLeast: 1, atMost: 10 });
  if (items === undefined) return undefined;
  const seenIds = new Set<string>();
  return items.map((item, index) => {
    const path = `properties.driveList[${index}]`;
    const driveId = check.text(item, `${path}.driveId`, {
      required: true,
      must: ["contain no spaces", (text) => !/\s/.test(text)],
    });
    if (driveId !== undefined && seenIds.has(driveId)) {
      check.report("DuplicateDrive", `${path}.driveId`, `The drive '${driveId}' is listed more than once.`);
    }
    seenIds.add(driveId ?? "");
    return {
      driveId: driveId ?? "",
      bitLockerKey: check.text(item, `${path}.bitLockerKey`, { required: true }) ?? "",
      manifestFile: check.text(item, `${path}.manifestFile`, { required: true }) ?? "",
      manifestHash:
        check.text(item, `${path}.manifestHash`, {
          required: true,
          must: ["be a Base16 MD5 hash of 32 digits", (text) => /^[0-9A-Fa-f]{32}$/.test(text)],
        }) ?? "",
      driveHeaderHash: check.text(item, `${path}.driveHeaderHash`) ?? "",
      state: "Specified",
      copyStatus: undefined,
      percentComplete: 0,
      bytesSucceeded: 0,
      outcome: undefined,
    };
  });
}

/** Reads the bodies sent to `Microsoft.DataBox/jobs` (api-version 2022-12-01, SKU `DataBoxCustomerDisk`). */
import { type BodyChecker, isJsonObject, type JsonObject } from "../arm/body-checker.js";
import type { StorageAccountDefinition, SubscriptionInventory } from "../arm/subscription-inventory.js";
import { findImportExportLocation } from "../import-export/locations.js";
import type { DataBoxDrive, DataBoxJobSettings } from "./data-box-job.js";

/** Job names: 3 to 24 letters, digits, hyphens, underscores and dots. */
export const dataBoxJobNamePattern: RegExp = /^[-\w.]{3,24}$/;

/** The SKU of customers' own disks. */
export const customerDiskSku = "DataBoxCustomerDisk";

/** What a `PUT` orders. */
export interface DataBoxOrder {
  readonly location: string;
  readonly storageAccountId: string;
  readonly storageAccount: StorageAccountDefinition | undefined;
  readonly settings: DataBoxJobSettings;
  readonly drives: readonly DataBoxDrive[];
  readonly isVerbose: boolean;
  readonly backsUpManifests: boolean;
}

const details = "properties.details";

/** Reads a `PUT`. Usable only when the checker has no problems afterwards. */
export function readDataBoxOrder(
  check: BodyChecker,
  body: JsonObject,
  inventory: SubscriptionInventory,
): DataBoxOrder {
  const location = check.text(body, "location", { required: true }) ?? "";
  if (location !== "" && findImportExportLocation(location) === undefined) {
    check.report(
      "LocationNotAvailableForResourceType",
      "location",
      `The provided location '${location}' is not available for resource type 'Microsoft.DataBox/jobs'.`,
    );
  }
  const sku = check.object(body, "sku", { required: true });
  if (sku !== undefined) check.text(sku, "sku.name", { required: true, oneOf: [customerDiskSku] });
  const properties = check.object(body, "properties", { required: true });
  check.text(properties, "properties.transferType", { required: true, oneOf: ["ImportToAzure"] });
  const sent = check.object(properties, details, { required: true });
  check.text(sent, `${details}.jobDetailsType`, { required: true, oneOf: [customerDiskSku] });
  const imports = check.objects(sent, `${details}.dataImportDetails`, { required: true, atLeast: 1 });
  const account = readAccount(check, imports?.[0], inventory);
  return {
    location,
    ...account,
    settings: {
      tags: check.textMap(body, "tags"),
      contactDetails: readContact(check, sent, true) ?? {},
      shippingAddress: readAddress(check, sent, `${details}.shippingAddress`),
      reverseShippingDetails: check.object(sent, `${details}.reverseShippingDetails`),
      preferences: check.object(sent, `${details}.preferences`),
      keyEncryptionKey: check.object(sent, `${details}.keyEncryptionKey`) ?? { kekType: "MicrosoftManaged" },
      returnToCustomerPackageDetails:
        check.object(sent, `${details}.returnToCustomerPackageDetails`, { required: true }) ?? {},
    },
    drives: readDisks(check, sent),
    isVerbose:
      check.text(imports?.[0], `${details}.dataImportDetails[0].logCollectionLevel`, {
        oneOf: ["Error", "Verbose"],
      }) === "Verbose",
    backsUpManifests: check.boolean(sent, `${details}.enableManifestBackup`) ?? false,
  };
}

/** Reads a `PATCH`; what a client may not change is not looked at. */
export function readDataBoxChanges(check: BodyChecker, body: JsonObject): Partial<DataBoxJobSettings> {
  const sent = check.object(check.object(body, "properties"), details);
  const tags = check.textMap(body, "tags");
  const changes = {
    tags,
    contactDetails: readContact(check, sent, false),
    shippingAddress: readAddress(check, sent, `${details}.shippingAddress`),
    reverseShippingDetails: check.object(sent, `${details}.reverseShippingDetails`),
    preferences: check.object(sent, `${details}.preferences`),
    keyEncryptionKey: check.object(sent, `${details}.keyEncryptionKey`),
    returnToCustomerPackageDetails: check.object(sent, `${details}.returnToCustomerPackageDetails`),
  };
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

/** Reads the body of `markDevicesShipped`. */
export function readParcel(
  check: BodyChecker,
  body: unknown,
): { readonly carrierName: string; readonly trackingId: string } {
  const path = "deliverToDcPackageDetails";
  const parcel = check.object(isJsonObject(body) ? body : {}, path, { required: true });
  if (parcel === undefined) return { carrierName: "", trackingId: "" };
  return {
    carrierName: check.text(parcel, `${path}.carrierName`, { required: true }) ?? "",
    trackingId: check.text(parcel, `${path}.trackingId`, { required: true }) ?? "",
  };
}

/** A postal address; undefined when absent. */
export function readAddress(
  check: BodyChecker,
  parent: JsonObject | undefined,
  path: string,
): object | undefined {
  const address = check.object(parent, path);
  if (address === undefined) return undefined;
  check.text(address, `${path}.streetAddress1`, { required: true });
  check.text(address, `${path}.country`, { required: true });
  check.text(address, `${path}.addressType`, { oneOf: ["None", "Residential", "Commercial"] });
  return address;
}

/** The storage account of an import; reported when it is missing or cannot be used. */
export function readAccount(
  check: BodyChecker,
  item: JsonObject | undefined,
  inventory: SubscriptionInventory,
): Pick<DataBoxOrder, "storageAccount" | "storageAccountId"> {
  if (item === undefined) return { storageAccountId: "", storageAccount: undefined };
  const path = `${details}.dataImportDetails[0].accountDetails`;
  const account = check.object(item, path, { required: true });
  if (account === undefined) return { storageAccountId: "", storageAccount: undefined };
  check.text(account, `${path}.dataAccountType`, { required: true, oneOf: ["StorageAccount"] });
  const storageAccountId = check.text(account, `${path}.storageAccountId`, { required: true }) ?? "";
  const storageAccount = inventory.findStorageAccount(storageAccountId);
  if (storageAccountId !== "" && storageAccount === undefined) {
    check.report(
      "StorageAccountNotFound",
      `${path}.storageAccountId`,
      `The storage account '${storageAccountId}' was not found.`,
    );
  }
  return { storageAccountId, storageAccount };
}

function readContact(
  check: BodyChecker,
  sent: JsonObject | undefined,
  required: boolean,
): object | undefined {
  const path = `${details}.contactDetails`;
  const contact = check.object(sent, path, { required });
  if (contact === undefined) return undefined;
  check.text(contact, `${path}.contactName`, { required: true });
  check.text(contact, `${path}.phone`, { required: true });
  const emails = contact["emailList"];
  const isList =
    Array.isArray(emails) && emails.length > 0 && emails.every((email) => typeof email === "string");
  if (!isList) {
    check.report(
      "RequiredPropertyMissing",
      `${path}.emailList`,
      `The property '${path}.emailList' must name at least one e-mail address.`,
    );
  }
  return contact;
}

function readDisks(check: BodyChecker, sent: JsonObject | undefined): readonly DataBoxDrive[] {
  const path = `${details}.importDiskDetailsCollection`;
  const disks = check.object(sent, path, { required: sent !== undefined });
  if (disks === undefined) return [];
  const entries = Object.entries(disks);
  if (entries.length < 1 || entries.length > 10) {
    check.report("InvalidPropertyValue", path, `'${path}' must have 1 to 10 items.`);
  }
  return entries.map(([driveId, value]) => {
    if (driveId === "" || /\s/.test(driveId)) {
      check.report(
        "InvalidPropertyValue",
        `${path}.${driveId}`,
        "A disk serial number is text without spaces.",
      );
    }
    const disk = isJsonObject(value) ? value : {};
    const at = `${path}.${driveId}`;
    return {
      driveId,
      bitLockerKey: check.text(disk, `${at}.bitLockerKey`, { required: true }) ?? "",
      manifestFile: check.text(disk, `${at}.manifestFile`, { required: true }) ?? "",
      manifestHash:
        check.text(disk, `${at}.manifestHash`, {
          required: true,
          must: ["be a Base16 MD5 hash of 32 digits", (text) => /^[0-9A-Fa-f]{32}$/.test(text)],
        }) ?? "",
      copyStatus: "NotStarted",
      progress: undefined,
      outcome: undefined,
    };
  });
}

/**
 * Shipping details in a file beside the staged seeds, as the original tool keeps them: entered where the drives are
 * packed, sent to the service later, perhaps from another computer.
 */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { publishFile, secretFileMode, systemErrorCode } from "../../shared/index.js";
import { ImportJobError } from "../import-job-error.js";
import type { ReturnAddress, ReturnShipping } from "../order/import-order.js";
import type { ImportJobRef, ImportServiceKind } from "../service/import-job-status.js";
import { assertShippingDetails, type DeliveryPackage, type ShippingDetails } from "./shipping-details.js";

/** What is stored: which job at which service, the details, and how far they have come. */
export interface SavedShippingDetails extends ImportJobRef {
  readonly kind: ImportServiceKind;
  readonly subscriptionId: string;
  readonly details: ShippingDetails;
  /** When a person entered them. */
  readonly enteredAt: Date;
  /** When the service took them; undefined while they only are in the file. */
  readonly sentAt: Date | undefined;
}

const format = "offline-seed-shipping-details";
const folderName = ".offline-seed-shipping";
const jobNamePattern = /^[a-z][a-z0-9-]{1,22}[a-z0-9]$/;

/**
 * Path of the file of one job: in the folder `.offline-seed-shipping` of the staging location, beside its seeds, so that
 * every computer that reaches the staging share finds it and deleting a seed leaves it.
 *
 * @throws ImportJobError `invalid-shipping-details` when the job name cannot be part of a file name
 */
export function shippingFilePath(stagingFolder: string, jobName: string): string {
  if (!jobNamePattern.test(jobName)) {
    throw new ImportJobError("invalid-shipping-details", `'${jobName}' is not the name of an import job.`, {
      details: { jobName },
    });
  }
  return join(resolve(stagingFolder), folderName, `${jobName}.json`);
}

/**
 * Stores shipping details beside the staging location, readable by its owner only. Replaces what was stored for the job
 * as a whole; may be repeated. Returns the path of the file.
 *
 * @throws ImportJobError `invalid-shipping-details` when the details are incomplete
 */
export async function saveShippingDetails(
  stagingFolder: string,
  saved: SavedShippingDetails,
): Promise<string> {
  assertShippingDetails(saved.details);
  const path = shippingFilePath(stagingFolder, saved.jobName);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await publishFile(path, `${JSON.stringify({ format, version: 1, ...saved }, undefined, 2)}\n`, {
    mode: secretFileMode,
  });
  return path;
}

/**
 * Reads back what was stored for a job; undefined when nothing was.
 *
 * @throws ImportJobError `invalid-shipping-file`
 */
export async function loadShippingDetails(
  stagingFolder: string,
  jobName: string,
): Promise<SavedShippingDetails | undefined> {
  const path = shippingFilePath(stagingFolder, jobName);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const saved = parse(text, path);
  if (saved.jobName !== jobName) throw damaged(path, `it is for import job '${saved.jobName}'`);
  return saved;
}

/** The jobs that have shipping details stored beside a staging location, by name. */
export async function listSavedShippingDetails(
  stagingFolder: string,
): Promise<readonly SavedShippingDetails[]> {
  const folder = dirname(shippingFilePath(stagingFolder, "any"));
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw error;
  }
  const saved: SavedShippingDetails[] = [];
  for (const name of names.sort()) {
    const jobName = /^([a-z0-9-]+)\.json$/.exec(name)?.[1];
    if (jobName === undefined || !jobNamePattern.test(jobName)) continue;
    const details = await loadShippingDetails(stagingFolder, jobName);
    if (details) saved.push(details);
  }
  return Object.freeze(saved);
}

function parse(text: string, path: string): SavedShippingDetails {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw damaged(path, "it is not JSON", cause);
  }
  const details = value?.["details"] as Record<string, unknown> | undefined;
  const parcel = details?.["deliveryPackage"] as Record<string, unknown> | undefined;
  const isKnown = value?.["format"] === format && value["version"] === 1;
  if (!isKnown || !parcel) throw damaged(path, "it is not a shipping file of this version");
  const textOf = (field: string): string => {
    const content = value[field];
    if (typeof content !== "string") throw damaged(path, `its field ${field} is missing`);
    return content;
  };
  const date = (content: unknown): Date => {
    const result = new Date(String(content));
    if (Number.isNaN(result.getTime())) throw damaged(path, "one of its dates cannot be read");
    return result;
  };
  const kind = textOf("kind");
  if (kind !== "import-export" && kind !== "data-box") throw damaged(path, `'${kind}' is no import service`);
  const { carrierName, trackingNumber, driveCount, shipDate } = parcel;
  const deliveryPackage: DeliveryPackage = {
    carrierName: String(carrierName ?? ""),
    trackingNumber: String(trackingNumber ?? ""),
    ...(typeof driveCount === "number" && { driveCount }),
    ...(shipDate !== undefined && { shipDate: date(shipDate) }),
  };
  const { returnAddress, returnShipping } = details as {
    returnAddress?: ReturnAddress;
    returnShipping?: ReturnShipping;
  };
  const shippingDetails: ShippingDetails = {
    deliveryPackage,
    ...(returnAddress && { returnAddress }),
    ...(returnShipping && { returnShipping }),
  };
  try {
    assertShippingDetails(shippingDetails);
  } catch (cause) {
    throw damaged(path, "its details are incomplete", cause);
  }
  return Object.freeze({
    kind,
    subscriptionId: textOf("subscriptionId"),
    resourceGroupName: textOf("resourceGroupName"),
    jobName: textOf("jobName"),
    details: shippingDetails,
    enteredAt: date(value["enteredAt"]),
    sentAt: value["sentAt"] === undefined ? undefined : date(value["sentAt"]),
  });
}

function damaged(path: string, reason: string, cause?: unknown): ImportJobError {
  return new ImportJobError(
    "invalid-shipping-file",
    `The shipping file ${path} cannot be used: ${reason}. Enter the shipping details again.`,
    { details: { path }, cause },
  );
}

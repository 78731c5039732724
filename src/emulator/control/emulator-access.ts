/**
 * What another process needs to use a running local Azure: its addresses, and the key to its control door. Plain data
 * that fits into a file, so that programs of any kind can be pointed at one emulator.
 */
import { publishFile, secretFileMode } from "../../shared/index.js";
import type { AzureEmulator } from "../azure-emulator.js";
import { EmulatorError } from "../emulator-error.js";

/** Addresses and keys of a running local Azure. SECRET as a whole: whoever has it may do everything in that emulator. */
export interface EmulatorAccess {
  readonly format: "offline-seed-emulator";
  readonly version: 1;
  readonly authorityHost: string;
  readonly resourceManagerEndpoint: string;
  readonly graphEndpoint: string;
  readonly graphAudience: string;
  /** Clients trust it: `tlsOptions: { ca: certificateAuthorityPem }`. */
  readonly certificateAuthorityPem: string;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly storageAccountId: string;
  readonly storageAccountName: string;
  readonly blobEndpoint: string;
  readonly blobAccountKey: string;
  /** Opens the control door; see `connectEmulator`. */
  readonly controlKey: string;
}

const textFields = [
  "authorityHost",
  "resourceManagerEndpoint",
  "graphEndpoint",
  "graphAudience",
  "certificateAuthorityPem",
  "tenantId",
  "subscriptionId",
  "resourceGroup",
  "location",
  "storageAccountId",
  "storageAccountName",
  "blobEndpoint",
  "blobAccountKey",
  "controlKey",
] as const satisfies readonly (keyof EmulatorAccess)[];

/** The facts of a running emulator that another process needs. Touches nothing. */
export function emulatorAccessOf(emulator: AzureEmulator): EmulatorAccess {
  return Object.freeze({
    format: "offline-seed-emulator",
    version: 1,
    authorityHost: emulator.authorityHost,
    resourceManagerEndpoint: emulator.armEndpoint,
    graphEndpoint: emulator.graphEndpoint,
    graphAudience: emulator.graphAudience,
    certificateAuthorityPem: emulator.certificateAuthorityPem,
    tenantId: emulator.tenantId,
    subscriptionId: emulator.subscriptionId,
    resourceGroup: emulator.resourceGroup,
    location: emulator.location,
    storageAccountId: emulator.storageAccountId,
    storageAccountName: emulator.storageAccountName,
    blobEndpoint: emulator.blobService.endpoint,
    blobAccountKey: emulator.blobService.accountKey,
    controlKey: emulator.controlKey,
  });
}

/** Writes the facts to a file that only its owner may read. Replaces the file as a whole; may be repeated. */
export async function saveEmulatorAccess(path: string, access: EmulatorAccess): Promise<void> {
  await publishFile(path, `${JSON.stringify(access, undefined, 2)}\n`, { mode: secretFileMode });
}

/**
 * Reads the text of such a file. Touches nothing.
 *
 * @throws EmulatorError `access-file-invalid`
 */
export function parseEmulatorAccess(text: string): EmulatorAccess {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw invalid("it is not JSON", cause);
  }
  if (value?.["format"] !== "offline-seed-emulator") throw invalid("it is another kind of file");
  if (value["version"] !== 1) throw invalid(`its version ${String(value["version"])} is not known`);
  const missing = textFields.filter((field) => typeof value[field] !== "string");
  if (missing.length > 0) throw invalid(`it lacks ${missing.join(", ")}`);
  return Object.freeze(value as unknown as EmulatorAccess);
}

function invalid(reason: string, cause?: unknown): EmulatorError {
  return new EmulatorError(
    "access-file-invalid",
    `This is no file of a running local Azure: ${reason}. Start the emulator anew and take the file it writes.`,
    { details: { reason }, cause },
  );
}

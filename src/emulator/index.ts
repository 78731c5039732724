export type { StorageAccountDefinition, StorageAccountKind } from "./arm/subscription-inventory.js";
export {
  type AzureEmulator,
  type AzureEmulatorOptions,
  startAzureEmulator,
} from "./azure-emulator.js";
export { type Azurite, type AzuriteOptions, type BlobServiceAccess, startAzurite } from "./azurite.js";
export {
  type ConnectedEmulator,
  connectEmulator,
  type PostedPackage,
} from "./control/connect-emulator.js";
export {
  type EmulatorAccess,
  emulatorAccessOf,
  parseEmulatorAccess,
  saveEmulatorAccess,
} from "./control/emulator-access.js";
export type {
  Datacentre,
  HandlingTimes,
  Journey,
  PackageReceipt,
  ReceivePackageOptions,
  ShippedPackage,
} from "./datacentre/datacentre.js";
export type { DriveOpener, ShippedDrive } from "./datacentre/drive-in-hand.js";
export type { DriveFile, DriveVolume, FileProblem } from "./datacentre/drive-volume.js";
export type { DriveStatus } from "./datacentre/import-outcome.js";
export { EmulatorError, type EmulatorErrorCode, isEmulatorError } from "./emulator-error.js";
export type { FaultInjector, ThrottlingFault } from "./fault-injector.js";
export type { EmulatorRequest, EmulatorResponse, RequestHandler } from "./http.js";
export * from "./identity/index.js";

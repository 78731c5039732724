export {
  type AlignedDeviceFacts,
  alignedDeviceOf,
  type BlockTransport,
} from "./aligned-device.js";
export * from "./block-device.js";
export { type BlockDeviceHarness, blockDeviceConformance, type ConformanceCheck } from "./conformance.js";
export { type AccessTarget, checkDeviceAccess, checkDeviceOpen } from "./device-access.js";
export {
  DeviceError,
  type DeviceErrorCode,
  deviceErrorFrom,
  type FailedAccess,
  isDeviceError,
} from "./device-error.js";
export type { Disk, DiskBus, DiskJudgementOptions, DiskReason, DiskReasonCode } from "./disks/disk.js";
export { adviseOnHardware, type DiskAdvice, type DiskAdviceCode } from "./disks/hardware-advice.js";
export {
  type OpenLinuxDiskOptions,
  openLinuxDisk,
  rereadPartitionTable,
} from "./disks/linux-disk.js";
export { type ListDisksOptions, listDisks } from "./disks/list-disks.js";
export { type DiskOpeners, type OpenDiskOptions, type OpenedDisk, openDisk } from "./disks/open-disk.js";
export type { WindowsDiskCommand, WindowsDiskIdentity } from "./disks/windows-commands.js";
export {
  type OpenWindowsDiskOptions,
  openWindowsDisk,
  type RunWindowsDiskCommandOptions,
  runWindowsDiskCommand,
} from "./disks/windows-disk.js";
export {
  createFaultyDevice,
  type FaultKind,
  type FaultOptions,
  type FaultyDevice,
} from "./fault-injection.js";
export {
  type CreateImageFileOptions,
  createImageFile,
  type OpenImageFileOptions,
  openImageFile,
} from "./image-file.js";
export { createMemoryDevice, type MemoryDeviceOptions } from "./memory-device.js";
export { cacheReads, type ReadCacheOptions } from "./read-cache.js";
export {
  createOpenDeviceCounter,
  type DeviceRecording,
  type OpenDeviceCounter,
  type RecordedOperation,
  recordDevice,
} from "./recording-device.js";
export { type SliceDeviceOptions, sliceDevice } from "./slice-device.js";
export {
  type AppendVhdFooterOptions,
  appendVhdFooter,
  type OpenVhdFileOptions,
  openDriveImage,
  openVhdFile,
} from "./vhd/vhd-file.js";
export {
  decodeVhdFooter,
  encodeVhdFooter,
  largestVhdInBytes,
  type VhdFooter,
  type VhdGeometry,
  vhdGeometryOf,
} from "./vhd/vhd-footer.js";
export { type DeviceRange, type WipeOptions, wipeRanges } from "./wipe.js";

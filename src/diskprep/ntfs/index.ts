export type { CheckNtfsOptions, NtfsCheckReport } from "./checker/check-volume.js";
export { checkNtfsVolume } from "./checker/check-volume.js";
export type { NtfsFinding, NtfsFindingCode } from "./checker/finding.js";
export type { NtfsGeometry } from "./layout/geometry.js";
export { ntfsGeometry } from "./layout/geometry.js";
export type { NtfsLayout } from "./layout/ntfs-layout.js";
export { planNtfsVolume } from "./layout/ntfs-layout.js";
export type { DataExtentColumns } from "./layout/place-data.js";
export type { NtfsSpaceMeter, NtfsSpaceOptions } from "./layout/space-needed.js";
export {
  createNtfsSpaceMeter,
  defaultClusterSizeInBytes,
  minimumVolumeSizeInBytes,
  suitableVolumeSizeInBytes,
} from "./layout/space-needed.js";
export type { NtfsReservedExtent, NtfsVolumeOptions } from "./layout/volume-options.js";
export type { NtfsNameProblem } from "./names/name-rules.js";
export { compareNtfsNames, foldNtfsName, maxNameLengthInUnits, ntfsNameProblem } from "./names/name-rules.js";
export type { NtfsErrorCode } from "./ntfs-error.js";
export { isNtfsError, NtfsError } from "./ntfs-error.js";
export { openNtfsVolume } from "./reader/ntfs-volume.js";
export type {
  ListNtfsOptions,
  NtfsEntry,
  NtfsFile,
  NtfsStreamOptions,
  NtfsVolume,
  OpenNtfsFileOptions,
} from "./reader/ntfs-volume-types.js";
export type { ResidentContent } from "./render/user-record.js";
export type { NtfsByteExtent } from "./render/volume-map.js";
export type { NtfsDirectoryOptions, NtfsFileOptions, NtfsTreeBuilder } from "./tree/ntfs-tree.js";
export { createNtfsTree } from "./tree/ntfs-tree.js";
export type { NtfsContentReader, WriteNtfsVolumeOptions } from "./write-volume.js";
export { writeNtfsVolume } from "./write-volume.js";

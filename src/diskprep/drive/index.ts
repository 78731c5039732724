export type { DriveConfirmation } from "./drive-confirmation.js";
export { DriveError, type DriveErrorCode, isDriveError } from "./drive-error.js";
export { type DriveJournalState, readDriveJournal } from "./drive-journal.js";
export type { DriveKeyMaterial } from "./drive-keys.js";
export {
  type DrivePlan,
  type DriveTarget,
  formatBytes,
  formatSeedPlan,
  type SeedPlan,
  type UnplacedBlobs,
} from "./drive-plan.js";
export type { DriveToPrepare } from "./drive-set.js";
export {
  type ImportDisposition,
  type ManifestBlob,
  type ManifestSideFile,
  manifestFileOnDrive,
  manifestVersion,
} from "./manifest-format.js";
export { type DriveManifest, readDriveManifest } from "./manifest-reader.js";
export { type PrepareMountedVolumeOptions, prepareMountedVolume } from "./mounted-volume.js";
export type { MountedVolumePlan } from "./mounted-volume-plan.js";
export { type OpenDrive, type OpenDriveOptions, openDrive } from "./open-drive.js";
export { maximumDrivesOfAJob, type PlanDrivesOptions, planDrives } from "./plan-drives.js";
export { prepareDrive } from "./prepare-drive.js";
export type { PrepareDriveOptions } from "./prepare-drive-options.js";
export {
  type FailedDrive,
  type PrepareDrivesOptions,
  type PreparedDrives,
  prepareDrives,
  type SuppliedDrive,
} from "./prepare-drives.js";
export type { PreparedDrive } from "./prepared-drive.js";
export { type FailedStretch, type ReplannedDrives, replanFailedDrives } from "./replan-failed-drives.js";
export type { DriveFinding, DriveFindingCode } from "./verification/drive-finding.js";
export {
  checkDriveReport,
  type DriveCheck,
  type DriveReport,
  driveReportFormat,
  type ReadCount,
} from "./verification/drive-report.js";
export type { DriveSample } from "./verification/piece-choice.js";
export type { DriveIdentity, VerificationOptions } from "./verification/verify-source.js";
export {
  type DriveFacts,
  type VerifyDriveImageOptions,
  type VerifyDriveOptions,
  verifyDrive,
  verifyDriveImage,
} from "./verify-drive.js";
export { type VerifyMountedVolumeOptions, verifyMountedVolume } from "./verify-mounted-volume.js";

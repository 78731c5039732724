/**
 * Every status the published log formats know, what it means and what to do about it.
 *
 * Sources: "Azure Import/Export service log file format" (DriveLog 2014-11-01), "Troubleshoot data upload issues using
 * logs" (2018-10-01), "Review copy logs from imports" (2021-08-01).
 */

/** How an outcome is to be taken: arrived, arrived differently, not arrived. */
export type LogOutcome = "succeeded" | "changed" | "failed";

/** How the seed is mended after a status. */
export type LogRemedy =
  /** Nothing to do. */
  | "none"
  /** Upload the failed ranges or the whole blob over the network (`repairSeed`). */
  | "upload"
  /** Something in Azure must be mended first (lease, access, account), then upload. */
  | "mend-account-then-upload"
  /** The drive as a whole was not read: upload what is missing if it is little, else prepare and ship again. */
  | "ship-again-or-upload"
  /** The item is in Azure under another name. */
  | "look-under-new-name"
  /** Somebody must look at it; repair would guess. */
  | "ask-support";

/** Meaning of a status. */
export interface LogFinding {
  readonly outcome: LogOutcome;
  readonly remedy: LogRemedy;
  readonly explanation: string;
  readonly whatToDo: string;
}

const whatToDo: Readonly<Record<LogRemedy, string>> = {
  none: "Nothing.",
  upload: "Upload the damaged part over the network with repairSeed.",
  "mend-account-then-upload": "Remove the cause in the storage account, then upload with repairSeed.",
  "ship-again-or-upload":
    "Compare the container with the catalog; upload what is missing with repairSeed if the line allows it, else prepare the drive anew and ship it in a new job.",
  "look-under-new-name":
    "The data is in the account under another name; copy it to the name of the catalog or upload it again with repairSeed.",
  "ask-support": "Ask Azure support, naming job, drive and this status.",
};

function finding(outcome: LogOutcome, remedy: LogRemedy, explanation: string): LogFinding {
  return Object.freeze({ outcome, remedy, explanation, whatToDo: whatToDo[remedy] });
}

const lost = (explanation: string): LogFinding => finding("failed", "upload", explanation);
const driveLost = (explanation: string): LogFinding => finding("failed", "ship-again-or-upload", explanation);
const blocked = (explanation: string): LogFinding =>
  finding("failed", "mend-account-then-upload", explanation);
const renamed = (explanation: string): LogFinding => finding("changed", "look-under-new-name", explanation);
const fine = (explanation: string): LogFinding => finding("succeeded", "none", explanation);

/** Drive statuses of the 2014-11-01 log. */
export const driveLogStatuses = Object.freeze({
  Completed: fine("The drive was read without errors."),
  CompletedWithWarnings: finding(
    "changed",
    "upload",
    "The drive was read; some blobs were renamed or skipped because they existed already.",
  ),
  CompletedWithErrors: lost("The drive was read; some blobs or ranges failed."),
  DiskNotFound: driveLost("No disk with this serial number was in the parcel."),
  VolumeNotNtfs: driveLost("The first data volume of the disk is not NTFS."),
  DiskOperationFailed: driveLost("The disk failed while it was read."),
  BitLockerVolumeNotFound: driveLost("The disk has no BitLocker volume."),
  BitLockerNotActivated: driveLost(
    "BitLocker is not active on the volume; it may have been switched off before shipping.",
  ),
  BitLockerProtectorNotFound: driveLost("The volume has no recovery password protector."),
  BitLockerKeyInvalid: driveLost("The BitLocker key in the job does not open the volume."),
  BitLockerUnlockVolumeFailed: driveLost("The volume could not be unlocked with the key in the job."),
  BitLockerFailed: driveLost("BitLocker failed on this disk."),
  ManifestNameInvalid: driveLost("The manifest path in the job is not a valid file name."),
  ManifestNameTooLong: driveLost("The manifest path in the job is too long."),
  ManifestNotFound: driveLost("There is no manifest at the path the job names."),
  ManifestAccessDenied: driveLost("The manifest on the drive cannot be opened."),
  ManifestCorrupted: driveLost("The manifest's hash is not the one in the job."),
  ManifestFormatInvalid: driveLost("The manifest does not follow the format."),
  ManifestDriveIdMismatch: driveLost("The manifest is for a drive with another serial number."),
  ReadManifestFailed: driveLost("The manifest could not be read from the disk."),
  BlobListFormatInvalid: finding("failed", "ask-support", "The blob list of an export is malformed."),
  BlobRequestForbidden: blocked("The account's credentials or rules forbid the import into this container."),
  InternalError: finding("failed", "ask-support", "The service failed inside."),
} as const);

/** Blob statuses of the 2014-11-01 log. */
export const blobLogStatuses = Object.freeze({
  Completed: fine("The blob arrived."),
  CompletedWithErrors: lost("Some ranges, blocks, metadata or properties of the blob failed."),
  FileNameInvalid: lost("The file name in the manifest is invalid."),
  FileNameTooLong: lost("The file name in the manifest is too long."),
  FileNotFound: lost("The file is not on the drive."),
  FileAccessDenied: lost("The file on the drive cannot be opened."),
  BlobRequestFailed: lost("The request to the Blob service failed."),
  BlobRequestForbidden: blocked("The Blob service forbids writing this blob."),
  RenameFailed: lost("No free name was found for the renamed blob."),
  BlobUnexpectedChange: finding("failed", "ask-support", "The blob changed while it was exported."),
  LeasePresent: blocked(
    "Somebody holds a lease on the blob, so it cannot be overwritten; break or release the lease.",
  ),
  IOFailed: lost("The disk failed while the file was read."),
  Failed: lost("The blob failed for an unknown reason."),
} as const);

/** Import disposition statuses of the 2014-11-01 log. */
export const dispositionLogStatuses = Object.freeze({
  Created: fine("The blob was new."),
  Overwritten: fine("The blob existed and was replaced."),
  Renamed: renamed("The blob existed; the new one has another name."),
  Skipped: finding(
    "changed",
    "upload",
    "The blob existed and was left as it was; the one from the drive was not written.",
  ),
  Cancelled: lost("An earlier failure stopped the blob before its turn."),
} as const);

/** Page range and block statuses of the 2014-11-01 log. */
export const rangeLogStatuses = Object.freeze({
  Completed: fine("The range arrived."),
  Committed: lost("The block is committed, but the block list as a whole could not be."),
  Uncommitted: lost("The block was uploaded but not committed."),
  Corrupted: lost("The bytes on the drive do not have the hash of the manifest."),
  FileUnexpectedEnd: lost("The file on the drive is shorter than the manifest says."),
  BlobUnexpectedEnd: lost("The blob is shorter than expected."),
  BlobRequestFailed: lost("The request to the Blob service failed."),
  IOFailed: lost("The disk failed while the range was read."),
  Failed: lost("The range failed for an unknown reason."),
  Cancelled: lost("An earlier failure stopped the blob before this range."),
} as const);

/** Metadata and properties statuses of the 2014-11-01 log. */
export const metadataLogStatuses = Object.freeze({
  Completed: fine("Stored."),
  FileNameInvalid: lost("The file name is invalid."),
  FileNameTooLong: lost("The file name is too long."),
  FileNotFound: lost("The file is not on the drive."),
  FileAccessDenied: lost("The file on the drive cannot be opened."),
  Corrupted: lost("The file's hash is not the one of the manifest."),
  XmlReadFailed: lost("The file is not valid XML."),
  XmlWriteFailed: finding("failed", "ask-support", "The service could not write the XML."),
  BlobRequestFailed: lost("The request to the Blob service failed."),
  IOFailed: lost("The disk failed while the file was read."),
  Failed: lost("Storing failed for an unknown reason."),
  Cancelled: lost("An earlier failure stopped it."),
} as const);

/** Statuses of the 2018-10-01 log. */
export const diskLogStatuses = Object.freeze({
  None: fine("Nothing to report."),
  Completed: fine("It arrived."),
  Succeeded: fine("It arrived."),
  CompletedWithWarnings: renamed("It arrived with warnings."),
  CompletedWithErrors: lost("It arrived in part."),
  Renamed: renamed("It was stored under another name."),
  Corrupted: lost("The checksum of the uploaded data differs."),
  StorageRequestFailed: lost("The request to the storage account failed."),
  LeasePresent: blocked("Somebody holds a lease on the blob; break or release it."),
  StorageRequestForbidden: blocked("The storage account forbids the request."),
  ManagedDiskCreationTerminalFailure: finding(
    "failed",
    "ask-support",
    "A managed disk could not be created.",
  ),
  DiskConversionNotStartedTierInfoMissing: finding(
    "failed",
    "ask-support",
    "A managed disk's tier is unknown.",
  ),
  InvalidWorkitem: finding(
    "failed",
    "ask-support",
    "The item cannot be handled in the place where it was put.",
  ),
  InvalidPageBlobUploadAsBlockBlob: renamed(
    "A page blob not aligned to 512 bytes was uploaded as block blob into a container named databoxdisk-invalid-pb-….",
  ),
  InvalidAzureFileUploadAsBlockBlob: renamed(
    "A file was uploaded as block blob into databoxdisk-invalid-af-….",
  ),
  InvalidManagedDiskUploadAsBlockBlob: renamed(
    "A disk was uploaded as block blob into databoxdisk-invalid-md-….",
  ),
  InvalidManagedDiskUploadAsPageBlob: renamed(
    "A disk was uploaded as page blob into databoxdisk-invalid-md-….",
  ),
  MovedToOverflowShare: renamed("It was moved to an overflow share."),
  MovedToDefaultAzureShare: renamed("It was moved to a default share."),
  ContainerRenamed: renamed("The container's name was not valid and was changed."),
  ShareRenamed: renamed("The share's name was not valid and was changed."),
  BlobRenamed: renamed("The blob's name was not valid and was changed."),
  FileRenamed: renamed("The file's name was not valid and was changed."),
  DiskRenamed: renamed("The disk's name was not valid and was changed."),
} as const);

/** Categories of the 2021-08-01 copy log. */
export const copyLogCategories = Object.freeze({
  None: fine("Nothing to report."),
  UploadErrorWin32: lost("The file could not be read from the drive."),
  UploadErrorCloudHttp: lost("The cloud refused the upload."),
  UploadErrorDataValidationError: lost(
    "The checksum of the uploaded data differs from the one on the drive.",
  ),
  UploadErrorManagedConversionError: finding(
    "failed",
    "ask-support",
    "A managed disk could not be converted.",
  ),
  UploadErrorUnknownType: lost("The upload failed for an unknown reason."),
  ContainerRenamed: renamed("The container's name was not valid and was changed."),
  ShareRenamed: renamed("The share's name was not valid and was changed."),
  BlobRenamed: renamed("The blob's name was not valid and was changed."),
  FileRenamed: renamed("The file's name was not valid and was changed."),
  DiskRenamed: renamed("The disk's name was not valid and was changed."),
  FileNameTrailsWithSlash: lost("The name ends with a slash and cannot be stored so."),
  ExportCloudHttp: finding("failed", "ask-support", "An export request failed."),
} as const);

/** Drive statuses of the 2021-08-01 copy log. */
export const copyLogDriveStatuses = Object.freeze({
  Completed: fine("The drive was read without errors."),
  CompletedWithWarnings: renamed("The drive was read; some items have other names now."),
  CompletedWithErrors: lost("The drive was read; some items failed."),
  Failed: driveLost("The drive as a whole could not be imported; the job's copy status says more."),
} as const);

/** Closed unions of the documented words; logs may still carry others, which read as {@link unknownLogStatus}. */
export type DriveLogStatus = keyof typeof driveLogStatuses;
/** Status of a blob in a copy log of Azure Import/Export. */
export type BlobLogStatus = keyof typeof blobLogStatuses;
/** How a blob already in the account was treated, in a copy log of Azure Import/Export. */
export type DispositionLogStatus = keyof typeof dispositionLogStatuses;
/** Status of a block or page range in a copy log of Azure Import/Export. */
export type RangeLogStatus = keyof typeof rangeLogStatuses;
/** Status of a metadata or properties file in a copy log of Azure Import/Export. */
export type MetadataLogStatus = keyof typeof metadataLogStatuses;
/** Status of a drive as a whole in a copy log of Azure Import/Export. */
export type DiskLogStatus = keyof typeof diskLogStatuses;
/** Category of an entry in a copy log of Azure Data Box. */
export type CopyLogCategory = keyof typeof copyLogCategories;
/** Status of a drive in a copy log of Azure Data Box. */
export type CopyLogDriveStatus = keyof typeof copyLogDriveStatuses;

/** A word no published document has. Taken as failed: an unknown outcome is not an arrival. */
export const unknownLogStatus: LogFinding = finding(
  "failed",
  "ask-support",
  "The log uses a status this library does not know.",
);

/** Meaning of a status in a table; {@link unknownLogStatus} when the word is not in it. */
export function explainLogStatus(table: Readonly<Record<string, LogFinding>>, status: string): LogFinding {
  return (Object.hasOwn(table, status) ? table[status] : undefined) ?? unknownLogStatus;
}

/**
 * What happened to a drive and to everything on it, in the words of the service's log format (DriveLog 2014-11-01,
 * public article "Azure Import/Export service log file format").
 */

/** Outcome of a whole drive. */
export type DriveStatus =
  | "Completed"
  | "CompletedWithWarnings"
  | "CompletedWithErrors"
  | "DiskNotFound"
  | "VolumeNotNtfs"
  | "DiskOperationFailed"
  | "BitLockerVolumeNotFound"
  | "BitLockerNotActivated"
  | "BitLockerProtectorNotFound"
  | "BitLockerKeyInvalid"
  | "BitLockerUnlockVolumeFailed"
  | "BitLockerFailed"
  | "ManifestNameInvalid"
  | "ManifestNameTooLong"
  | "ManifestNotFound"
  | "ManifestAccessDenied"
  | "ManifestCorrupted"
  | "ManifestFormatInvalid"
  | "ManifestDriveIdMismatch"
  | "ReadManifestFailed"
  | "BlobRequestForbidden"
  | "InternalError";

/** Outcome of one blob. */
export type BlobStatus =
  | "Completed"
  | "CompletedWithErrors"
  | "FileNameInvalid"
  | "FileNameTooLong"
  | "FileNotFound"
  | "FileAccessDenied"
  | "BlobRequestFailed"
  | "BlobRequestForbidden"
  | "RenameFailed"
  | "LeasePresent"
  | "IOFailed"
  | "Failed";

/** What became of the import disposition. */
export type DispositionStatus = "Created" | "Renamed" | "Skipped" | "Overwritten" | "Cancelled";

/** Outcome of one block or page range. */
export type RangeStatus =
  | "Completed"
  | "Committed"
  | "Uncommitted"
  | "Corrupted"
  | "FileUnexpectedEnd"
  | "BlobRequestFailed"
  | "IOFailed"
  | "Failed"
  | "Cancelled";

/** Outcome of a metadata or properties file. */
export type SideFileStatus =
  | "Completed"
  | "FileNameInvalid"
  | "FileNameTooLong"
  | "FileNotFound"
  | "FileAccessDenied"
  | "Corrupted"
  | "XmlReadFailed"
  | "BlobRequestFailed"
  | "IOFailed"
  | "Failed"
  | "Cancelled";

/** How an existing blob of the same name is treated. */
export type ImportDisposition = "no-overwrite" | "overwrite" | "rename";

/** A block or page range and what became of it. */
export interface RangeOutcome {
  readonly offsetInBytes: number;
  readonly lengthInBytes: number;
  /** Block id, Base64; undefined for page ranges and blocks without one. */
  readonly id: string | undefined;
  /** MD5 from the manifest, 32 upper-case hexadecimal digits. */
  readonly hash: string;
  readonly status: RangeStatus;
}

/** A file beside the data, named in the manifest with its MD5. */
export interface SideFileReference {
  readonly path: string;
  readonly hash: string;
}

/** The metadata or properties files that applied to a blob and what became of them. */
export interface SideFileOutcome {
  /** Of the blob list; undefined when there is none. */
  readonly globalFile: SideFileReference | undefined;
  /** Of the blob itself; undefined when there is none. */
  readonly file: SideFileReference | undefined;
  readonly status: SideFileStatus;
}

/** A blob and what became of it. */
export interface BlobOutcome {
  /** Container and name; the new name when the blob was renamed. */
  readonly blobPath: string;
  /** Container and name in the manifest. */
  readonly announcedBlobPath: string;
  readonly filePath: string;
  readonly lengthInBytes: number;
  readonly kind: "block" | "page";
  readonly status: BlobStatus;
  readonly disposition: ImportDisposition;
  readonly dispositionStatus: DispositionStatus;
  readonly ranges: readonly RangeOutcome[];
  readonly metadata: SideFileOutcome | undefined;
  readonly properties: SideFileOutcome | undefined;
  /** Checksum of the content, when the log prints it and every part was good. */
  readonly crc64: bigint | undefined;
  /** HTTP status of the blob service's last refusal, for the logs that name it. */
  readonly httpStatus: number | undefined;
  /** Bytes of the blob that are in the storage account. */
  readonly bytesSucceeded: number;
}

/** What became of a whole drive. */
export interface DriveOutcome {
  readonly driveId: string;
  readonly status: DriveStatus;
  readonly blobCount: number;
  readonly blobsWithErrors: number;
  readonly blobsRenamed: number;
  readonly bytesTotal: number;
  readonly bytesSucceeded: number;
  readonly errorLogUri: string | undefined;
  readonly verboseLogUri: string | undefined;
  readonly manifestUri: string | undefined;
}

/** Whether a drive ended without anything its owner must look at. */
export function isCleanDriveStatus(status: DriveStatus): boolean {
  return status === "Completed";
}

/** Whether data of the drive did not arrive. Warnings only tell that a disposition was applied. */
export function isFailedDriveStatus(status: DriveStatus): boolean {
  return status !== "Completed" && status !== "CompletedWithWarnings";
}

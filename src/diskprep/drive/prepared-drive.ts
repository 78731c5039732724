/** What the import service must know of a finished drive. */

/** One drive that is ready to be shipped. Plain frozen data; survives JSON and `structuredClone`. */
export interface PreparedDrive {
  /** Serial number of the drive, without spaces. */
  readonly driveId: string;
  /** SECRET: the 48-digit recovery password, eight groups joined by dashes. Store it only in files of mode 0600. */
  readonly bitLockerKey: string;
  /** Path of the manifest on the drive, for example `\DriveManifest.xml`. */
  readonly manifestFile: string;
  /** Hexadecimal MD5 of the manifest file, 32 upper-case digits. */
  readonly manifestHash: string;
  /** Always the empty string: the rules of this field are not public and the service accepts it empty. */
  readonly driveHeaderHash: string;
  /** Size of the drive in bytes. */
  readonly sizeInBytes: number;
  /** Blobs on this drive. */
  readonly blobCount: number;
  /** Sum of their lengths. */
  readonly blobBytes: number;
  /** First blob of the seed catalog that is on this drive, and the one after the last. */
  readonly firstBlobIndex: number;
  readonly endBlobIndex: number;
  /** Present when every byte was written past the system's cache. Absent where the medium or system did not allow it. */
  readonly bypassedCache?: true;
}

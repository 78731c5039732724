/**
 * The drive manifest, version 2014-11-01: names, limits and the shape of one entry.
 *
 * Source: Microsoft, "Azure Import/Export service manifest file format" and "… metadata and properties file format".
 */

/** Version written by default. */
export const manifestVersion = "2014-11-01";

/** Where the manifest lies on the drive. */
export const manifestFileOnDrive = "\\DriveManifest.xml";

/** What the service does when the blob exists already. The literals are the manifest's own, lower case. */
export type ImportDisposition = "no-overwrite" | "overwrite" | "rename";

/** A file on the drive with the MD5 that the manifest gives for it. */
export interface ManifestSideFile {
  /** Path on the drive, with backslashes and a leading one. */
  readonly path: string;
  /** Hexadecimal MD5, 32 upper-case digits. */
  readonly hash: string;
}

/** One `Blob` element. Ranges are columns: a page blob may have two million of them. */
export interface ManifestBlob {
  /** Container name, a slash and the blob name. */
  readonly blobPath: string;
  /** Path of the file on the drive, with backslashes and a leading one. */
  readonly filePath: string;
  readonly lengthInBytes: number;
  /** Absent in the file means `rename`. */
  readonly disposition: ImportDisposition;
  readonly kind: "block" | "page";
  readonly rangeOffsets: Float64Array;
  readonly rangeLengths: Float64Array;
  /** 16 bytes a range. */
  readonly rangeHashes: Uint8Array;
  /** Base64 block ids, or undefined when the manifest names none (always for page blobs). */
  readonly blockIds: readonly string[] | undefined;
  readonly propertiesFile: ManifestSideFile | undefined;
  readonly metadataFile: ManifestSideFile | undefined;
}

/** What the reader offers: an open volume, its entries, its files. */
import type { AbortOptions } from "../../../shared/abort.js";

/** A file or directory of a volume. */
export interface NtfsEntry {
  readonly name: string;
  /** From the root, with backslashes: `\folder\file`. */
  readonly path: string;
  readonly isDirectory: boolean;
  /** Length of the unnamed data; 0 for directories. */
  readonly sizeInBytes: number;
  readonly createdAtInMs: number;
  readonly modifiedAtInMs: number;
  /** Windows file attributes (read-only 1, hidden 2, system 4, archive 0x20, reparse point 0x400 …). */
  readonly attributes: number;
  /** MFT record number. */
  readonly record: number;
}

/** Options of {@link NtfsFile.stream}. */
export interface NtfsStreamOptions extends AbortOptions {
  /** First byte. Default: 0. */
  readonly offsetInBytes?: number;
  /** Default: up to the end. */
  readonly lengthInBytes?: number;
  /** Bytes per chunk. Default: 1 MiB. */
  readonly chunkSizeInBytes?: number;
}

/** An open file. Holds no handle; there is nothing to close. */
export interface NtfsFile {
  readonly sizeInBytes: number;
  /** Whether the content lies in the MFT record. */
  readonly isResident: boolean;
  /** Number of separate pieces on the volume, holes included; 0 when resident. */
  readonly runCount: number;
  /** Fills `target` from `offsetInBytes` on. @throws NtfsError `out-of-range`; DeviceError */
  read(offsetInBytes: number, target: Uint8Array, options?: AbortOptions): Promise<void>;
  /**
   * Where on the volume these bytes lie, for programs that read the volume in bulk. Undefined unless they lie there as
   * they are and in one piece: not in an MFT record, a hole, or beyond the initialised size.
   */
  locate(offsetInBytes: number, lengthInBytes: number): number | undefined;
  /** The content as fresh chunks in order. @throws NtfsError `out-of-range`; DeviceError */
  stream(options?: NtfsStreamOptions): AsyncGenerator<Uint8Array>;
}

/** Options of {@link NtfsVolume.openFile}. */
export interface OpenNtfsFileOptions extends AbortOptions {
  /** Name of an alternate data stream. Default: the unnamed data. */
  readonly streamName?: string;
}

/** Options of {@link NtfsVolume.list} and {@link NtfsVolume.walk}. */
export interface ListNtfsOptions extends AbortOptions {
  /** Whether the file system's own files (`$MFT`, `$Bitmap`, …) are listed too. Default: false. */
  readonly includeSystemFiles?: boolean;
}

/**
 * An open volume. Paths begin at the root; `\` and `/` both separate, case is folded as the volume's own table says.
 * All methods only read and may run at the same time.
 */
export interface NtfsVolume {
  readonly label: string;
  readonly serialNumber: bigint;
  readonly sizeInBytes: number;
  readonly sectorSizeInBytes: number;
  readonly clusterSizeInBytes: number;
  /** Whether the volume was not unmounted cleanly. */
  readonly isDirty: boolean;
  /** Format version, `"3.1"` since Windows XP. */
  readonly version: string;
  /** Entries of a directory in the volume's order. Default path: the root. @throws NtfsError */
  list(path?: string, options?: ListNtfsOptions): AsyncGenerator<NtfsEntry>;
  /** Facts of one file or directory. @throws NtfsError `not-found`, `not-a-directory`, `corrupt` */
  stat(path: string, options?: AbortOptions): Promise<NtfsEntry>;
  /** Whether the path names something. @throws NtfsError `corrupt` */
  exists(path: string, options?: AbortOptions): Promise<boolean>;
  /**
   * Opens the data of a file.
   * @throws NtfsError `not-found`, `not-a-file`, `unsupported-compressed`, `unsupported-encrypted`, `corrupt`
   */
  openFile(path: string, options?: OpenNtfsFileOptions): Promise<NtfsFile>;
  /** Everything below a directory, each directory before its content. Default path: the root. @throws NtfsError */
  walk(path?: string, options?: ListNtfsOptions): AsyncGenerator<NtfsEntry>;
}

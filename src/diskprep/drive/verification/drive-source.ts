/** Where the files of a drive are read from while it is verified: the medium itself, or a file system that is mounted. */
import type { AbortOptions } from "../../../shared/abort.js";
import type { BitLockerAreas } from "../../bitlocker/index.js";
import type { BlockDevice } from "../../device/index.js";
import type { VolumeWorkers } from "../../pipeline/index.js";
import type { ReadAhead } from "./read-ahead.js";

/** A file being verified. Holds no handle; there is nothing to close. */
export interface SourceFile {
  readonly sizeInBytes: number;
  /** Fills `target`. May be called several times at once. @throws DeviceError, NtfsError, AbortError */
  read(offsetInBytes: number, target: Uint8Array, options?: AbortOptions): Promise<void>;
  /** Where on the stored volume these bytes lie in one piece; undefined or absent when they can only be read. */
  locate?(offsetInBytes: number, lengthInBytes: number): number | undefined;
}

/** The volume below the files, for reading many of them at once: encrypted bytes, and threads that know the key. */
export interface StoredVolume {
  readonly device: BlockDevice;
  readonly areas: BitLockerAreas;
  readonly workers: VolumeWorkers;
  readonly cipherNumber: number;
  /** What of the volume is in memory already. */
  readonly ahead: ReadAhead;
}

/** The files of one drive. Reads only. */
export interface DriveSource {
  readonly kind: "device" | "mounted-volume";
  /** How messages and the report call it. */
  readonly name: string;
  /** Whether what is read comes from the medium, not from what the system remembers of it. */
  readonly bypassesCache: boolean;
  /** Absent when there are only files. */
  readonly stored?: StoredVolume | undefined;
  /**
   * Opens a file by its path on the drive; undefined when there is no such file.
   *
   * @throws DeviceError, NtfsError, AbortError
   */
  openFile(path: string, options?: AbortOptions): Promise<SourceFile | undefined>;
}

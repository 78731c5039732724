/** Where the files of a drive are read from while it is verified: the medium itself, or a file system that is mounted. */
import type { AbortOptions } from "../../../shared/abort.js";

/** A file being verified. Holds no handle; there is nothing to close. */
export interface SourceFile {
  readonly sizeInBytes: number;
  /** Fills `target`. May be called several times at once. @throws DeviceError, NtfsError, AbortError */
  read(offsetInBytes: number, target: Uint8Array, options?: AbortOptions): Promise<void>;
}

/** The files of one drive. Reads only. */
export interface DriveSource {
  readonly kind: "device" | "mounted-volume";
  /** How messages and the report call it. */
  readonly name: string;
  /** Whether what is read comes from the medium, not from what the system remembers of it. */
  readonly bypassesCache: boolean;
  /**
   * Opens a file by its path on the drive; undefined when there is no such file.
   *
   * @throws DeviceError, NtfsError, AbortError
   */
  openFile(path: string, options?: AbortOptions): Promise<SourceFile | undefined>;
}

/** The files of an unlocked drive, as the import sees them: opened by the paths a manifest names, read at offsets. */
import type { AbortOptions } from "../../shared/index.js";

/** Why a file cannot be opened. The words are statuses of the log format. */
export type FileProblem =
  | "FileAccessDenied"
  | "FileNameInvalid"
  | "FileNameTooLong"
  | "FileNotFound"
  | "IOFailed";

/** An open file of the drive. */
export interface DriveFile {
  readonly sizeInBytes: number;
  /** Fills `target`. Rejects when the bytes cannot be read. */
  read(offsetInBytes: number, target: Uint8Array, options?: AbortOptions): Promise<void>;
}

/** An unlocked NTFS volume. */
export interface DriveVolume {
  /** Opens a file by its path on the drive, backslash separated. Never throws for a bad path or medium. */
  openFile(path: string): Promise<DriveFile | FileProblem>;
  /** Releases the drive. May be repeated. */
  close(): Promise<void>;
}

const maximumPathLength = 32_767;
const maximumNameLength = 255;

/**
 * Cuts a path of the drive into names, or tells what is wrong with it.
 *
 * Refuses what Windows refuses (reserved characters) and anything that climbs (`..`).
 */
export function drivePathNames(path: string): readonly string[] | "FileNameInvalid" | "FileNameTooLong" {
  if (path.length > maximumPathLength) return "FileNameTooLong";
  const names = path.replace(/^\\/, "").split("\\");
  for (const name of names) {
    if (name.length > maximumNameLength) return "FileNameTooLong";
    if (name === "" || name === "." || name === ".." || /[\u0000-\u001f<>:"/|?*]/.test(name)) {
      return "FileNameInvalid";
    }
  }
  return names;
}

/** Reads a file from beginning to end in pieces; every piece is a fresh array. */
export async function* readWholeFile(
  file: DriveFile,
  pieceSizeInBytes: number,
  options: AbortOptions = {},
): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < file.sizeInBytes; offset += pieceSizeInBytes) {
    const piece = new Uint8Array(Math.min(pieceSizeInBytes, file.sizeInBytes - offset));
    await file.read(offset, piece, options);
    yield piece;
  }
}

/** Proves that a mounted volume holds what its manifest says, by reading every file through the file system. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import { createProgressReporter, type ProgressOptions } from "../../shared/progress.js";
import { hasErrorName, systemErrorCode } from "../../shared/room-error.js";
import { DriveError } from "./drive-error.js";
import { readDriveManifest } from "./manifest-reader.js";
import { upperHex } from "./manifest-writer.js";
import { mountedPath } from "./mounted-volume.js";
import type { PreparedDrive } from "./prepared-drive.js";
import type { DriveFinding, DriveFindingCode } from "./verify-drive.js";

const bufferLengthInBytes = 1024 * 1024;

/** Options of {@link verifyMountedVolume}. */
export interface VerifyMountedVolumeOptions extends AbortOptions, ProgressOptions {
  /** Most findings that are kept with their text; all are counted. Default: 1000. */
  readonly maximumFindings?: number;
}

/** Result of a verification. Plain frozen data. */
export interface MountedVolumeReport {
  readonly driveId: string;
  /** True only when every check passed. */
  readonly passed: boolean;
  /**
   * Always true: the system may have answered from memory what it would have to read from the medium. Unmount and mount
   * the volume before verifying, so that what is read comes from the drive.
   */
  readonly mayHaveBeenCached: true;
  readonly manifestHash: string;
  readonly blobCount: number;
  readonly blobBytes: number;
  readonly findingCount: number;
  /** The first findings. */
  readonly findings: readonly DriveFinding[];
}

/**
 * Verifies a mounted volume. Reads only; may be repeated. What is wrong with files is in the report and does not throw.
 *
 * @throws DriveError `manifest-invalid`; AbortError
 */
export async function verifyMountedVolume(
  mountPath: string,
  drive: Pick<PreparedDrive, "driveId" | "manifestFile" | "manifestHash">,
  options: VerifyMountedVolumeOptions = {},
): Promise<MountedVolumeReport> {
  const findings: DriveFinding[] = [];
  let findingCount = 0;
  const add = (code: DriveFindingCode, subject: string, message: string, offsetInBytes?: number): void => {
    findingCount += 1;
    if (findings.length >= (options.maximumFindings ?? 1000)) return;
    findings.push(Object.freeze({ code, subject, message, offsetInBytes, lengthInBytes: undefined }));
  };

  /** Opens a file and hands it on; what the system refuses becomes a finding. */
  const withFile = async (path: string, subject: string, use: (file: FileHandle) => Promise<void>) => {
    // The manifest may come from anywhere; it must not lead out of the volume.
    const segments = path.split("\\").slice(1);
    const leadsOut = segments.some((segment) => ["", ".", ".."].includes(segment) || /[/\0]/.test(segment));
    if (leadsOut || !path.startsWith("\\") || segments.length === 0)
      return add("file-missing", subject, `'${path}' is no path on the volume.`);
    let file: FileHandle | undefined;
    try {
      file = await open(mountedPath(mountPath, path), "r");
      await use(file);
    } catch (error) {
      if (hasErrorName(error, "AbortError") || hasErrorName(error, "DriveError")) throw error;
      const code = systemErrorCode(error);
      if (code === "ENOENT" || code === "ENOTDIR") add("file-missing", subject, `There is no file ${path}.`);
      else add("file-unreadable", subject, `File ${path} cannot be read (${code ?? "unknown reason"}).`);
    } finally {
      await file?.close();
    }
  };

  async function* bytesOf(file: FileHandle, offset: number, end: number): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(Math.min(bufferLengthInBytes, end - offset));
    while (offset < end) {
      throwIfAborted(options.abortSignal);
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - offset), offset);
      if (bytesRead === 0) throw Object.assign(new Error("the file ends early"), { code: "EOF" });
      yield buffer.slice(0, bytesRead);
      offset += bytesRead;
    }
  }
  const md5Of = async (file: FileHandle, offset: number, end: number): Promise<string> => {
    const hash = createHash("md5");
    for await (const bytes of bytesOf(file, offset, end)) hash.update(bytes);
    return hash.digest("hex").toUpperCase();
  };

  const progress = createProgressReporter(options.onProgress);
  let manifestHash: string | undefined;
  let blobCount = 0;
  let blobBytes = 0;
  await withFile(drive.manifestFile, drive.manifestFile, async (manifestFile) => {
    const { size } = await manifestFile.stat();
    manifestHash = await md5Of(manifestFile, 0, size);
    if (manifestHash !== drive.manifestHash.toUpperCase())
      add("manifest-hash-differs", drive.manifestFile, `The manifest has the MD5 ${manifestHash}.`);
    const manifest = await readDriveManifest(bytesOf(manifestFile, 0, size));
    if (manifest.driveId !== drive.driveId)
      add("drive-id-differs", drive.manifestFile, `The manifest names drive ${manifest.driveId}.`);
    progress.begin("verifying");
    for await (const blob of manifest.blobs) {
      await withFile(blob.filePath, blob.blobPath, async (file) => {
        const fileLength = (await file.stat()).size;
        if (fileLength !== blob.lengthInBytes) {
          return add(
            "file-length-differs",
            blob.blobPath,
            `File ${blob.filePath} has ${fileLength} bytes instead of ${blob.lengthInBytes}.`,
          );
        }
        for (const [range, offset] of blob.rangeOffsets.entries()) {
          const end = offset + blob.rangeLengths[range]!;
          if ((await md5Of(file, offset, end)) === upperHex(blob.rangeHashes, range * 16)) continue;
          const message = `Bytes ${offset} to ${end} of ${blob.filePath} are not what the manifest says.`;
          add("range-differs", blob.blobPath, message, offset);
        }
      });
      for (const sideFile of [blob.metadataFile, blob.propertiesFile]) {
        if (!sideFile) continue;
        await withFile(sideFile.path, sideFile.path, async (file) => {
          if ((await md5Of(file, 0, (await file.stat()).size)) === sideFile.hash) return;
          add("side-file-differs", sideFile.path, `File ${sideFile.path} is not what the manifest says.`);
        });
      }
      blobCount += 1;
      blobBytes += blob.lengthInBytes;
      progress.advance(blob.lengthInBytes, 1, blob.blobPath);
    }
    progress.flush();
  });
  if (manifestHash === undefined) {
    throw new DriveError(
      "manifest-invalid",
      `${mountPath} has no readable manifest at ${drive.manifestFile}. Prepare the drive again.`,
      { details: { mountPath, manifestFile: drive.manifestFile } },
    );
  }
  return Object.freeze({
    driveId: drive.driveId,
    passed: findingCount === 0,
    mayHaveBeenCached: true,
    manifestHash,
    blobCount,
    blobBytes,
    findingCount,
    findings: Object.freeze(findings),
  });
}

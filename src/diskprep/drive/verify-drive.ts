/**
 * Proves that a drive holds what its manifest says, by reading the medium the way the datacentre does: partition table,
 * BitLocker with the recovery password as text, NTFS through the reader, every range re-hashed.
 */
import { createHash } from "node:crypto";
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import { errorMessageOf } from "../../shared/error-message.js";
import {
  createProgressReporter,
  type ProgressOptions,
  type ProgressReporter,
} from "../../shared/progress.js";
import type { BlockDevice } from "../device/index.js";
import { isNtfsError, type NtfsFile, type NtfsVolume } from "../ntfs/index.js";
import { DriveError } from "./drive-error.js";
import type { ManifestBlob, ManifestSideFile } from "./manifest-format.js";
import { readDriveManifest } from "./manifest-reader.js";
import { upperHex } from "./manifest-writer.js";
import { openDrive } from "./open-drive.js";
import type { PreparedDrive } from "./prepared-drive.js";

const bufferLengthInBytes = 4 * 1024 * 1024;

/** What is known of the drive to be verified: the facts that go into the import job. */
export type DriveFacts = Pick<PreparedDrive, "driveId" | "bitLockerKey" | "manifestFile" | "manifestHash">;

/** Options of {@link verifyDrive}. */
export interface VerifyDriveOptions extends AbortOptions, ProgressOptions {
  /** Most findings that are kept with their text; all are counted. Default: 1000. */
  readonly maximumFindings?: number;
}

/** Why a drive would not be accepted, or not wholly. */
export type DriveFindingCode =
  | "manifest-hash-differs"
  | "drive-id-differs"
  | "file-missing"
  | "file-unreadable"
  | "file-length-differs"
  | "range-differs"
  | "side-file-differs";

/** One thing that is wrong with a drive. */
export interface DriveFinding {
  readonly code: DriveFindingCode;
  /** Blob path, or the path of the manifest or side file. */
  readonly subject: string;
  readonly offsetInBytes: number | undefined;
  readonly lengthInBytes: number | undefined;
  readonly message: string;
}

/** Result of a verification. Plain frozen data. */
export interface DriveReport {
  readonly driveId: string;
  /** True only when every check passed. */
  readonly passed: boolean;
  readonly manifestHash: string;
  readonly blobCount: number;
  readonly blobBytes: number;
  readonly rangeCount: number;
  readonly findingCount: number;
  /** The first findings. */
  readonly findings: readonly DriveFinding[];
}

/**
 * Verifies a drive. Reads only; may be repeated.
 *
 * Findings about files do not throw: they are in the report, whose `passed` is then false.
 *
 * @throws DriveError `drive-unreadable`, `manifest-invalid`; AbortError
 */
export async function verifyDrive(
  device: BlockDevice,
  drive: DriveFacts,
  options: VerifyDriveOptions = {},
): Promise<DriveReport> {
  const opened = await openDrive(device, drive.bitLockerKey, options);
  try {
    return await new DriveVerification(opened.volume, drive, options).run();
  } finally {
    await opened.close();
  }
}

class DriveVerification {
  readonly #volume: NtfsVolume;
  readonly #drive: DriveFacts;
  readonly #options: VerifyDriveOptions;
  readonly #progress: ProgressReporter;
  readonly #buffer = new Uint8Array(bufferLengthInBytes);
  readonly #findings: DriveFinding[] = [];
  #findingCount = 0;
  #rangeCount = 0;

  constructor(volume: NtfsVolume, drive: DriveFacts, options: VerifyDriveOptions) {
    this.#volume = volume;
    this.#drive = drive;
    this.#options = options;
    this.#progress = createProgressReporter(options.onProgress);
  }

  async run(): Promise<DriveReport> {
    const manifestHash = await this.#hashManifest();
    const manifest = await readDriveManifest(this.#manifestBytes());
    if (manifest.driveId !== this.#drive.driveId) {
      this.#add(
        "drive-id-differs",
        this.#drive.manifestFile,
        `The manifest names drive ${manifest.driveId}.`,
      );
    }
    let blobCount = 0;
    let blobBytes = 0;
    this.#progress.begin("verifying");
    for await (const blob of manifest.blobs) {
      throwIfAborted(this.#options.abortSignal);
      await this.#checkBlob(blob);
      blobCount += 1;
      blobBytes += blob.lengthInBytes;
      this.#progress.advance(blob.lengthInBytes, 1, blob.blobPath);
    }
    this.#progress.flush();
    return Object.freeze({
      driveId: this.#drive.driveId,
      passed: this.#findingCount === 0,
      manifestHash,
      blobCount,
      blobBytes,
      rangeCount: this.#rangeCount,
      findingCount: this.#findingCount,
      findings: Object.freeze(this.#findings),
    });
  }

  async #hashManifest(): Promise<string> {
    const hash = createHash("md5");
    for await (const bytes of this.#manifestBytes()) hash.update(bytes);
    const manifestHash = hash.digest("hex").toUpperCase();
    if (manifestHash !== this.#drive.manifestHash.toUpperCase()) {
      this.#add(
        "manifest-hash-differs",
        this.#drive.manifestFile,
        `The manifest has the MD5 ${manifestHash} instead of ${this.#drive.manifestHash}.`,
      );
    }
    return manifestHash;
  }

  async *#manifestBytes(): AsyncGenerator<Uint8Array> {
    const file = await this.#open(this.#drive.manifestFile);
    if (!file) {
      throw new DriveError(
        "manifest-invalid",
        `The drive has no manifest at ${this.#drive.manifestFile}. Prepare the drive again.`,
        { details: { manifestFile: this.#drive.manifestFile } },
      );
    }
    for (let offset = 0; offset < file.sizeInBytes; ) {
      throwIfAborted(this.#options.abortSignal);
      const part = new Uint8Array(Math.min(1024 * 1024, file.sizeInBytes - offset));
      await file.read(offset, part);
      yield part;
      offset += part.length;
    }
  }

  async #checkBlob(blob: ManifestBlob): Promise<void> {
    const file = await this.#open(blob.filePath);
    if (!file) return this.#add("file-missing", blob.blobPath, `There is no file ${blob.filePath}.`);
    if (file.sizeInBytes !== blob.lengthInBytes) {
      return this.#add(
        "file-length-differs",
        blob.blobPath,
        `File ${blob.filePath} has ${file.sizeInBytes} bytes instead of ${blob.lengthInBytes}.`,
      );
    }
    for (let range = 0; range < blob.rangeOffsets.length; range += 1)
      await this.#checkRange(blob, file, range);
    if (blob.metadataFile) await this.#checkSideFile(blob.metadataFile);
    if (blob.propertiesFile) await this.#checkSideFile(blob.propertiesFile);
  }

  async #checkRange(blob: ManifestBlob, file: NtfsFile, range: number): Promise<void> {
    const offset = blob.rangeOffsets[range]!;
    const length = blob.rangeLengths[range]!;
    this.#rangeCount += 1;
    const hash = await this.#hashOf(file, offset, length, blob.blobPath);
    if (hash === undefined || hash === upperHex(blob.rangeHashes, range * 16)) return;
    this.#add(
      "range-differs",
      blob.blobPath,
      `Bytes ${offset} to ${offset + length} of ${blob.filePath} are not what the manifest says.`,
      offset,
      length,
    );
  }

  async #checkSideFile(sideFile: ManifestSideFile): Promise<void> {
    const file = await this.#open(sideFile.path);
    const hash = file && (await this.#hashOf(file, 0, file.sizeInBytes, sideFile.path));
    if (hash === sideFile.hash) return;
    this.#add("side-file-differs", sideFile.path, `File ${sideFile.path} is not what the manifest says.`);
  }

  async #hashOf(
    file: NtfsFile,
    offset: number,
    length: number,
    subject: string,
  ): Promise<string | undefined> {
    const hash = createHash("md5");
    try {
      for (let done = 0; done < length; ) {
        throwIfAborted(this.#options.abortSignal);
        const part = this.#buffer.subarray(0, Math.min(this.#buffer.length, length - done));
        await file.read(offset + done, part);
        hash.update(part);
        done += part.length;
      }
    } catch (error) {
      throwIfAborted(this.#options.abortSignal);
      this.#add("file-unreadable", subject, `Cannot be read: ${errorMessageOf(error)}`, offset, length);
      return undefined;
    }
    return hash.digest("hex").toUpperCase();
  }

  async #open(path: string): Promise<NtfsFile | undefined> {
    try {
      return await this.#volume.openFile(path);
    } catch (error) {
      if (isNtfsError(error) && (error.code === "not-found" || error.code === "not-a-file")) return undefined;
      throw error;
    }
  }

  #add(
    code: DriveFindingCode,
    subject: string,
    message: string,
    offsetInBytes?: number,
    lengthInBytes?: number,
  ): void {
    this.#findingCount += 1;
    if (this.#findings.length >= (this.#options.maximumFindings ?? 1000)) return;
    this.#findings.push(Object.freeze({ code, subject, offsetInBytes, lengthInBytes, message }));
  }
}

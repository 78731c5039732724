/** A drive image in an ordinary file: raw bytes, sparse where the file system can. */
import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { secretFileMode, syncFolder } from "../../shared/durable-file.js";
import { systemErrorCode } from "../../shared/room-error.js";
import { alignedDeviceOf } from "./aligned-device.js";
import type { BlockDevice, SectorSizeInBytes } from "./block-device.js";
import { checkGeometry } from "./device-access.js";
import { DeviceError, deviceErrorFrom, isDeviceError } from "./device-error.js";
import { transportOf } from "./file-transfer.js";

/** What direct I/O on a file moves at least: the block of every file system in use. */
const directUnitInBytes = 4096;

/** Options of {@link createImageFile}. */
export interface CreateImageFileOptions {
  /** A multiple of the sector size. Takes no room on disk until written, where the file system has sparse files. */
  readonly sizeInBytes: number;
  /** Sector size the image stands for. Default: 512. */
  readonly sectorSizeInBytes?: SectorSizeInBytes;
  /** Empties and reuses an existing file of that name. Default: false, an existing file is refused. */
  readonly replaceExisting?: boolean;
  /**
   * Permission bits of the file; ignored on Windows. Default: `0o600`, because an image is a copy of everything
   * that goes on a drive and other users of the computer have no business with it.
   */
  readonly mode?: number;
  /** As for {@link OpenImageFileOptions}: writes past the page cache where the system can. Default: false. */
  readonly bypassCache?: boolean;
}

/** Options of {@link openImageFile}. */
export interface OpenImageFileOptions {
  /** Default: false. */
  readonly canWrite?: boolean;
  /** Sector size the image stands for; a raw image does not record it. Default: 512. */
  readonly sectorSizeInBytes?: SectorSizeInBytes;
  /**
   * Reads and writes past the page cache, so that what is read comes from the medium. Only on Linux, where the file
   * system can, and when the size is a multiple of 4096; `bypassesCache` of the device says whether it does.
   * Default: false.
   */
  readonly bypassCache?: boolean;
}

/**
 * Creates an image file of zeros and opens it for reading and writing.
 *
 * Touches the disk; not to be repeated unless `replaceExisting` is set. When it fails, no new file is left.
 *
 * @throws DeviceError `already-exists`, `invalid-argument`, `no-space`, `access-denied`, `not-found` (no such folder).
 */
export async function createImageFile(path: string, options: CreateImageFileOptions): Promise<BlockDevice> {
  const { sizeInBytes } = options;
  const sectorSizeInBytes = checkGeometry(path, sizeInBytes, options.sectorSizeInBytes ?? 512);
  const mode = options.mode ?? secretFileMode;
  const failure = { deviceName: path, operation: "create" };
  let handle: FileHandle;
  let isNew = true;
  try {
    handle = await open(path, "wx+", mode);
  } catch (error) {
    const reason = deviceErrorFrom(error, failure);
    if (!options.replaceExisting || !isDeviceError(reason) || reason.code !== "already-exists") {
      throw reason;
    }
    isNew = false;
    handle = await openOrThrow(path, constants.O_RDWR);
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw notAFile(path);
    if (!isNew) await handle.chmod(mode);
    await handle.truncate(0);
    await handle.truncate(sizeInBytes);
    await syncFolder(dirname(path));
    const facts = { path, sizeInBytes, sectorSizeInBytes, canWrite: true };
    const direct = options.bypassCache ? await openDirectly(path, facts) : undefined;
    if (direct) {
      await handle.close();
      handle = direct;
    }
    return imageFileOf(handle, { ...facts, bypassesCache: direct !== undefined });
  } catch (error) {
    await handle.close().catch(() => undefined);
    if (isNew) await rm(path, { force: true }).catch(() => undefined);
    throw deviceErrorFrom(error, failure);
  }
}

/**
 * Opens an existing image file; the size is the file's. Changes nothing.
 *
 * @throws DeviceError `not-found`, `access-denied`, `invalid-argument` (not a file, or not a whole number of sectors).
 */
export async function openImageFile(path: string, options: OpenImageFileOptions = {}): Promise<BlockDevice> {
  const canWrite = options.canWrite ?? false;
  let handle = await openOrThrow(path, canWrite ? constants.O_RDWR : constants.O_RDONLY);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw notAFile(path);
    const sectorSizeInBytes = checkGeometry(path, stats.size, options.sectorSizeInBytes ?? 512);
    const facts = { path, sizeInBytes: stats.size, sectorSizeInBytes, canWrite };
    const direct = options.bypassCache ? await openDirectly(path, facts) : undefined;
    if (direct) {
      await handle.close();
      handle = direct;
    }
    return imageFileOf(handle, { ...facts, bypassesCache: direct !== undefined });
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw deviceErrorFrom(error, { deviceName: path, operation: "open" });
  }
}

/** A second handle for direct I/O, or undefined when the system or the file system has none for this file. */
async function openDirectly(path: string, facts: ImageFileFacts): Promise<FileHandle | undefined> {
  const directFlag = constants.O_DIRECT as number | undefined;
  if (directFlag === undefined || facts.sizeInBytes % directUnitInBytes !== 0) return undefined;
  try {
    return await open(path, (facts.canWrite ? constants.O_RDWR : constants.O_RDONLY) | directFlag);
  } catch (error) {
    if (systemErrorCode(error) === "EINVAL") return undefined;
    throw error;
  }
}

async function openOrThrow(path: string, flags: number): Promise<FileHandle> {
  try {
    return await open(path, flags);
  } catch (error) {
    throw deviceErrorFrom(error, { deviceName: path, operation: "open" });
  }
}

function notAFile(path: string): DeviceError {
  return new DeviceError(
    "invalid-argument",
    `'${path}' is not an ordinary file. A disk is opened as a disk, not as an image.`,
    { details: { deviceName: path } },
  );
}

interface ImageFileFacts {
  readonly path: string;
  readonly sizeInBytes: number;
  readonly sectorSizeInBytes: SectorSizeInBytes;
  readonly canWrite: boolean;
}

function imageFileOf(
  handle: FileHandle,
  { path, ...facts }: ImageFileFacts & { readonly bypassesCache: boolean },
): BlockDevice {
  const transferUnitInBytes = facts.bypassesCache ? directUnitInBytes : 1;
  return alignedDeviceOf({ ...facts, name: path, transferUnitInBytes }, transportOf(handle, path));
}

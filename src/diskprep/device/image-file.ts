/** A drive image in an ordinary file: raw bytes, sparse where the file system can. */
import { type FileHandle, open, rm } from "node:fs/promises";
import { throwIfAborted } from "../../shared/abort.js";
import { secretFileMode } from "../../shared/durable-file.js";
import type { BlockDevice, SectorSizeInBytes } from "./block-device.js";
import { checkDeviceAccess, checkDeviceOpen, checkGeometry } from "./device-access.js";
import { DeviceError, deviceErrorFrom, isDeviceError } from "./device-error.js";
import { readExactly, transferHandleOf, writeExactly } from "./file-transfer.js";

/** Options of {@link createImageFile}. */
export interface CreateImageFileOptions {
  /** A multiple of the sector size. Takes no room on disk until written, where the file system has sparse files. */
  readonly sizeInBytes: number;
  /** Sector size the image stands for. Default: 512. */
  readonly sectorSizeInBytes?: SectorSizeInBytes;
  /** Empties and reuses an existing file of that name. Default: false, an existing file is refused. */
  readonly replaceExisting?: boolean;
  /**
   * Permission bits of a new file; ignored on Windows. Default: `0o600`, because an image is a copy of everything
   * that goes on a drive and other users of the computer have no business with it.
   */
  readonly mode?: number;
}

/** Options of {@link openImageFile}. */
export interface OpenImageFileOptions {
  /** Default: false. */
  readonly canWrite?: boolean;
  /** Sector size the image stands for; a raw image does not record it. Default: 512. */
  readonly sectorSizeInBytes?: SectorSizeInBytes;
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
  const failure = { deviceName: path, operation: "create" };
  let handle: FileHandle;
  let isNew = true;
  try {
    handle = await open(path, "wx+", options.mode ?? secretFileMode);
  } catch (error) {
    const reason = deviceErrorFrom(error, failure);
    if (!options.replaceExisting || !isDeviceError(reason) || reason.code !== "already-exists") {
      throw reason;
    }
    isNew = false;
    handle = await openOrThrow(path, "r+");
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw notAFile(path);
    await handle.truncate(0);
    await handle.truncate(sizeInBytes);
    return imageFileOf(handle, { path, sizeInBytes, sectorSizeInBytes, canWrite: true });
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
  const handle = await openOrThrow(path, canWrite ? "r+" : "r");
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw notAFile(path);
    const sectorSizeInBytes = checkGeometry(path, stats.size, options.sectorSizeInBytes ?? 512);
    return imageFileOf(handle, { path, sizeInBytes: stats.size, sectorSizeInBytes, canWrite });
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw deviceErrorFrom(error, { deviceName: path, operation: "open" });
  }
}

async function openOrThrow(path: string, flags: "r" | "r+"): Promise<FileHandle> {
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

function imageFileOf(
  fileHandle: FileHandle,
  facts: {
    readonly path: string;
    readonly sizeInBytes: number;
    readonly sectorSizeInBytes: SectorSizeInBytes;
    readonly canWrite: boolean;
  },
): BlockDevice {
  const { path, sizeInBytes, sectorSizeInBytes, canWrite } = facts;
  const target = { name: path, sizeInBytes, canWrite };
  const transferHandle = transferHandleOf(fileHandle);
  let closing: Promise<void> | undefined;

  return Object.freeze({
    ...target,
    sectorSizeInBytes,
    preferredAlignmentInBytes: 1,
    async read(offsetInBytes, buffer, options) {
      checkDeviceAccess(target, closing !== undefined, "read", offsetInBytes, buffer.length, options);
      await readExactly(transferHandle, path, offsetInBytes, buffer);
    },
    async write(offsetInBytes, data, options) {
      checkDeviceAccess(target, closing !== undefined, "write", offsetInBytes, data.length, options);
      await writeExactly(transferHandle, path, offsetInBytes, data);
    },
    async flush(options) {
      checkDeviceOpen(target, closing !== undefined, "flush");
      throwIfAborted(options?.abortSignal);
      if (!canWrite) return;
      try {
        await fileHandle.sync();
      } catch (error) {
        throw deviceErrorFrom(error, { deviceName: path, operation: "flush" });
      }
    },
    async close() {
      // The handle itself waits for accesses in flight.
      closing ??= fileHandle.close();
      await closing;
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  } satisfies BlockDevice);
}

/** Fixed virtual hard disks: image files that Windows Disk Management and virtual machines attach as they are. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type RandomSource, randomBytesFrom, systemRandomSource } from "../../../shared/random-source.js";
import type { BlockDevice } from "../block-device.js";
import { DeviceError, deviceErrorFrom } from "../device-error.js";
import { readExactly, writeExactly } from "../file-transfer.js";
import { type OpenImageFileOptions, openImageFile } from "../image-file.js";
import { sliceDevice } from "../slice-device.js";
import { wrapDevice } from "../wrapped-device.js";
import { decodeVhdFooter, encodeVhdFooter, hasVhdCookie, vhdFooterLengthInBytes } from "./vhd-footer.js";

/** Options of {@link appendVhdFooter}. */
export interface AppendVhdFooterOptions {
  /** Milliseconds since 1970-01-01 UTC. Default: now. */
  readonly createdAtInMs?: number;
  /** Makes the unique id of the disk. Default: the system's generator. */
  readonly random?: RandomSource;
}

/** Options of {@link openVhdFile}. */
export interface OpenVhdFileOptions {
  /** Default: false. */
  readonly canWrite?: boolean;
}

/**
 * Makes a finished raw image (512-byte sectors, at most 2040 GiB) a fixed virtual hard disk by adding 512 bytes at its
 * end. Windows wants the file's name to end in `.vhd`. Nothing else of the file changes; cutting off the last 512 bytes
 * undoes it. May be repeated: a file that has its footer is left alone.
 *
 * @throws DeviceError `invalid-argument` for a size the format cannot hold; `not-found`, `access-denied`, `no-space`.
 */
export async function appendVhdFooter(path: string, options: AppendVhdFooterOptions = {}): Promise<void> {
  await withFile(path, constants.O_RDWR, async (handle) => {
    const { size } = await handle.stat();
    if (size > vhdFooterLengthInBytes) {
      const last = await readFooterSector(handle, path, size);
      if (hasVhdCookie(last) && decodeVhdFooter(last, path).sizeInBytes === size - last.length) return;
    }
    const footer = encodeVhdFooter({
      sizeInBytes: size,
      createdAtInMs: options.createdAtInMs ?? Date.now(),
      uniqueId: Buffer.from(randomBytesFrom(options.random ?? systemRandomSource, 16)).toString("hex"),
    });
    try {
      await writeExactly(handle, path, size, footer);
      await handle.sync();
    } catch (error) {
      await handle.truncate(size);
      throw error;
    }
  });
}

/**
 * Opens the disk in a fixed virtual hard disk; the footer is checked and not part of the device.
 *
 * @throws DeviceError `bad-format`, `unsupported` (dynamic or differencing), `not-found`, `access-denied`.
 */
export async function openVhdFile(path: string, options: OpenVhdFileOptions = {}): Promise<BlockDevice> {
  const sizeInBytes = await withFile(path, constants.O_RDONLY, async (handle) => {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size <= vhdFooterLengthInBytes || stats.size % 512 !== 0) {
      throw new DeviceError("bad-format", `'${path}' is too short or no file, and so no virtual hard disk.`, {
        details: { deviceName: path, sizeInBytes: stats.size },
      });
    }
    const footer = decodeVhdFooter(await readFooterSector(handle, path, stats.size), path);
    if (footer.sizeInBytes !== stats.size - vhdFooterLengthInBytes) {
      throw new DeviceError(
        "bad-format",
        `The virtual hard disk '${path}' should have ${footer.sizeInBytes} bytes and a footer, but the file has ${stats.size} bytes.`,
        { details: { deviceName: path, sizeInBytes: stats.size, diskSizeInBytes: footer.sizeInBytes } },
      );
    }
    return footer.sizeInBytes;
  });
  const file = await openImageFile(path, { canWrite: options.canWrite ?? false });
  const disk = sliceDevice(file, 0, sizeInBytes, { name: path });
  return wrapDevice(disk, {
    async close() {
      await disk.close();
      await file.close();
    },
  });
}

/**
 * Opens a drive image, raw or fixed virtual hard disk, whichever it is: as {@link openVhdFile} when the file ends with a
 * footer, else as {@link openImageFile}. Changes nothing.
 *
 * @throws DeviceError as these two
 */
export async function openDriveImage(path: string, options: OpenImageFileOptions = {}): Promise<BlockDevice> {
  const hasFooter = await withFile(path, constants.O_RDONLY, async (handle) => {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size <= vhdFooterLengthInBytes || stats.size % 512 !== 0) return false;
    return hasVhdCookie(await readFooterSector(handle, path, stats.size));
  });
  if (!hasFooter) return await openImageFile(path, options);
  return await openVhdFile(path, { canWrite: options.canWrite ?? false });
}

async function readFooterSector(
  handle: FileHandle,
  path: string,
  fileSizeInBytes: number,
): Promise<Uint8Array> {
  const sector = new Uint8Array(vhdFooterLengthInBytes);
  await readExactly(handle, path, fileSizeInBytes - sector.length, sector);
  return sector;
}

async function withFile<Result>(
  path: string,
  flags: number,
  work: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, flags);
    return await work(handle);
  } catch (error) {
    throw deviceErrorFrom(error, { deviceName: path, operation: "open" });
  } finally {
    await handle?.close();
  }
}

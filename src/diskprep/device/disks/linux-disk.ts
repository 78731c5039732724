/** A whole disk or a partition on Linux, opened exclusively and read and written past the page cache. */
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { type CommandRunner, systemCommandRunner } from "../../../shared/command-runner.js";
import { systemErrorCode } from "../../../shared/room-error.js";
import { alignedDeviceOf } from "../aligned-device.js";
import type { BlockDevice } from "../block-device.js";
import { checkGeometry } from "../device-access.js";
import { DeviceError, deviceErrorFrom } from "../device-error.js";
import { transportOf } from "../file-transfer.js";

/** Options of {@link openLinuxDisk}. */
export interface OpenLinuxDiskOptions {
  /** Default: false. */
  readonly canWrite?: boolean;
  /**
   * Whether the system must have no other use of the disk: no mount, no swap, no other program that insists as well.
   * Default: the value of `canWrite`.
   */
  readonly isExclusive?: boolean;
  /** Where the kernel shows its devices. Default: `"/sys"`. */
  readonly systemFolder?: string;
}

/** Sizes in sysfs are always in this unit, whatever the sector size. */
const sysfsSectorInBytes = 512;

/**
 * Opens a disk by its path, for example `/dev/sdb` or `/dev/disk/by-id/…`. Uses direct I/O where the kernel offers it
 * for this disk; `bypassesCache` says whether. Changes nothing until something is written.
 *
 * @throws DeviceError `not-found`, `access-denied` (needs root), `busy` (mounted or in use), `read-only` (switched to
 * read-only), `invalid-argument` (not a block device, or a sector size other than 512 and 4096).
 */
export async function openLinuxDisk(path: string, options: OpenLinuxDiskOptions = {}): Promise<BlockDevice> {
  const canWrite = options.canWrite ?? false;
  const isExclusive = options.isExclusive ?? canWrite;
  const { handle, isDirect } = await openHandle(path, canWrite, isExclusive);
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isBlockDevice()) {
      throw new DeviceError(
        "invalid-argument",
        `'${path}' is not a disk. An image file is opened as an image.`,
        {
          details: { deviceName: path },
        },
      );
    }
    const { sizeInBytes, sectorSizeInBytes, isReadOnly } = await readKernelFacts(
      stats,
      options.systemFolder ?? "/sys",
    );
    if (canWrite && isReadOnly) {
      throw new DeviceError(
        "read-only",
        `'${path}' is switched to read-only, by a lock switch or by the system.`,
        {
          details: { deviceName: path },
        },
      );
    }
    return alignedDeviceOf(
      {
        name: path,
        sizeInBytes,
        sectorSizeInBytes: checkGeometry(path, sizeInBytes, sectorSizeInBytes),
        canWrite,
        bypassesCache: isDirect,
      },
      transportOf(handle, path),
    );
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw deviceErrorFrom(error, { deviceName: path, operation: "open" });
  }
}

/**
 * Makes the kernel read the partition table of a disk again, so that the new partitions appear. Not an error when the
 * kernel refuses because a partition is in use: the table on the disk is right all the same.
 *
 * @returns Whether a program confirmed it.
 */
export async function rereadPartitionTable(
  path: string,
  runCommand: CommandRunner = systemCommandRunner,
): Promise<boolean> {
  const attempts: readonly (readonly [string, readonly string[]])[] = [
    ["blockdev", ["--rereadpt", path]],
    ["partprobe", [path]],
    ["partx", ["--update", path]],
  ];
  for (const [program, programArguments] of attempts) {
    try {
      const { exitCode } = await runCommand(program, programArguments);
      if (exitCode === 0) return true;
    } catch {
      // Not installed; the next one may be.
    }
  }
  return false;
}

async function openHandle(
  path: string,
  canWrite: boolean,
  isExclusive: boolean,
): Promise<{ readonly handle: FileHandle; readonly isDirect: boolean }> {
  const flags = (canWrite ? constants.O_RDWR : constants.O_RDONLY) | (isExclusive ? constants.O_EXCL : 0);
  try {
    // Without this a link to nothing would be reported as a busy disk by O_EXCL.
    const target = await realpath(path);
    try {
      return { handle: await open(target, flags | constants.O_DIRECT), isDirect: true };
    } catch (error) {
      if (systemErrorCode(error) !== "EINVAL") throw error;
      return { handle: await open(target, flags), isDirect: false };
    }
  } catch (error) {
    throw deviceErrorFrom(error, { deviceName: path, operation: "open" });
  }
}

interface KernelFacts {
  readonly sizeInBytes: number;
  readonly sectorSizeInBytes: number;
  readonly isReadOnly: boolean;
}

async function readKernelFacts(stats: BigIntStats, systemFolder: string): Promise<KernelFacts> {
  const device = stats.rdev;
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  // The entry is a link; "the folder above" means above its target.
  const folder = await realpath(join(systemFolder, "dev", "block", `${major}:${minor}`));
  const read = async (name: string): Promise<number | undefined> => {
    try {
      return Number((await readFile(join(folder, name), "latin1")).trim());
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  };
  // A partition has no queue of its own; its disk is the folder above.
  const sectorSizeInBytes =
    (await read("queue/logical_block_size")) ?? (await read("../queue/logical_block_size")) ?? 512;
  return {
    sizeInBytes: ((await read("size")) ?? 0) * sysfsSectorInBytes,
    sectorSizeInBytes,
    isReadOnly: (await read("ro")) === 1,
  };
}

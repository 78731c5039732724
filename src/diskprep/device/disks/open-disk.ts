/** Opening a listed disk of this computer, and handing it back to the system afterwards. */
import type { AbortOptions } from "../../../shared/abort.js";
import { type CommandRunner, systemCommandRunner } from "../../../shared/command-runner.js";
import type { BlockDevice } from "../block-device.js";
import { DeviceError } from "../device-error.js";
import type { Disk, DiskJudgementOptions } from "./disk.js";
import { openLinuxDisk, rereadPartitionTable } from "./linux-disk.js";
import { listDisks } from "./list-disks.js";
import { type WindowsDiskIdentity, windowsDiskNumber } from "./windows-commands.js";
import { openWindowsDisk, runWindowsDiskCommand } from "./windows-disk.js";

/** Options of {@link openDisk}. */
export interface OpenDiskOptions extends AbortOptions, DiskJudgementOptions {
  /** Default: false. */
  readonly canWrite?: boolean;
  /** Default: this computer's. */
  readonly platform?: NodeJS.Platform;
  /** Default: starts programs of this computer. */
  readonly runCommand?: CommandRunner;
  /** How disks are opened by system. Default: the real ways. */
  readonly openers?: DiskOpeners;
}

/** The two ways to open a disk; replaced in tests. */
export interface DiskOpeners {
  /** Opens a disk of Linux. */
  readonly linux: typeof openLinuxDisk;
  /** Opens a disk of Windows. */
  readonly windows: typeof openWindowsDisk;
}

/** A disk in use by this process. */
export interface OpenedDisk extends AsyncDisposable {
  readonly device: BlockDevice;
  /** As it was found when it was opened. */
  readonly disk: Disk;
  /**
   * Closes the device and hands the disk back: Linux reads the partition table again, Windows brings the disk online.
   * May be repeated. What could not be handed back is no error: the data is on the disk.
   *
   * @returns Whether the system confirmed it.
   */
  release(): Promise<boolean>;
}

/**
 * Opens a disk from {@link listDisks}. Lists the disks again before and after and refuses one that is not exactly the same
 * any more: path, serial number, size and sector size. For writing it must have no reasons not to be used; Linux opens
 * it exclusively, Windows takes it offline.
 *
 * @throws DeviceError `not-usable`, `unsupported` (writing on macOS), `busy`, `access-denied`, `command-failed`.
 */
export async function openDisk(disk: Disk, options: OpenDiskOptions = {}): Promise<OpenedDisk> {
  const platform = options.platform ?? process.platform;
  const canWrite = options.canWrite ?? false;
  const found = await findAgain(disk, options);
  if (canWrite && found.reasonsNotUsable.length > 0) {
    const reasons = found.reasonsNotUsable.map((reason) => reason.message).join(" ");
    throw new DeviceError("not-usable", `'${disk.path}' (${describe(disk)}) may not be written. ${reasons}`, {
      details: {
        deviceName: disk.path,
        reasons: found.reasonsNotUsable.map((reason) => reason.code).join(","),
      },
    });
  }
  const openers = options.openers ?? { linux: openLinuxDisk, windows: openWindowsDisk };
  if (platform === "linux") {
    const device = await stillSame(await openers.linux(found.path, { canWrite }), found, options);
    const handBack = (): Promise<boolean> =>
      rereadPartitionTable(found.path, options.runCommand ?? systemCommandRunner);
    return opened(device, found, canWrite ? handBack : undefined);
  }
  if (platform === "win32") return await openOnWindows(found, canWrite, openers, options);
  throw new DeviceError(
    "unsupported",
    `Disks cannot be opened on '${platform}'. Prepare an image file and write it to the drive with another program.`,
    { details: { platform, deviceName: disk.path } },
  );
}

async function openOnWindows(
  disk: Disk,
  canWrite: boolean,
  openers: DiskOpeners,
  options: OpenDiskOptions,
): Promise<OpenedDisk> {
  const diskNumber = windowsDiskNumber(disk.path);
  const identity: WindowsDiskIdentity = {
    diskNumber,
    serialNumber: disk.serialNumber,
    sizeInBytes: disk.sizeInBytes,
  };
  const commandOptions = {
    abortSignal: options.abortSignal,
    ...(options.runCommand ? { runCommand: options.runCommand } : {}),
  };
  const bringOnline = async (): Promise<boolean> => {
    try {
      await runWindowsDiskCommand(
        { kind: "bring-online", disk: identity },
        { ...commandOptions, abortSignal: undefined },
      );
      return true;
    } catch {
      return false;
    }
  };
  if (canWrite) await runWindowsDiskCommand({ kind: "take-offline", disk: identity }, commandOptions);
  try {
    const sizes = { sizeInBytes: disk.sizeInBytes, sectorSizeInBytes: disk.logicalSectorSizeInBytes };
    const device = await stillSame(await openers.windows(diskNumber, { ...sizes, canWrite }), disk, options);
    return opened(device, disk, canWrite ? bringOnline : undefined);
  } catch (error) {
    if (canWrite) await bringOnline();
    throw error;
  }
}

/**
 * Looks once more after opening: until then another disk could have taken the path. From now on the open handle belongs
 * to this disk alone, whatever happens to the path.
 */
async function stillSame(device: BlockDevice, disk: Disk, options: OpenDiskOptions): Promise<BlockDevice> {
  try {
    await findAgain(disk, options);
    return device;
  } catch (error) {
    await device.close();
    throw error;
  }
}

async function findAgain(disk: Disk, options: OpenDiskOptions): Promise<Disk> {
  const found = (await listDisks(options)).find((other) => other.path === disk.path);
  const isSame =
    found !== undefined &&
    found.serialNumber === disk.serialNumber &&
    found.sizeInBytes === disk.sizeInBytes &&
    found.logicalSectorSizeInBytes === disk.logicalSectorSizeInBytes;
  if (isSame) return found;
  throw new DeviceError(
    "not-usable",
    found
      ? `'${disk.path}' is now another disk (${describe(found)}) than the one chosen (${describe(disk)}). List the disks again.`
      : `'${disk.path}' (${describe(disk)}) is not there any more.`,
    { details: { deviceName: disk.path, serialNumber: disk.serialNumber } },
  );
}

function describe(disk: Disk): string {
  return `${disk.model || "unknown model"}, serial number ${disk.serialNumber || "unknown"}, ${disk.sizeInBytes} bytes`;
}

function opened(device: BlockDevice, disk: Disk, handBack: (() => Promise<boolean>) | undefined): OpenedDisk {
  let releasing: Promise<boolean> | undefined;
  const release = (): Promise<boolean> => {
    releasing ??= (async () => {
      await device.close();
      return (await handBack?.()) ?? true;
    })();
    return releasing;
  };
  return Object.freeze({
    device,
    disk,
    release,
    async [Symbol.asyncDispose]() {
      await release();
    },
  });
}

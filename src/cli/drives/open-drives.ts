/** Opening chosen drives for writing: images are created or reopened, disks are found again by their serial number. */
import { access } from "node:fs/promises";
import {
  type BlockDevice,
  createImageFile,
  isDeviceError,
  isDriveError,
  openImageFile,
  readDriveJournal,
} from "../../diskprep/index.js";
import { systemErrorCode } from "../../shared/index.js";
import { CliError } from "../cli-error.js";
import type { Computer } from "../command-io.js";
import type { ChosenDrive } from "./chosen-drive.js";

/** A drive open for writing. */
export interface OpenedDrive extends AsyncDisposable {
  readonly device: BlockDevice;
}

/** How drives are opened. */
export interface OpenDriveOptions {
  readonly computer: Computer;
  readonly journalPath: string;
  /** Empties an existing image. */
  readonly overwrite: boolean;
}

/**
 * Opens one drive. A drive whose journal was begun is opened as it is, so that the work can go on.
 *
 * @throws CliError `usage` when an image is there and may not be overwritten, or is gone although it was begun;
 * DeviceError as the device room
 */
export async function openDriveForWriting(
  drive: ChosenDrive,
  { computer, journalPath, overwrite }: OpenDriveOptions,
): Promise<OpenedDrive> {
  if (drive.kind === "disk") return await openRealDisk(drive, computer);
  const isBegun = await exists(journalPath);
  if (!isBegun) return opened(await createImage(drive, overwrite));
  if (await exists(drive.path))
    return opened(await openImageFile(drive.path, { canWrite: true, bypassCache: true }));
  throw new CliError(
    "usage",
    `The image ${drive.path} is gone, but its journal says that it was begun. Bring it back, or repeat with --overwrite to make it anew.`,
    { details: { path: drive.path } },
  );
}

/**
 * Says early that an image cannot be made: before the preparation is noted down, so that another name can be given.
 *
 * @throws CliError `usage`
 */
export async function refuseExistingImage(drive: ChosenDrive, journalPath: string): Promise<void> {
  if (drive.kind === "disk" || (await exists(journalPath)) || !(await exists(drive.path))) return;
  throw imageExists(drive.path);
}

/** Whether a drive is finished, so that nothing will be written to it. */
export async function isDriveFinished(journalPath: string): Promise<boolean> {
  try {
    return (await readDriveJournal(journalPath)).preparedDrive !== undefined;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT" || isDriveError(error)) return false;
    throw error;
  }
}

async function createImage(
  drive: Extract<ChosenDrive, { kind: "image" }>,
  replaceExisting: boolean,
): Promise<BlockDevice> {
  try {
    return await createImageFile(drive.path, {
      sizeInBytes: drive.sizeInBytes,
      replaceExisting,
      bypassCache: true,
    });
  } catch (cause) {
    if (!isDeviceError(cause) || cause.code !== "already-exists") throw cause;
    throw imageExists(drive.path, cause);
  }
}

function imageExists(path: string, cause?: unknown): CliError {
  return new CliError(
    "usage",
    `There is a file ${path} already. Name another image, or give --overwrite to lose what is in it.`,
    { details: { path }, cause },
  );
}

async function openRealDisk(
  drive: Extract<ChosenDrive, { kind: "disk" }>,
  computer: Computer,
): Promise<OpenedDrive> {
  // Paths change when disks are plugged in anew; the serial number is what was confirmed.
  const found = (await computer.listDisks()).filter(
    ({ serialNumber, sizeInBytes }) => serialNumber === drive.driveId && sizeInBytes === drive.sizeInBytes,
  );
  if (found.length === 1) return await computer.openDisk(found[0]!, { canWrite: true });
  throw new CliError(
    "usage",
    found.length === 0
      ? `The disk with serial number ${drive.driveId} is not attached. Attach it and repeat the command.`
      : `${found.length} disks report the serial number ${drive.driveId}, so it cannot be told which was meant. Detach the others; an enclosure that gives all disks one number cannot be used.`,
    { details: { driveId: drive.driveId } },
  );
}

function opened(device: BlockDevice): OpenedDrive {
  return { device, [Symbol.asyncDispose]: () => device.close() };
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

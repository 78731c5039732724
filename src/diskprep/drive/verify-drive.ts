/**
 * Proves that a drive holds what its manifest says, by reading the medium the way the datacentre does: partition table,
 * BitLocker with the recovery password as text, NTFS through the reader, ranges re-hashed.
 */
import { type BlockDevice, type OpenImageFileOptions, openDriveImage } from "../device/index.js";
import { createDriveWorkers, defaultThreadCount, openDriveCipher } from "./drive-workers.js";
import { openDrive } from "./open-drive.js";
import type { PreparedDrive } from "./prepared-drive.js";
import { checkStructures, type StructureOptions } from "./verification/check-structures.js";
import type { DriveReport } from "./verification/drive-report.js";
import { choosePieces } from "./verification/piece-choice.js";
import { createReadAhead } from "./verification/read-ahead.js";
import { deviceFailed } from "./verification/read-failure.js";
import { type DriveIdentity, type VerificationOptions, verifySource } from "./verification/verify-source.js";
import { volumeSourceOf } from "./verification/volume-source.js";

/** More than a preparation needs: most of them are filled while the key is stretched. */
const leastSlotCount = 7;

/** What is known of the drive to be verified: the facts that go into the import job. Counts only serve the progress. */
export type DriveFacts = DriveIdentity & Pick<PreparedDrive, "bitLockerKey">;

/** Options of {@link verifyDrive}. */
export interface VerifyDriveOptions extends VerificationOptions, Pick<StructureOptions, "checkFileSystem"> {
  /** Worker threads that decrypt and hash; 0: none. Default: one a core, at most 4, and none for less than 64 MiB. */
  readonly threadCount?: number;
}

/** Options of {@link verifyDriveImage}. */
export interface VerifyDriveImageOptions
  extends VerifyDriveOptions,
    Pick<OpenImageFileOptions, "sectorSizeInBytes"> {}

/**
 * Verifies a drive. Reads only; may be repeated.
 *
 * What is wrong with files does not throw: it is in the report, whose `passed` is then false. A file that cannot be read
 * is such a finding; a drive that was unplugged, or on which nothing can be read any more, is an error.
 *
 * @throws DriveError `drive-unreadable`, `manifest-invalid`, `device-failed` (details: `deviceCode`, `offsetInBytes` on
 * the device, `filePath`, `fileOffsetInBytes`), `worker-failed`, `invalid-option`; AbortError
 */
export async function verifyDrive(
  device: BlockDevice,
  drive: DriveFacts,
  options: VerifyDriveOptions = {},
): Promise<DriveReport> {
  // A sample that makes no sense is refused before a second goes into the key.
  const { sample } = choosePieces(options.sample);
  // The threads start while the key is being stretched.
  const threadCount = options.threadCount ?? defaultThreadCount(drive.blobBytes ?? device.sizeInBytes);
  await using workers = createDriveWorkers(threadCount, leastSlotCount);
  await using ahead = createReadAhead(workers, options);
  const stretcherOf =
    (lockedDevice: BlockDevice): typeof workers.stretchKey =>
    (...secrets) => {
      // With a sample, most of it would be read in vain.
      if (workers.threadCount > 0 && !sample) ahead.start(lockedDevice);
      return workers.stretchKey(...secrets);
    };
  const opened = await openDrive(device, drive.bitLockerKey, { ...options, stretcherOf });
  try {
    await ahead.stop();
    const structures = await checkStructures(opened, options).catch((error) => {
      throw deviceFailed(drive.driveId, error, { subject: "file system" });
    });
    const { areas, method: encryptionMethod } = opened.bitLocker;
    const { sectorSizeInBytes } = areas;
    const cipherNumber = await openDriveCipher(workers, { encryptionMethod, sectorSizeInBytes }, opened);
    const stored = { device: opened.lockedDevice, areas, workers, cipherNumber, ahead };
    const source = volumeSourceOf(opened.volume, device, stored);
    return await verifySource(source, drive, { ...options, sample }, structures);
  } finally {
    await opened.close();
  }
}

/**
 * Verifies an image file, raw or fixed virtual hard disk. A raw one is read past the page cache where the system can
 * (Linux, most file systems); the report's `source.bypassedCache` says whether it was. Otherwise like {@link verifyDrive}.
 *
 * @throws DeviceError when the file cannot be opened; otherwise as {@link verifyDrive}
 */
export async function verifyDriveImage(
  path: string,
  drive: DriveFacts,
  options: VerifyDriveImageOptions = {},
): Promise<DriveReport> {
  const { sectorSizeInBytes = 512, ...verification } = options;
  await using image = await openDriveImage(path, { sectorSizeInBytes, bypassCache: true });
  return await verifyDrive(image, drive, verification);
}

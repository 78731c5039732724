/** Unlocks a real drive or image: partition table, first data volume, BitLocker, NTFS; failures in the words of the log. */
import {
  type BlockDevice,
  isBitLockerError,
  isNtfsError,
  isPartitionError,
  type NtfsFile,
  openBitLockerVolume,
  openImageFile,
  openNtfsVolume,
  type Partition,
  readPartitionTable,
  sliceDevice,
} from "../../diskprep/index.js";
import { systemErrorCode } from "../../shared/index.js";
import type { DriveOpener } from "./drive-in-hand.js";
import { type DriveVolume, drivePathNames, type FileProblem } from "./drive-volume.js";
import type { DriveStatus } from "./import-outcome.js";
import { createReadAhead } from "./read-ahead.js";

/** Partition types that never hold data: EFI system, Microsoft reserved, Windows recovery, LDM metadata. */
const systemPartitionTypes = new Set([
  "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
  "e3c9e316-0b5c-4db8-817d-f92df00215ae",
  "de94bba4-06d1-4d40-a16a-bfd50179d6ac",
  "5808c8aa-7e8f-42e0-85d2-e1e90434cfb3",
]);

/** Opens the drive as the service does. Reads only; what it opened is closed with the volume. */
export const unlockDrive: DriveOpener = async (drive, recoveryPassword) => {
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const item of opened.reverse()) await item.close();
    opened.length = 0;
  };
  try {
    let device: BlockDevice;
    if (typeof drive.image === "string") {
      device = await openImageFile(drive.image);
      opened.push(device);
    } else {
      device = drive.image;
    }
    const partition = await firstDataPartition(device);
    if (partition === undefined) {
      await close();
      return "BitLockerVolumeNotFound";
    }
    const locked = sliceDevice(device, partition.offsetInBytes, partition.lengthInBytes);
    if (await isPlainNtfs(locked)) {
      await close();
      return "BitLockerNotActivated";
    }
    const unlocked = await openBitLockerVolume(locked, { recoveryPassword });
    opened.push(unlocked.device);
    const ntfs = await openNtfsVolume(createReadAhead(unlocked.device));
    return volumeOf(ntfs, close);
  } catch (error) {
    await close();
    return driveStatusOf(error);
  }
};

async function firstDataPartition(device: BlockDevice): Promise<Partition | undefined> {
  const { partitions } = await readPartitionTable(device);
  return partitions.find(({ type }) => !systemPartitionTypes.has(type));
}

/** NTFS boot sectors name the file system at offset 3; those of BitLocker volumes name BitLocker. */
async function isPlainNtfs(volume: BlockDevice): Promise<boolean> {
  const start = new Uint8Array(volume.sectorSizeInBytes);
  await volume.read(0, start);
  return Buffer.from(start.subarray(3, 11)).toString("latin1") === "NTFS    ";
}

function driveStatusOf(error: unknown): DriveStatus {
  if (isBitLockerError(error)) {
    switch (error.code) {
      case "wrong-key":
      case "invalid-recovery-password":
        return "BitLockerKeyInvalid";
      case "protector-not-found":
        return "BitLockerProtectorNotFound";
      case "not-bitlocker":
        return "BitLockerVolumeNotFound";
      case "not-encrypted":
        return "BitLockerNotActivated";
      case "metadata-damaged":
      case "metadata-tampered":
        return "BitLockerUnlockVolumeFailed";
      default:
        return "BitLockerFailed";
    }
  }
  if (isNtfsError(error)) return "VolumeNotNtfs";
  if (isPartitionError(error)) return "DiskOperationFailed";
  // The code of DeviceError: the image is not there.
  return systemErrorCode(error) === "not-found" ? "DiskNotFound" : "DiskOperationFailed";
}

function volumeOf(
  ntfs: { openFile(path: string): Promise<NtfsFile> },
  close: () => Promise<void>,
): DriveVolume {
  return {
    close,
    async openFile(path) {
      const names = drivePathNames(path);
      if (typeof names === "string") return names;
      try {
        return await ntfs.openFile(names.join("\\"));
      } catch (error) {
        return fileProblemOf(error);
      }
    },
  };
}

function fileProblemOf(error: unknown): FileProblem {
  if (!isNtfsError(error)) return "IOFailed";
  switch (error.code) {
    case "not-found":
    case "not-a-directory":
      return "FileNotFound";
    case "not-a-file":
    case "unsupported-encrypted":
      return "FileAccessDenied";
    case "invalid-name":
      return "FileNameInvalid";
    default:
      return "IOFailed";
  }
}

/** What is known of a disk of this computer, and why it may not be used. */

/** How a disk is attached, as far as the system says. */
export type DiskBus =
  | "sata"
  | "ata"
  | "usb"
  | "nvme"
  | "sas"
  | "scsi"
  | "mmc"
  | "virtual"
  | "other"
  | "unknown";

/**
 * Why a disk may not be written.
 *
 * - `system`: the running system starts from it or swaps to it.
 * - `mounted`: a file system on it is mounted.
 * - `in-use`: something else holds it (volume manager, RAID, another encryption).
 * - `read-only`: switched to read-only.
 * - `no-medium`: a reader without a card or disc.
 * - `too-small`: smaller than is worth shipping.
 * - `unsupported-sector-size`: other than 512 and 4096 bytes.
 * - `no-serial-number`: cannot be named beyond doubt, neither to the user nor to the import service.
 */
export type DiskReasonCode =
  | "system"
  | "mounted"
  | "in-use"
  | "read-only"
  | "no-medium"
  | "too-small"
  | "unsupported-sector-size"
  | "no-serial-number";

/** One reason, with words for people. */
export interface DiskReason {
  readonly code: DiskReasonCode;
  readonly message: string;
}

/** A disk. Plain frozen data; survives JSON. */
export interface Disk {
  /** `/dev/sdb`, `\\.\PhysicalDrive3`, `/dev/disk4`. */
  readonly path: string;
  /** Empty when the system does not know it. */
  readonly model: string;
  /** Without any spaces; empty when the system does not know it. */
  readonly serialNumber: string;
  readonly sizeInBytes: number;
  readonly logicalSectorSizeInBytes: number;
  readonly physicalSectorSizeInBytes: number;
  readonly bus: DiskBus;
  readonly medium: "hdd" | "ssd" | "unknown";
  readonly isRemovable: boolean;
  readonly isReadOnly: boolean;
  readonly isSystem: boolean;
  /** Where its file systems are mounted. */
  readonly mountPoints: readonly string[];
  /** Empty when the disk may be written. */
  readonly reasonsNotUsable: readonly DiskReason[];
}

/** What a listing found; the judgement is added by {@link judgeDisk}. */
export interface ListedDisk extends Omit<Disk, "reasonsNotUsable"> {
  /** Something other than a mounted file system holds it. */
  readonly isHeld: boolean;
}

/** Options of judging disks. */
export interface DiskJudgementOptions {
  /** Smaller disks are `too-small`. Default: 1 GiB. */
  readonly smallestSizeInBytes?: number;
}

/** Decides whether a listed disk may be used. Pure. */
export function judgeDisk(listed: ListedDisk, options: DiskJudgementOptions = {}): Disk {
  const { isHeld, ...disk } = listed;
  const smallestSizeInBytes = options.smallestSizeInBytes ?? 1024 ** 3;
  const sectorSize = disk.logicalSectorSizeInBytes;
  const reasons: DiskReason[] = [];
  const add = (isTrue: boolean, code: DiskReasonCode, message: string): void => {
    if (isTrue) reasons.push(Object.freeze({ code, message }));
  };
  add(disk.isSystem, "system", "The running system is on this disk.");
  add(
    disk.mountPoints.length > 0,
    "mounted",
    `It is mounted at ${disk.mountPoints.join(", ")}. Unmount it, or on Windows take it offline.`,
  );
  add(isHeld, "in-use", "A volume manager, RAID or encryption layer holds it. Close that first.");
  add(disk.isReadOnly, "read-only", "It is switched to read-only.");
  add(disk.sizeInBytes === 0, "no-medium", "There is no medium in it.");
  add(
    disk.sizeInBytes > 0 && disk.sizeInBytes < smallestSizeInBytes,
    "too-small",
    `It has ${disk.sizeInBytes} bytes; at least ${smallestSizeInBytes} are needed.`,
  );
  add(
    disk.sizeInBytes > 0 && sectorSize !== 512 && sectorSize !== 4096,
    "unsupported-sector-size",
    `Its sectors have ${sectorSize} bytes; only 512 and 4096 are supported.`,
  );
  add(
    disk.serialNumber === "",
    "no-serial-number",
    "The system does not know its serial number. Attach it directly instead of through an adapter.",
  );
  return Object.freeze({
    ...disk,
    mountPoints: Object.freeze([...disk.mountPoints]),
    reasonsNotUsable: Object.freeze(reasons),
  });
}

/** A serial number as the import service wants it: no spaces anywhere. */
export function withoutSpaces(text: string): string {
  return text.replaceAll(/[\s\0]+/g, "");
}

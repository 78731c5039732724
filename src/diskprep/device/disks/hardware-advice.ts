/**
 * What the import service accepts as hardware, as warnings: the public requirements of Azure Import/Export name internal
 * SATA drives (2.5" SSD, 2.5" and 3.5" HDD), and backup seeding at most 10 TB a drive.
 */
import type { Disk } from "./disk.js";

/**
 * - `usb-attached`: fine to prepare with a plain adapter, but an external drive in its own case is not accepted.
 * - `sector-size-changed`: the adapter may show other sectors than the drive has; it would be unreadable without it.
 * - `not-sata`: not an interface the service reads.
 * - `larger-than-10-tb`: above what is documented for backup seeding.
 * - `sector-size-4096`: native 4096-byte sectors are rare; ask before shipping.
 * - `virtual-disk`: cannot be put in a box.
 */
export type DiskAdviceCode =
  | "usb-attached"
  | "sector-size-changed"
  | "not-sata"
  | "larger-than-10-tb"
  | "sector-size-4096"
  | "virtual-disk";

/** A warning. The disk can be written all the same. */
export interface DiskAdvice {
  readonly code: DiskAdviceCode;
  readonly message: string;
}

const largestDriveInBytes = 10_000_000_000_000;
/** Drives are sold by the decimal terabyte and are a little larger than they say. */
const toleranceInBytes = 100_000_000_000;

/** Warnings about a disk that is to be shipped. Pure. */
export function adviseOnHardware(disk: Disk): readonly DiskAdvice[] {
  const advice: DiskAdvice[] = [];
  const add = (isTrue: boolean, code: DiskAdviceCode, message: string): void => {
    if (isTrue) advice.push(Object.freeze({ code, message }));
  };
  const isUsb = disk.bus === "usb";
  const hasLargeSectors = disk.logicalSectorSizeInBytes === 4096;
  add(
    isUsb,
    "usb-attached",
    "It is attached by USB. Ship only the bare SATA drive: external drives in a case of their own, and drives taken out of one, are not accepted.",
  );
  add(
    isUsb && hasLargeSectors,
    "sector-size-changed",
    "It shows sectors of 4096 bytes through USB. Many enclosures change the sector size; the drive would then be unreadable when attached by SATA. Attach it by SATA or with another adapter.",
  );
  add(
    !isUsb && disk.bus !== "sata" && disk.bus !== "ata" && disk.bus !== "virtual" && disk.bus !== "unknown",
    "not-sata",
    `It is attached by ${disk.bus.toUpperCase()}. The service reads internal SATA drives only (2.5" SSD, 2.5" or 3.5" HDD).`,
  );
  add(
    disk.sizeInBytes > largestDriveInBytes + toleranceInBytes,
    "larger-than-10-tb",
    "It is larger than 10 TB, the most that is documented for seeding a backup.",
  );
  add(
    !isUsb && hasLargeSectors,
    "sector-size-4096",
    "It has native sectors of 4096 bytes, which the service's requirements do not mention. Prefer a drive with sectors of 512 bytes.",
  );
  add(disk.bus === "virtual", "virtual-disk", "It is a virtual disk; only real drives can be shipped.");
  return Object.freeze(advice);
}

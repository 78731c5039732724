/** The drives a person named on the command line or in a conversation: images and real disks. */
import { basename, extname, resolve } from "node:path";
import type { Disk, DriveTarget } from "../../diskprep/index.js";
import { CliError } from "../cli-error.js";

/** A drive that is to be made. Plain data; survives JSON. */
export type ChosenDrive =
  | {
      readonly kind: "image";
      /** Absolute. */
      readonly path: string;
      readonly driveId: string;
      readonly sizeInBytes: number;
      readonly sectorSizeInBytes: 512;
    }
  | {
      readonly kind: "disk";
      readonly path: string;
      /** Serial number without spaces. */
      readonly driveId: string;
      readonly sizeInBytes: number;
      readonly sectorSizeInBytes: 512 | 4096;
      readonly model: string;
    };

/** An image named after its file: `drives/SEED0001.img` stands for a drive with serial number `SEED0001`. */
export function chooseImage(path: string, sizeInBytes: number): ChosenDrive {
  const driveId = basename(path, extname(path)).toUpperCase();
  if (!/^[A-Z0-9_-]{1,64}$/.test(driveId)) {
    throw new CliError(
      "usage",
      `'${path}' cannot stand for a drive: the name of the file becomes its serial number, so use letters, digits, '-' and '_'.`,
      { details: { path } },
    );
  }
  return { kind: "image", path: resolve(path), driveId, sizeInBytes, sectorSizeInBytes: 512 };
}

/**
 * A real disk, named by its serial number or path.
 *
 * @throws CliError `usage` when it is not there, named by two, or must not be written
 */
export function chooseDisk(disks: readonly Disk[], name: string): ChosenDrive {
  const wanted = name.replaceAll(/\s+/g, "").toLowerCase();
  const found = disks.filter(
    ({ path, serialNumber }) =>
      path.toLowerCase() === wanted || (serialNumber !== "" && serialNumber.toLowerCase() === wanted),
  );
  const [disk] = found;
  if (!disk || found.length > 1) {
    throw new CliError(
      "usage",
      disk
        ? `${found.length} disks answer to '${name}'; name one by its path. 'offline-seed disks' lists them.`
        : `There is no disk '${name}'. 'offline-seed disks' lists the disks with their serial numbers.`,
      { details: { name } },
    );
  }
  if (disk.reasonsNotUsable.length > 0) {
    const reasons = disk.reasonsNotUsable.map(({ message }) => message).join(" ");
    throw new CliError("usage", `${describeDisk(disk)} must not be written. ${reasons}`, {
      details: { name, reasons: disk.reasonsNotUsable.map(({ code }) => code).join(",") },
    });
  }
  return {
    kind: "disk",
    path: disk.path,
    driveId: disk.serialNumber,
    sizeInBytes: disk.sizeInBytes,
    sectorSizeInBytes: disk.logicalSectorSizeInBytes === 4096 ? 4096 : 512,
    model: disk.model,
  };
}

/** What planning needs to know of it. */
export function targetOf({ driveId, sizeInBytes, sectorSizeInBytes }: ChosenDrive): DriveTarget {
  return { driveId, sizeInBytes, sectorSizeInBytes };
}

/** A disk in a few words. */
export function describeDisk({ path, model, serialNumber }: Disk): string {
  const known = [model, serialNumber && `serial number ${serialNumber}`].filter(Boolean);
  return known.length === 0 ? path : `${path} (${known.join(", ")})`;
}

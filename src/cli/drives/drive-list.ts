/** `drives.json`: the finished drives of a seed with their recovery passwords. SECRET; readable by its owner only. */
import { readFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import type { DriveFacts, PreparedDrive } from "../../diskprep/index.js";
import { publishFile, secretFileMode, systemErrorCode } from "../../shared/index.js";
import { CliError } from "../cli-error.js";

/** Where a finished drive is: an image file, or a disk of this computer. */
export interface DrivePlace {
  /** Path of the image, in the file relative to it. */
  readonly image?: string;
  /** Serial number of the disk. */
  readonly disk?: string;
}

/** A finished drive of the list. */
export type ListedDrive = PreparedDrive & DrivePlace;
/** The least an entry must say so that its drive can be verified. */
export type VerifiableDrive = DriveFacts & DrivePlace;

const factNames = ["driveId", "bitLockerKey", "manifestFile", "manifestHash"] as const;

/** Name of the list in the drives folder. */
export function driveListPath(drivesFolder: string): string {
  return resolve(drivesFolder, "drives.json");
}

/** Replaces the list as a whole. */
export async function writeDriveList(path: string, drives: readonly ListedDrive[]): Promise<void> {
  const written = drives.map(({ image, ...drive }) => ({
    ...(image === undefined ? {} : { image: relative(dirname(path), image).replaceAll("\\", "/") }),
    ...drive,
  }));
  await publishFile(path, `${JSON.stringify(written, undefined, 2)}\n`, { mode: secretFileMode });
}

/** Reads a list for verification. @throws CliError `step-missing` without a file, `usage` for other content */
export async function readVerifiableDrives(path: string): Promise<readonly VerifiableDrive[]> {
  const value = await readJson(path);
  const isDrive = (entry: unknown): boolean => {
    if (typeof entry !== "object" || entry === null) return false;
    const fields = entry as Readonly<Record<string, unknown>>;
    const hasPlace = typeof fields["image"] === "string" || typeof fields["disk"] === "string";
    return hasPlace && factNames.every((name) => typeof fields[name] === "string");
  };
  if (!Array.isArray(value) || !value.every(isDrive)) {
    throw new CliError(
      "usage",
      `${path} is no list of drives: each entry needs image or disk, and ${factNames.join(", ")}.`,
      { details: { path } },
    );
  }
  return (value as VerifiableDrive[]).map((drive) =>
    drive.image === undefined ? drive : { ...drive, image: resolve(dirname(path), drive.image) },
  );
}

/** Reads the list that `prepare` wrote. @throws CliError `step-missing`, `usage` */
export async function readDriveList(drivesFolder: string): Promise<readonly ListedDrive[]> {
  const path = driveListPath(drivesFolder);
  const drives = await readVerifiableDrives(path);
  const isPrepared = (drive: VerifiableDrive): drive is ListedDrive =>
    "blobCount" in drive && typeof drive.blobCount === "number";
  if (drives.length > 0 && drives.every(isPrepared)) return drives;
  throw new CliError("usage", `${path} does not list finished drives; run 'offline-seed prepare'.`, {
    details: { path },
  });
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (systemErrorCode(cause) !== "ENOENT") throw cause;
    throw new CliError(
      "step-missing",
      `There is no list of drives ${path}. Prepare the drives first with 'offline-seed prepare'.`,
      { details: { path }, cause },
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new CliError("usage", `${path} is not JSON.`, { details: { path }, cause });
  }
}

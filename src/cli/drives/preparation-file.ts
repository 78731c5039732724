/**
 * What `prepare` was asked to make, kept beside the drives' journals: with it and the journals the same command goes on
 * after an interruption. Holds no keys.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { SeedPlan } from "../../diskprep/index.js";
import { publishFile, systemErrorCode } from "../../shared/index.js";
import { CliError } from "../cli-error.js";
import type { ChosenDrive } from "./chosen-drive.js";

/** The drives of a preparation and the plan they were given. */
export interface Preparation {
  readonly drives: readonly ChosenDrive[];
  readonly plan: SeedPlan;
}

const format = "offline-seed-preparation";
const version = 1;

function pathOf(drivesFolder: string): string {
  return join(drivesFolder, "preparation.json");
}

/** Path of a drive's journal. */
export function journalPathOf(drivesFolder: string, driveId: string): string {
  return join(drivesFolder, `${driveId}.journal`);
}

/** Keeps the preparation before anything is written to a drive. */
export async function savePreparation(drivesFolder: string, preparation: Preparation): Promise<void> {
  const text = `${JSON.stringify({ format, version, ...preparation }, undefined, 2)}\n`;
  await publishFile(pathOf(drivesFolder), text);
}

/** The preparation that was begun; undefined when none was. @throws CliError `settings-invalid` */
export async function loadPreparation(drivesFolder: string): Promise<Preparation | undefined> {
  const path = pathOf(drivesFolder);
  try {
    const value = JSON.parse(await readFile(path, "utf8")) as Preparation & Record<string, unknown>;
    if (value["format"] === format && value["version"] === version) return value;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    if (systemErrorCode(error) !== undefined) throw error;
  }
  throw new CliError(
    "settings-invalid",
    `${path} cannot be used. To make all drives anew, repeat with --overwrite.`,
    { details: { path } },
  );
}

/** Forgets a preparation with the journals of its drives. The drives themselves stay as they are. */
export async function discardPreparation(drivesFolder: string, driveIds: readonly string[]): Promise<void> {
  for (const driveId of driveIds) await rm(journalPathOf(drivesFolder, driveId), { force: true });
  await rm(pathOf(drivesFolder), { force: true });
}

/** Planning the drives a person chose. */
import { planDrives, type SeedPlan } from "../../diskprep/index.js";
import type { SeedCatalog } from "../../staging/index.js";
import { type ChosenDrive, targetOf } from "./chosen-drive.js";

/** The plan. Reads the catalog only. @throws DriveError as `planDrives` */
export async function planChosenDrives(
  catalog: SeedCatalog,
  drives: readonly ChosenDrive[],
  abortSignal: AbortSignal,
): Promise<SeedPlan> {
  return await planDrives(catalog, drives.map(targetOf), {
    // An image begins as zeros, so nothing old can travel in its free space; it then stays small as well.
    wipeFreeSpace: drives.some(({ kind }) => kind === "disk"),
    abortSignal,
  });
}

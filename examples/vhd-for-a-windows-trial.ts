/**
 * Before the first drive is shipped, look at one in Windows: the same bytes as on a drive, as a `.vhd` file that Disk
 * Management attaches. `scripts/windows-acceptance.ps1` then checks it from the Windows side.
 */
import { rename } from "node:fs/promises";
import {
  appendVhdFooter,
  createImageFile,
  type PreparedDrive,
  planDrives,
  prepareDrive,
  type SeedCatalog,
} from "@offline-seed/core";

/** Makes `<driveId>.vhd` in a folder. The result holds the recovery password that Windows will ask for. */
export async function makeTrialDisk(
  catalog: SeedCatalog,
  folder: string,
  sizeInBytes = 1024 * 1024 * 1024,
): Promise<{ readonly vhdPath: string; readonly drive: PreparedDrive }> {
  const target = { driveId: "WINDOWS-TRIAL-1", sizeInBytes };
  const { drives, unplaced } = await planDrives(catalog, [target]);
  const [plan] = drives;
  if (!plan || unplaced) throw new Error("The seed needs a larger trial disk.");
  const imagePath = `${folder}/trial.img`;
  const image = await createImageFile(imagePath, target);
  const drive = await prepareDrive(plan, catalog, image, {
    confirm: target,
    journalPath: `${folder}/trial.journal`,
  });
  await image.close();
  // The footer is 512 bytes behind the disk; everything before stays what a drive would hold.
  await appendVhdFooter(imagePath);
  const vhdPath = `${folder}/${target.driveId}.vhd`;
  await rename(imagePath, vhdPath);
  return { vhdPath, drive };
}

/**
 * The backup agent of DPM or MABS has staged its data itself: `*.AIBBlob` files in a folder. They become a seed where
 * they lie; not a byte is copied or changed.
 */
import { adoptStagingFolder, openStagingLocation, planDrives, type SeedPlan } from "@offline-seed/core";

export async function planAgentFolder(stagingFolder: string): Promise<SeedPlan> {
  const location = await openStagingLocation(stagingFolder);
  const { catalog } = await adoptStagingFolder(location, {
    // The three names that were typed into the agent's wizard.
    jobName: "dpm-first-backup",
    storageAccountName: "seedaccount",
    subscriptionId: "11111111-2222-4333-8444-555555555555",
    containerName: "dpm-container",
    // Terabytes are read only once: hashing happens while the drives are written.
    hashing: "during-copy",
  });
  try {
    // A dry run: how many drives of 10 TB, and what is left when one is all there is.
    return await planDrives(catalog, [{ driveId: "ANY-SERIAL", sizeInBytes: 10e12 }]);
  } finally {
    await catalog.close();
  }
}

import {
  createImageFile,
  openStagingLocation,
  planDrives,
  prepareDrive,
  stageDirectory,
  verifyDrive,
} from "@offline-seed/core";

export async function seedFolder(source: string, work: string) {
  const staging = await openStagingLocation(`${work}/staging`, { create: true });
  const writer = await staging.createSeed({
    jobName: "first-backup",
    subscriptionId: "11111111-2222-4333-8444-555555555555",
    storageAccountName: "seedaccount",
    containerName: "seed",
  });
  await stageDirectory(writer, source);
  const catalog = await writer.seal();
  const target = { driveId: "WDC-WX12345678", sizeInBytes: 512 * 1024 * 1024 };
  const { drives, unplaced } = await planDrives(catalog, [target]);
  if (!drives[0] || unplaced) throw new Error("One drive of this size is not enough.");
  const image = await createImageFile(`${work}/drive.img`, { sizeInBytes: target.sizeInBytes });
  const options = { confirm: target, journalPath: `${work}/drive.journal` };
  const drive = await prepareDrive(drives[0], catalog, image, options);
  const report = await verifyDrive(image, drive);
  await image.close();
  await catalog.close();
  return { drive, report };
}

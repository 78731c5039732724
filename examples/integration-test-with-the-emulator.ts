/**
 * An integration test for your CI: the local Azure takes the place of Azure, and your code and the Azure clients in it
 * stay as they are. Needs the npm package `azurite`; no account, no network, no root.
 */

import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import {
  createImageFile,
  ImportExportJobService,
  monitorImportJob,
  openStagingLocation,
  planDrives,
  prepareDrive,
  reconcileSeed,
  type SeedReport,
  stageDirectory,
} from "@offline-seed/core";
import { startAzureEmulator, startAzurite } from "@offline-seed/core/emulator";

const address = {
  recipientName: "Backup Team",
  streetAddress1: "1 Example Street",
  city: "Amsterdam",
  postalCode: "1000 AA",
  countryOrRegion: "Netherlands",
  phone: "+31 20 000 0000",
  email: "backup@example.com",
};
const parcel = { carrierName: "DHL", trackingNumber: "JD000000000000000001" };

/** Seeds a folder into the local Azure. A test asserts `isProven`. */
export async function seedIntoTheLocalAzure(source: string, work: string): Promise<SeedReport> {
  await using azurite = await startAzurite();
  await using azure = await startAzureEmulator({ blobService: azurite });
  const storage = new BlobServiceClient(
    azurite.endpoint,
    new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey),
  );
  const container = storage.getContainerClient("seed");
  await container.create();

  const staging = await openStagingLocation(`${work}/staging`, { create: true });
  const writer = await staging.createSeed({
    jobName: "ci-seed",
    subscriptionId: azure.subscriptionId,
    storageAccountName: azure.storageAccountName,
    containerName: "seed",
  });
  await stageDirectory(writer, source);
  await using catalog = await writer.seal();

  const target = { driveId: "CI-DRIVE-1", sizeInBytes: 256 * 1024 * 1024 };
  const [plan] = (await planDrives(catalog, [target])).drives;
  if (!plan) throw new Error("the drive is too small");
  const path = `${work}/drive.img`;
  const image = await createImageFile(path, target);
  const drive = await prepareDrive(plan, catalog, image, {
    confirm: target,
    journalPath: `${work}/drive.journal`,
  });
  await image.close();

  // The emulator's administrator signs in; in earnest this is a credential of @azure/identity.
  const service = new ImportExportJobService(azure.subscriptionId, azure.adminCredential, {
    endpoint: azure.armEndpoint,
    tlsOptions: { ca: azure.certificateAuthorityPem },
  });
  const job = { resourceGroupName: azure.resourceGroup, jobName: catalog.jobName };
  await service.createImportJob({
    ...job,
    subscriptionId: azure.subscriptionId,
    location: azure.location,
    storageAccountId: azure.storageAccountId,
    containerName: "seed",
    drives: [drive],
    returnAddress: address,
    returnShipping: { carrierName: "DHL", carrierAccountNumber: "000000000" },
  });
  await service.enterShipping(job, { deliveryPackage: parcel });

  // The datacentre unlocks the image with the key from the job and uploads what is on it.
  await azure.datacentre.receivePackage({ ...parcel, drives: [{ image: path }] });
  for await (const change of monitorImportJob(service, job, { intervalInMs: 100 })) {
    if (change.type === "job-state" && change.to === "completed") break;
  }
  return await reconcileSeed(container, catalog);
}

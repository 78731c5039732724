/** The way of a seed from a directory to blobs in Azure, every step for real, against the local Azure. */
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ClientCertificateCredential } from "@azure/identity";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { azureRoleIds, createSeedIdentity } from "../src/certs/index.js";
import {
  createImageFile,
  type DrivePlan,
  formatSeedPlan,
  openImageFile,
  type PreparedDrive,
  prepareDrive,
  verifyDrive,
} from "../src/diskprep/index.js";
import { type AzureEmulator, type Azurite, startAzureEmulator, startAzurite } from "../src/emulator/index.js";
import {
  DataBoxJobService,
  ImportExportJobService,
  type ImportJobRef,
  type ImportJobService,
  type ImportServiceKind,
  monitorImportJob,
  reconcileSeed,
  type SeedReport,
} from "../src/importjob/index.js";
import { type ProgressListener, publishFile, secretFileMode } from "../src/shared/index.js";
import {
  openStagingLocation,
  type SeedCatalog,
  type StageDirectoryOptions,
  stageDirectory,
} from "../src/staging/index.js";
import { fictionalCustomer } from "./fictional-customer.js";
import type { DemoOptions } from "./options.js";
import { createPhaseDisplay, type PhaseDisplay } from "./phase-display.js";
import { planTwoDrives } from "./size-drives.js";

const containerName = "seed";
const jobName = "offline-seed-demo";
/** Short stays in each state, so that the monitor sees every one of them; booking in includes unlocking the drives. */
const handlingTimes = { bookingInMs: 200, queueInMs: 2000, packagingInMs: 500 };
const monitorIntervalInMs = 100;
/** The demo's only fork: which adapter orders the job. */
const jobServices = {
  "import-export": ImportExportJobService,
  "data-box": DataBoxJobService,
} as const satisfies Record<ImportServiceKind, unknown>;
const driveIds = ["SEEDDEMO0001", "SEEDDEMO0002"] as const;

/** What the demo found. */
export interface DemoResult {
  readonly report: SeedReport;
  readonly driveCount: number;
  readonly phases: Readonly<Record<string, number>>;
}

/** Moments at which a test may step in, and how it wants the tree staged. */
export interface DemoHooks {
  /** Default: every file is a blob. */
  readonly staging?: StageDirectoryOptions;
  /** The verified drives are with the carrier. */
  readonly duringTransit?: (images: readonly DriveImage[]) => Promise<void>;
  /** The datacentre is done; the storage account is still there. */
  readonly afterImport?: (storage: BlobServiceClient) => Promise<void>;
}

/** A drive image with what is known of it. */
export interface DriveImage {
  readonly plan: DrivePlan;
  readonly path: string;
  readonly prepared: PreparedDrive;
}

/** Runs the demo. Messages and bars go to `output`. */
export async function runDemo(
  options: DemoOptions,
  output: NodeJS.WriteStream,
  hooks: DemoHooks = {},
): Promise<DemoResult> {
  const folder = await openWorkFolder(options.keep);
  const display = createPhaseDisplay(output);
  try {
    await using azurite = await display.run("azurite", "Starting Azurite", async () =>
      startAzurite({ heapLimitInMiB: azuriteHeapInMiB(await countFiles(options.source)) }),
    );
    await using emulator = await display.run("emulator", "Starting the local Azure", () =>
      startAzureEmulator({ blobService: azurite, handlingTimes }),
    );
    const storage = openStorage(azurite);
    const container = storage.getContainerClient(containerName);
    await container.create();
    const service = await display.run("identity", "Certificate, application, token", () =>
      signIn(emulator, options.service),
    );
    const catalog = await stage(options, folder, emulator, display, output, hooks.staging);
    try {
      const images = await makeDrives(catalog, folder, display, output);
      if (options.keep !== undefined) await writeDriveList(folder, images);
      await hooks.duringTransit?.(images);
      await shipDrives(service, emulator, catalog, images, display, output);
      await hooks.afterImport?.(storage);
      const report = await display.run(
        "comparison",
        "Comparing the container with the catalog",
        (onProgress) => reconcileSeed(container, catalog, { onProgress }),
      );
      return { report, driveCount: images.length, phases: display.seconds() };
    } finally {
      await catalog.close();
    }
  } finally {
    if (options.keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** Azurite keeps about 5 KiB for each blob; the rest is room for its work. */
function azuriteHeapInMiB(blobCount: number): number {
  return Math.ceil(96 + blobCount * 0.006);
}

async function countFiles(folder: string): Promise<number> {
  return (await readdir(folder, { recursive: true })).length;
}

async function openWorkFolder(keep: string | undefined): Promise<string> {
  if (keep === undefined) return await mkdtemp(join(tmpdir(), "offline-seed-demo-"));
  const folder = resolve(keep);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new Error(`${folder} is not empty. Give --keep a new or empty folder.`);
  }
  return folder;
}

function openStorage(azurite: Azurite): BlobServiceClient {
  const credential = new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey);
  return new BlobServiceClient(azurite.endpoint, credential);
}

/** Makes certificate, application and rights as the administrator, then signs in with the certificate alone. */
async function signIn(emulator: AzureEmulator, kind: ImportServiceKind): Promise<ImportJobService> {
  const tlsOptions = { ca: emulator.certificateAuthorityPem };
  const scope = `/subscriptions/${emulator.subscriptionId}/resourceGroups/${emulator.resourceGroup}`;
  const { identity } = await createSeedIdentity(emulator.adminCredential, {
    cloud: emulator.identity.cloud,
    subscriptionId: emulator.subscriptionId,
    roles: [{ scope, roleId: azureRoleIds.contributor }],
    clientOptions: { tlsOptions },
  });
  const credential = new ClientCertificateCredential(
    emulator.tenantId,
    identity.application.applicationId,
    { certificate: identity.certificate.exportPem({ withPrivateKey: true }) },
    { authorityHost: emulator.authorityHost, disableInstanceDiscovery: true, tlsOptions },
  );
  await credential.getToken(`${emulator.armEndpoint}/.default`);
  return new jobServices[kind](emulator.subscriptionId, credential, {
    endpoint: emulator.armEndpoint,
    tlsOptions,
  });
}

async function stage(
  options: DemoOptions,
  folder: string,
  emulator: AzureEmulator,
  display: PhaseDisplay,
  output: NodeJS.WriteStream,
  staging: StageDirectoryOptions = {},
): Promise<SeedCatalog> {
  return await display.run("staging", `Staging ${options.source}`, async (onProgress) => {
    const location = await openStagingLocation(join(folder, "staging"), { create: true });
    const writer = await location.createSeed({
      jobName,
      subscriptionId: emulator.subscriptionId,
      storageAccountName: emulator.storageAccountName,
      containerName,
    });
    const staged = await stageDirectory(writer, options.source, { ...staging, onProgress });
    for (const failure of staged.failures) output.write(`not staged: ${failure.path}: ${failure.message}\n`);
    return await writer.seal();
  });
}

/** Plans, prepares and verifies the drive images, one after the other. */
async function makeDrives(
  catalog: SeedCatalog,
  folder: string,
  display: PhaseDisplay,
  output: NodeJS.WriteStream,
): Promise<readonly DriveImage[]> {
  const seedPlan = await display.run("planning", "Planning the drives", () =>
    planTwoDrives(catalog, driveIds),
  );
  output.write(`${formatSeedPlan(seedPlan)}\n`);
  if (seedPlan.unplaced) throw new Error("The drives are too small for the seed.");
  const images = await display.run("preparation", "Preparing the drives", async (onProgress) => {
    const made: DriveImage[] = [];
    for (const plan of seedPlan.drives) made.push(await makeImage(plan, catalog, folder, onProgress));
    return made;
  });
  await display.run("verification", "Verifying the drives", async (onProgress) => {
    for (const { path, prepared } of images) {
      await using image = await openImageFile(path, { bypassCache: true });
      const report = await verifyDrive(image, prepared, { onProgress });
      if (!report.passed)
        throw new Error(`Drive ${prepared.driveId} failed: ${JSON.stringify(report.findings[0])}`);
    }
  });
  return images;
}

async function makeImage(
  plan: DrivePlan,
  catalog: SeedCatalog,
  folder: string,
  onProgress: ProgressListener,
): Promise<DriveImage> {
  const path = join(folder, `${plan.driveId}.img`);
  await using image = await createImageFile(path, {
    sizeInBytes: plan.sizeInBytes,
    sectorSizeInBytes: plan.sectorSizeInBytes,
    bypassCache: true,
  });
  const prepared = await prepareDrive(plan, catalog, image, {
    confirm: { driveId: plan.driveId, sizeInBytes: plan.sizeInBytes },
    journalPath: join(folder, `${plan.driveId}.journal`),
    onProgress,
  });
  return { plan, path, prepared };
}

/** `drives.json`: what somebody needs to unlock and check the images with programs of their own. */
async function writeDriveList(folder: string, images: readonly DriveImage[]): Promise<void> {
  const list = images.map(({ plan, prepared }) => ({
    image: `${plan.driveId}.img`,
    driveId: prepared.driveId,
    bitLockerKey: prepared.bitLockerKey,
    partitionOffsetInBytes: plan.partitionOffsetInBytes,
    manifestFile: prepared.manifestFile,
    manifestHash: prepared.manifestHash,
  }));
  await publishFile(join(folder, "drives.json"), `${JSON.stringify(list, undefined, 2)}\n`, {
    mode: secretFileMode,
  });
}

/** Orders the job, posts the drives and follows the job until the datacentre is done. */
async function shipDrives(
  service: ImportJobService,
  emulator: AzureEmulator,
  catalog: SeedCatalog,
  images: readonly DriveImage[],
  display: PhaseDisplay,
  output: NodeJS.WriteStream,
): Promise<void> {
  const { returnAddress, returnShipping, deliveryPackage } = fictionalCustomer;
  const job = await display.run("order", "Ordering the import job", async () => {
    const created = await service.createImportJob({
      jobName: catalog.jobName,
      subscriptionId: emulator.subscriptionId,
      resourceGroupName: emulator.resourceGroup,
      location: emulator.location,
      storageAccountId: emulator.storageAccountId,
      containerName: catalog.containerName,
      drives: images.map(({ prepared }) => prepared),
      returnAddress,
      returnShipping,
    });
    const ref: ImportJobRef = { resourceGroupName: emulator.resourceGroup, jobName: created.jobName };
    await service.enterShipping(ref, {
      deliveryPackage: { ...deliveryPackage, driveCount: images.length },
      returnAddress,
      returnShipping,
    });
    return ref;
  });
  const states: string[] = [];
  await display.run("datacentre", "Unlocking and uploading in the datacentre", async (onProgress) => {
    const watching = (async () => {
      for await (const change of monitorImportJob(service, job, { intervalInMs: monitorIntervalInMs })) {
        if (change.type === "job-state") states.push(change.to);
      }
    })();
    const delivering = emulator.datacentre.receivePackage(
      { ...deliveryPackage, drives: images.map(({ path }) => ({ image: path })) },
      { onProgress },
    );
    await Promise.all([watching, delivering]);
  });
  output.write(`Job states at ${service.kind}: ${states.join(" > ")}\n`);
}

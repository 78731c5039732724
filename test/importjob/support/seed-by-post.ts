/**
 * A seed's whole journey for tests: a catalog, drives that hold it, an order, the local Azure with a clock that tests
 * move, and everything observed on the way, through either import service.
 */
import { createHash } from "node:crypto";
import { BlobServiceClient, type ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { type AzureEmulator, type Azurite, startAzureEmulator } from "../../../src/emulator/index.js";
import {
  DataBoxJobService,
  type DriveLog,
  ImportExportJobService,
  type ImportJobChange,
  type ImportJobService,
  type ImportJobStatus,
  type ImportLogLevel,
  type ImportOrder,
  type ImportServiceKind,
  monitorImportJob,
  type ReadBytesPolicy,
  type RepairReport,
  readImportLog,
  reconcileSeed,
  repairSeed,
  type SeedReport,
} from "../../../src/importjob/index.js";
import type { SeedCatalog } from "../../../src/staging/index.js";
import { createTestDrive, memoryDriveOpener, type TestDrive } from "../../emulator/support/memory-drive.js";
import { patternedBytes } from "./azurite-container.js";
import { importOrder, preparedDrive } from "./import-orders.js";
import { type MemoryBlob, memoryCatalog } from "./memory-catalog.js";
import { type TestClock, testClock } from "./test-clock.js";

/** The local Azure and what tests steer it with. */
export interface PostOffice {
  readonly azure: AzureEmulator;
  readonly clock: TestClock;
  readonly service: ImportJobService;
  readonly blobs: BlobServiceClient;
  /** Drives in the datacentre's hands, by id. */
  readonly drives: Map<string, TestDrive>;
}

/** Opens the local Azure and one import service of it. */
export async function openPostOffice(azurite: Azurite, kind: ImportServiceKind): Promise<PostOffice> {
  const clock = testClock();
  const drives = new Map<string, TestDrive>();
  const azure = await startAzureEmulator({
    blobService: azurite,
    clock,
    location: "westus",
    openDrive: memoryDriveOpener(drives),
  });
  clock.onSleep = () => azure.settle();
  const options = {
    endpoint: azure.armEndpoint,
    tlsOptions: { ca: azure.certificateAuthorityPem },
    retryOptions: { maxRetries: 0 },
  };
  const service =
    kind === "import-export"
      ? new ImportExportJobService(azure.subscriptionId, azure.adminCredential, options)
      : new DataBoxJobService(azure.subscriptionId, azure.adminCredential, {
          ...options,
          pollingIntervalInMs: 1,
        });
  const credential = new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey);
  return { azure, clock, service, blobs: new BlobServiceClient(azurite.endpoint, credential), drives };
}

/** One seed on its way. */
export interface Scene extends PostOffice {
  readonly blobsOfSeed: readonly MemoryBlob[];
  readonly catalog: SeedCatalog;
  readonly container: ContainerClient;
  /** The drives as prepared; faults change them. */
  readonly seedDrives: readonly TestDrive[];
  order: ImportOrder;
  readonly ref: { readonly resourceGroupName: string; readonly jobName: string };
  trackingNumber: string;
  /** Drives put into the parcel. Default: all. */
  parcel: readonly TestDrive[];
}

/** What a journey showed. */
export interface Journey {
  readonly status: ImportJobStatus;
  readonly changes: readonly ImportJobChange[];
  readonly logs: readonly DriveLog[];
  readonly report: SeedReport;
}

/** The blobs of a usual seed: one block, many blocks, metadata, pages, nothing. */
export function usualBlobs(): readonly MemoryBlob[] {
  return [
    {
      name: "documents/letter.txt",
      content: patternedBytes(5000, 1),
      rangeSizeInBytes: 8192,
      headers: { contentType: "text/plain" },
    },
    { name: "documents/many blocks.bin", content: patternedBytes(40_000, 2), rangeSizeInBytes: 8192 },
    { name: "documents/labelled.bin", content: patternedBytes(700, 3), metadata: { owner: "backup" } },
    { name: "documents/empty", content: new Uint8Array(0) },
    { name: "srv01/disk.vhd", content: patternedBytes(20_480, 4), kind: "page", rangeSizeInBytes: 4096 },
    { name: "srv01/part0.AIBBlob", content: patternedBytes(8192, 5), kind: "page", rangeSizeInBytes: 4096 },
  ];
}

let sceneCount = 0;

/** A seed on one drive, or its halves on two. */
export async function stageScene(
  office: PostOffice,
  options: {
    readonly blobs?: readonly MemoryBlob[];
    readonly driveCount?: 1 | 2;
    readonly disposition?: string;
    readonly logLevel?: ImportLogLevel;
  } = {},
): Promise<Scene> {
  const { blobs = usualBlobs(), driveCount = 1, disposition = "overwrite" } = options;
  const { azure } = office;
  sceneCount += 1;
  const containerName = `matrix-${sceneCount}`;
  const jobName = `job-${sceneCount}`;
  const cut = driveCount === 1 ? [0, blobs.length] : [0, Math.floor(blobs.length / 2), blobs.length];
  const seedDrives = cut.slice(1).map((end, number) =>
    createTestDrive(
      `DISK${sceneCount}-${number + 1}`,
      blobs
        .slice(cut[number], end)
        .map(({ name, content, kind = "block", rangeSizeInBytes = 4096, metadata, headers }) => ({
          path: `${containerName}/${name}`,
          content,
          kind,
          rangeSizeInBytes,
          hasIds: kind === "block",
          disposition,
          ...propertiesOf(
            headers?.contentType,
            kind === "page" || content.length > rangeSizeInBytes,
            content,
          ),
          ...(metadata && {
            metadata: `<Metadata>${Object.entries(metadata)
              .map(([key, value]) => `<${key}>${value}</${key}>`)
              .join("")}</Metadata>`,
          }),
        })),
    ),
  );
  const order = importOrder({
    jobName,
    subscriptionId: azure.subscriptionId,
    resourceGroupName: azure.resourceGroup,
    storageAccountId: azure.storageAccountId,
    location: "westus",
    containerName,
    logLevel: options.logLevel ?? "error",
    drives: seedDrives.map(({ driveId, bitLockerKey, manifestFile, manifestHash }, number) =>
      preparedDrive(driveId, {
        bitLockerKey,
        manifestFile,
        manifestHash,
        firstBlobIndex: cut[number]!,
        endBlobIndex: cut[number + 1]!,
      }),
    ),
  });
  for (const drive of seedDrives) office.drives.set(drive.driveId, drive);
  return {
    ...office,
    blobsOfSeed: blobs,
    catalog: memoryCatalog(blobs, { containerName, jobName }),
    container: office.blobs.getContainerClient(containerName),
    seedDrives,
    order,
    ref: { resourceGroupName: azure.resourceGroup, jobName },
    trackingNumber: `TRACK${sceneCount}`,
    parcel: seedDrives,
  };
}

/** As real drives have it: Content-MD5 is given where the service does not compute it itself. */
function propertiesOf(
  contentType: string | undefined,
  needsContentMd5: boolean,
  content: Uint8Array,
): { readonly properties?: string } {
  const md5 = createHash("md5").update(content).digest("base64");
  const lines = [
    ...(contentType === undefined ? [] : [`<Content-Type>${contentType}</Content-Type>`]),
    ...(needsContentMd5 ? [`<Content-MD5>${md5}</Content-MD5>`] : []),
  ];
  return lines.length === 0 ? {} : { properties: `<Properties>${lines.join("")}</Properties>` };
}

/** Orders the job and enters the parcel's number. */
export async function orderAndShip(scene: Scene): Promise<void> {
  await scene.service.createImportJob(scene.order);
  await scene.service.enterShipping(scene.ref, {
    deliveryPackage: { carrierName: "FedEx", trackingNumber: scene.trackingNumber },
  });
}

/** The parcel of a scene. */
export function parcelOf(scene: Scene) {
  return {
    carrierName: "FedEx",
    trackingNumber: scene.trackingNumber,
    drives: scene.parcel.map(({ driveId }) => ({ image: driveId, serialNumber: driveId })),
  };
}

/** Watches the job to its end, reads the logs it names and compares the container. */
export async function observe(scene: Scene): Promise<Journey> {
  const changes: ImportJobChange[] = [];
  const monitor = monitorImportJob(scene.service, scene.ref, {
    clock: scene.clock,
    intervalInMs: 86_400_000,
  });
  for await (const change of monitor) changes.push(change);
  const status = monitor.result!;
  const logs: DriveLog[] = [];
  for (const drive of status.drives ?? []) {
    const uri = drive.verboseLogUri ?? drive.errorLogUri;
    if (uri !== undefined) logs.push(await readImportLog([await downloadUri(scene, uri)]));
  }
  return { status, changes, logs, report: await reconcileSeed(scene.container, scene.catalog) };
}

/** Repairs from the logs where there are any, then from the report, as long as something is not proven. */
export async function repairScene(
  scene: Scene,
  journey: Journey,
  proof: { readonly readBytes: ReadBytesPolicy },
): Promise<readonly RepairReport[]> {
  const { container, catalog, order } = scene;
  const repairs: RepairReport[] = [];
  let { report } = journey;
  if (journey.logs.length > 0 && !report.isProven) {
    repairs.push(await repairSeed(container, catalog, journey.logs, { drives: order.drives, proof }));
    report = repairs.at(-1)!.after;
  }
  if (!report.isProven || report.labelsDiffer > 0)
    repairs.push(await repairSeed(container, catalog, report, { proof }));
  return repairs;
}

/** How many blobs of the seed really are in the container with the right bytes: asked without our own comparison. */
export async function countEqualByDownload(scene: Scene): Promise<number> {
  const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");
  let equal = 0;
  for (const { name, content, kind = "block" } of scene.blobsOfSeed) {
    const client = scene.container.getBlobClient(name);
    const properties = await client.getProperties().catch(() => undefined);
    if (properties?.blobType !== (kind === "page" ? "PageBlob" : "BlockBlob")) continue;
    if (
      properties.contentLength === 0
        ? content.length === 0
        : md5(await client.downloadToBuffer()) === md5(content)
    ) {
      equal += 1;
    }
  }
  return equal;
}

async function downloadUri(scene: Scene, uri: string): Promise<Buffer> {
  const [containerName, ...name] = new URL(uri).pathname.split("/").slice(2);
  const container = scene.blobs.getContainerClient(containerName!);
  return container.getBlobClient(decodeURIComponent(name.join("/"))).downloadToBuffer();
}

/** The faults of the matrix: what goes wrong, and what a customer must see of it. */
import type { ImportLogLevel, ImportServiceKind } from "../../../src/importjob/index.js";
import { filePathOf, md5Hex, type TestDrive } from "../../emulator/support/memory-drive.js";
import { patternedBytes } from "./azurite-container.js";
import { orderAndShip, parcelOf, type Scene, usualBlobs } from "./seed-by-post.js";

/** One word for both services, or one for each. */
export type ByService = string | Readonly<Record<ImportServiceKind, string>>;

/** The word of one service. */
export function wordOf(words: ByService, kind: ImportServiceKind): string {
  return typeof words === "string" ? words : words[kind];
}

const by = (importExport: string, dataBox: string): ByService => ({
  "import-export": importExport,
  "data-box": dataBox,
});
const withErrors = by("closed", "completed-with-errors");
const withWarnings = by("completed", "completed-with-warnings");

/** What must be observed. Counts are of the six blobs of the usual seed. */
export interface Expected {
  /** State the job ends in. */
  readonly job: ByService;
  /** A word the logs or the drives' copy statuses must contain. */
  readonly status: ByService;
  readonly equal: number;
  readonly missing: number;
  readonly different: number;
}

/** One row. */
export interface Fault {
  readonly name: string;
  /** What the customer's data goes through before the journey's end. Default: order, ship, deliver. */
  readonly journey?: (scene: Scene) => Promise<void>;
  /** Spoils the scene before the journey. */
  readonly spoil?: (scene: Scene) => Promise<void> | void;
  readonly driveCount?: 1 | 2;
  readonly disposition?: string;
  readonly logLevel?: ImportLogLevel;
  /** Undoes what stands in the way of repair. */
  readonly beforeRepair?: (scene: Scene) => Promise<void> | void;
  /** Whether the comparison must read every byte to see it. */
  readonly readsEveryByte?: boolean;
  readonly services?: readonly ImportServiceKind[];
  readonly expected: Expected;
}

const allEqual = { equal: 6, missing: 0, different: 0 } as const;
const nothingThere = { equal: 0, missing: 6, different: 0 } as const;

/** Order, ship, deliver: what happens when nothing is said about the journey. */
export async function usualJourney(scene: Scene): Promise<void> {
  await orderAndShip(scene);
  await scene.azure.datacentre.receivePackage(parcelOf(scene));
}

function pathOnDrive(scene: Scene, position: number): string {
  const { name } = scene.blobsOfSeed[position]!;
  return filePathOf({ path: `${scene.order.containerName}/${name}`, content: new Uint8Array() });
}

/** Flips a bit of a file on the first drive. */
const flip = (position: number, offset: number) => (scene: Scene) => {
  const { files } = scene.seedDrives[0]!;
  const path = pathOnDrive(scene, position);
  const copy = Buffer.from(files.get(path)!);
  copy[offset]! ^= 1;
  files.set(path, copy);
};

/** Changes the manifest on the first drive, and the hash in the order with it. */
const rewriteManifest = (change: (text: string) => string) => (scene: Scene) => {
  const { files } = scene.seedDrives[0]!;
  const manifest = Buffer.from(change(Buffer.from(files.get("\\DriveManifest.xml")!).toString()));
  files.set("\\DriveManifest.xml", manifest);
  const [first, ...rest] = scene.order.drives;
  scene.order = { ...scene.order, drives: [{ ...first!, manifestHash: md5Hex(manifest) }, ...rest] };
};

/** Changes what the order says of the first drive. */
const misorder = (changes: Partial<TestDrive>) => (scene: Scene) => {
  const [first, ...rest] = scene.order.drives;
  scene.order = { ...scene.order, drives: [{ ...first!, ...changes }, ...rest] };
};

/** Puts another blob in the place of one of the seed. */
async function putOther(scene: Scene, name: string): Promise<void> {
  await scene.container.createIfNotExists();
  const other = patternedBytes(5000, 99);
  await scene.container.getBlockBlobClient(name).upload(other, other.length);
}

const letter = "documents/letter.txt";
const day = 86_400_000;

/** All faults, in the order of the table. */
export const faults: readonly Fault[] = [
  { name: "none", expected: { job: "completed", status: "Completed", ...allEqual } },
  {
    name: "one of two drives is not in the parcel",
    driveCount: 2,
    spoil: (scene) => {
      scene.parcel = scene.seedDrives.slice(0, 1);
    },
    expected: { job: withErrors, status: "never-received", equal: 3, missing: 3, different: 0 },
  },
  {
    name: "the parcel holds drives of somebody else",
    spoil: (scene) => {
      const stranger = { ...scene.seedDrives[0]!, driveId: `STRANGER-${scene.ref.jobName}` };
      scene.drives.set(stranger.driveId, stranger);
      scene.parcel = [stranger];
    },
    expected: { job: withErrors, status: "never-received", ...nothingThere },
  },
  {
    name: "the order has the wrong BitLocker key",
    spoil: misorder({ bitLockerKey: "238810-662376-448998-450120-652806-203390-606320-483076" }),
    expected: { job: withErrors, status: by("BitLockerKeyInvalid", "OtherUserError"), ...nothingThere },
  },
  {
    name: "the order names a manifest that is not on the drive",
    spoil: misorder({ manifestFile: "\\Elsewhere.xml" }),
    expected: {
      job: withErrors,
      status: by("ManifestNotFound", "MetadataFilesModifiedOrRemoved"),
      ...nothingThere,
    },
  },
  {
    name: "the manifest was changed after preparation",
    spoil: (scene) => {
      const { files } = scene.seedDrives[0]!;
      files.set("\\DriveManifest.xml", Buffer.concat([files.get("\\DriveManifest.xml")!, Buffer.from("\n")]));
    },
    expected: {
      job: withErrors,
      status: by("ManifestCorrupted", "MetadataFilesModifiedOrRemoved"),
      ...nothingThere,
    },
  },
  {
    name: "the manifest is for another serial number",
    spoil: rewriteManifest((text) => text.replace(/<DriveId>[^<]+/, "<DriveId>OTHER")),
    expected: {
      job: withErrors,
      status: by("ManifestDriveIdMismatch", "MetadataFilesModifiedOrRemoved"),
      ...nothingThere,
    },
  },
  {
    name: "the manifest is cut off",
    spoil: rewriteManifest((text) => text.slice(0, -20)),
    expected: {
      job: withErrors,
      status: by("ManifestFormatInvalid", "MetadataFilesModifiedOrRemoved"),
      ...nothingThere,
    },
  },
  {
    name: "the medium fails under the manifest",
    spoil: (scene) => void scene.seedDrives[0]!.unreadableFrom.set("\\DriveManifest.xml", 10),
    expected: { job: withErrors, status: by("ReadManifestFailed", "HardwareError"), ...nothingThere },
  },
  {
    name: "a page blob's length is not a multiple of 512",
    spoil: rewriteManifest((text) => text.replace("<Length>20480</Length>", "<Length>20481</Length>")),
    expected: {
      job: withErrors,
      status: by("BlobRequestFailed", "UploadErrorCloudHttp"),
      equal: 5,
      missing: 1,
      different: 0,
    },
  },
  {
    name: "a bit flipped in a block",
    spoil: flip(1, 20_000),
    expected: {
      job: withErrors,
      status: by("Corrupted", "UploadErrorDataValidationError"),
      equal: 5,
      missing: 0,
      different: 1,
    },
  },
  {
    name: "a bit flipped in a page range",
    spoil: flip(4, 9000),
    expected: {
      job: withErrors,
      status: by("Corrupted", "UploadErrorDataValidationError"),
      equal: 5,
      missing: 0,
      different: 1,
    },
  },
  {
    name: "a bit flipped in a blob of one block",
    spoil: flip(0, 17),
    expected: {
      job: withErrors,
      status: by("Corrupted", "UploadErrorDataValidationError"),
      equal: 5,
      missing: 0,
      different: 1,
    },
  },
  {
    name: "a file is gone from the drive",
    spoil: (scene) => void scene.seedDrives[0]!.files.delete(pathOnDrive(scene, 1)),
    expected: {
      job: withErrors,
      status: by("FileNotFound", "UploadErrorWin32"),
      equal: 5,
      missing: 1,
      different: 0,
    },
  },
  {
    name: "a file on the drive is too short",
    spoil: (scene) => {
      const path = pathOnDrive(scene, 1);
      const { files } = scene.seedDrives[0]!;
      files.set(path, files.get(path)!.subarray(0, 30_000));
    },
    expected: {
      job: withErrors,
      status: by("FileUnexpectedEnd", "UploadErrorWin32"),
      equal: 5,
      missing: 0,
      different: 1,
    },
  },
  {
    name: "the medium fails in the middle of a file",
    spoil: (scene) => void scene.seedDrives[0]!.unreadableFrom.set(pathOnDrive(scene, 1), 16_384),
    expected: {
      job: withErrors,
      status: by("IOFailed", "UploadErrorWin32"),
      equal: 5,
      missing: 0,
      different: 1,
    },
  },
  {
    name: "a metadata file is damaged",
    spoil: (scene) => {
      const path = `${pathOnDrive(scene, 2)}.MetadataPath.xml`;
      scene.seedDrives[0]!.files.set(path, Buffer.from("<Metadata><owner>nobody</owner></Metadata>"));
    },
    expected: { job: withErrors, status: by("Metadata Corrupted", "UploadErrorWin32"), ...allEqual },
  },
  {
    name: "a blob of this name exists; disposition overwrite",
    spoil: (scene) => putOther(scene, letter),
    expected: { job: "completed", status: "Completed", ...allEqual },
  },
  {
    name: "a blob of this name exists; disposition no-overwrite",
    disposition: "no-overwrite",
    logLevel: "verbose",
    spoil: (scene) => putOther(scene, letter),
    expected: { job: withWarnings, status: by("Skipped", "Completed"), equal: 5, missing: 0, different: 1 },
  },
  {
    name: "a blob of this name exists; disposition rename",
    disposition: "rename",
    logLevel: "verbose",
    spoil: (scene) => putOther(scene, letter),
    expected: { job: withWarnings, status: by("Renamed", "Completed"), equal: 5, missing: 0, different: 1 },
  },
  {
    name: "somebody holds a lease on a blob",
    spoil: async (scene) => {
      await putOther(scene, letter);
      await scene.container.getBlobClient(letter).getBlobLeaseClient().acquireLease(-1);
    },
    beforeRepair: async (scene) => {
      await scene.container.getBlobClient(letter).getBlobLeaseClient().breakLease(0);
    },
    expected: {
      job: withErrors,
      status: by("LeasePresent", "UploadErrorCloudHttp"),
      equal: 5,
      missing: 0,
      different: 1,
    },
  },
  {
    name: "the container is forbidden to the service",
    spoil: (scene) => scene.azure.faults.forbidContainer(scene.order.containerName),
    beforeRepair: (scene) => scene.azure.faults.clear(),
    expected: {
      job: withErrors,
      status: by("BlobRequestForbidden", "StorageAccountNotAccessible"),
      ...nothingThere,
    },
  },
  {
    name: "the storage account shuts the service out, even for logs",
    spoil: (scene) => scene.azure.faults.forbidStorageAccount(),
    beforeRepair: (scene) => scene.azure.faults.clear(),
    expected: {
      job: withErrors,
      status: by("BlobRequestForbidden", "StorageAccountNotAccessible"),
      ...nothingThere,
    },
  },
  {
    name: "the storage account is busy for a while",
    spoil: (scene) => scene.azure.faults.throttleStorage(3),
    expected: { job: "completed", status: "Completed", ...allEqual },
  },
  {
    name: "a blob is changed in the account after the import, properties kept",
    journey: async (scene) => {
      await usualJourney(scene);
      const client = scene.container.getPageBlobClient("srv01/disk.vhd");
      await client.uploadPages(patternedBytes(512, 9), 1024, 512);
    },
    expected: { job: "completed", status: "Completed", equal: 5, missing: 0, different: 1 },
  },
  {
    name: "a block is replaced in the account under its old name",
    journey: async (scene) => {
      await usualJourney(scene);
      const client = scene.container.getBlockBlobClient("documents/many blocks.bin");
      const ids = (await client.getBlockList("committed")).committedBlocks!.map(({ name }) => name);
      await client.stageBlock(ids[2]!, patternedBytes(8192, 9), 8192);
      await client.commitBlockList(ids);
    },
    readsEveryByte: true,
    expected: { job: "completed", status: "Completed", equal: 5, missing: 0, different: 1 },
  },
  {
    name: "a blob is deleted from the account after the import",
    journey: async (scene) => {
      await usualJourney(scene);
      await scene.container.getBlobClient(letter).delete();
    },
    expected: { job: "completed", status: "Completed", equal: 5, missing: 1, different: 0 },
  },
  {
    name: "the carrier loses the parcel",
    journey: async (scene) => {
      await orderAndShip(scene);
      scene.azure.datacentre.sendPackage(parcelOf(scene), { isLost: true });
    },
    expected: { job: by("closed", "aborted"), status: "answer-operators", ...nothingThere },
  },
  {
    name: "the carrier needs 13 days",
    journey: async (scene) => {
      await orderAndShip(scene);
      scene.azure.datacentre.sendPackage(parcelOf(scene), { transitTimeInMs: 13 * day });
    },
    expected: { job: "completed", status: "Completed", ...allEqual },
  },
  {
    name: "the tracking number is never entered",
    journey: async (scene) => {
      await scene.service.createImportJob(scene.order);
      await scene.azure.datacentre.receivePackage(parcelOf(scene));
    },
    expected: { job: "deleted", status: "enter-tracking-number", ...nothingThere },
  },
  {
    name: "the parcel arrives before its number is entered",
    journey: async (scene) => {
      await scene.azure.datacentre.receivePackage(parcelOf(scene));
      await orderAndShip(scene);
    },
    expected: { job: "completed", status: "Completed", ...allEqual },
  },
  {
    name: "a wrong tracking number is entered and corrected",
    journey: async (scene) => {
      const right = scene.trackingNumber;
      scene.trackingNumber = `${right}-TYPO`;
      await orderAndShip(scene);
      scene.trackingNumber = right;
      scene.azure.datacentre.sendPackage(parcelOf(scene), { transitTimeInMs: 2 * day });
      await scene.service.enterShipping(scene.ref, {
        deliveryPackage: { carrierName: "FedEx", trackingNumber: right },
      });
    },
    services: ["import-export"],
    expected: { job: "completed", status: "Completed", ...allEqual },
  },
  {
    name: "the job is cancelled after the parcel left",
    journey: async (scene) => {
      await orderAndShip(scene);
      await scene.service.cancelImportJob(scene.ref);
      await scene.azure.datacentre.receivePackage(parcelOf(scene));
    },
    services: ["import-export"],
    expected: { job: "completed", status: "cancel-requested", ...nothingThere },
  },
  {
    name: "the job is cancelled before the parcel leaves, and the parcel is sent",
    journey: async (scene) => {
      await scene.service.createImportJob(scene.order);
      await scene.service.cancelImportJob(scene.ref);
      await scene.azure.datacentre.receivePackage(parcelOf(scene));
    },
    expected: { job: by("deleted", "cancelled"), status: "cancel-requested", ...nothingThere },
  },
  {
    name: "Azure Resource Manager throttles the watching",
    journey: async (scene) => {
      await usualJourney(scene);
      scene.azure.faults.throttleResourceManager({ count: 2, method: "GET", retryAfterInSeconds: 60 });
    },
    expected: { job: "completed", status: "Completed", ...allEqual },
  },
];

/** Blobs of the usual seed; all faults use it. */
export const blobCount: number = usualBlobs().length;

/** A job half way through, for tests and pictures. Names and numbers are made up. */
import type { DriveReport, PreparedDrive } from "../../src/diskprep/index.js";
import type { ImportDriveStatus, ImportJobStatus, SeedReport } from "../../src/importjob/index.js";
import type { JobReportInput } from "../../src/report/index.js";

export const recoveryPassword = "111111-222222-333333-444444-555555-666666-077777-088888";
const terabyte = 1e12;
const serials = ["WDC-WX61A79FAKE1", "WDC-WX61A79FAKE2", "ST8000-ZA1FAKE33"];
const sizes = [4.0008 * terabyte, 4.0008 * terabyte, 8.0016 * terabyte];
const used = [3.87 * terabyte, 3.91 * terabyte, 5.2 * terabyte];

export const drives: readonly PreparedDrive[] = serials.map((driveId, index) => ({
  driveId,
  bitLockerKey: recoveryPassword,
  manifestFile: "\\DriveManifest.xml",
  manifestHash: `${index}A7C34FE90D1B2C3D4E5F60718293A4B`.slice(0, 32),
  driveHeaderHash: "",
  sizeInBytes: sizes[index] ?? 0,
  blobCount: 120_000 + index * 31_337,
  blobBytes: used[index] ?? 0,
  firstBlobIndex: index * 150_000,
  endBlobIndex: index * 150_000 + 120_000,
}));

function driveStatus(driveId: string, percentComplete: number): ImportDriveStatus {
  return {
    driveId,
    state: percentComplete === 100 ? "completed" : "transferring",
    serviceState: "Transferring",
    copyStatus: undefined,
    percentComplete,
    bytesSucceeded: undefined,
    manifestFile: "\\DriveManifest.xml",
    manifestHash: undefined,
    errorLogUri: undefined,
    verboseLogUri: undefined,
    manifestUri: undefined,
  };
}

export const job: ImportJobStatus = {
  kind: "import-export",
  resourceGroupName: "backup-weu",
  jobName: "first-backup-2026",
  id: "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/backup-weu/providers/Microsoft.ImportExport/jobs/first-backup-2026",
  location: "West Europe",
  storageAccountId:
    "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/backup-weu/providers/Microsoft.Storage/storageAccounts/contososeed",
  state: "transferring",
  serviceState: "Transferring",
  percentComplete: 47,
  cancelRequested: false,
  drives: [
    driveStatus(serials[0] ?? "", 100),
    driveStatus(serials[1] ?? "", 41),
    driveStatus(serials[2] ?? "", 0),
  ],
  deliveryPackage: {
    carrierName: "DHL",
    trackingNumber: "JD014600000000000000",
    driveCount: 3,
    shipDate: "2026-11-13",
  },
  returnPackage: undefined,
  stages: [
    { state: "shipping", serviceState: "Shipping", at: new Date("2026-11-13T15:20:00Z") },
    { state: "received", serviceState: "Received", at: new Date("2026-11-17T09:05:00Z") },
    { state: "transferring", serviceState: "Transferring", at: new Date("2026-11-18T07:40:00Z") },
  ],
  createdAt: new Date("2026-11-12T10:00:00Z"),
  lastModifiedAt: new Date("2026-11-18T07:40:00Z"),
  isCancellable: undefined,
  isDeletable: undefined,
  errorMessage: undefined,
  tags: {},
};

const driveReports: readonly DriveReport[] = drives.map((drive, index) => ({
  format: "offline-seed-drive-report",
  version: 1,
  startedAt: "2026-11-11T08:00:00.000Z",
  finishedAt: "2026-11-11T17:00:00.000Z",
  source: { kind: "device", name: `/dev/sd${"bcd"[index]}`, bypassedCache: true },
  checked: ["partition-table", "bitlocker-metadata", "file-system", "manifest", "files", "ranges"],
  manifestFile: drive.manifestFile,
  ranges: { read: 930_000 + index, notRead: 0 },
  bytes: { read: drive.blobBytes, notRead: 0 },
  sideFiles: { read: 0, notRead: 0 },
  sha256: "00".repeat(32),
  driveId: drive.driveId,
  passed: index !== 2,
  manifestHash: drive.manifestHash,
  blobCount: drive.blobCount,
  blobBytes: drive.blobBytes,
  rangeCount: 930_000 + index,
  findingCount: index === 2 ? 1 : 0,
  findings:
    index === 2
      ? [
          {
            code: "range-differs",
            subject: "seed/finance/2024/ledger.vhdx",
            offsetInBytes: 4_194_304,
            lengthInBytes: 4_194_304,
            message: "The 4194304 bytes at 4194304 do not have the MD5 of the manifest.",
          },
        ]
      : [],
}));

export const seedReport: SeedReport = {
  seedId: "99999999-aaaa-4bbb-8ccc-dddddddddddd",
  jobName: "first-backup-2026",
  containerName: "seed",
  blobs: 454_011,
  bytes: 12.98 * terabyte,
  arrivedEqual: 453_998,
  arrivedEqualBytes: 12.97 * terabyte,
  missing: 11,
  different: 1,
  notVerified: 1,
  labelsDiffer: 0,
  extra: 1,
  evidence: { "content-md5": 440_000, "block-hashes": 13_990, "checked-on-arrival": 0, bytes: 0, empty: 8 },
  findings: [
    {
      index: 40,
      name: "finance/2024/ledger.vhdx",
      verdict: "different",
      reason: "block-hashes",
      explanation: "1 of 2048 blocks is not that of the manifest.",
      damagedRanges: [{ offsetInBytes: 4_194_304, lengthInBytes: 4_194_304 }],
    },
    {
      index: 41,
      name: "finance/2024/notes.txt",
      verdict: "missing",
      reason: "absent",
      explanation: "No blob of this name is in the container.",
      damagedRanges: undefined,
    },
  ],
  findingsOmitted: 11,
  extraNames: ["waimportexport/errorlog.xml"],
  unproven: [{ firstIndex: 40, endIndex: 53 }],
  mislabelled: [],
  isProven: false,
};

const shippingParts: Pick<JobReportInput, "destination" | "shipping"> = {
  destination: {
    requestedLocation: "westeurope",
    location: "West Europe",
    recipientName: "Microsoft Azure Import/Export Service",
    streetAddress1: "1 Datacentre Road",
    streetAddress2: "Dock 4",
    city: "Amsterdam",
    stateOrProvince: "Noord-Holland",
    postalCode: "1000 ZZ",
    countryOrRegion: "Netherlands",
    phone: "+31 20 000 0001",
    additionalInformation: "Inbound id 000000 on the parcel",
    supportedCarriers: ["DHL", "FedEx"],
  },
  shipping: {
    deliveryPackage: {
      carrierName: "DHL",
      trackingNumber: "JD014600000000000000",
      driveCount: 3,
      shipDate: new Date("2026-11-13T15:00:00Z"),
    },
    returnAddress: {
      recipientName: "Backup Team",
      companyName: "Example Corporation",
      streetAddress1: "1 Example Street",
      city: "Amsterdam",
      postalCode: "1000 AA",
      countryOrRegion: "Netherlands",
      phone: "+31 20 000 0000",
      email: "backup@example.com",
    },
    returnShipping: { carrierName: "DHL", carrierAccountNumber: "ACCOUNT-4711" },
  },
};

/** Everything known: a job that is being copied, one drive with a finding. */
export const copyingReport: JobReportInput = {
  reportedAt: new Date("2026-11-23T12:00:00Z"),
  job,
  containerName: "seed",
  drives,
  driveReports,
  ...shippingParts,
};

/** A job on its way whose drives are overdue soon. */
export const shippingReport: JobReportInput = {
  ...copyingReport,
  reportedAt: new Date("2026-11-24T12:00:00Z"),
  job: {
    ...job,
    state: "shipping",
    percentComplete: undefined,
    drives: undefined,
    stages: job.stages.slice(0, 1),
  },
  driveReports: driveReports.map((report) => ({ ...report, passed: true, findingCount: 0, findings: [] })),
};

/** A completed job whose seed has come to pass, but for a few blobs. */
export const completedReport: JobReportInput = {
  ...shippingReport,
  reportedAt: new Date("2026-12-01T12:00:00Z"),
  job: {
    ...job,
    state: "completed",
    percentComplete: 100,
    drives: serials.map((serial) => ({ ...driveStatus(serial, 100), state: "shipped-back" })),
    stages: [
      ...job.stages,
      { state: "packaging", serviceState: "Packaging", at: new Date("2026-11-26T07:40:00Z") },
      { state: "completed", serviceState: "Completed", at: new Date("2026-11-27T16:00:00Z") },
    ],
    lastModifiedAt: new Date("2026-11-27T16:00:00Z"),
    returnPackage: {
      carrierName: "DHL",
      trackingNumber: "JD014600000000000009",
      driveCount: 3,
      shipDate: "2026-11-27",
    },
  },
  seedReport,
};

/** Drives are prepared, nothing is ordered. */
export const unorderedReport: JobReportInput = {
  reportedAt: new Date("2026-11-11T12:00:00Z"),
  job: { jobName: "first-backup-2026" },
  drives,
};

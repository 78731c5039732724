/** Orders and drives that are right in every point, for tests that break one point at a time. */
import type { PreparedDrive } from "../../../src/diskprep/index.js";
import type { ImportOrder } from "../../../src/importjob/index.js";

export const subscriptionId = "11111111-2222-3333-4444-555555555555";
export const storageAccountId = `/subscriptions/${subscriptionId}/resourceGroups/backup/providers/Microsoft.Storage/storageAccounts/seedaccount`;

/** A drive as preparation leaves it. */
export function preparedDrive(driveId: string, changes: Partial<PreparedDrive> = {}): PreparedDrive {
  return {
    driveId,
    bitLockerKey: "238810-662376-448998-450120-652806-203390-606320-483076",
    manifestFile: "\\DriveManifest.xml",
    manifestHash: "8D55706FD69595EA109DF5C437188644",
    driveHeaderHash: "",
    sizeInBytes: 4e12,
    blobCount: 3,
    blobBytes: 3000,
    firstBlobIndex: 0,
    endBlobIndex: 3,
    ...changes,
  };
}

/** An order both services accept. */
export function importOrder(changes: Partial<ImportOrder> = {}): ImportOrder {
  return {
    jobName: "first-seed",
    subscriptionId,
    resourceGroupName: "backup",
    location: "westus",
    storageAccountId,
    containerName: "seed",
    drives: [preparedDrive("DISK0001"), preparedDrive("DISK0002")],
    returnAddress: {
      recipientName: "Backup desk",
      streetAddress1: "1 Harbour Road",
      city: "Rotterdam",
      postalCode: "3011 AA",
      countryOrRegion: "Netherlands",
      phone: "+31 10 000 0000",
      email: "backup@example.com",
    },
    returnShipping: { carrierName: "DHL", carrierAccountNumber: "123456" },
    ...changes,
  };
}

/** Settings in which everything is valid. Address and numbers are made up. */
import type { SeedSettings } from "../../../src/cli/settings/seed-settings.js";

const subscriptionId = "11111111-2222-4333-8444-555555555555";

export const testSettings: SeedSettings = {
  cloud: "public",
  emulatorFile: undefined,
  subscriptionId,
  resourceGroup: "backup",
  location: "westeurope",
  storageAccountId: `/subscriptions/${subscriptionId}/resourceGroups/backup/providers/Microsoft.Storage/storageAccounts/seedaccount`,
  containerName: "seed",
  jobName: "first-backup",
  service: "auto",
  sourceFolder: "/source",
  stagingFolder: "/staging",
  drivesFolder: "/drives",
  reportsFolder: "/reports",
  certificateFile: "/seed.pem",
  parametersFile: "/OfflineApplicationParams.xml",
  returnAddress: {
    recipientName: "Backup Team",
    streetAddress1: "1 Example Street",
    city: "Amsterdam",
    postalCode: "1000 AA",
    countryOrRegion: "Netherlands",
    phone: "+31 20 000 0000",
    email: "backup@example.com",
  },
  returnShipping: { carrierName: "DHL", carrierAccountNumber: "000000000" },
  contact: undefined,
};

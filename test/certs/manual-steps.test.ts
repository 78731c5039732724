import { expect, test } from "@jest/globals";
import {
  azureClouds,
  createCustomCloud,
  createSeedCertificate,
  findAzureCloud,
  findAzureCloudByServiceManagementUrl,
  formatManualSteps,
  manualSteps,
} from "../../src/certs/index.js";

test("manual steps are filled in completely and hold no secret", async () => {
  const certificate = await createSeedCertificate({ resourceId: "42" });
  const azureUserId = "31111111-2222-4333-8444-555555555555";
  const steps = manualSteps({
    cloud: azureClouds.china,
    subscriptionId: "21111111-2222-4333-8444-555555555555",
    azureUserId,
    certificate,
    cerFilePath: "C:\\Seed\\server.cer",
    pfxFilePath: "C:\\Seed\\server.pfx",
    applicationId: "41111111-2222-4333-8444-555555555555",
  });
  const text = formatManualSteps(steps);
  const expected = [
    "https://portal.azure.cn",
    `AzureOfflineBackup_${azureUserId}`,
    "41111111-2222-4333-8444-555555555555",
    "C:\\Seed\\server.cer",
    certificate.name,
    certificate.thumbprint,
    certificate.validTo.toISOString().slice(0, 10),
    "21111111-2222-4333-8444-555555555555",
    'certutil -f -importpfx My "C:\\Seed\\server.pfx"',
    "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Azure Backup\\Config\\CloudBackupProvider",
    `AzureADAppCertThumbprint_${azureUserId}`,
    "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Azure Backup\\DbgSettings\\OnlineBackup",
  ];
  expect(expected.filter((part) => !text.includes(part))).toEqual([]);
  expect([steps.map(({ place }) => place), text.includes("undefined"), text.includes("PRIVATE KEY")]).toEqual(
    [["portal", "portal", "portal", "server", "server"], false, false],
  );
});

test("clouds: four in the table, others made, none by accident", () => {
  expect(
    Object.values(azureClouds).map(({ authorityHost, graphEndpoint }) => [authorityHost, graphEndpoint]),
  ).toEqual([
    ["https://login.microsoftonline.com", "https://graph.microsoft.com"],
    ["https://login.microsoftonline.us", "https://graph.microsoft.us"],
    ["https://login.microsoftonline.us", "https://dod-graph.microsoft.us"],
    ["https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"],
  ]);
  expect([findAzureCloud("china"), findAzureCloud("constructor"), findAzureCloud("")]).toEqual([
    azureClouds.china,
    undefined,
    undefined,
  ]);
  expect([
    findAzureCloudByServiceManagementUrl("https://MANAGEMENT.core.chinacloudapi.cn/x"),
    findAzureCloudByServiceManagementUrl("https://management.core.windows.net.evil.example"),
    findAzureCloudByServiceManagementUrl("no url"),
  ]).toEqual([azureClouds.china, undefined, undefined]);
  for (const wrong of [
    { name: "public", resourceManagerEndpoint: "https://x.example" },
    { name: "mine", resourceManagerEndpoint: "http://x.example" },
    { name: "mine", resourceManagerEndpoint: "https://x.example", graphEndpoint: "x" },
  ]) {
    expect(() => createCustomCloud(wrong)).toThrow(
      expect.objectContaining({ code: "invalid-argument" }) as unknown as Error,
    );
  }
});

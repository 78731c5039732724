import { appendFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createSeedCertificate, type SeedCertificate } from "../../src/certs/index.js";
import {
  addRegistryEntries,
  applyRegistryEntries,
  createMemoryRegistry,
  currentUserIdEntry,
  installedCertificatesKey,
  type MemoryRegistry,
  planAddRegistryEntries,
  registryText,
  scratchFolderEntry,
} from "../../src/registry/index.js";
import { azureUserId, subscriptionId, writeSeedParamsFile } from "./seed-params-file.js";

const providerKey =
  "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Azure Backup\\Config\\CloudBackupProvider";

let certificate: SeedCertificate;
let folder: string;
let xmlFilePath: string;
let registry: MemoryRegistry;
beforeAll(async () => {
  certificate = await createSeedCertificate({ resourceId: "42" });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-entries-"));
  xmlFilePath = join(folder, "OfflineApplicationParams.xml");
  registry = createMemoryRegistry();
  await writeSeedParamsFile(xmlFilePath, certificate);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const options = () => ({
  subscriptionId,
  xmlFilePath,
  storageAccountName: "seedaccount1",
  registry,
  destinationFolder: join(folder, "server"),
});

describe("addRegistryEntries", () => {
  test("a dry run lists every change and makes none", async () => {
    const plan = await planAddRegistryEntries(options());
    expect(plan.lines).toEqual([
      `add: file ${join(folder, "server", "OfflineApplicationParams_seedaccount1.xml")}`,
      `add: ${providerKey}\\AzureADAppCertThumbprint_${azureUserId} = REG_SZ "${certificate.thumbprint}"`,
      `add: HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Azure Backup\\DbgSettings\\OnlineBackup\\CurrentUserId = REG_SZ "${azureUserId}"`,
    ]);
    expect([registry.entries(), await readdir(folder)]).toEqual([[], ["OfflineApplicationParams.xml"]]);
  });

  test("writes file and entries; repeating changes nothing", async () => {
    await addRegistryEntries(options());
    const after = registry.entries().filter(({ values }) => values.length > 0);
    expect(after.map(({ values }) => values)).toEqual([
      [{ name: `AzureADAppCertThumbprint_${azureUserId}`, value: registryText(certificate.thumbprint) }],
      [{ name: "CurrentUserId", value: registryText(azureUserId) }],
    ]);
    expect(await readFile(join(folder, "server", "OfflineApplicationParams_seedaccount1.xml"))).toEqual(
      await readFile(xmlFilePath),
    );
    const again = await addRegistryEntries(options());
    expect(again.changes.map(({ kind }) => kind)).toEqual(["keep", "keep", "keep"]);
  });

  test("replaces the thumbprint of an older certificate, and says what it was", async () => {
    await registry.setValue(providerKey, `AzureADAppCertThumbprint_${azureUserId}`, registryText("OLD"));
    const plan = await addRegistryEntries(options());
    expect(plan.lines[1]).toMatch(/^replace: .+ = REG_SZ "[0-9A-F]{40}" \(was REG_SZ "OLD"\)$/);
  });

  test("follows a scratch folder that was moved and notices the installed certificate", async () => {
    await registry.setValue(scratchFolderEntry.keyPath, scratchFolderEntry.name, registryText("D:\\Cache"));
    expect((await planAddRegistryEntries(options())).isCertificateInstalled).toBeUndefined();
    await registry.createKey(`${installedCertificatesKey}\\${certificate.thumbprint.toLowerCase()}`);
    const plan = await planAddRegistryEntries(options());
    expect([plan.agentFilePath, plan.isCertificateInstalled]).toEqual([
      "D:\\Cache\\MicrosoftBackupProvider\\OfflineApplicationParams_seedaccount1.xml",
      true,
    ]);
  });

  test("does nothing when the file is for somebody else", async () => {
    const conflict = { name: "RegistryError", code: "entry-conflict" };
    await expect(addRegistryEntries({ ...options(), subscriptionId: azureUserId })).rejects.toMatchObject(
      conflict,
    );
    await registry.setValue(
      currentUserIdEntry.keyPath,
      currentUserIdEntry.name,
      registryText("another user"),
    );
    await expect(addRegistryEntries(options())).rejects.toMatchObject(conflict);
    expect(await readdir(folder)).toEqual(["OfflineApplicationParams.xml"]);
    const plan = await addRegistryEntries({ ...options(), replaceCurrentUserId: true });
    expect(plan.changes.map(({ kind }) => kind)).toEqual(["add", "add", "replace"]);
  });

  test("leaves the user's id as it is when it differs in case only", async () => {
    const { keyPath, name } = currentUserIdEntry;
    await registry.setValue(keyPath, name, registryText(azureUserId.toUpperCase()));
    const plan = await addRegistryEntries(options());
    expect([plan.changes.map(({ kind }) => kind), await registry.getValue(keyPath, name)]).toEqual([
      ["add", "add", "keep"],
      registryText(azureUserId.toUpperCase()),
    ]);
  });

  test("does nothing when the parameters file has changed since the plan was made", async () => {
    const plan = await planAddRegistryEntries(options());
    await appendFile(xmlFilePath, "<!-- -->\n");
    await expect(applyRegistryEntries(plan, options())).rejects.toMatchObject({ code: "entry-conflict" });
    expect(registry.entries()).toEqual([]);
  });

  test("does nothing when the registry has changed since the plan was made", async () => {
    const plan = await planAddRegistryEntries(options());
    await registry.setValue(providerKey, `AzureADAppCertThumbprint_${azureUserId}`, registryText("OTHER"));
    await expect(applyRegistryEntries(plan, options())).rejects.toMatchObject({ code: "entry-conflict" });
    expect(await readdir(folder)).toEqual(["OfflineApplicationParams.xml"]);
  });

  test("asks for a folder where the agent's own does not exist", async () => {
    const { destinationFolder: _, ...onThisComputer } = options();
    if (process.platform === "win32") return;
    await expect(planAddRegistryEntries(onThisComputer)).rejects.toMatchObject({
      code: "destination-missing",
    });
  });

  test("what a policy changes back is told, not called written", async () => {
    const reverting = {
      ...registry,
      async setValue(...parameters: Parameters<typeof registry.setValue>) {
        if (parameters[1] !== currentUserIdEntry.name) await registry.setValue(...parameters);
      },
    };
    await expect(addRegistryEntries({ ...options(), registry: reverting })).rejects.toMatchObject({
      code: "not-written",
      message: expect.stringContaining("CurrentUserId"),
    });
  });
});

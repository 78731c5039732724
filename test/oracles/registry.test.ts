/** The registry as others see it: Wine's `reg` and `regedit` import and show what we write, libhivex reads it, too. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSeedCertificate, type SeedCertificate } from "../../src/certs/index.js";
import {
  addRegistryEntries,
  createRegFileRegistry,
  createWindowsRegistry,
  type RegistryStore,
  type RegistryValue,
} from "../../src/registry/index.js";
import { systemCommandRunner } from "../../src/shared/index.js";
import { runRegistryStoreSuite } from "../conformance/registry-store-suite.js";
import { azureUserId, subscriptionId, writeSeedParamsFile } from "../registry/seed-params-file.js";
import { createEmptyHive } from "../support/empty-hive.js";
import { isOracleMissing } from "../support/required-programs.js";
import { createWinePrefix, type WinePrefix } from "../support/wine.js";

const agentKey = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Azure Backup";

let folder: string;
let certificate: SeedCertificate;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-registry-oracle-"));
  certificate = await createSeedCertificate({ resourceId: "42" });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function addEntries(registry: RegistryStore): Promise<void> {
  const xmlFilePath = join(folder, "OfflineApplicationParams.xml");
  await writeSeedParamsFile(xmlFilePath, certificate, "seedaccount1");
  await addRegistryEntries({
    subscriptionId,
    xmlFilePath,
    storageAccountName: "seedaccount1",
    registry,
    destinationFolder: join(folder, "server"),
  });
}

/** What `reg query /s` prints, one line per key and value. */
function linesOf(stdout: string): readonly string[] {
  return stdout.split(/\r?\n/).filter((line) => line.trim() !== "");
}

const expectedAgentLines = (): readonly string[] => [
  `${agentKey}\\Config`,
  `${agentKey}\\Config\\CloudBackupProvider`,
  `    AzureADAppCertThumbprint_${azureUserId}    REG_SZ    ${certificate.thumbprint}`,
  `${agentKey}\\DbgSettings`,
  `${agentKey}\\DbgSettings\\OnlineBackup`,
  `    CurrentUserId    REG_SZ    ${azureUserId}`,
];

const lacksWine = isOracleMissing("wine", "wineserver");
const describeWine = lacksWine ? describe.skip : describe;

describeWine("Wine", () => {
  let wine: WinePrefix;
  beforeAll(async () => {
    wine = await createWinePrefix();
  }, 120_000);
  afterAll(() => wine?.remove(), 60_000);

  const openRegistry = (): RegistryStore =>
    createWindowsRegistry({
      runCommand: wine.runnerOf("reg"),
      temporaryFolder: folder,
      toProgramPath: (path) => wine.toWindowsPath(path),
    });

  test.each(["reg", "regedit"])("%s imports our .reg file: exactly the expected values", async (program) => {
    await wine.run("reg", "delete", agentKey, "/f");
    const file = await createRegFileRegistry();
    await addEntries(file);
    const path = join(folder, "agent.reg");
    await file.save(path);
    const windowsPath = wine.toWindowsPath(path);
    const { exitCode } = await wine.run(
      program,
      ...(program === "reg" ? ["import", windowsPath] : [windowsPath]),
    );
    expect(exitCode).toBe(0);
    const { stdout } = await wine.run("reg", "query", agentKey, "/s");
    expect(linesOf(stdout)).toEqual(expectedAgentLines());
  });

  test("addRegistryEntries over reg.exe leaves exactly the expected values, twice", async () => {
    await wine.run("reg", "delete", agentKey, "/f");
    for (let round = 0; round < 2; round += 1) await addEntries(openRegistry());
    const { stdout } = await wine.run("reg", "query", agentKey, "/s", "/reg:64");
    expect(linesOf(stdout)).toEqual(expectedAgentLines());
    const inOtherView = await wine.run("reg", "query", agentKey, "/s", "/reg:32");
    expect(inOtherView.exitCode).toBe(1);
  });

  test("removals in a .reg file remove", async () => {
    const key = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Seed Removal";
    for (const name of ["kept", "gone"]) await wine.run("reg", "add", key, "/v", name, "/d", "x", "/f");
    await wine.run("reg", "add", `${key}\\Sub`, "/f");
    const file = await createRegFileRegistry();
    await file.deleteValue(key, "gone");
    await file.deleteKey(`${key}\\Sub`);
    const path = join(folder, "removal.reg");
    await file.save(path);
    await wine.run("reg", "import", wine.toWindowsPath(path));
    expect(linesOf((await wine.run("reg", "query", key, "/s")).stdout)).toEqual([
      key,
      "    kept    REG_SZ    x",
    ]);
  });

  runRegistryStoreSuite("Wine's reg", "HKLM\\SOFTWARE\\Seed Suite", async () => openRegistry(), {
    isSlow: process.env["OFFLINE_SEED_LONG"] !== "1",
  });
});

const lacksHivex = isOracleMissing("hivexregedit");

(lacksHivex ? describe.skip : describe)("libhivex", () => {
  test("stores our .reg file in a hive: every type, byte for byte", async () => {
    const key = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Seed";
    const bytes = Uint8Array.from({ length: 60 }, (_, index) => index);
    const values: readonly (readonly [name: string, value: RegistryValue, line: string])[] = [
      ["", { type: "REG_SZ", data: "x" }, "@=hex(1):78,00,00,00"],
      ["bytes", { type: "REG_BINARY", data: bytes }, `"bytes"=hex(3):${hexOf(bytes)}`],
      [
        "expandable",
        { type: "REG_EXPAND_SZ", data: "%é€%" },
        '"expandable"=hex(2):25,00,e9,00,ac,20,25,00,00,00',
      ],
      ["long", { type: "REG_QWORD", data: 0x0102030405060708n }, '"long"=hex(b):08,07,06,05,04,03,02,01'],
      ["number", { type: "REG_DWORD", data: 0x1234 }, '"number"=dword:00001234'],
      [
        "several",
        { type: "REG_MULTI_SZ", data: ["x", "y"] },
        '"several"=hex(7):78,00,00,00,79,00,00,00,00,00',
      ],
      ["text", { type: "REG_SZ", data: 'a"\\' }, '"text"=hex(1):61,00,22,00,5c,00,00,00'],
      ["untyped", { type: "REG_NONE", data: Uint8Array.of(9) }, '"untyped"=hex(0):09'],
    ];
    const registry = await createRegFileRegistry();
    for (const [name, value] of values) await registry.setValue(key, name, value);
    const [hivePath, regPath] = [join(folder, "software.hive"), join(folder, "values.reg")];
    await writeFile(hivePath, createEmptyHive());
    // The program wants the local encoding and line ends.
    await writeFile(regPath, new TextDecoder("utf-16le").decode(registry.toBytes()).replaceAll("\r\n", "\n"));
    const run = async (...programArguments: readonly string[]): Promise<string> => {
      const result = await systemCommandRunner("hivexregedit", programArguments);
      expect([result.stderr, result.exitCode]).toEqual(["", 0]);
      return result.stdout;
    };
    await run("--merge", "--prefix", "HKEY_LOCAL_MACHINE\\SOFTWARE", hivePath, regPath);
    const exported = await run("--export", hivePath, "\\Seed");
    expect(exported.split("\n")).toEqual([
      "Windows Registry Editor Version 5.00",
      "",
      "[\\Seed]",
      ...values.map(([, , line]) => line),
      "",
      "",
    ]);
  });
});

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(",");
}

/** The commands that talk to Azure, one after the other over one seed, against a local Azure in this process. */
import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BlobServiceClient, type ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  type AzureEmulator,
  type Azurite,
  emulatorAccessOf,
  saveEmulatorAccess,
  startAzureEmulator,
  startAzurite,
} from "../../src/emulator/index.js";
import { createWorkspace, type Workspace } from "./support/workspace.js";

let azurite: Azurite;
let emulator: AzureEmulator;
let workspace: Workspace;
let container: ContainerClient;
let recoveryPassword: string;

beforeAll(async () => {
  azurite = await startAzurite();
  emulator = await startAzureEmulator({ blobService: azurite });
  workspace = await createWorkspace(
    { "a.txt": "first", "b.txt": "second", "c.txt": "third" },
    {
      cloud: "emulator",
      emulatorFile: "/nowhere/replaced-below.json",
      subscriptionId: emulator.subscriptionId,
      resourceGroup: emulator.resourceGroup,
      location: emulator.location,
      storageAccountId: emulator.storageAccountId,
    },
  );
  const file = workspace.path("emulator.json");
  await saveEmulatorAccess(file, emulatorAccessOf(emulator));
  const settingsPath = workspace.path("offline-seed.json");
  const settings = JSON.parse(await readFile(settingsPath, "utf8")) as object;
  await writeFile(settingsPath, JSON.stringify({ ...settings, emulatorFile: file }));
  const key = new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey);
  container = new BlobServiceClient(azurite.endpoint, key).getContainerClient("seed");
});

afterAll(async () => {
  await emulator.close();
  await azurite.close();
  await workspace.remove();
});

const image = (): string => workspace.path("drives", "SEED0001.img");

describe("commands of one seed", () => {
  test("what comes too early names the step before it", async () => {
    for (const [words, step] of [
      [["plan"], "offline-seed stage"],
      [["verify"], "offline-seed prepare"],
      [["job", "status"], "offline-seed job create"],
      [["repair"], "offline-seed reconcile"],
      [["app", "create"], "offline-seed cert create"],
      [["job", "watch", "--sign-in", "certificate"], "offline-seed job create"],
    ] as const) {
      const { code, json } = await workspace.runJson(words);
      expect({ words, code, json }).toEqual({
        words,
        code: 3,
        json: { error: expect.objectContaining({ message: expect.stringContaining(step) }) },
      });
    }
  });

  test("certificate, application, registry file", async () => {
    const created = await workspace.runJson(["cert", "create", "--resource-id", "42"]);
    const { thumbprint } = created.json as { thumbprint: string };
    expect(created.json).toMatchObject({ name: "CB_AzureADCertforOfflineSeeding_42", hasPrivateKey: true });
    expect(await workspace.run(["cert", "create"])).toMatchObject({ code: 2 });
    const password = workspace.path("password.txt");
    await writeFile(password, "correct horse\n");
    for (const [format, isSecret] of [
      ["cer", false],
      ["pfx", true],
      ["pem", true],
    ] as const) {
      const out = workspace.path(`exported.${format}`);
      const words = ["cert", "export", "--format", format, "--out", out, "--password-file", password];
      expect(await workspace.run(words)).toMatchObject({ code: format === "pem" ? 0 : 0 });
      expect((await stat(out)).mode & 0o077).toBe(isSecret ? 0 : 0o044);
      const shown = await workspace.runJson(["cert", "show", out, "--password-file", password]);
      expect(shown.json).toMatchObject({ thumbprint, hasPrivateKey: isSecret });
    }
    const noPassword = ["cert", "export", "--format", "pfx", "--out", workspace.path("x.pfx")];
    expect(await workspace.run(noPassword)).toMatchObject({ code: 2 });

    const application = await workspace.runJson(["app", "create"]);
    expect(application.json).toMatchObject({ isApplicationCreated: true, service: "data-box" });
    const again = await workspace.runJson(["app", "create"]);
    expect(again.json).toMatchObject({ isApplicationCreated: false, isCertificateAdded: false });

    const regFile = workspace.path("seed.reg");
    const dryRun = await workspace.runJson(["registry", "add", "--reg-file", regFile, "--dry-run"]);
    expect(dryRun.json).toMatchObject({ isDryRun: true, plan: { thumbprint } });
    await expect(stat(regFile)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await workspace.run(["registry", "add", "--reg-file", regFile])).toMatchObject({ code: 0 });
    const entries = await workspace.runJson(["registry", "show", "--reg-file", regFile]);
    expect(entries.json).toMatchObject([{ data: thumbprint }, { name: "CurrentUserId" }, {}]);
    const computer = { platform: "linux" } as const;
    expect(await workspace.run(["registry", "add"], { computer })).toMatchObject({ code: 2 });
  });

  test("doctor finds everything in order", async () => {
    const { code, json } = await workspace.runJson(["doctor"]);
    const { failed, checks } = json as { failed: number; checks: { code: string; verdict: string }[] };
    expect({ code, failed }).toEqual({ code: 0, failed: 0 });
    const asked = checks.filter(({ verdict }) => verdict === "ok").map(({ code: check }) => check);
    expect(asked).toEqual(
      expect.arrayContaining([
        "clock",
        "sign-in",
        "rights",
        "storage-account",
        "container",
        "datacentre",
        "job-name",
      ]),
    );
  });

  test("drive, order, shipping later, status and keys", async () => {
    expect(await workspace.run(["stage"])).toMatchObject({ code: 0 });
    expect(await workspace.run(["stage"])).toMatchObject({
      code: 2,
      errors: expect.stringContaining("sealed"),
    });
    expect(await workspace.run(["prepare", "--image", image(), "--size", "96MiB"])).toMatchObject({
      code: 0,
    });
    const list = await readFile(workspace.path("drives", "drives.json"), "utf8");
    recoveryPassword = (JSON.parse(list) as [{ bitLockerKey: string }])[0].bitLockerKey;

    const dryRun = await workspace.runJson(["job", "create", "--dry-run"]);
    expect(dryRun.json).toMatchObject({ ordered: false, plan: { canBeOrdered: true } });
    expect(await workspace.run(["job", "create"])).toMatchObject({
      code: 2,
      errors: expect.stringContaining("--yes"),
    });
    const ordered = await workspace.runJson(["job", "create", "--yes"]);
    expect(ordered.json).toMatchObject({
      ordered: true,
      job: { state: "creating" },
      destination: { city: expect.any(String) },
    });
    expect(await workspace.runJson(["job", "create", "--yes"])).toMatchObject({ code: 0 });

    const later = ["job", "ship", "--carrier", "DHL", "--tracking", "JD1", "--later", "--yes"];
    expect((await workspace.runJson(later)).json).toMatchObject({ sent: false });
    expect((await workspace.runJson(["job", "status"])).json).toMatchObject({ job: { state: "creating" } });
    expect((await workspace.runJson(["job", "ship"])).json).toMatchObject({
      sent: true,
      job: { state: "shipping" },
    });

    expect(await workspace.run(["job", "keys"])).toMatchObject({ code: 2, output: "" });
    const keysFile = workspace.path("keys.json");
    const saved = await workspace.run(["job", "keys", "--save", keysFile]);
    expect(saved.output + saved.errors).not.toContain(recoveryPassword);
    expect((await stat(keysFile)).mode & 0o777).toBe(0o600);
    expect(await readFile(keysFile, "utf8")).toContain(recoveryPassword);
    expect((await workspace.runJson(["job", "keys", "--yes"])).json).toEqual([
      { driveId: "SEED0001", bitLockerKey: recoveryPassword },
    ]);
  });

  test("watching can be stopped and goes on without repeating itself", async () => {
    const interruption = new AbortController();
    const seen: string[] = [];
    const stopped = await workspace.run(["job", "watch", "--interval", "1"], {
      abortSignal: interruption.signal,
      printError: (line) => {
        seen.push(line);
        if (line.includes("the job is shipping")) setImmediate(() => interruption.abort());
      },
    });
    expect(stopped).toMatchObject({ code: 130 });
    expect(seen.at(-1)).toContain("offline-seed job watch --interval 1");
    await emulator.datacentre.receivePackage({
      carrierName: "DHL",
      trackingNumber: "JD1",
      drives: [{ image: image() }],
    });
    const { code, json, errors } = await workspace.runJson(["job", "watch", "--interval", "1"]);
    expect({ code, json }).toMatchObject({ code: 0, json: { job: { state: "completed" } } });
    expect(errors).toContain("the job went from shipping to completed");
    expect(errors).not.toContain("the job is shipping");
  });

  test("what did not arrive is found, repaired and proven", async () => {
    expect(await workspace.run(["reconcile"])).toMatchObject({ code: 0 });
    await container.deleteBlob("a.txt");
    await container.getBlockBlobClient("b.txt").upload("sEcond", 6);
    const found = await workspace.runJson(["reconcile", "--read-bytes", "always"]);
    expect(found).toMatchObject({ code: 1, json: { missing: 1, different: 1, isProven: false } });
    const repaired = await workspace.runJson(["repair"]);
    expect(repaired).toMatchObject({ code: 0, json: { after: { isProven: true } } });
  });

  test("what changed afterwards is shown, and uploaded when asked", async () => {
    await writeFile(workspace.path("source", "d.txt"), "new");
    await rm(workspace.path("source", "c.txt"));
    const plan = await workspace.runJson(["increment"]);
    expect(plan.json).toMatchObject({
      applied: false,
      plan: { items: [{ path: "d.txt" }], removed: [{ path: "c.txt" }] },
    });
    expect(await workspace.run(["increment", "--apply"])).toMatchObject({ code: 2 });
    const words = ["increment", "--apply", "--yes", "--delete-removed", "seed"];
    expect((await workspace.runJson(words)).json).toMatchObject({ report: { uploaded: 1, deleted: 1 } });
    const folder = workspace.path("restored");
    expect((await workspace.runJson(["extract", "--to", folder])).json).toMatchObject({ filesExtracted: 3 });
    expect(await readFile(join(folder, "d.txt"), "utf8")).toBe("new");
    expect(await workspace.run(["extract", "--to", folder])).toMatchObject({ code: 1 });
    const staged = ["extract", "--from", "staging", "--to", workspace.path("from-staging")];
    expect((await workspace.runJson(staged)).json).toMatchObject({ filesExtracted: 3 });
  });

  test("the report holds the job and no recovery password", async () => {
    const out = workspace.path("job.html");
    expect(await workspace.run(["report", "--out", out])).toMatchObject({ code: 0 });
    const page = await readFile(out, "utf8");
    for (const part of ["first-backup", "SEED0001", "JD1", "Amsterdam"]) expect(page).toContain(part);
    expect(page).not.toContain(recoveryPassword);
    expect(await workspace.run(["report", "--offline"])).toMatchObject({ code: 0 });
  });

  test("a job is cancelled only with a yes, and only where that is possible", async () => {
    expect(await workspace.run(["job", "cancel"])).toMatchObject({ code: 2 });
    expect(await workspace.run(["job", "cancel", "--yes"])).toMatchObject({ code: 3 });
  });
});

test("adopt takes files where they are, also through a data set", async () => {
  const other = await createWorkspace({ "disk.vhd": Buffer.alloc(1024), "note.txt": "note" });
  try {
    await utimes(other.path("source", "note.txt"), 1, 1);
    const adopted = await other.runJson(["adopt", "--include", "*.vhd"]);
    expect(adopted).toMatchObject({ code: 0, json: { blobCount: 1, totalBytes: 1024 } });
    await rm(other.path("staging"), { recursive: true });
    const csv = other.path("dataset.csv");
    await writeFile(
      csv,
      "BasePath,DstItemPathOrPrefix,ItemType,Disposition,MetadataFile,PropertiesFile\n" +
        '"F:\\note.txt","seed/note.txt",BlockBlob,overwrite,"None","None"\n',
    );
    const words = ["adopt", "--dataset", csv, "--map-path", `F:\\=${other.path("source")}/`];
    expect(await other.runJson(words)).toMatchObject({ code: 0, json: { blobCount: 1, totalBytes: 4 } });
  } finally {
    await other.remove();
  }
});

test("disks are listed with reasons and warnings", async () => {
  const disk = {
    path: "/dev/sdb",
    model: "WDC",
    serialNumber: "WX1",
    sizeInBytes: 4e12,
    logicalSectorSizeInBytes: 512,
    physicalSectorSizeInBytes: 4096,
    bus: "usb",
    medium: "hdd",
    isRemovable: false,
    isReadOnly: false,
    isSystem: false,
    mountPoints: [],
    reasonsNotUsable: [],
  } as const;
  const system = {
    ...disk,
    path: "/dev/sda",
    reasonsNotUsable: [{ code: "system" as const, message: "The running system is on this disk." }],
  };
  const other = await createWorkspace({});
  try {
    const { runProgram } = await import("./support/run-program.js");
    const { output } = await runProgram(["disks"], { computer: { listDisks: async () => [disk, system] } });
    expect(output).toMatch(
      /usable .*\/dev\/sdb.*\n.*warning: .*USB[\s\S]*NOT usable \/dev\/sda[\s\S]*running system/,
    );
  } finally {
    await other.remove();
  }
});

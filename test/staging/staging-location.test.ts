import { spawn } from "node:child_process";
import { appendFile, mkdir, readFile, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { openStagingLocation } from "../../src/staging/index.js";
import {
  codeOf,
  listBlobs,
  pseudoRandomBytes,
  readStaged,
  seedSettings,
  withTemporaryFolder,
} from "./support.js";

const bytes = pseudoRandomBytes(3000, 1);

describe("seeds of a location", () => {
  test("are listed with their state, which goes on after sealing", async () => {
    await withTemporaryFolder(async (folder) => {
      const location = await openStagingLocation(folder);
      await mkdir(join(folder, "something-else"));
      const one = await location.createSeed({
        ...seedSettings,
        publishSettingsPath: "C:\\x.publishsettings",
      });
      await one.writeBlob("a", bytes);
      await (await one.seal()).close();
      const two = await location.createSeed({ ...seedSettings, jobName: "seed-two" });
      expect(await codeOf(location.setSeedState("seed-two", "prepared"))).toBe("seed-state-invalid");
      expect(await codeOf(location.openSeed("seed-two"))).toBe("seed-not-sealed");
      await two.close();
      await location.setSeedState("seed-one", "shipped");
      const seeds = await location.listSeeds();
      expect(seeds).toEqual([
        {
          ...seedSettings,
          publishSettingsPath: "C:\\x.publishsettings",
          seedId: one.seedId,
          state: "shipped",
          createdAt: expect.any(String),
          stateChangedAt: expect.any(String),
          blobCount: 1,
          totalBytes: 3000,
        },
        expect.objectContaining({ jobName: "seed-two", state: "staging" }),
      ]);
      await location.deleteSeed("seed-one");
      expect(await codeOf(location.openSeed("seed-one"))).toBe("seed-missing");
    });
  });

  test.each([
    ["jobName", "Upper"],
    ["jobName", "../up"],
    ["jobName", "con"],
    ["subscriptionId", "x"],
    ["storageAccountName", "no-hyphens"],
    ["containerName", "double--hyphen"],
  ])("settings are checked: %s %s", async (field, value) => {
    await withTemporaryFolder(async (folder) => {
      const location = await openStagingLocation(folder);
      expect(await codeOf(location.createSeed({ ...seedSettings, [field]: value }))).toBe("option-invalid");
    });
  });

  test("a missing folder is not made unless asked for", async () => {
    await withTemporaryFolder(async (folder) => {
      expect(await codeOf(openStagingLocation(join(folder, "missing")))).toBe("staging-folder-missing");
      await openStagingLocation(join(folder, "missing"), { create: true });
      expect((await stat(join(folder, "missing"))).isDirectory()).toBe(true);
    });
  });
});

describe("one writer a seed", () => {
  test("a second one is refused while the first lives", async () => {
    await withTemporaryFolder(async (folder) => {
      const location = await openStagingLocation(folder);
      const writer = await location.createSeed(seedSettings);
      expect([
        await codeOf(location.createSeed(seedSettings)),
        await codeOf(location.resumeSeed("seed-one")),
        await codeOf(location.deleteSeed("seed-one")),
      ]).toEqual(["seed-locked", "seed-locked", "seed-locked"]);
      await writer.close();
      expect(await codeOf(location.createSeed(seedSettings))).toBe("seed-exists");
    });
  });

  test.each([
    ["a dead process of this computer", { processId: 2 ** 30, hostName: "here" }, 0, "no error"],
    ["a new process with the old id", { processStart: "earlier", hostName: "here" }, 0, "no error"],
    ["this very process", { hostName: "here" }, 0, "seed-locked"],
    ["another computer, touched lately", { hostName: "there" }, 0, "seed-locked"],
    ["another computer, long ago", { hostName: "there" }, 3600, "no error"],
    ["a lock cut short, long ago", undefined, 3600, "no error"],
  ])("the lock of %s", async (_label, change, ageInSeconds, expected) => {
    await withTemporaryFolder(async (folder) => {
      const lockEnvironment = {
        hostName: "here",
        processId: 7,
        processStart: (processId: number) => (processId === 7 ? "mark" : undefined),
      };
      const location = await openStagingLocation(folder, { lockEnvironment });
      await (await location.createSeed(seedSettings)).close();
      const path = join(folder, "seed-one", "writer.lock");
      const owner = { nonce: "n", processId: 7, processStart: "mark", lockedAt: "then", ...change };
      await writeFile(path, change === undefined ? '{"non' : JSON.stringify(owner));
      const touchedAt = Date.now() / 1000 - ageInSeconds;
      await utimes(path, touchedAt, touchedAt);
      const resumed = location.resumeSeed("seed-one");
      expect(await codeOf(resumed)).toBe(expected);
      if (expected === "no error") await (await resumed).close();
    });
  });

  test("a writer whose lock was taken over does not seal", async () => {
    await withTemporaryFolder(async (folder) => {
      const location = await openStagingLocation(folder);
      const writer = await location.createSeed(seedSettings);
      await writeFile(join(folder, "seed-one", "writer.lock"), JSON.stringify({ nonce: "other" }));
      expect(await codeOf(writer.seal())).toBe("seed-lock-lost");
    });
  });
});

describe("after a crash", () => {
  /** Stages three blobs durably and leaves the files as a crash would: without commit for what follows. */
  async function crashed(folder: string, damage: (seedFolder: string) => Promise<void>): Promise<void> {
    const location = await openStagingLocation(folder);
    const writer = await location.createSeed(seedSettings);
    for (let index = 0; index < 3; index += 1) await writer.writeBlob(`blob-${index}`, bytes);
    await writer.close();
    await damage(join(folder, "seed-one"));
  }

  async function resumedNames(folder: string): Promise<string[]> {
    const location = await openStagingLocation(folder);
    const writer = await location.resumeSeed("seed-one");
    await writer.writeBlob("after", pseudoRandomBytes(2 * 1024 * 1024, 7));
    const catalog = await writer.seal();
    const blobs = await listBlobs(catalog);
    for (const blob of blobs) {
      if (blob.name !== "after") expect((await readStaged(catalog, blob)).equals(bytes)).toBe(true);
    }
    await catalog.close();
    return blobs.map((blob) => blob.name);
  }

  async function catalogLines(seedFolder: string): Promise<string[]> {
    return (await readFile(join(seedFolder, "catalog.ndjson"), "utf8"))
      .split("\n")
      .filter((line) => line !== "");
  }

  const all = ["blob-0", "blob-1", "blob-2", "after"];

  test("nothing torn", async () => {
    await withTemporaryFolder(async (folder) => {
      await crashed(folder, async () => undefined);
      expect(await resumedNames(folder)).toEqual(all);
    });
  });

  test("half a line, spare hashes, spare bytes and a half-written file are cut off", async () => {
    await withTemporaryFolder(async (folder) => {
      await crashed(folder, async (seedFolder) => {
        await appendFile(join(seedFolder, "catalog.ndjson"), '{"name":"torn","len');
        await appendFile(join(seedFolder, "range-hashes.bin"), "garbage");
        await appendFile(join(seedFolder, "data", "packs", "00000000.pack"), "garbage");
        await mkdir(join(seedFolder, "data", "blobs", "000000"), { recursive: true });
        await writeFile(join(seedFolder, "data", "blobs", "000000", "000000000.blob.part"), "half");
        await writeFile(join(seedFolder, "data", "blobs", "000000", "000000001.blob"), "whole, not recorded");
      });
      expect(await resumedNames(folder)).toEqual(all);
    });
  });

  test("lines without commit are kept exactly as far as their bytes are there", async () => {
    await withTemporaryFolder(async (folder) => {
      await crashed(folder, async (seedFolder) => {
        const lines = (await catalogLines(seedFolder)).filter((line) => !line.startsWith('{"commit"'));
        await writeFile(join(seedFolder, "catalog.ndjson"), `${lines.join("\n")}\n`);
        await truncate(join(seedFolder, "data", "packs", "00000000.pack"), 8999);
      });
      expect(await resumedNames(folder)).toEqual(["blob-0", "blob-1", "after"]);
    });
  });

  test("a line without commit whose bytes are others is not believed", async () => {
    await withTemporaryFolder(async (folder) => {
      await crashed(folder, async (seedFolder) => {
        const lines = (await catalogLines(seedFolder)).filter((line) => !line.startsWith('{"commit"'));
        await writeFile(join(seedFolder, "catalog.ndjson"), `${lines.join("\n")}\n`);
        const pack = join(seedFolder, "data", "packs", "00000000.pack");
        const content = await readFile(pack);
        content[3500]! ^= 1;
        await writeFile(pack, content);
      });
      expect(await resumedNames(folder)).toEqual(["blob-0", "after"]);
    });
  });

  test("committed bytes that are gone are reported, not repaired silently", async () => {
    await withTemporaryFolder(async (folder) => {
      await crashed(folder, (seedFolder) =>
        truncate(join(seedFolder, "data", "packs", "00000000.pack"), 8999),
      );
      const location = await openStagingLocation(folder);
      expect(await codeOf(location.resumeSeed("seed-one"))).toBe("catalog-damaged");
    });
  });

  test("a process killed while it stages loses nothing it was told is staged", async () => {
    await withTemporaryFolder(async (folder) => {
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
      const exited = new Promise((resolve) => child.on("exit", resolve));
      const location = await openStagingLocation(folder);
      const writer = await location.createSeed(seedSettings);
      await writer.writeBlob("blob-0", bytes);
      // The state of the files at this moment is what a kill would leave.
      const path = join(folder, "copy");
      const { cp } = await import("node:fs/promises");
      await cp(join(folder, "seed-one"), join(path, "seed-one"), { recursive: true });
      const lockPath = join(path, "seed-one", "writer.lock");
      const owner = JSON.parse(await readFile(lockPath, "utf8")) as object;
      await writeFile(lockPath, JSON.stringify({ ...owner, processId: child.pid }));
      child.kill("SIGKILL");
      await exited;
      expect(await resumedNames(path)).toEqual(["blob-0", "after"]);
      await writer.close();
    });
  });
});

describe("a damaged catalog is refused", () => {
  test.each<[string, (text: string) => string]>([
    ["a changed name", (text) => text.replace("blob-1", "blob-X")],
    ["a changed length", (text) => text.replace('"length":3000', '"length":2999')],
    ["a missing line", (text) => text.replace(/\{"name":"blob-1".*\n/, "")],
    ["a foreign seed", (text) => text.replace(/"seedId":"./, '"seedId":"z')],
  ])("%s", async (_label, change) => {
    await withTemporaryFolder(async (folder) => {
      const location = await openStagingLocation(folder);
      const writer = await location.createSeed(seedSettings);
      for (let index = 0; index < 3; index += 1) await writer.writeBlob(`blob-${index}`, bytes);
      await (await writer.seal()).close();
      const path = join(folder, "seed-one", "catalog.ndjson");
      await writeFile(path, change(await readFile(path, "utf8")));
      const read = async (): Promise<void> => {
        const catalog = await location.openSeed("seed-one");
        try {
          await listBlobs(catalog);
        } finally {
          await catalog.close();
        }
      };
      expect(await codeOf(read())).toBe("catalog-damaged");
    });
  });
});

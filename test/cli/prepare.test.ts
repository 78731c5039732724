import { randomFillSync } from "node:crypto";
import { open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Computer } from "../../src/cli/command-io.js";
import { createMemoryDevice, type Disk, type OpenedDisk } from "../../src/diskprep/index.js";
import { createScriptedPrompter } from "./support/scripted-prompter.js";
import { createWorkspace, type Workspace } from "./support/workspace.js";

const mebibyte = 1024 * 1024;
let workspace: Workspace;

beforeEach(async () => {
  workspace = await createWorkspace({ "a.bin": randomFillSync(Buffer.alloc(3 * mebibyte)), "b.txt": "b" });
  expect(await workspace.run(["stage"])).toMatchObject({ code: 0 });
});

afterEach(() => workspace.remove());

/** A computer with one disk in memory. */
function computerWithDisk(changes: Partial<Disk> = {}) {
  const device = createMemoryDevice(96 * mebibyte);
  const disk: Disk = {
    path: "/dev/sdx",
    model: "Test Disk",
    serialNumber: "WX12345678",
    sizeInBytes: device.sizeInBytes,
    logicalSectorSizeInBytes: 512,
    physicalSectorSizeInBytes: 512,
    bus: "sata",
    medium: "hdd",
    isRemovable: false,
    isReadOnly: false,
    isSystem: false,
    mountPoints: [],
    reasonsNotUsable: [],
    ...changes,
  };
  const opened: string[] = [];
  const computer: Partial<Computer> = {
    listDisks: async () => [disk],
    openDisk: async (chosen, options = {}) => {
      opened.push(`${chosen.serialNumber}${options.canWrite ? " for writing" : ""}`);
      const release = async (): Promise<boolean> => true;
      return { device, disk, release, [Symbol.asyncDispose]: async () => undefined } as OpenedDisk;
    },
  };
  return { computer, opened };
}

const image = (): readonly string[] => [
  "--image",
  workspace.path("drives", "SEED0001.img"),
  "--size",
  "96MiB",
];

describe("prepare of a real disk", () => {
  test("is refused without the serial number, and nothing is opened", async () => {
    const { computer, opened } = computerWithDisk();
    const words = ["prepare", "--disk", "WX12345678", "--yes"];
    const silent = await workspace.run(words, { computer });
    expect(silent).toMatchObject({ code: 2, errors: expect.stringContaining("--confirm-serial") });
    const prompter = createScriptedPrompter(["WX12345679"]);
    const mistyped = await workspace.run(words, { computer, prompter });
    expect(mistyped).toMatchObject({ code: 3, errors: expect.stringContaining("Nothing was written") });
    expect(prompter.questions).toEqual([expect.stringContaining("EVERYTHING on /dev/sdx, Test Disk")]);
    const otherSerial = await workspace.run([...words, "--confirm-serial", "other"], { computer });
    expect(otherSerial).toMatchObject({ code: 2 });
    expect(opened).toEqual([]);
  });

  test("is made when its serial number is typed, and read back", async () => {
    const { computer, opened } = computerWithDisk();
    const prompter = createScriptedPrompter([" wx123 45678 "]);
    const prepared = await workspace.run(["prepare", "--disk", "/dev/sdx"], { computer, prompter });
    expect(prepared).toMatchObject({ code: 0, output: expect.stringContaining("WX12345678: 2 blobs") });
    const verified = await workspace.runJson(["verify"], { computer });
    expect(verified.json).toMatchObject([{ driveId: "WX12345678", passed: true }]);
    expect(opened).toEqual(["WX12345678 for writing", "WX12345678"]);
    // A finished drive needs no permission and is not opened for writing with a new content.
    expect(await workspace.run(["prepare"], { computer })).toMatchObject({ code: 0 });
  });

  test.each([
    [
      "is mounted",
      { reasonsNotUsable: [{ code: "mounted", message: "It is mounted at /home." }] } as const,
      /mounted at/,
    ],
    ["is not there", { serialNumber: "OTHER" }, /There is no disk/],
  ])("is refused when it %s", async (_, changes, message) => {
    const { computer, opened } = computerWithDisk(changes);
    const words = ["prepare", "--disk", "WX12345678", "--confirm-serial", "WX12345678"];
    expect(await workspace.run(words, { computer })).toMatchObject({
      code: 2,
      errors: expect.stringMatching(message),
    });
    expect(opened).toEqual([]);
  });
});

test("verify finds damage, and says so with its exit code", async () => {
  expect(await workspace.run(["prepare", ...image()])).toMatchObject({ code: 0 });
  expect(await workspace.run(["verify"])).toMatchObject({
    code: 0,
    output: expect.stringMatching(/: good$/),
  });
  const damaged = await open(workspace.path("drives", "SEED0001.img"), "r+");
  await damaged.write(Buffer.alloc(512), 0, 512, mebibyte);
  await damaged.close();
  const { code, json } = await workspace.runJson(["verify"]);
  expect({ code, json }).toEqual({
    code: 3,
    json: { error: expect.objectContaining({ code: "drive-unreadable" }) },
  });
});

test("two disks that report one serial number are told apart by nobody, so neither is written", async () => {
  const { computer, opened } = computerWithDisk();
  const [disk] = await computer.listDisks!();
  const twins = { ...computer, listDisks: async () => [disk!, { ...disk!, path: "/dev/sdy" }] };
  for (const name of ["WX12345678", "/dev/sdy"]) {
    const words = ["prepare", "--disk", name, "--confirm-serial", "WX12345678"];
    expect(await workspace.run(words, { computer: twins })).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/^2 disks /),
    });
  }
  expect(opened).toEqual([]);
});

describe("prepare of images", () => {
  test("goes on after Ctrl-C with the command it prints", async () => {
    const interruption = new AbortController();
    const stopWhenWriting = {
      isTerminal: true,
      columns: 100,
      write: (text: string) => {
        if (text.includes("writing")) interruption.abort();
      },
    };
    const words = ["prepare", ...image()];
    const stopped = await workspace.run(words, { abortSignal: interruption.signal, screen: stopWhenWriting });
    const suggestion = `offline-seed ${words.join(" ")} --config ${workspace.path("offline-seed.json")}`;
    expect(stopped).toMatchObject({ code: 130, output: "", errors: expect.stringContaining(suggestion) });
    expect(await workspace.run(["verify"])).toMatchObject({ code: 3 });
    expect(await workspace.run(words)).toMatchObject({ code: 0 });
    expect(await workspace.run(["verify"])).toMatchObject({ code: 0 });
  });

  test("shows no recovery password; the list that holds it is for its owner only", async () => {
    const { code, output, errors, json } = await workspace.runJson(["prepare", ...image()]);
    expect(code).toBe(0);
    expect(json).toMatchObject({ drives: [{ driveId: "SEED0001", blobCount: 2 }], failures: [] });
    const list = workspace.path("drives", "drives.json");
    const [{ bitLockerKey }] = JSON.parse(await readFile(list, "utf8")) as [{ bitLockerKey: string }];
    expect(output + errors).not.toContain(bitLockerKey);
    expect((await stat(list)).mode & 0o777).toBe(0o600);
  });

  test("does not overwrite a file, unless told to", async () => {
    const path = workspace.path("drives", "SEED0001.img");
    expect(await workspace.run(["prepare", ...image()])).toMatchObject({ code: 0 });
    await rm(workspace.path("drives"), { recursive: true });
    await workspace.run(["prepare"]);
    await writeFile(path, "precious");
    expect(await workspace.run(["prepare", ...image()])).toMatchObject({
      code: 2,
      errors: expect.stringContaining("--overwrite"),
    });
    expect(await readFile(path, "utf8")).toBe("precious");
    // Nothing was begun, so another name is as good as the first.
    const other = ["--image", workspace.path("drives", "SEED0002.img"), "--size", "96MiB"];
    expect(await workspace.run(["prepare", ...other])).toMatchObject({ code: 0 });
    expect(await workspace.run(["prepare", ...image(), "--overwrite"])).toMatchObject({ code: 0 });
    expect(await workspace.run(["verify"])).toMatchObject({ code: 0 });
  });

  test("an image that was begun and is gone is not quietly made of zeros", async () => {
    expect(await workspace.run(["prepare", ...image()])).toMatchObject({ code: 0 });
    await rm(workspace.path("drives", "SEED0001.img"));
    expect(await workspace.run(["prepare"])).toMatchObject({
      code: 2,
      errors: expect.stringContaining("is gone"),
    });
  });

  test("other drives than those that were begun are refused", async () => {
    expect(await workspace.run(["prepare", ...image()])).toMatchObject({ code: 0 });
    const other = ["--image", workspace.path("drives", "SEED0002.img"), "--size", "96MiB"];
    expect(await workspace.run(["prepare", ...other])).toMatchObject({
      code: 2,
      errors: expect.stringContaining("SEED0001"),
    });
  });

  test.each([
    ["no drive", [], "--disk SERIAL"],
    ["no size", ["--image", "x.img"], "--size"],
    ["a name that is no serial number", ["--image", "my drive.img", "--size", "96MiB"], "serial number"],
  ])("%s is explained", async (_, words, message) => {
    expect(await workspace.run(["prepare", ...words])).toMatchObject({
      code: 2,
      errors: expect.stringContaining(message),
    });
  });
});

test("too few drives are refused before anything is written", async () => {
  const large = await createWorkspace({ "large.bin": Buffer.alloc(120 * mebibyte, 1) });
  try {
    expect(await large.run(["stage"])).toMatchObject({ code: 0 });
    const path = large.path("drives", "SEED0001.img");
    const { code, errors } = await large.run(["prepare", "--image", path, "--size", "96MiB"]);
    expect({ code, errors }).toMatchObject({ code: 3, errors: expect.stringContaining("large.bin") });
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
    const plan = await large.runJson(["plan", "--size", "200MiB"]);
    expect(plan.json).toMatchObject({ sizes: [{ driveCount: 1 }] });
  } finally {
    await large.remove();
  }
});

import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  type PrepareMountedVolumeOptions,
  prepareMountedVolume,
  verifyMountedVolume,
} from "../../../src/diskprep/drive/index.js";
import { systemCommandRunner } from "../../../src/shared/command-runner.js";
import type { SeedCatalog } from "../../../src/staging/index.js";
import { stageTestSeed } from "../../support/memory-catalog.js";
import { isFileMissing, isOracleMissing, isRootMissing } from "../../support/required-programs.js";
import { testBlobs } from "./small-drive.js";

const bitLockerKey = "471207-278498-422125-177177-561902-537405-468006-693451";
const plan = { driveId: "MOUNTED 1", sizeInBytes: 1e9 };
const cannotMount =
  isOracleMissing("mkntfs", "ntfs-3g", "umount") || isRootMissing() || isFileMissing("/dev/fuse");

let folder: string;
let catalog: SeedCatalog;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mounted-volume-"));
  catalog = await stageTestSeed(join(folder, "staged"), testBlobs());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function newVolume(): Promise<PrepareMountedVolumeOptions> {
  count += 1;
  const mountPath = join(folder, `volume-${count}`);
  await mkdir(mountPath);
  return { mountPath, bitLockerKey, journalPath: join(folder, `journal-${count}`) };
}

/** Every file of a volume with its content. */
async function filesOf(mountPath: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(mountPath, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(mountPath.length), (await readFile(path)).toString("base64"));
  }
  return new Map([...files].sort());
}

const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => "resolved",
    (error) => error.code ?? error.name,
  );

describe("prepareMountedVolume", () => {
  test("makes files and a manifest that verify, and finds what was changed", async () => {
    const volume = await newVolume();
    const prepared = await prepareMountedVolume(plan, catalog, volume);
    expect(prepared).toMatchObject({ driveId: "MOUNTED1", bitLockerKey, blobCount: catalog.blobCount });
    expect(await verifyMountedVolume(volume.mountPath, prepared)).toMatchObject({
      passed: true,
      source: { kind: "mounted-volume", name: volume.mountPath, bypassedCache: false },
      blobCount: catalog.blobCount,
      blobBytes: catalog.totalBytes,
    });
    const files = await filesOf(volume.mountPath);
    expect([...files.keys()].filter((name) => name.endsWith(".partial"))).toEqual([]);
    expect(Math.round((await stat(join(volume.mountPath, "seed", "large.bin"))).mtimeMs)).toBe(
      Date.UTC(2026, 0, 1, 12) + 20,
    );
    expect((await readFile(volume.journalPath, "utf8")).includes(bitLockerKey)).toBe(false);

    await writeFile(join(volume.mountPath, "seed", "large.bin"), "x", { flag: "r+" });
    await truncate(join(volume.mountPath, "seed", "folder 1", "file 1.bin"), 1);
    await rm(join(volume.mountPath, "seed", "folder 2", "file 2.bin"));
    const report = await verifyMountedVolume(volume.mountPath, { ...prepared, driveId: "OTHER" });
    expect(report.findings.map(({ code }) => code).sort()).toEqual([
      "drive-id-differs",
      "file-length-differs",
      "file-missing",
      "range-differs",
    ]);
  });

  test.each([
    ["with", {}],
    ["without", { withoutHashes: true }],
  ])(
    "ends with the same files when resumed after an abort, %s hashes in the catalog",
    async (_, seedOptions) => {
      const source = await stageTestSeed(join(folder, "staged"), testBlobs(), seedOptions);
      const undisturbed = await newVolume();
      const expected = await prepareMountedVolume(plan, source, undisturbed);
      const volume = await newVolume();
      for (const abortAt of [5, 60, 21]) {
        const controller = new AbortController();
        let reads = 0;
        const watched: SeedCatalog = {
          ...source,
          openStagedBlob: (blob) => {
            reads += 1;
            if (reads === abortAt) controller.abort();
            return source.openStagedBlob(blob);
          },
        };
        const outcome = await codeOf(
          prepareMountedVolume(plan, watched, { ...volume, resume: true, abortSignal: controller.signal }),
        );
        expect(["AbortError", "resolved"]).toContain(outcome);
      }
      const resumed = await prepareMountedVolume(plan, source, { ...volume, resume: true });
      expect(resumed).toEqual(expected);
      expect(await filesOf(volume.mountPath)).toEqual(await filesOf(undisturbed.mountPath));
      expect(await prepareMountedVolume(plan, source, { ...volume, resume: true })).toEqual(expected);
    },
  );

  test("refuses what is not empty, not a key, not the same drive, and changed staged files", async () => {
    const volume = await newVolume();
    const full = await newVolume();
    await mkdir(join(full.mountPath, "seed"));
    const staged = join(folder, "staged-changed");
    const changed = await stageTestSeed(staged, testBlobs());
    await truncate(join(staged, "1.blob"), 3);
    const shortened = await newVolume();
    await prepareMountedVolume(plan, catalog, volume);
    const gone = { ...(await newVolume()), mountPath: join(folder, "nowhere", "else") };
    expect([
      await codeOf(prepareMountedVolume(plan, catalog, full)),
      await codeOf(prepareMountedVolume(plan, catalog, volume)),
      await codeOf(prepareMountedVolume({ ...plan, driveId: "X" }, catalog, { ...volume, resume: true })),
      await codeOf(prepareMountedVolume(plan, changed, shortened)),
      await codeOf(prepareMountedVolume(plan, catalog, gone)),
      await codeOf(
        verifyMountedVolume(shortened.mountPath, { driveId: "", manifestFile: "\\x", manifestHash: "" }),
      ),
    ]).toEqual([
      "drive-not-empty",
      "journal-exists",
      "journal-mismatch",
      "staged-file-shorter",
      "device-failed",
      "manifest-invalid",
    ]);
    const badKey = { ...(await newVolume()), bitLockerKey: "1-2" };
    await expect(prepareMountedVolume(plan, catalog, badKey)).rejects.toMatchObject({
      name: "BitLockerError",
    });
  });

  (cannotMount ? test.skip : test)("works on a volume of ntfs-3g", async () => {
    const volume = await newVolume();
    const image = join(folder, "volume.ntfs");
    await writeFile(image, "");
    await truncate(image, 64 * 1024 * 1024);
    const run = async (program: string, ...parameters: string[]): Promise<void> => {
      const { exitCode, stderr } = await systemCommandRunner(program, parameters);
      expect({ program, exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({
        program,
        exitCode: 0,
        stderr: "",
      });
    };
    await run("mkntfs", "-F", "-q", "-Q", image);
    await run("ntfs-3g", "-o", "windows_names", image, volume.mountPath);
    let prepared: Awaited<ReturnType<typeof prepareMountedVolume>>;
    try {
      prepared = await prepareMountedVolume(plan, catalog, volume);
    } finally {
      await run("umount", volume.mountPath);
    }
    await run("ntfs-3g", "-o", "ro", image, volume.mountPath);
    try {
      expect(await verifyMountedVolume(volume.mountPath, prepared)).toMatchObject({ passed: true });
    } finally {
      await run("umount", volume.mountPath);
    }
  });
});

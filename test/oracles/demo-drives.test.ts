/** The drives the demo makes, opened by programs that are not ours. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { runDemo } from "../../demo/run-demo.js";
import { judgeBySgdisk } from "../support/partition-judge.js";
import { isOracleMissing, isRootMissing } from "../support/required-programs.js";

const isMissing =
  isOracleMissing(
    "cryptsetup",
    "bdeinfo",
    "dislocker-fuse",
    "ntfs-3g",
    "ntfsfix",
    "ntfsresize",
    "dd",
    "umount",
  ) || isRootMissing();

interface DemoDrive {
  readonly image: string;
  readonly driveId: string;
  readonly bitLockerKey: string;
  readonly partitionOffsetInBytes: number;
  readonly manifestFile: string;
  readonly manifestHash: string;
}

let work: string;
let source: string;
let folder: string;
let drives: readonly DemoDrive[];
let arrived: { readonly blobs: number; readonly equal: number };

const md5 = (path: string): string =>
  createHash("md5").update(readFileSync(path)).digest("hex").toUpperCase();

/** Relative paths of all files below a folder. */
function filesBelow(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

function output(program: string, ...programArguments: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(program, programArguments, { encoding: "utf8", input: "" });
  return `${stdout}${stderr}exit code ${status}`;
}

(isMissing ? describe.skip : describe)("drives made by the demo", () => {
  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), "demo-drives-"));
    folder = join(work, "kept");
    source = join(work, "source");
    cpSync("src/shared", source, { recursive: true });
    const quiet = Object.create(process.stderr, { write: { value: () => true }, isTTY: { value: false } });
    const { report } = await runDemo(
      { source, service: "import-export", json: true, keep: folder, help: false },
      quiet,
    );
    arrived = { blobs: report.blobs, equal: report.arrivedEqual };
    drives = JSON.parse(readFileSync(join(folder, "drives.json"), "utf8"));
  }, 120_000);

  afterAll(() => rmSync(work, { recursive: true, force: true }));

  test("are two, and everything on them arrived", async () => {
    expect(drives).toHaveLength(2);
    expect(arrived.equal).toBe(arrived.blobs);
    expect(statSync(join(folder, "drives.json")).mode & 0o777).toBe(0o600);
    for (const { image } of drives) await judgeBySgdisk(join(folder, image));
  });

  test("unlock, mount and hold every file", () => {
    const seen = new Map<string, string>();
    for (const drive of drives) {
      const volume = join(work, "volume.img");
      const plain = join(work, "plain");
      const mounted = join(work, "mounted");
      mkdirSync(plain, { recursive: true });
      mkdirSync(mounted, { recursive: true });
      const mebibytes = drive.partitionOffsetInBytes / 1024 / 1024;
      execFileSync("dd", [
        `if=${join(folder, drive.image)}`,
        `of=${volume}`,
        "bs=1M",
        `skip=${mebibytes}`,
        "conv=sparse",
        "status=none",
      ]);
      const unlocked = spawnSync(
        "cryptsetup",
        ["open", "--type", "bitlk", "--test-passphrase", "--key-file", "-", volume],
        { input: drive.bitLockerKey },
      );
      expect(unlocked.status).toBe(0);
      const information = output("bdeinfo", "-r", drive.bitLockerKey, volume);
      expect(information).toContain("AES-CBC 256-bit");
      expect(information).not.toContain("Unable to unlock");
      expect(information).toContain("exit code 0");
      execFileSync("dislocker-fuse", ["-V", volume, `-p${drive.bitLockerKey}`, "-r", "--", plain]);
      try {
        const view = join(plain, "dislocker-file");
        expect(output("ntfsfix", "-n", view)).toContain("processed successfully");
        expect(output("ntfsresize", "--info", "--force", "--no-progress-bar", view)).toContain(
          "Space in use",
        );
        execFileSync("ntfs-3g", ["-o", "ro", view, mounted], { stdio: "ignore" });
        try {
          expect(md5(join(mounted, drive.manifestFile.replaceAll("\\", "/")))).toBe(drive.manifestHash);
          for (const file of filesBelow(join(mounted, "seed")))
            seen.set(file, md5(join(mounted, "seed", file)));
        } finally {
          execFileSync("umount", [mounted]);
        }
      } finally {
        execFileSync("umount", [plain]);
      }
    }
    const expected = new Map(filesBelow(source).map((file) => [file, md5(join(source, file))]));
    expect(new Map([...seen].sort())).toEqual(new Map([...expected].sort()));
  }, 120_000);
});

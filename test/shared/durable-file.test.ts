import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type CommandRunner, closeToOthers, publishFile, secretFileMode } from "../../src/shared/index.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-durable-"));
  path = join(folder, "drives.json");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("publishFile", () => {
  test("closes a secret file while it is still empty, and no other", async () => {
    const closed: [name: string, sizeInBytes: number][] = [];
    const close = async (temporaryPath: string) => {
      closed.push([temporaryPath, (await stat(temporaryPath)).size]);
    };
    await publishFile(path, "secret", { mode: secretFileMode, close });
    await publishFile(join(folder, "public.json"), "public", { close });
    expect(closed).toEqual([[expect.stringContaining(join(folder, ".drives.json.")), 0]]);
    expect(await readFile(path, "utf8")).toBe("secret");
    expect((await readdir(folder)).sort()).toEqual(["drives.json", "public.json"]);
    if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("leaves the old file and nothing else when the new one cannot be closed to others", async () => {
    await writeFile(path, "old");
    const close = async () => {
      throw new Error("no access lists here");
    };
    await expect(publishFile(path, "secret", { mode: secretFileMode, close })).rejects.toThrow(
      "no access lists",
    );
    expect([await readFile(path, "utf8"), await readdir(folder)]).toEqual(["old", ["drives.json"]]);
  });

  test("two calls at once leave one whole content", async () => {
    const contents = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000));
    await Promise.all(contents.map((content) => publishFile(path, content)));
    expect(contents).toContain(await readFile(path, "utf8"));
    expect(await readdir(folder)).toEqual(["drives.json"]);
  });
});

describe("closeToOthers", () => {
  test("on Windows leaves owner, SYSTEM and Administrators, by identifiers that no language changes", async () => {
    const calls: unknown[] = [];
    const runCommand: CommandRunner = async (program, programArguments) => {
      calls.push([program, ...programArguments]);
      return { exitCode: 0, stdout: "", stderr: "" };
    };
    await closeToOthers("D:\\Seed files\\drives.json", { platform: "win32", runCommand });
    await closeToOthers("/var/seed/drives.json", { platform: "linux", runCommand });
    expect(calls).toEqual([
      [
        expect.stringMatching(/\\System32\\icacls\.exe$/),
        "D:\\Seed files\\drives.json",
        "/inheritance:r",
        "/grant:r",
        "*S-1-3-4:F",
        "*S-1-5-18:F",
        "*S-1-5-32-544:F",
      ],
    ]);
  });

  test("says when a volume keeps no access lists", async () => {
    const runCommand: CommandRunner = async () => ({
      exitCode: 1,
      stdout: "",
      stderr: "E:\\x: Zugriff verweigert",
    });
    await expect(closeToOthers("E:\\x", { platform: "win32", runCommand })).rejects.toMatchObject({
      code: "EPERM",
      message: expect.stringContaining("NTFS"),
    });
  });
});

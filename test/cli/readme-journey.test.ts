/** The journey in README.md, taken from its text and run as it stands: somebody's own folder to the local Azure and back. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { type BuiltProgram, buildProgram, startEmulatorProcess } from "./support/built-program.js";

// Many processes in a row: generous, for a computer that does other things meanwhile.
jest.setTimeout(300_000);

const run = promisify(execFile);
let program: BuiltProgram;
let work: string;

beforeAll(async () => {
  program = await buildProgram();
  work = await mkdtemp(join(tmpdir(), "offline-seed-journey-"));
  await cp("docs", join(work, "my-files"), { recursive: true });
});

afterAll(async () => {
  await program.remove();
  await rm(work, { recursive: true, force: true });
});

test("the commands of the README seed a folder and bring it back", async () => {
  const [emulatorBlock, journeyBlock] = shellBlocksAfter(
    await readFile("README.md", "utf8"),
    "## Your own folder",
  );
  const [, ...emulatorWords] = emulatorBlock!.trim().split(" ");
  const emulator = await startEmulatorProcess(program, work, emulatorWords);
  try {
    const { stdout } = await run("bash", ["-eu", "-c", journeyBlock!], {
      cwd: work,
      env: { ...process.env, PATH: `${program.commandFolder}:${process.env["PATH"]}` },
    }).catch((error: { readonly message: string; readonly stdout: string }) => {
      throw new Error(`${error.message}\n${error.stdout}`);
    });
    expect(stdout).toMatch(/SEED0001: \d+ blobs, .*, ready\n[\s\S]*: good\n[\s\S]*: completed, 100 %\n/);
    expect(stdout).toContain("The seed is proven.");
    await run("diff", ["-r", "my-files", "restored"], { cwd: work });
  } finally {
    expect(await emulator.stop()).toBe(0);
  }
  // What holds keys is for its owner only, and the settings hold none.
  const secretFiles = [
    "emulator.json",
    "seed-certificate.pem",
    "drives/drives.json",
    "drives/SEED0001.journal",
  ];
  const modes = await Promise.all(
    secretFiles.map(async (name) => (await stat(join(work, name))).mode & 0o777),
  );
  expect(modes).toEqual(secretFiles.map(() => 0o600));
  const [{ bitLockerKey }] = JSON.parse(await readFile(join(work, "drives/drives.json"), "utf8")) as [
    { bitLockerKey: string },
  ];
  for (const name of ["offline-seed.json", "drives/preparation.json", "reports/first-backup.watch.json"]) {
    expect(await readFile(join(work, name), "utf8")).not.toContain(bitLockerKey);
  }
});

function shellBlocksAfter(text: string, heading: string): readonly string[] {
  const section = text.slice(text.indexOf(`${heading}\n`)).split(/\n## /)[0] ?? "";
  return [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]!);
}

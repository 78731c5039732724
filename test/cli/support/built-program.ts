/** The program as users get it: bundled once for a test file into a folder of its own, run as a child process. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A built program. */
export interface BuiltProgram {
  /** Path of the script. */
  readonly script: string;
  /** Folder with a command `offline-seed`, for `PATH`. */
  readonly commandFolder: string;
  remove(): Promise<void>;
}

/** Bundles the program. The folder lies in the project, so that the packages it imports are found. */
export async function buildProgram(): Promise<BuiltProgram> {
  await mkdir("build", { recursive: true });
  const folder = resolve(await mkdtemp(join("build", "cli-test-")));
  const tsup = createRequire(import.meta.url).resolve("tsup/dist/cli-default.js");
  await run(process.execPath, [
    tsup,
    "src/cli/main.ts",
    ...["--out-dir", folder, "--format", "esm", "--target", "node20", "--platform", "node"],
    ...["--no-config", "--silent"],
  ]);
  const script = join(folder, "main.js");
  const command = `#!/bin/sh\nexec '${process.execPath}' --enable-source-maps '${script}' "$@"\n`;
  await writeFile(join(folder, "offline-seed"), command, { mode: 0o755 });
  return { script, commandFolder: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A local Azure as a process of its own. */
export interface EmulatorProcess {
  readonly file: string;
  stop(): Promise<number | null>;
}

/** Starts `offline-seed emulator` in a folder and waits until it says that it runs. */
export async function startEmulatorProcess(
  program: BuiltProgram,
  folder: string,
  commandLine: readonly string[] = ["emulator", "--save", "emulator.json"],
): Promise<EmulatorProcess> {
  const child = spawn(process.execPath, [program.script, ...commandLine], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A test that runs out of time does not come to stop it.
  process.once("exit", () => child.kill("SIGKILL"));
  await untilOutput(child, "Running.");
  return {
    file: join(folder, "emulator.json"),
    stop: () =>
      new Promise((done) => {
        child.once("exit", done);
        child.kill("SIGINT");
      }),
  };
}

function untilOutput(child: ChildProcess, awaited: string): Promise<void> {
  return new Promise((resolveNow, reject) => {
    let output = "";
    const collect = (chunk: Buffer): void => {
      output += chunk.toString("utf8");
      if (output.includes(awaited)) resolveNow();
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    child.once("exit", (code) => reject(new Error(`The program ended with ${code}: ${output}`)));
  });
}

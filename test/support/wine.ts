/** Windows programs on this computer: Wine with a prefix of its own, without a display. */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandResult, CommandRunner } from "../../src/shared/index.js";

export interface WinePrefix {
  /** Starts a program of Wine, for example `reg`. The program name given by the caller is ignored. */
  runnerOf(program: string): CommandRunner;
  run(program: string, ...programArguments: readonly string[]): Promise<CommandResult>;
  /** How Wine's programs name a file of this computer. */
  toWindowsPath(path: string): string;
  /** Ends the programs of this prefix and removes it. */
  remove(): Promise<void>;
}

/** Makes a prefix in a temporary folder. Takes some seconds and several hundred megabytes. */
export async function createWinePrefix(): Promise<WinePrefix> {
  const folder = await mkdtemp(join(tmpdir(), "offline-seed-wine-"));
  const environment = {
    ...process.env,
    WINEPREFIX: join(folder, "prefix"),
    WINEDEBUG: "-all",
    WINEDLLOVERRIDES: "mscoree,mshtml,winemenubuilder.exe=",
    DISPLAY: "",
  };
  const startOnce = (command: string, commandArguments: readonly string[]): Promise<CommandResult> =>
    new Promise((resolve, reject) => {
      execFile(
        command,
        [...commandArguments],
        { env: environment, timeout: 120_000 },
        (error, stdout, stderr) => {
          if (error && typeof error.code !== "number") reject(error);
          else resolve({ exitCode: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
        },
      );
    });
  /** Every failure that `reg` reports comes with words. One without any is Wine's own start that broke down: again. */
  const start = async (command: string, commandArguments: readonly string[]): Promise<CommandResult> => {
    for (let attempt = 1; ; attempt += 1) {
      const result = await startOnce(command, commandArguments);
      const isSilent = `${result.stdout}${result.stderr}`.trim() === "";
      if (result.exitCode === 0 || !isSilent || attempt === 3) return result;
      console.warn(
        `wine ${commandArguments.join(" ")} ended with ${result.exitCode} and no word; started again`,
      );
    }
  };
  /** For programs that leave others behind: those would keep a pipe open, and the caller waiting. */
  const startWithoutPipes = (command: string, commandArguments: readonly string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = spawn(command, [...commandArguments], { env: environment, stdio: "ignore" });
      child.once("error", reject);
      child.once("exit", () => resolve());
    });
  // Without a lasting server the prefix closes down between two programs, and each start costs seconds.
  await startWithoutPipes("wineserver", ["-p"]);
  await startWithoutPipes("wine", ["wineboot", "-i"]);
  return {
    runnerOf: (program) => (_, programArguments) => start("wine", [program, ...programArguments]),
    run: (program, ...programArguments) => start("wine", [program, ...programArguments]),
    toWindowsPath: (path) => `Z:${path.replaceAll("/", "\\")}`,
    async remove() {
      await startWithoutPipes("wineserver", ["-k"]);
      await startWithoutPipes("wineserver", ["-w"]);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A temporary folder with a source, settings and, if wanted, a sealed seed, for commands run in this process. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandIo } from "../../../src/cli/command-io.js";
import type { SeedSettings } from "../../../src/cli/settings/seed-settings.js";
import { writeSettingsFile } from "../../../src/cli/settings/settings-file.js";
import { type ProgramRun, runProgram } from "./run-program.js";
import { testSettings } from "./test-settings.js";

/** A folder to work in. */
export interface Workspace {
  readonly folder: string;
  readonly settings: SeedSettings;
  path(...names: string[]): string;
  /** Runs a command with the settings of the folder. */
  run(words: readonly string[], io?: Partial<CommandIo>): Promise<ProgramRun>;
  /** The same with `--json`; fails unless standard output is one document. */
  runJson(
    words: readonly string[],
    io?: Partial<CommandIo>,
  ): Promise<ProgramRun & { readonly json: unknown }>;
  remove(): Promise<void>;
}

/** Makes the folder; `files` are the source. */
export async function createWorkspace(
  files: Readonly<Record<string, string | Uint8Array>>,
  changes: Partial<SeedSettings> = {},
): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), "offline-seed-program-"));
  const path = (...names: string[]): string => join(folder, ...names);
  await mkdir(path("source"));
  for (const [name, content] of Object.entries(files)) await writeFile(path("source", name), content);
  const settings: SeedSettings = {
    ...testSettings,
    sourceFolder: path("source"),
    stagingFolder: path("staging"),
    drivesFolder: path("drives"),
    reportsFolder: path("reports"),
    certificateFile: path("seed.pem"),
    parametersFile: path("OfflineApplicationParams.xml"),
    ...changes,
  };
  await writeSettingsFile(path("offline-seed.json"), settings);
  const run = (words: readonly string[], io?: Partial<CommandIo>): Promise<ProgramRun> =>
    runProgram([...words, "--config", path("offline-seed.json")], io);
  return {
    folder,
    settings,
    path,
    run,
    async runJson(words, io) {
      const outcome = await run([...words, "--json"], io);
      return { ...outcome, json: JSON.parse(outcome.output) as unknown };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

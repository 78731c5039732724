/**
 * The registry of this Windows computer through `reg.exe`, 64-bit view.
 *
 * Values travel as `.reg` files in a private temporary folder: `reg export` reads, `reg import` writes. The table that
 * `reg query` prints is not used for values, because it is in the console's code page (characters are lost without a
 * word), localized, and ambiguous where names or texts hold spaces or line breaks.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AbortOptions,
  type CommandResult,
  type CommandRunner,
  systemCommandRunner,
  throwIfAborted,
} from "../shared/index.js";
import { createMemoryRegistry } from "./memory-registry.js";
import { formatRegFile, parseRegFile, type RegFileKey } from "./reg-file-format.js";
import { RegistryError } from "./registry-error.js";
import type { RegistryStore } from "./registry-store.js";
import { checkRegistryValue, deletableKeyPath, normalizeKeyPath } from "./registry-value.js";

/** Options of {@link createWindowsRegistry}. */
export interface WindowsRegistryOptions {
  /** Starts `reg.exe`. Default: as a child process, with an argument array and no shell. */
  readonly runCommand?: CommandRunner;
  /** Path of `reg.exe`. Default: the one in the system folder; never one from the current folder. */
  readonly program?: string;
  /** Folder for the temporary files. Default: the user's. */
  readonly temporaryFolder?: string;
  /** How the program must be told the path of a temporary file. Default: unchanged. */
  readonly toProgramPath?: (path: string) => string;
}

const view = "/reg:64";
/** Settings of the service account Local Service: readable to administrators in an elevated prompt, to nobody else. */
const elevatedOnlyKey = "HKEY_USERS\\S-1-5-19";

/**
 * A store over the registry of this computer. Writing below HKLM needs an elevated prompt.
 *
 * Its methods throw RegistryError `reg-tool-failed` and `access-denied` beside what the contract says.
 */
export function createWindowsRegistry(options: WindowsRegistryOptions = {}): RegistryStore {
  const {
    runCommand = systemCommandRunner,
    program = `${process.env["SystemRoot"] ?? "C:\\Windows"}\\System32\\reg.exe`,
    temporaryFolder = tmpdir(),
    toProgramPath = (path) => path,
  } = options;

  const run = async (
    programArguments: readonly string[],
    { abortSignal }: AbortOptions,
  ): Promise<CommandResult> => {
    throwIfAborted(abortSignal);
    try {
      return await runCommand(program, [...programArguments, view], abortSignal ? { abortSignal } : {});
    } catch (cause) {
      throwIfAborted(abortSignal);
      throw new RegistryError(
        "reg-tool-failed",
        `'${program}' cannot be run. The registry of this computer can be used on Windows only; elsewhere prepare a .reg file.`,
        { cause, details: { program } },
      );
    }
  };

  const withTemporaryFile = async <Result>(use: (path: string) => Promise<Result>): Promise<Result> => {
    const folder = await mkdtemp(join(temporaryFolder, "offline-seed-reg-"));
    try {
      return await use(join(folder, "values.reg"));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  /**
   * Export and query fail for an absent key as for one that may not be read, with the same exit code and a text in the
   * language of the system; the list of the key above tells them apart.
   */
  const presenceOf = async (path: string, abort: AbortOptions): Promise<"readable" | "closed" | "absent"> => {
    if ((await run(["query", path], abort)).exitCode === 0) return "readable";
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("\\")));
    if (parent === "") return "absent";
    const { exitCode, stdout } = await run(["query", parent], abort);
    const keysBelow = stdout.split(/\r?\n/).map((line) => line.trim().toUpperCase());
    return exitCode === 0 && keysBelow.includes(path.toUpperCase()) ? "closed" : "absent";
  };

  const importFailure = async (
    keyPath: string,
    result: CommandResult,
    abort: AbortOptions,
  ): Promise<RegistryError> => {
    const isElevated = (await run(["query", elevatedOnlyKey], abort)).exitCode === 0;
    const needsElevation = !keyPath.startsWith("HKEY_CURRENT_USER");
    const saysSo = /access is denied|error accessing the registry/i.test(result.stderr + result.stdout);
    return saysSo || (needsElevation && !isElevated)
      ? accessDenied("import", keyPath, result)
      : toolFailure("import", keyPath, result);
  };

  /** A copy of a key with everything below it; undefined when the key is absent. */
  const exportKey = async (keyPath: string, abort: AbortOptions): Promise<RegistryStore | undefined> => {
    const path = normalizeKeyPath(keyPath);
    const sections = await withTemporaryFile(async (file) => {
      const result = await run(["export", path, toProgramPath(file), "/y"], abort);
      if (result.exitCode === 0) return parseRegFile(await readFile(file));
      const presence = await presenceOf(path, abort);
      if (presence === "readable") throw toolFailure("export", path, result);
      if (presence === "closed") throw accessDenied("export", path, result);
      return undefined;
    });
    if (sections === undefined) return undefined;
    const copy = createMemoryRegistry();
    for (const { path: sectionPath, values } of sections) {
      await copy.createKey(sectionPath);
      for (const { name, value } of values) {
        if (value !== undefined) await copy.setValue(sectionPath, name, value);
      }
    }
    return copy;
  };

  const importKey = async (section: RegFileKey, abort: AbortOptions): Promise<void> => {
    await withTemporaryFile(async (file) => {
      await writeFile(file, formatRegFile([section]), { mode: 0o600 });
      const result = await run(["import", toProgramPath(file)], abort);
      if (result.exitCode !== 0) throw await importFailure(section.path, result, abort);
    });
  };

  return {
    async getValue(keyPath, name, abort = {}) {
      return (await exportKey(keyPath, abort))?.getValue(keyPath, name);
    },
    async listValues(keyPath, abort = {}) {
      return (await exportKey(keyPath, abort))?.listValues(keyPath);
    },
    async listKeys(keyPath, abort = {}) {
      return (await exportKey(keyPath, abort))?.listKeys(keyPath);
    },
    async setValue(keyPath, name, value, abort = {}) {
      checkRegistryValue(name, value);
      await importKey(
        { path: normalizeKeyPath(keyPath), isDeleted: false, values: [{ name, value }] },
        abort,
      );
    },
    async deleteValue(keyPath, name, abort = {}) {
      // Importing the removal of a value creates the key when it is absent.
      if ((await exportKey(keyPath, abort)) === undefined) return;
      await importKey(
        { path: normalizeKeyPath(keyPath), isDeleted: false, values: [{ name, value: undefined }] },
        abort,
      );
    },
    async createKey(keyPath, abort = {}) {
      await importKey({ path: normalizeKeyPath(keyPath), isDeleted: false, values: [] }, abort);
    },
    async deleteKey(keyPath, abort = {}) {
      await importKey({ path: deletableKeyPath(keyPath), isDeleted: true, values: [] }, abort);
    },
  };
}

type Operation = "export" | "import";

function accessDenied(operation: Operation, keyPath: string, result: CommandResult): RegistryError {
  return new RegistryError(
    "access-denied",
    `The registry key ${keyPath} cannot be ${operation === "import" ? "changed" : "read"}: ${textOf(result)} Open an elevated prompt ("Run as administrator") and try again.`,
    { details: { operation, keyPath } },
  );
}

function toolFailure(operation: Operation, keyPath: string, result: CommandResult): RegistryError {
  const { exitCode } = result;
  return new RegistryError(
    "reg-tool-failed",
    `reg ${operation} of ${keyPath} failed with exit code ${exitCode}: ${textOf(result)}`,
    { details: { operation, keyPath, exitCode } },
  );
}

/** What the program printed, in the system's language; never looked at for a decision alone. */
function textOf({ stderr, stdout }: CommandResult): string {
  return `${stderr} ${stdout}`.replace(/\s+/g, " ").trim();
}

/** `reg.exe` in miniature, for machines without Windows: export, import and query over a registry in memory. */
import { readFile, writeFile } from "node:fs/promises";
import { formatRegFile, type MemoryRegistry, parseRegFile } from "../../src/registry/index.js";
import type { CommandRunner } from "../../src/shared/index.js";

export interface FakeRegProgram {
  readonly runCommand: CommandRunner;
  /** Argument arrays so far. */
  readonly calls: (readonly string[])[];
}

/** How the program behaves. */
export interface FakeRegProgramOptions {
  /** Default: true. */
  readonly isElevated?: boolean;
  /** What it says of a failure; German as Node decodes it from code page 850. Default: English. */
  readonly language?: "english" | "german";
  /** A key that exists and may not be read. */
  readonly closedKey?: string;
  /** The disk with the temporary folder is full. */
  readonly cannotExport?: boolean;
}

export function createFakeRegProgram(
  registry: MemoryRegistry,
  { isElevated = true, language = "english", closedKey, cannotExport = false }: FakeRegProgramOptions = {},
): FakeRegProgram {
  const calls: (readonly string[])[] = [];
  const ok = { exitCode: 0, stdout: "The operation completed successfully.\r\n", stderr: "" };
  const notFound = {
    english: "ERROR: The system was unable to find the specified registry key or value.\r\n",
    german: "FEHLER: Der angegebene Registrierungsschl\uFFFDssel bzw. Wert wurde nicht gefunden.\r\n",
  }[language];
  const denied = {
    english: "ERROR: Access is denied.\r\n",
    german: "FEHLER: Zugriff verweigert\r\n",
  }[language];
  const noImport = {
    english: "ERROR: Error accessing the registry.\r\n",
    german: "FEHLER: Fehler beim Zugriff auf die Registrierung.\r\n",
  }[language];
  const failed = (stderr: string) => ({ exitCode: 1, stdout: "", stderr });

  const runCommand: CommandRunner = async (_program, [operation, target = "", file = "", ...rest]) => {
    calls.push([operation ?? "", target, file, ...rest]);
    if (operation === "import") {
      if (!isElevated) return failed(noImport);
      for (const { path, isDeleted, values } of parseRegFile(await readFile(target))) {
        if (isDeleted) await registry.deleteKey(path);
        else await registry.createKey(path);
        for (const { name, value } of values) {
          await (value === undefined
            ? registry.deleteValue(path, name)
            : registry.setValue(path, name, value));
        }
      }
      return ok;
    }
    if (target === "HKEY_USERS\\S-1-5-19") return isElevated ? ok : failed(denied);
    if (closedKey !== undefined && target.toUpperCase() === closedKey.toUpperCase()) return failed(denied);
    const keysBelow = await registry.listKeys(target);
    if (keysBelow === undefined) return failed(notFound);
    if (operation === "query") {
      const listed = keysBelow.map((name) => `${target}\\${name}\r\n`);
      return { ...ok, stdout: `\r\n${listed.join("")}` };
    }
    if (operation === "export") {
      if (cannotExport) return failed("ERROR: There is not enough space on the disk.\r\n");
      const keys = registry
        .entries()
        .filter(({ path }) => `${path}\\`.toUpperCase().startsWith(`${target}\\`.toUpperCase()))
        .map((key) => ({ ...key, isDeleted: false }));
      await writeFile(file, formatRegFile(keys));
    }
    return ok;
  };
  return { runCommand, calls };
}

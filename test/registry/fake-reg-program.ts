/** `reg.exe` in miniature, for machines without Windows: export, import and query over a registry in memory. */
import { readFile, writeFile } from "node:fs/promises";
import { formatRegFile, type MemoryRegistry, parseRegFile } from "../../src/registry/index.js";
import type { CommandRunner } from "../../src/shared/index.js";

export interface FakeRegProgram {
  readonly runCommand: CommandRunner;
  /** Argument arrays so far. */
  readonly calls: (readonly string[])[];
}

export function createFakeRegProgram(registry: MemoryRegistry, isElevated = true): FakeRegProgram {
  const calls: (readonly string[])[] = [];
  const ok = { exitCode: 0, stdout: "The operation completed successfully.\r\n", stderr: "" };
  const failed = (stderr: string) => ({ exitCode: 1, stdout: "", stderr });

  const runCommand: CommandRunner = async (_program, [operation, target = "", file = "", ...rest]) => {
    calls.push([operation ?? "", target, file, ...rest]);
    if (operation === "import") {
      if (!isElevated) return failed("ERROR: Error accessing the registry.\r\n");
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
    const isPresent = (await registry.listValues(target)) !== undefined;
    if (!isPresent)
      return failed("ERROR: The system was unable to find the specified registry key or value.\r\n");
    if (operation === "export") {
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

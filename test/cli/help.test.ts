import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { commandsBelow, createHelpDocument } from "../../src/cli/help-document.js";
import { createProgram } from "../../src/cli/program.js";
import { runProgram } from "./support/run-program.js";

const documentPath = "docs/command-line.md";
const program = createProgram(
  { print: () => undefined, printError: () => undefined, abortSignal: new AbortController().signal },
  { exitCode: 0 },
);
const commands = commandsBelow(program, []);
const runnable = commands.filter(
  ({ command }) => command.commands.length === 0 || command.name() === "emulator",
);

describe("help", () => {
  test("docs/command-line.md is what the program prints", async () => {
    const document = createHelpDocument();
    if (process.env["OFFLINE_SEED_UPDATE_DOCS"] === "1") await writeFile(documentPath, document);
    // When this differs: OFFLINE_SEED_UPDATE_DOCS=1 npm test -- test/cli/help
    expect(await readFile(documentPath, "utf8")).toBe(document);
  });

  test.each(runnable.map(({ path }) => [path.join(" "), path]))(
    "%s --help has an example, --json, --yes and the exit codes, and is in the document",
    async (_, path) => {
      const { code, output } = await runProgram([...(path as string[]), "--help"]);
      expect(code).toBe(0);
      for (const needed of ["Example", "--json", "--yes", "Exit codes:"]) expect(output).toContain(needed);
      expect(createHelpDocument()).toContain(output.trim());
    },
  );

  test("every example names a command and options that exist", () => {
    const examples = createHelpDocument()
      .split("\n")
      .filter((line) => line.startsWith("  offline-seed "))
      .map((line) => line.trim().split(/\s+/).slice(1));
    expect(examples.length).toBeGreaterThanOrEqual(runnable.length);
    for (const words of examples) {
      const named = runnable
        .filter(({ path }) => path.every((word, position) => words[position] === word))
        .sort((left, right) => right.path.length - left.path.length)[0];
      const known = named?.command.options.map(({ long }) => long);
      for (const flag of words.filter((word) => word.startsWith("--"))) {
        expect({ words, known }).toEqual({ words, known: expect.arrayContaining([flag]) });
      }
      expect({ words, isCommand: named !== undefined }).toEqual({ words, isCommand: true });
    }
  });

  test("a group without a command, and no command at all, show their help as a wrong command line", async () => {
    for (const words of [[], ["job"], ["cert"]]) {
      expect(await runProgram(words)).toMatchObject({
        code: 2,
        errors: expect.stringContaining("Commands:"),
      });
    }
  });
});

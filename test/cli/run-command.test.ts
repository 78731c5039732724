import { readFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { runCommand } from "../../src/cli/run-command.js";
import { runProgram } from "./support/run-program.js";

describe("offline-seed", () => {
  test("runs the local Azure until it is interrupted", async () => {
    const interruption = new AbortController();
    const output: string[] = [];
    const running = runCommand(["emulator", "--json"], {
      print: (line) => {
        output.push(line);
        interruption.abort();
      },
      printError: () => undefined,
      abortSignal: interruption.signal,
    });
    expect(await running).toBe(0);
    expect(JSON.parse(output.join(""))).toMatchObject({
      authorityHost: expect.stringMatching(/^https:\/\/localhost:/),
    });
  });

  test.each([
    ["an unknown command", ["format"]],
    ["an unknown option", ["verify", "x", "--force"]],
    ["too many operands", ["verify", "a", "b"]],
    ["a size that is none", ["plan", "--size", "large"]],
    ["a choice that is none", ["job", "watch", "--until", "tomorrow"]],
  ])("refuses %s", async (_, commandLine) => {
    const { code, output, errors } = await runProgram(commandLine);
    expect({ code, output, hasMessage: errors !== "" }).toEqual({ code: 2, output: "", hasMessage: true });
    const json = await runProgram([...commandLine, "--json"]);
    expect(JSON.parse(json.output)).toEqual({ error: expect.objectContaining({ code: "usage" }) });
  });

  test("tells its version", async () => {
    const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
    expect(await runProgram(["--version"])).toEqual({ code: 0, output: version, errors: "" });
  });

  test("explains itself", async () => {
    expect(await runProgram(["--help"])).toMatchObject({
      code: 0,
      output: expect.stringContaining("emulator"),
    });
  });
});

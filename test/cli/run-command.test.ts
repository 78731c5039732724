import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { seedFolder } from "../../examples/readme-sample.js";
import { runCommand } from "../../src/cli/run-command.js";
import { runProgram } from "./support/run-program.js";

let work: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "offline-seed-cli-"));
  const { drive } = await seedFolder("src/cli", work);
  await writeFile(join(work, "drives.json"), JSON.stringify([{ ...drive, image: "drive.img" }]));
});

afterAll(() => rm(work, { recursive: true, force: true }));

describe("offline-seed", () => {
  test("verifies the drives of a list", async () => {
    const list = join(work, "drives.json");
    expect(await runProgram(["verify", list])).toMatchObject({
      code: 0,
      output: expect.stringMatching(/: good$/),
    });
    const json = await runProgram(["verify", list, "--json"]);
    expect(JSON.parse(json.output)).toMatchObject([{ passed: true }]);
    const image = await open(join(work, "drive.img"), "r+");
    await image.write(Buffer.alloc(512), 0, 512, 1024 * 1024);
    await image.close();
    expect(await runProgram(["verify", list])).toMatchObject({
      code: 3,
      errors: expect.stringContaining("cannot be read"),
    });
  });

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

  test("explains itself", async () => {
    expect(await runProgram(["--help"])).toMatchObject({
      code: 0,
      output: expect.stringContaining("emulator"),
    });
  });
});

import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { seedFolder } from "../../examples/readme-sample.js";
import { runCommand } from "../../src/cli/run-command.js";

let work: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "offline-seed-cli-"));
  const { drive } = await seedFolder("src/cli", work);
  await writeFile(join(work, "drives.json"), JSON.stringify([{ ...drive, image: "drive.img" }]));
});

afterAll(() => rm(work, { recursive: true, force: true }));

async function run(commandLine: readonly string[], abortSignal = new AbortController().signal) {
  const output: string[] = [];
  const errors: string[] = [];
  const code = await runCommand(commandLine, {
    print: (line) => output.push(line),
    printError: (line) => errors.push(line),
    abortSignal,
  });
  return { code, output: output.join("\n"), errors: errors.join("\n") };
}

describe("offline-seed", () => {
  test("verifies the drives of a list", async () => {
    const list = join(work, "drives.json");
    expect(await run(["verify", list])).toMatchObject({ code: 0, output: expect.stringMatching(/: good$/) });
    const json = await run(["verify", list, "--json"]);
    expect(JSON.parse(json.output)).toMatchObject([{ passed: true }]);
    const image = await open(join(work, "drive.img"), "r+");
    await image.write(Buffer.alloc(512), 0, 512, 1024 * 1024);
    await image.close();
    expect(await run(["verify", list])).toMatchObject({
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
    ["no command", []],
    ["an unknown command", ["format"]],
    ["an unknown option", ["verify", "x", "--force"]],
    ["too many operands", ["verify", "a", "b"]],
  ])("refuses %s with the usage", async (_, commandLine) => {
    expect(await run(commandLine)).toMatchObject({ code: 2, errors: expect.stringContaining("verify LIST") });
  });

  test("explains itself", async () => {
    expect(await run(["--help"])).toMatchObject({ code: 0, output: expect.stringContaining("emulator") });
  });
});

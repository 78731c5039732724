/** The built program at a real pseudo-terminal: the wizard, the bars, Ctrl-C in the middle of the work, and going on. */
import { randomFillSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { readSettingsFile } from "../../src/cli/settings/settings-file.js";
import { isOracleMissing } from "../support/required-programs.js";
import { type BuiltProgram, buildProgram } from "./support/built-program.js";
import { runInTerminal, type TerminalOutcome, type TerminalStep } from "./support/pseudo-terminal.js";
import { testSettings } from "./support/test-settings.js";
import { createWorkspace, type Workspace } from "./support/workspace.js";

// Many processes in a row: generous, for a computer that does other things meanwhile.
jest.setTimeout(300_000);

const isMissing = isOracleMissing("python3");
let program: BuiltProgram;
let workspace: Workspace;

beforeAll(async () => {
  if (isMissing) return;
  program = await buildProgram();
  workspace = await createWorkspace({ "data.bin": randomFillSync(Buffer.alloc(80_000_000)) });
});

afterAll(async () => {
  if (isMissing) return;
  await program.remove();
  await workspace.remove();
});

async function talk(
  name: string,
  words: readonly string[],
  steps: readonly TerminalStep[],
): Promise<TerminalOutcome> {
  const outcome = await runInTerminal({
    command: [process.execPath, program.script, ...words],
    folder: workspace.folder,
    environment: {},
    steps,
    recording: workspace.path(`${name}.recording`),
  });
  if (outcome.missing !== null) throw new Error(`'${outcome.missing}' never appeared:\n${outcome.text}`);
  return outcome;
}

const wizard: readonly TerminalStep[] = [
  { expect: "Folder to be seeded", send: "/data" },
  { expect: "Name of the import job", send: "" },
  { expect: "Subscription id", send: testSettings.subscriptionId },
  { expect: "Resource group", send: "backup" },
  { expect: "Storage account", send: "seedaccount" },
  { expect: "Region", send: "westeurope" },
  { expect: "Container", send: "" },
  { expect: "Staging location", send: "" },
  { expect: "Enter the return address now", send: "" },
];

describe("at a terminal", () => {
  test("the wizard asks, and writes settings that can be read", async () => {
    if (isMissing) return;
    const words = ["init", "--config", "wizard.json"];
    expect(await talk("wizard", words, wizard)).toMatchObject({ exitCode: 0 });
    expect(await readSettingsFile(workspace.path("wizard.json"))).toMatchObject({
      storageAccountId: testSettings.storageAccountId,
      jobName: "data-seed",
      containerName: "seed",
    });
  });

  test("Ctrl-C in the wizard writes nothing", async () => {
    if (isMissing) return;
    const steps = [...wizard.slice(0, 3), { expect: "Resource group", send: "^C" }];
    const { exitCode, text } = await talk("stopped", ["init", "--config", "stopped.json"], steps);
    expect({ exitCode, text }).toMatchObject({
      exitCode: 130,
      text: expect.stringContaining("Interrupted."),
    });
    await expect(readFile(workspace.path("stopped.json"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("Ctrl-C while a drive is written leaves it resumable, and the printed command finishes it", async () => {
    if (isMissing) return;
    expect(await talk("stage", ["stage"], [])).toMatchObject({ exitCode: 0 });
    const words = ["prepare", "--image", "SEED0001.img", "--size", "200MB"];
    const stopped = await talk("interrupted", words, [{ expect: "SEED0001 writing  [", send: "^C" }]);
    expect(stopped.exitCode).toBe(130);
    const printed = /^ {2}offline-seed (.*)$/m.exec(stopped.text)?.[1];
    expect(printed?.split(" ")).toEqual(words);
    expect(await talk("early", ["verify"], [])).toMatchObject({ exitCode: 3 });
    const finished = await talk("finished", printed!.split(" "), []);
    // The bar was there and is gone.
    expect(finished).toMatchObject({ exitCode: 0, text: expect.not.stringContaining("[#") });
    expect(await talk("verify", ["verify"], [])).toMatchObject({ exitCode: 0 });
  });
});

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readSettingsFile, writeSettingsFile } from "../../src/cli/settings/settings-file.js";
import { runProgram } from "./support/run-program.js";
import { createScriptedPrompter } from "./support/scripted-prompter.js";
import { testSettings } from "./support/test-settings.js";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-settings-"));
  file = join(folder, "offline-seed.json");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const azure = [
  ...["--subscription", testSettings.subscriptionId, "--resource-group", "backup"],
  ...["--storage-account", "seedaccount", "--location", "westeurope"],
];

describe("settings file", () => {
  test("comes back as it was written, its paths relative to its folder", async () => {
    const settings = { ...testSettings, stagingFolder: join(folder, "staging") };
    await writeSettingsFile(file, settings);
    expect(await readSettingsFile(file)).toEqual(settings);
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({
      version: 1,
      stagingFolder: "staging",
      sourceFolder: "/source",
    });
  });

  test.each([
    ["no JSON", () => "{", "not JSON"],
    ["another file", () => "{}", "not a settings file"],
    ["a later version", (value: object) => JSON.stringify({ ...value, version: 2 }), "version 2"],
    [
      "an unknown setting",
      (value: object) => JSON.stringify({ ...value, pasword: "x" }),
      "pasword: there is no such",
    ],
    [
      "a missing one",
      (value: object) => JSON.stringify({ ...value, jobName: undefined }),
      "jobName: it is missing",
    ],
    ["a bad job name", (value: object) => JSON.stringify({ ...value, jobName: "First" }), "jobName:"],
    ["a bad service", (value: object) => JSON.stringify({ ...value, service: "post" }), "service:"],
    ["a bad cloud", (value: object) => JSON.stringify({ ...value, cloud: "moon" }), "cloud:"],
    [
      "an address without city",
      (value: object) =>
        JSON.stringify({ ...value, returnAddress: { ...testSettings.returnAddress, city: "" } }),
      "returnAddress",
    ],
  ])("%s is refused by name", async (_, change, message) => {
    await writeSettingsFile(file, testSettings);
    await writeFile(file, change(JSON.parse(await readFile(file, "utf8")) as object));
    await expect(readSettingsFile(file)).rejects.toMatchObject({
      code: "settings-invalid",
      message: expect.stringContaining(message),
    });
  });

  test("a missing one names the command that makes it", async () => {
    expect(await runProgram(["stage", "--config", file])).toMatchObject({
      code: 3,
      errors: expect.stringContaining("offline-seed init"),
    });
  });
});

describe("init", () => {
  test("takes everything from options, and asks nothing without a terminal", async () => {
    const words = ["init", "--config", file, "--source", "/data/My Photos", ...azure];
    expect(await runProgram(words)).toMatchObject({ code: 0 });
    expect(await readSettingsFile(file)).toMatchObject({
      cloud: "public",
      jobName: "my-photos-seed",
      containerName: "seed",
      storageAccountId: testSettings.storageAccountId,
      stagingFolder: join(folder, "staging"),
      returnAddress: undefined,
    });
    expect(await runProgram(words)).toMatchObject({
      code: 2,
      errors: expect.stringContaining("--overwrite"),
    });
  });

  test("names the option that is missing", async () => {
    expect(await runProgram(["init", "--config", file, ...azure])).toMatchObject({
      code: 2,
      errors: expect.stringContaining("--source"),
    });
    const json = await runProgram(["init", "--config", file, ...azure, "--json"]);
    expect(JSON.parse(json.output)).toMatchObject({
      error: { code: "input-needed", details: { option: "--source" } },
    });
  });

  test("asks a person for what is missing, address included", async () => {
    const prompter = createScriptedPrompter([
      "/data",
      "first-backup",
      testSettings.subscriptionId,
      "backup",
      "seedaccount",
      "westeurope",
      "",
      "",
      true,
      ...[
        "Backup Team",
        "",
        "+31 20 000 0000",
        "backup@example.com",
        "1 Example Street",
        "",
        "Amsterdam",
        "",
      ],
      ...["1000 AA", "Netherlands", "DHL", "000000000"],
    ]);
    expect(await runProgram(["init", "--config", file], { prompter })).toMatchObject({ code: 0 });
    const { returnAddress, returnShipping, containerName } = await readSettingsFile(file);
    expect({ returnAddress, returnShipping, containerName }).toEqual({
      returnAddress: testSettings.returnAddress,
      returnShipping: testSettings.returnShipping,
      containerName: "seed",
    });
  });

  test("Ctrl-C at a question writes nothing", async () => {
    const prompter = createScriptedPrompter(["/data"]);
    expect(await runProgram(["init", "--config", file], { prompter })).toMatchObject({ code: 130 });
    await expect(readFile(file)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

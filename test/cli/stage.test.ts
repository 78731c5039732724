import { randomFillSync } from "node:crypto";
import { rm, symlink } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createWorkspace, type Workspace } from "./support/workspace.js";

let workspace: Workspace;

beforeEach(async () => {
  workspace = await createWorkspace({
    "a.bin": randomFillSync(Buffer.alloc(2_000_000)),
    "b.txt": "b",
    "c.log": "c",
  });
});

afterEach(() => workspace.remove());

describe("stage", () => {
  test("goes on after Ctrl-C with the same command, and then refuses to stage again", async () => {
    const interruption = new AbortController();
    const screen = { isTerminal: true, columns: 100, write: () => interruption.abort() };
    const stopped = await workspace.runJson(["stage"], { abortSignal: interruption.signal, screen });
    expect(stopped).toMatchObject({
      code: 130,
      json: {
        error: {
          code: "interrupted",
          resumeWith: expect.stringMatching(/^offline-seed stage --json --config/),
        },
      },
    });
    expect(await workspace.runJson(["stage"])).toMatchObject({
      code: 0,
      json: { isSealed: true, blobCount: 3 },
    });
    expect(await workspace.run(["stage"])).toMatchObject({ code: 2 });
  });

  test("takes what the patterns say, under the prefix, and increment remembers both", async () => {
    const words = ["stage", "--exclude", "*.log", "--prefix", "srv01/"];
    expect((await workspace.runJson(words)).json).toMatchObject({ blobCount: 2 });
    const increment = await workspace.runJson(["increment"]);
    expect(increment.json).toMatchObject({
      applied: false,
      plan: { items: [], removed: [], unchangedFiles: 2 },
    });
  });

  test("does not seal a seed that lacks files, unless told to", async () => {
    await symlink("nowhere", workspace.path("source", "dangling"));
    const words = ["stage", "--symlinks", "follow"];
    const refused = await workspace.run(words);
    expect(refused).toMatchObject({
      code: 1,
      output: expect.stringMatching(/not staged: dangling: [\s\S]*not sealed/),
    });
    const allowed = await workspace.runJson([...words, "--allow-failures"]);
    expect(allowed).toMatchObject({ code: 0, json: { isSealed: true, failureCount: 1, blobCount: 3 } });
  });

  test("a source that is not there is no empty seed", async () => {
    await rm(workspace.path("source"), { recursive: true });
    expect(await workspace.runJson(["stage"])).toMatchObject({
      code: 3,
      json: { error: { code: expect.stringMatching(/^source-/) } },
    });
  });
});

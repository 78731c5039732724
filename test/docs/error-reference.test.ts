import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";

test("docs/errors.md is that of the present unions, each code with its meaning and what to do", async () => {
  const run = spawnSync(process.execPath, ["scripts/make-error-reference.mjs", "--check"], {
    encoding: "utf8",
  });
  expect({ status: run.status, problems: run.stderr }).toEqual({ status: 0, problems: "" });
  const rows =
    (await readFile("docs/errors.md", "utf8")).match(/^\| `[a-z-]+` \| [^|]+ \| [^|]+ \|$/gm) ?? [];
  expect(rows.length).toBeGreaterThan(140);
});

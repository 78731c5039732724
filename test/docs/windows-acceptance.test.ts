/** The acceptance script cannot be run here; what can be seen from here is that it speaks of the drives we make. */
import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import {
  type ManifestHead,
  manifestBlobText,
  manifestHeadText,
} from "../../src/diskprep/drive/manifest-writer.js";

const script = () => readFile("scripts/windows-acceptance.ps1", "utf8");

test("it reads the names that manifests have", async () => {
  const text = await script();
  const head: ManifestHead = { version: "2", driveId: "A", disposition: "rename", containerName: "seed" };
  const manifest = (["block", "page"] as const)
    .flatMap((kind) => [
      ...manifestBlobText(head, {
        blobPath: "seed/a",
        filePath: "\\seed\\a",
        lengthInBytes: 512,
        kind,
        ranges: [{ offsetInBytes: 0, lengthInBytes: 512 }],
        rangeHashes: new Uint8Array(16),
        propertiesFile: undefined,
        metadataFile: undefined,
      }),
    ])
    .join(manifestHeadText(head));
  const read = [
    ...[...text.matchAll(/local-name\(\)="(\w+)"/g)].map((match) => `<${match[1]}`),
    ...[...text.matchAll(/GetAttribute\('(\w+)'\)/g)].map((match) => `${match[1]}="`),
  ];
  expect(read.length).toBeGreaterThan(6);
  expect(read.filter((part) => !manifest.includes(part))).toEqual([]);
});

test("its page names every parameter and says that it was not run", async () => {
  const [text, page] = await Promise.all([script(), readFile("docs/windows-acceptance.md", "utf8")]);
  for (const [, parameter] of text.matchAll(/^\.PARAMETER (\w+)/gm)) expect(page).toContain(`-${parameter}`);
  expect(text).toContain("has not been run on real Windows");
  expect(page).toMatch(/\*\*not been run on real Windows\*\*/);
});

test("every check is skipped or run on every way through", async () => {
  const text = await script();
  const names = (command: string) =>
    [...text.matchAll(new RegExp(`^\\s*(?:else \\{ )?${command} '([^']+)'`, "gm"))].map((match) => match[1]);
  const run = names("Test-Check");
  expect(run.length).toBeGreaterThan(12);
  expect(
    [...new Set(names("(?:if \\(\\$ReadOnly\\) \\{ )?Skip-Check"))].filter((name) => !run.includes(name)),
  ).toEqual([]);
});

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { seedFolder } from "../../examples/readme-sample.js";

test("the README shows the example as it is", async () => {
  const [readme, example] = await Promise.all([
    readFile("README.md", "utf8"),
    readFile("examples/readme-sample.ts", "utf8"),
  ]);
  expect(readme).toContain(`\`\`\`ts\n${example}\`\`\``);
});

test("the example makes a drive that verifies", async () => {
  const work = await mkdtemp(join(tmpdir(), "readme-sample-"));
  try {
    const { drive, report } = await seedFolder("src/shared", work);
    expect(report).toMatchObject({ passed: true, findingCount: 0, driveId: drive.driveId });
    expect(report.blobCount).toBe(drive.blobCount);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
});

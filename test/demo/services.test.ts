/** The whole way of a small seed through each of the two services. */
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { readDemoOptions } from "../../demo/options.js";
import { runDemo } from "../../demo/run-demo.js";
import { summaryOf } from "../../demo/summary.js";

const statesSeen = "shipping > received > transferring > packaging > completed";

test.each(["import-export", "data-box"] as const)(
  "every blob arrives by way of %s",
  async (service) => {
    const source = await mkdtemp(join(tmpdir(), "demo-services-"));
    const lines: string[] = [];
    const output: NodeJS.WriteStream = Object.create(process.stderr, {
      write: { value: (text: string) => lines.push(text) > 0 },
      isTTY: { value: false },
    });
    try {
      await cp("src/shared", source, { recursive: true });
      const files = (await readdir(source, { recursive: true, withFileTypes: true })).filter((entry) =>
        entry.isFile(),
      );
      const startedAt = performance.now();
      const result = await runDemo(
        readDemoOptions(["--source", source, "--service", service, "--json"]),
        output,
      );
      const elapsedInSeconds = (performance.now() - startedAt) / 1000;
      const { phases, bytes, ...counts } = summaryOf(result);
      expect(counts).toEqual({
        blobs: files.length,
        drives: 2,
        arrivedEqual: files.length,
        missing: 0,
        different: 0,
      });
      expect(bytes).toBeGreaterThan(0);
      expect(Object.keys(phases)).toEqual([
        "azurite",
        "emulator",
        "identity",
        "staging",
        "planning",
        "preparation",
        "verification",
        "order",
        "datacentre",
        "comparison",
      ]);
      const total = Object.values(phases).reduce((sum, seconds) => sum + seconds, 0);
      // The phases are the run: nothing is timed twice, nothing long is left out of the account.
      expect({ total: total <= elapsedInSeconds + 0.01 }).toEqual({ total: true });
      expect(lines.join("")).toContain(`Job states at ${service}: ${statesSeen}\n`);
    } finally {
      await rm(source, { recursive: true, force: true });
    }
  },
  180_000,
);

test("an unknown service is refused", () => {
  expect(() => readDemoOptions(["--service", "post"])).toThrow(
    "--service takes import-export or data-box, not 'post'.",
  );
});

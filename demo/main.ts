/** `npm run demo`: seeds a directory into a local Azure and tells whether every blob arrived. */
import { formatBytes } from "../src/diskprep/index.js";
import { readDemoOptions, usage } from "./options.js";
import { type DemoResult, runDemo } from "./run-demo.js";
import { summaryOf } from "./summary.js";

function printReport({ report, driveCount, phases }: DemoResult): void {
  const total = Object.values(phases).reduce((sum, seconds) => sum + seconds, 0);
  const lines = [
    `${report.blobs} files, ${formatBytes(report.bytes)}, ${driveCount} drives, ${total.toFixed(1)} s, ` +
      `peak memory ${formatBytes(process.resourceUsage().maxRSS * 1024)}`,
    ...report.findings
      .slice(0, 20)
      .map((finding) => `${finding.verdict}: ${finding.name}: ${finding.explanation}`),
    `${report.arrivedEqual} of ${report.blobs} blobs arrived and equal`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

async function main(): Promise<number> {
  const options = readDemoOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const result = await runDemo(options, options.json ? process.stderr : process.stdout);
  if (options.json) process.stdout.write(`${JSON.stringify(summaryOf(result))}\n`);
  else printReport(result);
  return result.report.arrivedEqual === result.report.blobs ? 0 : 1;
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    process.stderr.write(
      `The demo failed: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`,
    );
    process.exitCode = 2;
  },
);

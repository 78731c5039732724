/** Command line of the demo. */
import { parseArgs } from "node:util";

/** What the demo was asked to do. */
export interface DemoOptions {
  /** Directory that is seeded. */
  readonly source: string;
  /** Prints one JSON line and nothing else on standard output. */
  readonly json: boolean;
  /** Folder in which staging, drive images and `drives.json` stay; undefined removes everything at the end. */
  readonly keep: string | undefined;
  readonly help: boolean;
}

export const usage = `npm run demo -- [--source DIR] [--keep DIR] [--json]

Seeds a directory into a local Azure by way of two encrypted drive images and proves that every blob arrived.

  --source DIR  directory to seed (default: node_modules)
  --keep DIR    leave the staging folder, the drive images and drives.json in DIR, which must be new or empty;
                drives.json holds the recovery passwords
  --json        print one JSON line: {blobs, bytes, drives, arrivedEqual, missing, different, phases}

The exit code is 0 only when every blob arrived and is equal.
`;

/** Reads the command line. @throws TypeError for unknown arguments */
export function readDemoOptions(commandLine: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...commandLine],
    options: {
      source: { type: "string", default: "node_modules" },
      keep: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return { source: values.source, json: values.json, keep: values.keep, help: values.help };
}

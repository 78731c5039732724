/** Command line of the demo. */
import { parseArgs } from "node:util";
import type { ImportServiceKind } from "../src/importjob/index.js";

/** What the demo was asked to do. */
export interface DemoOptions {
  /** Directory that is seeded. */
  readonly source: string;
  /** Which of the two Azure services the import job is ordered from. */
  readonly service: ImportServiceKind;
  /** Prints one JSON line and nothing else on standard output. */
  readonly json: boolean;
  /** Folder in which staging, drive images and `drives.json` stay; undefined removes everything at the end. */
  readonly keep: string | undefined;
  readonly help: boolean;
}

export const usage = `npm run demo -- [--source DIR] [--service NAME] [--keep DIR] [--json]

Seeds a directory into a local Azure by way of two encrypted drive images and proves that every blob arrived.

  --source DIR    directory to seed (default: node_modules)
  --service NAME  order from import-export (Azure Import/Export, the default) or data-box (Azure Data Box)
  --keep DIR      leave the staging folder, the drive images and drives.json in DIR, which must be new or empty;
                  drives.json holds the recovery passwords
  --json          print one JSON line: {blobs, bytes, drives, arrivedEqual, missing, different, phases}

The exit code is 0 only when every blob arrived and is equal.
`;

/** Reads the command line. @throws TypeError for unknown arguments and services */
export function readDemoOptions(commandLine: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...commandLine],
    options: {
      source: { type: "string", default: "node_modules" },
      service: { type: "string", default: "import-export" },
      keep: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { source, service, json, keep, help } = values;
  if (!isServiceKind(service)) {
    throw new TypeError(`--service takes import-export or data-box, not '${service}'.`);
  }
  return { source, service, json, keep, help };
}

function isServiceKind(name: string): name is ImportServiceKind {
  return name === "import-export" || name === "data-box";
}

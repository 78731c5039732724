/** Which service has the import job, kept in the drives folder from the order on, so that every later command asks the same one. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImportJobRef, ImportServiceKind } from "../../importjob/index.js";
import { publishFile, systemErrorCode } from "../../shared/index.js";
import { CliError } from "../cli-error.js";

/** One ordered job. */
export interface JobRecord extends ImportJobRef {
  readonly kind: ImportServiceKind;
}

function pathOf(drivesFolder: string): string {
  return join(drivesFolder, "import-job.json");
}

/** Notes the job. */
export async function saveJobRecord(drivesFolder: string, record: JobRecord): Promise<void> {
  const { kind, resourceGroupName, jobName } = record;
  const text = JSON.stringify({ version: 1, kind, resourceGroupName, jobName }, undefined, 2);
  await publishFile(pathOf(drivesFolder), `${text}\n`);
}

/** The job that was noted; undefined when none was ordered from this folder. @throws CliError `settings-invalid` */
export async function loadJobRecord(drivesFolder: string): Promise<JobRecord | undefined> {
  const path = pathOf(drivesFolder);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const record = JSON.parse(text) as JobRecord & { readonly version?: unknown };
    const isKnownKind = record.kind === "data-box" || record.kind === "import-export";
    if (record.version === 1 && isKnownKind && typeof record.jobName === "string") return record;
  } catch {
    // Said below, in the same words as for other content.
  }
  throw new CliError(
    "settings-invalid",
    `${path} is not the note of an import job. Remove it and order again; an order that is placed already is found.`,
    {
      details: { path },
    },
  );
}

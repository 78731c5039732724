/** `offline-seed verify`: reads drive images back and compares them with their manifests. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type DriveFacts, openImageFile, verifyDrive } from "../diskprep/index.js";
import type { CommandIo } from "./command-io.js";
import { exitCode } from "./exit-codes.js";

/** One entry of a drive list, as the demo leaves it in `drives.json`. */
interface ListedDrive extends DriveFacts {
  /** Path of the image, relative to the list. */
  readonly image: string;
}

/** Verifies every drive of a list. Reads only. */
export async function runVerify(listPath: string, json: boolean, io: CommandIo): Promise<number> {
  const drives = readDriveList(await readFile(listPath, "utf8"), listPath);
  const reports = [];
  for (const drive of drives) {
    await using image = await openImageFile(resolve(dirname(listPath), drive.image));
    const report = await verifyDrive(image, drive, { abortSignal: io.abortSignal });
    reports.push(report);
    if (json) continue;
    io.print(
      `${report.driveId}: ${report.blobCount} blobs, ${report.rangeCount} ranges: ${report.passed ? "good" : "NOT GOOD"}`,
    );
    for (const finding of report.findings)
      io.print(`  ${finding.code} ${finding.subject}: ${finding.message}`);
  }
  if (json) io.print(JSON.stringify(reports));
  return reports.every((report) => report.passed) ? exitCode.success : exitCode.checkFailed;
}

function readDriveList(text: string, path: string): readonly ListedDrive[] {
  const fields = ["image", "driveId", "bitLockerKey", "manifestFile", "manifestHash"] as const;
  const list: unknown = JSON.parse(text);
  const isDrive = (entry: unknown): boolean =>
    typeof entry === "object" &&
    entry !== null &&
    fields.every((field) => typeof (entry as Record<string, unknown>)[field] === "string");
  if (!Array.isArray(list) || !list.every(isDrive)) {
    throw new TypeError(`${path} is no list of drives: each entry needs ${fields.join(", ")}.`);
  }
  return list as readonly ListedDrive[];
}

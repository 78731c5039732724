/** The signed-off result of a verification: plain data with a hash over itself, to be kept with the shipping papers. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../../../shared/canonical-json.js";
import { DriveError } from "../drive-error.js";
import type { DriveFinding } from "./drive-finding.js";
import type { DriveSample } from "./piece-choice.js";

/** Value of {@link DriveReport.format}. */
export const driveReportFormat = "offline-seed-drive-report";

/** One kind of thing that was checked. The copies of the partition table are judged for a GUID table only. */
export type DriveCheck =
  | "partition-table"
  | "bitlocker-metadata"
  | "file-system"
  | "manifest"
  | "files"
  | "ranges"
  | "side-files";

/** How much there was of something, and how much of it was read. */
export interface ReadCount {
  readonly read: number;
  readonly notRead: number;
}

/** What was checked and what was found. Frozen, JSON-able, without secrets. Documented in `docs/formats/drive-report.md`. */
export interface DriveReport {
  readonly format: typeof driveReportFormat;
  readonly version: 1;
  readonly driveId: string;
  /** UTC, ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly source: {
    /** `device`: the medium from the partition table up. `mounted-volume`: files through the operating system. */
    readonly kind: "device" | "mounted-volume";
    /** Device, image or mount path. */
    readonly name: string;
    /** Whether what was read came from the medium. False means that the system may have answered from memory. */
    readonly bypassedCache: boolean;
  };
  /** What was looked at, in this order. */
  readonly checked: readonly DriveCheck[];
  /** Which ranges and side files were read. Absent when everything was to be read. */
  readonly sample?: Required<DriveSample>;
  readonly manifestFile: string;
  /** MD5 of the manifest as it is on the drive. */
  readonly manifestHash: string;
  /** Blobs of the manifest; the file of each was looked up and its length compared, in a sample too. */
  readonly blobCount: number;
  readonly blobBytes: number;
  /** Ranges of the manifest. */
  readonly rangeCount: number;
  /** Of these ranges. Those of missing and unreadable files count as not read. */
  readonly ranges: ReadCount;
  /** Bytes in these ranges. */
  readonly bytes: ReadCount;
  /** Properties and metadata files. */
  readonly sideFiles: ReadCount;
  readonly findingCount: number;
  /** The first findings. */
  readonly findings: readonly DriveFinding[];
  /** The verdict: nothing that was checked is wrong. With a sample it speaks for the sample only. */
  readonly passed: boolean;
  /** Hexadecimal SHA-256 over the canonical JSON (RFC 8785) of all members but this one. */
  readonly sha256: string;
}

/** Freezes a report and puts the hash on it. */
export function sealDriveReport(content: Omit<DriveReport, "format" | "version" | "sha256">): DriveReport {
  const report = { format: driveReportFormat, version: 1, ...content } as const;
  return deepFreeze({ ...report, sha256: hashOf(report) });
}

/**
 * Checks a stored report: that it is one, and that nothing in it has changed since it was made. The hash shows
 * accidents, not forgery: whoever can write the report can write the hash.
 *
 * @param report the parsed JSON
 * @returns the same report, frozen
 * @throws DriveError `report-invalid`
 */
export function checkDriveReport(report: unknown): DriveReport {
  if (typeof report !== "object" || report === null) throw invalid("it is no JSON object");
  const { sha256, ...content } = report as Record<string, unknown>;
  if (content["format"] !== driveReportFormat) throw invalid("it is of another format");
  if (content["version"] !== 1) throw invalid(`its version is ${String(content["version"])}, known is 1`);
  if (typeof sha256 !== "string" || sha256 !== hashOf(content))
    throw invalid("its content does not have the SHA-256 that stands in it");
  return deepFreeze(structuredClone(report)) as DriveReport;
}

function hashOf(content: object): string {
  try {
    return createHash("sha256").update(canonicalJson(content)).digest("hex");
  } catch (error) {
    throw invalid("it holds values that JSON does not have", error);
  }
}

function invalid(reason: string, cause?: unknown): DriveError {
  return new DriveError(
    "report-invalid",
    `The drive report cannot be trusted: ${reason}. Verify the drive again.`,
    { details: { reason }, cause },
  );
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) deepFreeze(member as object);
  }
  return Object.freeze(value);
}

/** What can be wrong with a drive, and the list that collects it without growing beyond bounds. */

/** Why a drive would not be accepted, or not wholly. */
export type DriveFindingCode =
  | "partition-table-damaged"
  | "bitlocker-metadata-damaged"
  | "file-system-damaged"
  | "manifest-hash-differs"
  | "drive-id-differs"
  | "file-missing"
  | "file-unreadable"
  | "file-length-differs"
  | "range-differs"
  | "side-file-differs";

/** One thing that is wrong with a drive. */
export interface DriveFinding {
  readonly code: DriveFindingCode;
  /** Blob path, path of the manifest or side file, or name of the structure. */
  readonly subject: string;
  /** Path of the file on the drive. Absent for structures. */
  readonly filePath?: string;
  /** Where in the file, or where on the drive or volume for structures. Absent when the file as a whole is meant. */
  readonly offsetInBytes?: number;
  readonly lengthInBytes?: number;
  readonly message: string;
}

/** Findings in the order they were made. */
export interface FindingList {
  /** All of them, kept or not. */
  readonly count: number;
  /** The first ones, frozen. */
  readonly kept: readonly DriveFinding[];
  add(finding: DriveFinding): void;
}

/** Options of everything that verifies. */
export interface FindingOptions {
  /** Most findings that are kept with their text; all are counted. Default: 1000. */
  readonly maximumFindings?: number | undefined;
}

/** An empty list that keeps the first `maximumFindings`. */
export function createFindingList({ maximumFindings = 1000 }: FindingOptions): FindingList {
  const kept: DriveFinding[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    kept,
    add(finding) {
      count += 1;
      if (kept.length < maximumFindings) kept.push(Object.freeze(finding));
    },
  };
}

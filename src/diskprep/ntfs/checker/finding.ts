/** What the checker reports. */

/** The rule a volume breaks. */
export type NtfsFindingCode =
  // Boot sectors
  | "boot-sector"
  | "backup-boot-sector"
  // MFT records
  | "record-unreadable"
  | "record-fixup"
  | "record-header"
  | "record-number"
  | "bytes-in-use"
  | "attribute-header"
  | "attribute-order"
  | "attribute-id"
  | "next-attribute-id"
  | "attribute-list"
  | "run-list"
  | "allocated-size"
  | "data-size"
  | "system-record"
  // Files
  | "standard-information"
  | "security-id"
  | "indexed-flag"
  | "link-count"
  | "file-name"
  | "name-size"
  | "name-attributes"
  | "parent"
  | "directory-flag"
  | "data-missing"
  | "content"
  // Clusters and bitmaps
  | "cluster-doubly-used"
  | "cluster-marked-free"
  | "cluster-without-owner"
  | "bitmap-size"
  | "bitmap-tail"
  | "mft-bitmap"
  | "mirror"
  // Directories
  | "index-root"
  | "index-fixup"
  | "index-block"
  | "index-node"
  | "index-order"
  | "index-depth"
  | "index-bitmap"
  | "index-entry"
  | "index-reference"
  | "not-indexed"
  | "indexed-twice"
  // System files
  | "volume-information"
  | "log-file"
  | "upcase-table"
  | "upcase-information"
  | "attribute-definitions"
  | "bad-clusters"
  | "security-stream"
  | "security-index"
  // The check itself
  | "limit";

/** One broken rule. */
export interface NtfsFinding {
  readonly code: NtfsFindingCode;
  /** MFT record concerned; undefined for the boot sectors. */
  readonly record: number | undefined;
  /** Byte of the volume where the broken structure or field lies. */
  readonly offsetInBytes: number;
  /** What is wrong, for people. */
  readonly message: string;
}

/** Collects findings up to a limit. */
export interface FindingList {
  readonly findings: readonly NtfsFinding[];
  /** Findings that came after the limit. */
  readonly omittedCount: number;
  add(code: NtfsFindingCode, record: number | undefined, offsetInBytes: number, message: string): void;
}

/** Creates an empty list that keeps at most `limit` findings. */
export function createFindingList(limit: number): FindingList {
  const findings: NtfsFinding[] = [];
  let omittedCount = 0;
  return {
    findings,
    get omittedCount() {
      return omittedCount;
    },
    add(code, record, offsetInBytes, message) {
      if (findings.length >= limit) omittedCount++;
      else findings.push(Object.freeze({ code, record, offsetInBytes, message }));
    },
  };
}

/** The proof of arrival: every blob of the catalog is equal, missing, different, or not proven. */
import type { SeedBlobRange } from "../../staging/index.js";

/** How a blob of the catalog stands in the container. `labels-differ`: the content is equal, metadata or headers are not. */
export type SeedBlobVerdict = "equal" | "missing" | "different" | "not-verified" | "labels-differ";

/** Why a blob is not equal. */
export type SeedFindingReason =
  /** No blob of this name is there. */
  | "absent"
  /** Block blob instead of page blob, or the reverse. */
  | "kind"
  | "length"
  /** The Content-MD5 property is not the catalog's hash. */
  | "content-md5"
  /** The committed blocks are not those of the manifest. */
  | "block-hashes"
  /** The bytes themselves were read and differ. */
  | "bytes"
  /** Nothing in the properties proves the content and reading it was not allowed. */
  | "no-evidence"
  /** Neither the catalog nor the staging folder says what the content should be. */
  | "no-expectation"
  /** The content is equal, but metadata or headers are not the catalog's. */
  | "labels"
  /** The blob was replaced while it was being looked at. */
  | "changed-meanwhile";

/** What proved a blob equal. `checked-on-arrival`: the service checked every range when it was written. */
export type SeedEvidence = "content-md5" | "block-hashes" | "checked-on-arrival" | "bytes" | "empty";

/** One blob that is not proven equal, or whose labels differ. */
export interface SeedFinding {
  /** Position in the catalog. */
  readonly index: number;
  readonly name: string;
  readonly verdict: Exclude<SeedBlobVerdict, "equal">;
  readonly reason: SeedFindingReason;
  /** For people: what is expected and what is there. */
  readonly explanation: string;
  /** The ranges that differ, when bytes or blocks were compared; undefined when the whole blob must be taken as bad. */
  readonly damagedRanges: readonly SeedBlobRange[] | undefined;
}

/** Consecutive catalog positions, the end exclusive. */
export interface CatalogRun {
  readonly firstIndex: number;
  readonly endIndex: number;
}

/** Outcome of comparing a container with a catalog. Plain frozen data. */
export interface SeedReport {
  readonly seedId: string;
  readonly jobName: string;
  readonly containerName: string;
  /** Blobs of the catalog and the sum of their lengths. */
  readonly blobs: number;
  readonly bytes: number;
  readonly arrivedEqual: number;
  readonly arrivedEqualBytes: number;
  readonly missing: number;
  readonly different: number;
  readonly notVerified: number;
  /** Of the equal ones, those whose metadata or headers are not the catalog's; repair sets them. */
  readonly labelsDiffer: number;
  /** Blobs in the container that are not in the catalog. */
  readonly extra: number;
  /** How the equal ones were proven. */
  readonly evidence: Readonly<Record<SeedEvidence, number>>;
  /** The first findings, for people; `findingsOmitted` more are only in `unproven`. */
  readonly findings: readonly SeedFinding[];
  readonly findingsOmitted: number;
  /** The first names of extra blobs. */
  readonly extraNames: readonly string[];
  /** Every blob that is not proven equal, ascending; complete however many there are. */
  readonly unproven: readonly CatalogRun[];
  /** The blobs counted in `labelsDiffer`, ascending; complete. */
  readonly mislabelled: readonly CatalogRun[];
  /** True when every blob of the catalog arrived and is proven equal. */
  readonly isProven: boolean;
}

/** What the comparison of one blob comes to, and what it is made with. */
import type { ContainerClient } from "@azure/storage-blob";
import type { AbortSignalLike } from "../../shared/index.js";
import type { SeedBlob, SeedBlobRange, SeedCatalog } from "../../staging/index.js";
import type { SeedEvidence, SeedFinding, SeedFindingReason } from "./seed-report.js";

/** When the content of blobs is downloaded. */
export type ReadBytesPolicy = "never" | "when-needed" | "always";

/** Equal with its evidence, or a finding. */
export type BlobVerdict =
  | { readonly verdict: "equal"; readonly evidence: SeedEvidence }
  | { readonly verdict: "unequal"; readonly finding: SeedFinding };

/** Where and how to look. */
export interface VerificationContext {
  readonly containerClient: ContainerClient;
  readonly catalog: SeedCatalog;
  readonly readBytes: ReadBytesPolicy;
  readonly abortSignal: AbortSignalLike | undefined;
  /** Told how many bytes were downloaded. */
  readonly onBytes: (count: number) => void;
}

/** Most damaged ranges told of one blob; with more of them the whole blob counts as damaged. */
export const maximumDamagedRanges = 100_000;

/** A verdict that is not equal; `reason` decides between different and not verified. */
export function unequal(
  blob: SeedBlob,
  reason: SeedFindingReason,
  explanation: string,
  damagedRanges?: readonly SeedBlobRange[],
): BlobVerdict {
  const isUnknown = reason === "no-evidence" || reason === "no-expectation" || reason === "changed-meanwhile";
  const verdict = reason === "absent" ? "missing" : isUnknown ? "not-verified" : "different";
  return {
    verdict: "unequal",
    finding: Object.freeze({
      index: blob.index,
      name: blob.name,
      verdict,
      reason,
      explanation,
      damagedRanges,
    }),
  };
}

/** Adds a range, up to a bound. */
export function addDamaged(damaged: SeedBlobRange[], { offsetInBytes, lengthInBytes }: SeedBlobRange): void {
  if (damaged.length < maximumDamagedRanges) damaged.push(Object.freeze({ offsetInBytes, lengthInBytes }));
}

/** Keeping count while a container is compared: verdicts, evidence, findings, and the state of every blob. */
import type { SeedBlob, SeedCatalog } from "../../staging/index.js";
import type { BlobFacts } from "./blob-facts.js";
import type { BlobVerdict } from "./blob-verdict.js";
import type { CatalogIndex } from "./catalog-index.js";
import type { CatalogRun, SeedEvidence, SeedFinding, SeedReport } from "./seed-report.js";

const stateUnseen = 0;
const stateEqual = 1;
const stateUnequal = 2;
const stateMislabelled = 3;

/** Counts, findings and the state of every blob. */
export class SeedTally {
  readonly #index: CatalogIndex;
  readonly #states: Uint8Array;
  readonly #maximumFindings: number;
  readonly #onFinding: ((finding: SeedFinding) => void) | undefined;
  readonly #findings: SeedFinding[] = [];
  readonly #extraNames: string[] = [];
  readonly #evidence: Record<SeedEvidence, number> = {
    "content-md5": 0,
    "block-hashes": 0,
    "checked-on-arrival": 0,
    bytes: 0,
    empty: 0,
  };
  readonly #verdicts = { missing: 0, different: 0, "not-verified": 0, "labels-differ": 0 };
  #findingCount = 0;
  #equal = 0;
  #equalBytes = 0;
  #unequal = 0;
  #extra = 0;

  constructor(
    index: CatalogIndex,
    maximumFindings: number,
    onFinding: ((finding: SeedFinding) => void) | undefined,
  ) {
    this.#index = index;
    this.#states = new Uint8Array(index.blobCount);
    this.#maximumFindings = maximumFindings;
    this.#onFinding = onFinding;
  }

  addEqual(position: number, evidence: SeedEvidence, facts: BlobFacts): void {
    // A container listed while it changes can name a blob twice; the first look counts.
    if (this.#states[position] !== stateUnseen) return;
    const hasLabels = this.#index.hasLabels(position, facts.labels);
    this.#states[position] = hasLabels ? stateEqual : stateMislabelled;
    if (!hasLabels) this.#addMislabelled(position, facts.name);
    this.#equal += 1;
    this.#equalBytes += this.#index.lengthOf(position);
    this.#evidence[evidence] += 1;
  }

  addVerdict(blob: SeedBlob, verdict: BlobVerdict, facts?: BlobFacts): void {
    if (verdict.verdict === "equal") {
      if (facts) this.addEqual(blob.index, verdict.evidence, facts);
      return;
    }
    if (this.#states[blob.index] !== stateUnseen) return;
    const { finding } = verdict;
    this.#states[blob.index] = stateUnequal;
    this.#unequal += 1;
    this.#verdicts[finding.verdict] += 1;
    this.#addFinding(finding);
  }

  addExtra(name: string): void {
    this.#extra += 1;
    if (this.#extraNames.length < this.#maximumFindings) this.#extraNames.push(name);
  }

  hasUnseen(): boolean {
    return this.#equal + this.#unequal < this.#index.blobCount;
  }

  isUnseen(position: number): boolean {
    return this.#states[position] === stateUnseen;
  }

  report(catalog: SeedCatalog, containerName: string): SeedReport {
    return Object.freeze({
      seedId: catalog.seedId,
      jobName: catalog.jobName,
      containerName,
      blobs: this.#index.blobCount,
      bytes: this.#index.totalBytes,
      arrivedEqual: this.#equal,
      arrivedEqualBytes: this.#equalBytes,
      missing: this.#verdicts.missing,
      different: this.#verdicts.different,
      notVerified: this.#verdicts["not-verified"],
      labelsDiffer: this.#verdicts["labels-differ"],
      extra: this.#extra,
      evidence: Object.freeze({ ...this.#evidence }),
      findings: Object.freeze(this.#findings.sort((left, right) => left.index - right.index)),
      findingsOmitted: this.#findingCount - this.#findings.length,
      extraNames: Object.freeze(this.#extraNames),
      unproven: Object.freeze(this.#runs((state) => state === stateUnseen || state === stateUnequal)),
      mislabelled: Object.freeze(this.#runs((state) => state === stateMislabelled)),
      isProven: this.#equal === this.#index.blobCount,
    });
  }

  #addMislabelled(index: number, name: string): void {
    this.#verdicts["labels-differ"] += 1;
    const explanation = "Its content is equal; its metadata or headers are not those of the catalog.";
    this.#addFinding(
      Object.freeze({
        index,
        name,
        verdict: "labels-differ",
        reason: "labels",
        explanation,
        damagedRanges: undefined,
      }),
    );
  }

  #addFinding(finding: SeedFinding): void {
    this.#findingCount += 1;
    if (this.#findings.length < this.#maximumFindings) this.#findings.push(finding);
    this.#onFinding?.(finding);
  }

  #runs(isWanted: (state: number) => boolean): CatalogRun[] {
    const runs: CatalogRun[] = [];
    let firstIndex: number | undefined;
    for (let position = 0; position <= this.#states.length; position += 1) {
      const isIn = position < this.#states.length && isWanted(this.#states[position]!);
      if (isIn) firstIndex ??= position;
      else if (firstIndex !== undefined) {
        runs.push(Object.freeze({ firstIndex, endIndex: position }));
        firstIndex = undefined;
      }
    }
    return runs;
  }
}

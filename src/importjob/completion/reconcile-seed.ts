/** The proof of arrival: a container held against the catalog of its seed. */
import type { ContainerClient } from "@azure/storage-blob";
import type { AbortOptions, ProgressOptions } from "../../shared/index.js";
import type { SeedCatalog } from "../../staging/index.js";
import type { DriveLog } from "../logs/import-log.js";
import type { ReadBytesPolicy } from "./blob-verdict.js";
import { compareContainer } from "./compare-container.js";
import type { SeedFinding, SeedReport } from "./seed-report.js";

/** Options of {@link reconcileSeed}. */
export interface ReconcileSeedOptions extends AbortOptions, ProgressOptions {
  /**
   * When the content is downloaded: `"never"` (blobs whose properties prove nothing are then `not-verified`),
   * `"when-needed"` (page blobs without a log, and blobs without hashes in their block names, are read), `"always"` (every byte,
   * whatever the properties claim). Default: `"when-needed"`.
   */
  readonly readBytes?: ReadBytesPolicy;
  /**
   * Verbose logs of the drives, read with `keep: "all"`: a blob they report as completed range by range, and whose Content-MD5
   * property is the catalog's, needs no reading. They say nothing of what was done to the blob afterwards.
   * Default: none.
   */
  readonly logs?: readonly DriveLog[];
  /** Blobs read at the same time. Default: 8. */
  readonly concurrency?: number;
  /** Most findings kept with their texts; all are counted and all are in `unproven`. Default: 1000. */
  readonly maximumFindings?: number;
  /** Blobs asked for with one listing request, at most 5000. Default: 5000. */
  readonly pageSize?: number;
  /** Told every finding, kept or not. */
  readonly onFinding?: (finding: SeedFinding) => void;
}

/**
 * Compares every blob of the catalog with the container: name, kind, length, content. Reads only; may be repeated.
 *
 * Content counts as equal by a Content-MD5 that the service itself computed (blobs written by one request), by the
 * committed block names when they carry the manifest's hashes, by the service's log of its own check on arrival, or by
 * its bytes; never without one of them. A Content-MD5 that the writer claimed proves a difference but no equality: the
 * service keeps it whatever the content is. Metadata and the headers the catalog gives are compared too and
 * reported apart (`labelsDiffer`). A container that does not exist holds nothing.
 *
 * @throws RestError when the storage account cannot be asked; AbortError
 */
export function reconcileSeed(
  containerClient: ContainerClient,
  catalog: SeedCatalog,
  options: ReconcileSeedOptions = {},
): Promise<SeedReport> {
  return compareContainer(containerClient, catalog, options, new Set());
}

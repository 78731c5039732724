/** The public face of a planned volume. */
import { firstUserRecord } from "../encode/constants.js";
import { NtfsError } from "../ntfs-error.js";
import { createRenderer } from "../render/render-volume.js";
import type { ResidentContent } from "../render/user-record.js";
import {
  createVolumeMap,
  metadataExtents,
  type NtfsByteExtent,
  occupiedExtents,
} from "../render/volume-map.js";
import { nodeFlag } from "../tree/node-columns.js";
import type { NtfsTreeBuilder } from "../tree/ntfs-tree.js";
import type { NtfsGeometry } from "./geometry.js";
import { type DataExtentColumns, noRow } from "./place-data.js";
import { planVolume } from "./plan-volume.js";
import type { NtfsVolumeOptions } from "./volume-options.js";

/**
 * A planned volume: what lies where, and every byte but file data on demand.
 *
 * The same tree and options give the same layout and the same bytes, so parts can be made by anybody in any order,
 * and an interrupted writer needs no state but the offset it reached.
 */
export interface NtfsLayout {
  readonly geometry: NtfsGeometry;
  /** Bytes of free clusters, the reserve included. */
  readonly freeBytes: number;
  /** All other bytes of the volume. */
  readonly usedBytes: number;
  /** First sector of the partition on its disk, as planned. */
  readonly hiddenSectors: number;
  /** Number of MFT records. */
  readonly recordCount: number;
  /** Where the file system itself lies: ascending, not overlapping, whole clusters. */
  readonly metadataExtents: readonly NtfsByteExtent[];
  /**
   * Everything a writer has to write: metadata, file data and the zeros after it. Ascending, not overlapping.
   * Free clusters and reserved extents are left out.
   */
  readonly occupiedExtents: readonly NtfsByteExtent[];
  /** File data in ascending order of place. A file that steps over a reserved extent has several rows. */
  readonly dataExtents: DataExtentColumns;
  /** Rows of `dataExtents` that overlap the range: from `first` to before `end`. */
  dataExtentsIn(
    offsetInBytes: number,
    lengthInBytes: number,
  ): { readonly first: number; readonly end: number };
  /** Whether a file's content lies in its MFT record (also when it is empty). */
  isResident(node: number): boolean;
  /** Length of a file in bytes, as planned; 0 for directories. */
  lengthOf(node: number): number;
  /** Files with content in their records, whose records lie at least partly in the range. May name a node twice. */
  residentNodesIn(offsetInBytes: number, lengthInBytes: number): Iterable<number>;
  /**
   * Fills `target` with the volume's bytes from `offsetInBytes` on. Bytes of file data are left untouched; everything
   * else is set, slack, free and reserved clusters to zeros. Synchronous; may be repeated; keeps no reference.
   *
   * @param residentContent gives the content of a file that `residentNodesIn` names; used during the call only
   * @throws NtfsError `content-missing`, `content-mismatch`, `out-of-range`
   */
  render(offsetInBytes: number, target: Uint8Array, residentContent?: ResidentContent): void;
}

/**
 * Lays out a volume for the tree. Pure arithmetic: no I/O; may be repeated with other options.
 *
 * @throws NtfsError `volume-too-small` (details: `neededInBytes`, `availableInBytes`), `no-contiguous-room`,
 *   `invalid-option`, `invalid-name`, `duplicate-name`
 */
export function planNtfsVolume(tree: NtfsTreeBuilder, options: NtfsVolumeOptions): NtfsLayout {
  const plan = planVolume(tree, { ...options });
  const map = createVolumeMap(plan);
  const { geometry, data, columns } = plan;
  const freeBytes = plan.freeClusterCount * geometry.clusterSizeInBytes;
  const checkRange = (offsetInBytes: number, lengthInBytes: number): void => {
    if (
      !Number.isSafeInteger(offsetInBytes) ||
      offsetInBytes < 0 ||
      offsetInBytes + lengthInBytes > geometry.volumeSizeInBytes
    ) {
      throw new NtfsError(
        "out-of-range",
        `Bytes ${offsetInBytes} + ${lengthInBytes} lie outside the volume of ${geometry.volumeSizeInBytes} bytes.`,
        { details: { offsetInBytes, lengthInBytes, volumeSizeInBytes: geometry.volumeSizeInBytes } },
      );
    }
  };
  const render = createRenderer(plan, map);

  function* residentNodesIn(offsetInBytes: number, lengthInBytes: number): Generator<number> {
    const end = offsetInBytes + lengthInBytes;
    for (const piece of map.systemPieces) {
      if (piece.stream !== "mft" && piece.stream !== "mirror") continue;
      const from =
        Math.max(piece.offsetInBytes, offsetInBytes) - piece.offsetInBytes + piece.streamOffsetInBytes;
      const to =
        Math.min(piece.offsetInBytes + piece.lengthInBytes, end) -
        piece.offsetInBytes +
        piece.streamOffsetInBytes;
      if (from >= to) continue;
      const firstNode = Math.floor(from / geometry.recordSizeInBytes) - firstUserRecord + 1;
      const endNode = Math.ceil(to / geometry.recordSizeInBytes) - firstUserRecord + 1;
      for (let node = Math.max(firstNode, 1); node < Math.min(endNode, columns.count); node++) {
        const isFile = (columns.flags[node]! & nodeFlag.directory) === 0;
        if (isFile && plan.firstRow[node] === noRow && columns.lengthOrOrdinal[node]! > 0) yield node;
      }
    }
  }

  return Object.freeze({
    geometry,
    freeBytes,
    usedBytes: geometry.volumeSizeInBytes - freeBytes,
    hiddenSectors: options.hiddenSectors,
    recordCount: plan.recordCount,
    metadataExtents: metadataExtents(plan, map),
    occupiedExtents: occupiedExtents(plan),
    dataExtents: data,
    dataExtentsIn(offsetInBytes: number, lengthInBytes: number) {
      const first = map.firstDataRowAfter(offsetInBytes);
      let end = first;
      while (end < data.count && data.volumeOffsetInBytes[end]! < offsetInBytes + lengthInBytes) end++;
      return { first, end };
    },
    isResident: (node: number) =>
      node > 0 &&
      node < columns.count &&
      (columns.flags[node]! & nodeFlag.directory) === 0 &&
      plan.firstRow[node] === noRow,
    lengthOf: (node: number) =>
      node < columns.count && (columns.flags[node]! & nodeFlag.directory) === 0
        ? columns.lengthOrOrdinal[node]!
        : 0,
    residentNodesIn,
    render(offsetInBytes: number, target: Uint8Array, residentContent?: ResidentContent) {
      checkRange(offsetInBytes, target.length);
      render(offsetInBytes, target, residentContent);
    },
  });
}

/**
 * The directory `System Volume Information` with one hidden file for each reserved extent. Its records come after
 * those of the tree. Without reserved extents there is no such directory.
 */

import { compareNtfsNames, foldNtfsName, ntfsNameProblem } from "../names/name-rules.js";
import { NtfsError } from "../ntfs-error.js";
import type { PlacedRun } from "./cluster-allocator.js";
import type { NtfsGeometry } from "./geometry.js";
import { systemVolumeDirectoryName } from "./system-files.js";
import type { NtfsReservedExtent } from "./volume-options.js";

/** More extents could push a file's run list out of its record. */
const maxReservedExtents = 16;

/** A file that owns a reserved extent. */
export interface HiddenFile {
  readonly name: string;
  readonly record: number;
  readonly lengthInBytes: number;
  readonly run: PlacedRun;
}

/** The directory and its files. */
export interface HiddenRecords {
  readonly directoryName: string;
  /** Record of the directory, also the first record after those of the tree. */
  readonly directoryRecord: number;
  /** In order of record. */
  readonly files: readonly HiddenFile[];
  /** Records of the files in name order. */
  readonly sortedFileRecords: readonly number[];
  /** Their clusters, ascending. */
  readonly runs: readonly PlacedRun[];
  /** One past the last record in use. */
  readonly endRecord: number;
  /** Name of the directory or of a file. */
  nameOf(record: number): string;
  nameLengthOf(record: number): number;
}

/**
 * Checks the reserved extents and gives them records from `firstRecord` on.
 * @throws NtfsError `invalid-option`, `invalid-name`, `duplicate-name`
 */
export function planHiddenRecords(
  extents: readonly NtfsReservedExtent[],
  firstRecord: number,
  geometry: NtfsGeometry,
): HiddenRecords {
  if (extents.length > maxReservedExtents) {
    throw new NtfsError(
      "invalid-option",
      `A volume can have at most ${maxReservedExtents} reserved extents.`,
    );
  }
  const files = extents.map((extent, index) => hiddenFile(extent, firstRecord + 1 + index, geometry));
  const folded = new Set(files.map((file) => foldNtfsName(file.name)));
  if (folded.size !== files.length) {
    throw new NtfsError("duplicate-name", "Two reserved extents have the same name.");
  }
  const runs = files.map((file) => file.run).sort((left, right) => left.firstCluster - right.firstCluster);
  let end = 0;
  for (const run of runs) {
    if (run.firstCluster < end) {
      throw new NtfsError(
        "invalid-option",
        `Two reserved extents share cluster ${run.firstCluster} of ${geometry.clusterSizeInBytes} bytes.`,
        { details: { cluster: run.firstCluster } },
      );
    }
    end = run.firstCluster + run.clusterCount;
  }
  const nameOf = (record: number): string =>
    record === firstRecord ? systemVolumeDirectoryName : files[record - firstRecord - 1]!.name;
  return {
    directoryName: systemVolumeDirectoryName,
    directoryRecord: firstRecord,
    files,
    runs,
    sortedFileRecords: [...files]
      .sort((left, right) => compareNtfsNames(left.name, right.name))
      .map((file) => file.record),
    endRecord: firstRecord + (files.length > 0 ? 1 + files.length : 0),
    nameOf,
    nameLengthOf: (record) => nameOf(record).length,
  };
}

function hiddenFile(extent: NtfsReservedExtent, record: number, geometry: NtfsGeometry): HiddenFile {
  const { name, offsetInBytes, lengthInBytes } = extent;
  const { clusterSizeInBytes, clusterCount } = geometry;
  const problem = ntfsNameProblem(name);
  if (problem !== undefined) {
    throw new NtfsError(
      "invalid-name",
      `A reserved extent cannot be called ${JSON.stringify(name)} (${problem}).`,
      {
        details: { problem, name },
      },
    );
  }
  const firstCluster = offsetInBytes / clusterSizeInBytes;
  const count = Math.ceil(lengthInBytes / clusterSizeInBytes);
  if (!Number.isInteger(firstCluster) || !Number.isSafeInteger(lengthInBytes) || lengthInBytes <= 0) {
    throw new NtfsError(
      "invalid-option",
      `The reserved extent '${name}' must begin on a cluster of ${clusterSizeInBytes} bytes and have a length.`,
      { details: { name, offsetInBytes, lengthInBytes, clusterSizeInBytes } },
    );
  }
  if (firstCluster * clusterSizeInBytes < 8192 || firstCluster + count > clusterCount) {
    throw new NtfsError(
      "invalid-option",
      `The reserved extent '${name}' covers the boot area or lies beyond the end of the volume.`,
      { details: { name, offsetInBytes, lengthInBytes } },
    );
  }
  return { name, record, lengthInBytes, run: { firstCluster, clusterCount: count } };
}

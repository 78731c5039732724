/** The streams in which the file system keeps itself, and how long they are on a volume. */
import { attributeDefinitionsSizeInBytes } from "../encode/attribute-definitions.js";
import { bootFileSizeInBytes } from "../encode/boot-sector.js";
import { securityStreamSizeInBytes } from "../encode/security-descriptors.js";
import { upcaseTableSizeInBytes } from "../names/upcase-table.js";
import { logFileSizeInBytes, type NtfsGeometry, volumeBitmapSizeInBytes } from "./geometry.js";

/** Streams whose length follows from the volume alone, in order of their place. */
export type FixedStreamName =
  | "boot"
  | "mirror"
  | "log"
  | "upcase"
  | "attributeDefinitions"
  | "security"
  | "bitmap";

/** Streams whose length follows from the number of files; they lie behind the fixed ones. */
export type TableStreamName = "mftBitmap" | "mft";

/** The file system's own streams. */
export type SystemStreamName = FixedStreamName | TableStreamName;

/** Bytes of the streams whose length follows from the volume alone. */
export function fixedStreamSizes(geometry: NtfsGeometry): Readonly<Record<FixedStreamName, number>> {
  const { clusterSizeInBytes, recordSizeInBytes } = geometry;
  return {
    boot: bootFileSizeInBytes,
    mirror: Math.max(4 * recordSizeInBytes, clusterSizeInBytes),
    log: logFileSizeInBytes(geometry),
    upcase: upcaseTableSizeInBytes,
    attributeDefinitions: attributeDefinitionsSizeInBytes,
    security: securityStreamSizeInBytes,
    bitmap: volumeBitmapSizeInBytes(geometry.clusterCount),
  };
}

/** Bytes of the file table and its bitmap for records below `endRecord`. */
export function tableStreamSizes(
  { clusterSizeInBytes, recordSizeInBytes }: NtfsGeometry,
  endRecord: number,
): Readonly<Record<TableStreamName, number>> {
  const mft = Math.ceil((endRecord * recordSizeInBytes) / clusterSizeInBytes) * clusterSizeInBytes;
  return { mftBitmap: Math.ceil(mft / recordSizeInBytes / 64) * 8, mft };
}

/** Bytes of all of them, in order of their place. */
export function systemStreamSizes(
  geometry: NtfsGeometry,
  endRecord: number,
): Readonly<Record<SystemStreamName, number>> {
  return { ...fixedStreamSizes(geometry), ...tableStreamSizes(geometry, endRecord) };
}

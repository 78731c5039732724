/**
 * Makes the bytes of any part of a planned volume, in any order: the whole volume is a function of the offset.
 * Only file data has to come from elsewhere.
 */
import { encodeAttributeDefinitions } from "../encode/attribute-definitions.js";
import { encodeBootSector } from "../encode/boot-sector.js";
import { firstUserRecord, rootRecord } from "../encode/constants.js";
import { encodeLogRestartPages } from "../encode/log-restart-pages.js";
import { RecordWriter } from "../encode/record-writer.js";
import { encodeSecurityStream, securityEntries } from "../encode/security-descriptors.js";
import { indexBitmapSizeInBytes } from "../layout/place-indexes.js";
import type { VolumePlan } from "../layout/plan-volume.js";
import type { SystemStreamName } from "../layout/system-streams.js";
import { encodeUpcaseTable } from "../names/upcase-table.js";
import { writeMftBitmap, writeVolumeBitmap } from "./bitmaps.js";
import { writeIndexBlock } from "./index-block.js";
import { createNameSource } from "./name-source.js";
import { isSystemRecordInUse, writeFreeRecord, writeSystemRecord } from "./system-record.js";
import { fillOnes, type ResidentContent, writeUserRecord } from "./user-record.js";
import type { VolumeMap } from "./volume-map.js";

/** Fills `target` with the volume's bytes from `offsetInBytes` on; bytes of file data stay as they are. */
export type RenderVolume = (
  offsetInBytes: number,
  target: Uint8Array,
  residentContent?: ResidentContent,
) => void;

/** Creates the render function of a plan. */
export function createRenderer(plan: VolumePlan, map: VolumeMap): RenderVolume {
  const { geometry, data, indexPieces, streams } = plan;
  const { clusterSizeInBytes, recordSizeInBytes, indexBlockSizeInBytes, sectorSizeInBytes } = geometry;
  const names = createNameSource(plan);
  const writer = new RecordWriter(recordSizeInBytes);
  const bootSector = encodeBootSector(geometry, {
    hiddenSectors: plan.options.hiddenSectors,
    mftCluster: streams.mft.runs[0]!.firstCluster,
    mirrorCluster: streams.mirror.runs[0]!.firstCluster,
    serialNumber: plan.options.serialNumber,
  });
  const fixedContents: Partial<Record<SystemStreamName, Uint8Array>> = {
    boot: bootSector,
    upcase: encodeUpcaseTable(),
    attributeDefinitions: encodeAttributeDefinitions(),
    security: encodeSecurityStream(securityEntries()),
  };

  const logHead =
    plan.options.log === "restart-pages"
      ? encodeLogRestartPages(streams.log.sizeInBytes, Number(plan.options.serialNumber & 0xffff_ffffn))
      : undefined;

  const renderRecord = (
    view: DataView,
    base: number,
    record: number,
    residentContent: ResidentContent | undefined,
  ): void => {
    const isInUse = record < firstUserRecord ? isSystemRecordInUse(record) : record < plan.hidden.endRecord;
    if (!isInUse) writeFreeRecord(writer, view, base, record);
    else if (record < firstUserRecord && record !== rootRecord) {
      writeSystemRecord(plan, names, writer, view, base, record);
    } else writeUserRecord(plan, names, writer, view, base, record, residentContent);
  };

  /** `target` is zero and lies within the stream's clusters. */
  const renderSystemStream = (
    stream: SystemStreamName | "tail",
    offset: number,
    target: Uint8Array,
    residentContent: ResidentContent | undefined,
  ): void => {
    switch (stream) {
      case "tail": {
        const sectorOffset = (geometry.totalSectors * sectorSizeInBytes) % clusterSizeInBytes;
        copyAt(bootSector, sectorOffset - offset, target);
        break;
      }
      case "log":
        target.fill(0xff);
        if (logHead) copyAt(logHead, -offset, target);
        break;
      case "bitmap":
        writeVolumeBitmap(plan, offset, within(target, streams.bitmap.sizeInBytes - offset));
        break;
      case "mftBitmap":
        writeMftBitmap(plan, offset, within(target, streams.mftBitmap.sizeInBytes - offset));
        break;
      case "mirror":
      case "mft":
        renderUnits(
          recordSizeInBytes,
          offset,
          within(target, streams[stream].sizeInBytes - offset),
          (record, view, at) => renderRecord(view, at, record, residentContent),
        );
        break;
      default:
        copyAt(fixedContents[stream]!, -offset, target);
    }
  };

  const renderIndexPiece = (piece: number, offset: number, target: Uint8Array): void => {
    const directory = indexPieces.directory[piece]!;
    const blocks = plan.directories.blockCount[directory]!;
    if (indexPieces.isBitmap[piece] === 1) {
      const bitmap = new Uint8Array(indexBitmapSizeInBytes(blocks));
      fillOnes(bitmap, 0, blocks);
      copyAt(bitmap, -offset, target);
      return;
    }
    const size = blocks * indexBlockSizeInBytes;
    renderUnits(indexBlockSizeInBytes, offset, within(target, size - offset), (block, view, at) =>
      writeIndexBlock(plan, names, view, at, directory, block),
    );
  };

  const zeroAllButFileData = (offset: number, target: Uint8Array): void => {
    const end = offset + target.length;
    let at = offset;
    for (let row = map.firstDataRowAfter(offset); row < data.count; row++) {
      const rowStart = data.volumeOffsetInBytes[row]!;
      if (rowStart >= end) break;
      if (rowStart > at) target.fill(0, at - offset, rowStart - offset);
      at = rowStart + data.lengthInBytes[row]!;
    }
    if (at < end) target.fill(0, at - offset);
  };

  return (offsetInBytes, target, residentContent) => {
    zeroAllButFileData(offsetInBytes, target);
    const end = offsetInBytes + target.length;
    /** Calls back with the part of `target` that the extent covers and the extent's offset of its first byte. */
    const overlap = (
      start: number,
      length: number,
      render: (offset: number, part: Uint8Array) => void,
    ): void => {
      const from = Math.max(start, offsetInBytes);
      const to = Math.min(start + length, end);
      if (from < to) render(from - start, target.subarray(from - offsetInBytes, to - offsetInBytes));
    };
    for (const piece of map.systemPieces) {
      overlap(piece.offsetInBytes, piece.lengthInBytes, (offset, part) =>
        renderSystemStream(piece.stream, piece.streamOffsetInBytes + offset, part, residentContent),
      );
    }
    for (let at = map.firstIndexPieceAfter(offsetInBytes); at < indexPieces.count; at++) {
      const piece = map.indexPieceOrder[at]!;
      const start = indexPieces.firstCluster[piece]! * clusterSizeInBytes;
      if (start >= end) break;
      overlap(start, indexPieces.clusterCount[piece]! * clusterSizeInBytes, (offset, part) =>
        renderIndexPiece(piece, indexPieces.streamCluster[piece]! * clusterSizeInBytes + offset, part),
      );
    }
  };
}

/** The first `length` bytes of `target`, nothing when negative. */
function within(target: Uint8Array, length: number): Uint8Array {
  return length >= target.length ? target : target.subarray(0, Math.max(length, 0));
}

/** Copies what of `source` falls into `target` when it is laid at `position`, which may be negative. */
function copyAt(source: Uint8Array, position: number, target: Uint8Array): void {
  const skip = Math.max(0, -position);
  const at = Math.max(0, position);
  if (skip >= source.length || at >= target.length) return;
  target.set(source.subarray(skip, skip + target.length - at), at);
}

/** Renders units of equal size into a part of their stream that need not begin or end on a unit. */
function renderUnits(
  unitSize: number,
  offset: number,
  target: Uint8Array,
  renderUnit: (unit: number, view: DataView, base: number) => void,
): void {
  if (target.length === 0) return;
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  const end = offset + target.length;
  for (let unit = Math.floor(offset / unitSize); unit * unitSize < end; unit++) {
    const start = unit * unitSize;
    if (start >= offset && start + unitSize <= end) {
      renderUnit(unit, view, start - offset);
      continue;
    }
    const scratch = new Uint8Array(unitSize);
    renderUnit(unit, new DataView(scratch.buffer), 0);
    copyAt(scratch, start - offset, target);
  }
}

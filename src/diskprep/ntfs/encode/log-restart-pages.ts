/**
 * The two restart pages of a `$LogFile` that was closed cleanly, with one client and no records.
 *
 * A log that was never used (all FF) is initialised by Windows at the first mount, which needs a writable disk; these
 * pages are for volumes that may be mounted from a write-blocked one.
 */
import { protectRecord } from "./fixup.js";
import { setUint64 } from "./little-endian.js";

const pageSizeInBytes = 4096;
const restartAreaOffset = 0x30;
const clientOffset = 0x70;
const noClient = 0xffff;
const cleanFlag = 2;

/** Bytes at the beginning of the log; everything after them is FF. */
export function encodeLogRestartPages(logSizeInBytes: number, openCount: number): Uint8Array {
  const bytes = new Uint8Array(2 * pageSizeInBytes);
  const view = new DataView(bytes.buffer);
  for (const page of [0, 1]) {
    const base = page * pageSizeInBytes;
    writePage(view, base, logSizeInBytes, openCount);
    protectRecord(view, base, pageSizeInBytes, 0x1e, page + 1);
  }
  return bytes;
}

function writePage(view: DataView, base: number, logSizeInBytes: number, openCount: number): void {
  const sizeBits = Math.floor(Math.log2(logSizeInBytes)) + 1;
  view.setUint32(base, 0x5254_5352, true);
  view.setUint16(base + 4, 0x1e, true);
  view.setUint16(base + 6, pageSizeInBytes / 512 + 1, true);
  view.setUint32(base + 0x10, pageSizeInBytes, true);
  view.setUint32(base + 0x14, pageSizeInBytes, true);
  view.setUint16(base + 0x18, restartAreaOffset, true);
  view.setUint16(base + 0x1a, 1, true);
  view.setUint16(base + 0x1c, 1, true);
  const area = base + restartAreaOffset;
  // The sequence part of a log sequence number lies above the bits that address the log.
  setUint64(view, area, 2 * 2 ** (sizeBits - 3));
  view.setUint16(area + 0x08, 1, true);
  view.setUint16(area + 0x0a, noClient, true);
  view.setUint16(area + 0x0e, cleanFlag, true);
  view.setUint32(area + 0x10, 67 - sizeBits, true);
  view.setUint16(area + 0x14, 0xe0, true);
  view.setUint16(area + 0x16, clientOffset - restartAreaOffset, true);
  setUint64(view, area + 0x18, logSizeInBytes);
  view.setUint16(area + 0x24, 0x30, true);
  view.setUint16(area + 0x26, 0x40, true);
  view.setUint32(area + 0x28, openCount, true);
  const client = base + clientOffset;
  view.setUint16(client + 0x10, noClient, true);
  view.setUint16(client + 0x12, noClient, true);
  view.setUint32(client + 0x1c, 8, true);
  for (const [index, letter] of [..."NTFS"].entries()) {
    view.setUint16(client + 0x20 + 2 * index, letter.charCodeAt(0), true);
  }
}

/** A block device in memory: sparse, so that a test can hold a 12 TiB volume of which little is written. */
import type { BlockDevice, SectorSizeInBytes } from "./block-device.js";
import { checkDeviceAccess, checkDeviceOpen, checkGeometry } from "./device-access.js";

/** Options of {@link createMemoryDevice}. */
export interface MemoryDeviceOptions {
  /** Default: 512. */
  readonly sectorSizeInBytes?: SectorSizeInBytes;
  /** Default: `"memory"`. */
  readonly name?: string;
}

const pageSizeInBytes = 65_536;
const zeroPage = new Uint8Array(pageSizeInBytes);

/**
 * Creates a device of zeros in memory. A page of 64 KiB is allocated when something other than zeros is first
 * written to it. `flush` does nothing; after `close` the memory can be reclaimed.
 *
 * @throws DeviceError `invalid-argument` when the size is not a positive multiple of the sector size.
 */
export function createMemoryDevice(sizeInBytes: number, options: MemoryDeviceOptions = {}): BlockDevice {
  const name = options.name ?? "memory";
  const sectorSizeInBytes = checkGeometry(name, sizeInBytes, options.sectorSizeInBytes ?? 512);
  const facts = { name, sizeInBytes, canWrite: true };
  const pages = new Map<number, Uint8Array>();
  let isClosed = false;

  return Object.freeze({
    ...facts,
    sectorSizeInBytes,
    preferredAlignmentInBytes: 1,
    async read(offsetInBytes, target, accessOptions) {
      checkDeviceAccess(facts, isClosed, "read", offsetInBytes, target.length, accessOptions);
      forEachPage(offsetInBytes, target.length, (pageIndex, start, length, position) => {
        const page = pages.get(pageIndex) ?? zeroPage;
        target.set(page.subarray(start, start + length), position);
      });
    },
    async write(offsetInBytes, data, accessOptions) {
      checkDeviceAccess(facts, isClosed, "write", offsetInBytes, data.length, accessOptions);
      forEachPage(offsetInBytes, data.length, (pageIndex, start, length, position) => {
        const piece = data.subarray(position, position + length);
        let page = pages.get(pageIndex);
        if (!page) {
          if (Buffer.compare(piece, zeroPage.subarray(0, length)) === 0) return;
          page = new Uint8Array(pageSizeInBytes);
          pages.set(pageIndex, page);
        }
        page.set(piece, start);
      });
    },
    async flush() {
      checkDeviceOpen(facts, isClosed, "flush");
    },
    async close() {
      isClosed = true;
      pages.clear();
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  } satisfies BlockDevice);
}

function forEachPage(
  offsetInBytes: number,
  lengthInBytes: number,
  visit: (pageIndex: number, start: number, length: number, position: number) => void,
): void {
  let position = 0;
  while (position < lengthInBytes) {
    const offset = offsetInBytes + position;
    const start = offset % pageSizeInBytes;
    const length = Math.min(lengthInBytes - position, pageSizeInBytes - start);
    visit((offset - start) / pageSizeInBytes, start, length, position);
    position += length;
  }
}

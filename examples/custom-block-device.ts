/**
 * A block device of your own: here the bytes lie in a map of pages that stay unallocated while they are zero, as an
 * object store or a database would keep them. Run the conformance suite against it before you trust it with a seed.
 */
import {
  type AbortOptions,
  type BlockDevice,
  blockDeviceConformance,
  type ConformanceCheck,
  checkDeviceAccess,
  checkDeviceOpen,
} from "@offline-seed/core";

const pageSizeInBytes = 64 * 1024;

/** A device over pages; only those that hold something other than zeros exist. */
export function createPagedDevice(sizeInBytes: number, pages = new Map<number, Uint8Array>()): BlockDevice {
  let isClosed = false;
  const facts = { name: "paged memory", sizeInBytes, canWrite: true };

  // Calls the body for each page the range touches: where in the page, and which part of the caller's buffer.
  const forEachPage = (
    offsetInBytes: number,
    buffer: Uint8Array,
    body: (page: number, offsetInPage: number, part: Uint8Array) => void,
  ): void => {
    for (let done = 0; done < buffer.length; ) {
      const position = offsetInBytes + done;
      const offsetInPage = position % pageSizeInBytes;
      const length = Math.min(buffer.length - done, pageSizeInBytes - offsetInPage);
      body(Math.floor(position / pageSizeInBytes), offsetInPage, buffer.subarray(done, done + length));
      done += length;
    }
  };

  const device: BlockDevice = {
    ...facts,
    sectorSizeInBytes: 512,
    preferredAlignmentInBytes: 1,
    async read(offsetInBytes: number, target: Uint8Array, options?: AbortOptions) {
      // The shared checks give the same errors as every other device, so callers need not know yours.
      checkDeviceAccess(facts, isClosed, "read", offsetInBytes, target.length, options);
      forEachPage(offsetInBytes, target, (page, offsetInPage, part) => {
        const stored = pages.get(page);
        if (stored) part.set(stored.subarray(offsetInPage, offsetInPage + part.length));
        else part.fill(0);
      });
    },
    async write(offsetInBytes: number, data: Uint8Array, options?: AbortOptions) {
      checkDeviceAccess(facts, isClosed, "write", offsetInBytes, data.length, options);
      forEachPage(offsetInBytes, data, (page, offsetInPage, part) => {
        const stored = pages.get(page) ?? new Uint8Array(pageSizeInBytes);
        stored.set(part, offsetInPage);
        pages.set(page, stored);
      });
    },
    async flush() {
      checkDeviceOpen(facts, isClosed, "flush");
    },
    async close() {
      isClosed = true;
    },
    [Symbol.asyncDispose]: () => device.close(),
  };
  return device;
}

/** The checks for your test runner: `test.each(pagedDeviceChecks())("$name", (check) => check.run())`. */
export function pagedDeviceChecks(): readonly ConformanceCheck[] {
  return blockDeviceConformance({ create: async () => createPagedDevice(1024 * 1024) });
}

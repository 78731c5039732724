/**
 * A device that keeps what was read last, in large blocks, for readers that look at many small things close together:
 * file records, index blocks, small files in a row.
 */
import { createRecentMap } from "../../shared/recent-map.js";
import type { BlockDevice } from "./block-device.js";
import { checkDeviceAccess, checkDeviceOpen } from "./device-access.js";
import { wrapDevice } from "./wrapped-device.js";

/** Options of {@link cacheReads}. */
export interface ReadCacheOptions {
  /** A power of two. Default: 256 KiB. */
  readonly blockSizeInBytes?: number;
  /** Blocks kept; the one not used for longest goes first. Default: 64. */
  readonly blockCount?: number;
}

/**
 * A read-only view of a device that remembers blocks. Reads of at least a block go straight to the device. Nothing is
 * noticed of writes to the device underneath, so use it where nobody writes.
 *
 * Closing the view forgets the blocks; the device underneath stays open.
 */
export function cacheReads(device: BlockDevice, options: ReadCacheOptions = {}): BlockDevice {
  const blockSizeInBytes = options.blockSizeInBytes ?? 256 * 1024;
  const blocks = createRecentMap<number, Promise<Uint8Array>>(options.blockCount ?? 64);
  let isClosed = false;

  const load = async (index: number): Promise<Uint8Array> => {
    const start = index * blockSizeInBytes;
    const block = new Uint8Array(Math.min(blockSizeInBytes, device.sizeInBytes - start));
    await device.read(start, block);
    return block;
  };
  const blockAt = (index: number): Promise<Uint8Array> => {
    const known = blocks.get(index);
    if (known) return known;
    const block = load(index);
    blocks.set(index, block);
    block.catch(() => blocks.delete(index));
    return block;
  };
  const view = { ...device, canWrite: false };
  return Object.freeze({
    ...wrapDevice(view, {
      async read(offsetInBytes, target, readOptions) {
        checkDeviceAccess(view, isClosed, "read", offsetInBytes, target.length, readOptions);
        if (target.length >= blockSizeInBytes) return await device.read(offsetInBytes, target, readOptions);
        for (let done = 0; done < target.length; ) {
          const offset = offsetInBytes + done;
          const start = offset % blockSizeInBytes;
          const part = target.subarray(done, done + blockSizeInBytes - start);
          const block = await blockAt(Math.floor(offset / blockSizeInBytes)).catch(() => undefined);
          if (block) part.set(block.subarray(start, start + part.length));
          // One bad sector must not make everything in its block unreadable.
          else await device.read(offset, part, readOptions);
          done += part.length;
        }
      },
      async write(offsetInBytes, data, writeOptions) {
        checkDeviceAccess(view, isClosed, "write", offsetInBytes, data.length, writeOptions);
      },
      async flush() {
        checkDeviceOpen(view, isClosed, "flush");
      },
      async close() {
        isClosed = true;
        blocks.clear();
      },
    }),
  });
}

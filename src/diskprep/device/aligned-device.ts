/**
 * A block device over something that moves bytes: anything at any offset, or only whole blocks from and to aligned memory
 * as direct I/O and Windows' raw disks do. There other accesses go through a few aligned buffers; parts of blocks are
 * read, changed and written back.
 */
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import { allocatePageAligned, isMemoryAligned } from "../../shared/page-aligned-memory.js";
import { createRangeLock } from "../../shared/range-lock.js";
import type { BlockDevice, SectorSizeInBytes } from "./block-device.js";
import { checkDeviceAccess, checkDeviceOpen } from "./device-access.js";

/** What moves the blocks. Offsets, lengths and memory are multiples of the transfer unit. */
export interface BlockTransport {
  /** Fills the whole target. */
  read(offsetInBytes: number, target: Uint8Array): Promise<void>;
  /** Writes all of the data; durable only after `flush`. */
  write(offsetInBytes: number, data: Uint8Array): Promise<void>;
  /** Resolves when everything written survives a power failure. */
  flush(): Promise<void>;
  /** Called once; accesses in flight are waited for. */
  close(): Promise<void>;
}

/** Facts about an {@link alignedDeviceOf}. */
export interface AlignedDeviceFacts {
  readonly name: string;
  readonly sizeInBytes: number;
  readonly sectorSizeInBytes: SectorSizeInBytes;
  readonly canWrite: boolean;
  readonly bypassesCache: boolean;
  /**
   * What the transport moves at least: a multiple of the sector size that divides the size, or 1 when it moves anything
   * from and to any memory. Default: one sector.
   */
  readonly transferUnitInBytes?: number;
}

const pageInBytes = 4096;
const bounceBufferInBytes = 1024 * 1024;
const bounceBufferCount = 4;

/** A device with any offsets and lengths over a transport. */
export function alignedDeviceOf(facts: AlignedDeviceFacts, transport: BlockTransport): BlockDevice {
  const { transferUnitInBytes = facts.sectorSizeInBytes, ...publicFacts } = facts;
  const lock = createRangeLock();
  const bounceBuffers = createBufferPool(bounceBufferCount, bounceBufferInBytes);
  let closing: Promise<void> | undefined;

  const isAligned = (offsetInBytes: number, view: Uint8Array): boolean =>
    transferUnitInBytes === 1 ||
    (offsetInBytes % transferUnitInBytes === 0 &&
      view.length % transferUnitInBytes === 0 &&
      isMemoryAligned(view, transferUnitInBytes));

  const readPiece = (offsetInBytes: number, target: Uint8Array): Promise<void> =>
    bounceBuffers.use(async (buffer) => {
      const { start, blocks, skip } = blocksAround(offsetInBytes, target.length, transferUnitInBytes, buffer);
      await transport.read(start, blocks);
      target.set(blocks.subarray(skip, skip + target.length));
    });

  const writePiece = (offsetInBytes: number, data: Uint8Array): Promise<void> =>
    bounceBuffers.use(async (buffer) => {
      const { start, blocks, skip } = blocksAround(offsetInBytes, data.length, transferUnitInBytes, buffer);
      const last = blocks.length - transferUnitInBytes;
      const isTailPartial = skip + data.length < blocks.length;
      if (skip > 0 || (isTailPartial && last === 0)) {
        await transport.read(start, blocks.subarray(0, transferUnitInBytes));
      }
      if (isTailPartial && last > 0) await transport.read(start + last, blocks.subarray(last));
      blocks.set(data, skip);
      await transport.write(start, blocks);
    });

  return Object.freeze({
    ...publicFacts,
    preferredAlignmentInBytes: transferUnitInBytes === 1 ? 1 : pageInBytes,
    async read(offsetInBytes, target, options) {
      checkDeviceAccess(facts, closing !== undefined, "read", offsetInBytes, target.length, options);
      if (target.length === 0) return;
      if (isAligned(offsetInBytes, target)) return await transport.read(offsetInBytes, target);
      await inPieces(offsetInBytes, target, options, readPiece);
    },
    async write(offsetInBytes, data, options) {
      checkDeviceAccess(facts, closing !== undefined, "write", offsetInBytes, data.length, options);
      if (data.length === 0) return;
      const start = Math.floor(offsetInBytes / transferUnitInBytes);
      const end = Math.ceil((offsetInBytes + data.length) / transferUnitInBytes);
      await lock.run(start, end, async () => {
        if (isAligned(offsetInBytes, data)) return await transport.write(offsetInBytes, data);
        await inPieces(offsetInBytes, data, options, writePiece);
      });
    },
    async flush(options) {
      checkDeviceOpen(facts, closing !== undefined, "flush");
      throwIfAborted(options?.abortSignal);
      if (facts.canWrite) await transport.flush();
    },
    async close() {
      closing ??= transport.close();
      await closing;
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  } satisfies BlockDevice);
}

interface Blocks {
  readonly start: number;
  readonly blocks: Uint8Array;
  /** Bytes of the first block before the range. */
  readonly skip: number;
}

function blocksAround(
  offsetInBytes: number,
  lengthInBytes: number,
  blockInBytes: number,
  buffer: Uint8Array,
): Blocks {
  const start = Math.floor(offsetInBytes / blockInBytes) * blockInBytes;
  const end = Math.ceil((offsetInBytes + lengthInBytes) / blockInBytes) * blockInBytes;
  return { start, blocks: buffer.subarray(0, end - start), skip: offsetInBytes - start };
}

/** Cuts an access at multiples of the bounce buffer's length, so that no piece needs more than one. */
async function inPieces(
  offsetInBytes: number,
  buffer: Uint8Array,
  options: AbortOptions | undefined,
  transfer: (offsetInBytes: number, piece: Uint8Array) => Promise<void>,
): Promise<void> {
  for (let done = 0; done < buffer.length; ) {
    throwIfAborted(options?.abortSignal);
    const at = offsetInBytes + done;
    const length = Math.min(buffer.length - done, bounceBufferInBytes - (at % bounceBufferInBytes));
    await transfer(at, buffer.subarray(done, done + length));
    done += length;
  }
}

interface BufferPool {
  use(work: (buffer: Uint8Array) => Promise<void>): Promise<void>;
}

/** Buffers are made when first needed and wait for each other afterwards. */
function createBufferPool(count: number, lengthInBytes: number): BufferPool {
  const free: Uint8Array[] = [];
  const waiting: ((buffer: Uint8Array) => void)[] = [];
  let made = 0;

  const take = (): Promise<Uint8Array> | Uint8Array => {
    const buffer = free.pop();
    if (buffer) return buffer;
    if (made < count) {
      made += 1;
      return allocatePageAligned(lengthInBytes);
    }
    return new Promise((resolve) => {
      waiting.push(resolve);
    });
  };
  return {
    async use(work) {
      const buffer = await take();
      try {
        await work(buffer);
      } finally {
        const next = waiting.shift();
        if (next) next(buffer);
        else free.push(buffer);
      }
    },
  };
}

/**
 * The conformance suite of the block-device contract: a list of named checks, free of any test framework. Every
 * implementation of this library passes it; whoever writes a backend of their own can run it the same way.
 */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert";
import { allocatePageAligned } from "../../shared/page-aligned-memory.js";
import type { BlockDevice } from "./block-device.js";
import { isDeviceError } from "./device-error.js";

/** How the suite gets at the implementation under test. */
export interface BlockDeviceHarness {
  /** A fresh writable device of at least 256 KiB that holds zeros. Called once for each check. */
  create(): Promise<BlockDevice>;
  /**
   * The same medium opened again, after the first object was flushed and closed. Leave it out when the medium ends
   * with its object; the checks about durability and read-only opening are then not in the list.
   */
  readonly reopen?: (options: { readonly canWrite: boolean }) => Promise<BlockDevice>;
  /** Called after each check, whether it passed or not, with the devices of this check already closed. */
  readonly cleanUp?: () => Promise<void>;
}

/** One rule of the contract. */
export interface ConformanceCheck {
  readonly name: string;
  /** Resolves when the rule is kept; rejects with an assertion error that says what was seen. */
  run(): Promise<void>;
}

/**
 * The checks for one implementation. They write to the devices that the harness creates.
 *
 * @example
 * ```ts
 * test.each(blockDeviceConformance(harness))("$name", (check) => check.run());
 * ```
 */
export function blockDeviceConformance(harness: BlockDeviceHarness): readonly ConformanceCheck[] {
  const check = (name: string, body: (device: BlockDevice) => Promise<void>): ConformanceCheck => ({
    name,
    async run() {
      let device: BlockDevice | undefined;
      try {
        device = await harness.create();
        await body(device);
      } finally {
        await device?.close();
        await harness.cleanUp?.();
      }
    },
  });

  const checks = [
    check("states sensible facts", async (device) => {
      ok(device.name.length > 0, "the name is empty");
      ok(device.sectorSizeInBytes === 512 || device.sectorSizeInBytes === 4096, "sector size");
      ok(device.sizeInBytes >= 256 * 1024, "the harness must give at least 256 KiB");
      strictEqual(device.sizeInBytes % device.sectorSizeInBytes, 0);
      strictEqual(device.canWrite, true);
      const alignment = device.preferredAlignmentInBytes;
      ok(alignment >= 1 && Number.isInteger(Math.log2(alignment)), `alignment ${alignment}`);
    }),
    check("reads zeros where nothing was written", async (device) => {
      deepStrictEqual(await readBack(device, 0, 5000), new Uint8Array(5000));
    }),
    check("returns what was written, at any offset and length", async (device) => {
      for (const [offset, length] of unevenRanges) {
        const data = pattern(length, offset + 1);
        await device.write(offset, data);
        deepStrictEqual(await readBack(device, offset, length), data, `offset ${offset}, length ${length}`);
      }
    }),
    check("leaves the neighbours of a write alone", async (device) => {
      const before = pattern(40_000, 7);
      await device.write(0, before);
      const expected = Uint8Array.from(before);
      for (const [offset, length] of unevenRanges) {
        const data = pattern(length, offset + 99);
        await device.write(offset, data);
        expected.set(data, offset);
      }
      deepStrictEqual(await readBack(device, 0, expected.length), expected);
    }),
    check("keeps concurrent writes to one block apart", async (device) => {
      const pieceLength = 333;
      const expected = new Uint8Array(pieceLength * 60);
      const writes: Promise<void>[] = [];
      for (let index = 0; index < 60; index++) {
        const piece = pattern(pieceLength, index + 1);
        expected.set(piece, index * pieceLength);
        writes.push(device.write(1000 + index * pieceLength, piece));
      }
      await Promise.all(writes);
      deepStrictEqual(await readBack(device, 1000, expected.length), expected);
    }),
    check("serves overlapping reads in flight at once", async (device) => {
      const data = pattern(50_000, 3);
      await device.write(0, data);
      const reads = Array.from({ length: 20 }, async (_, index) => {
        const offset = index * 777;
        deepStrictEqual(await readBack(device, offset, 4100), data.slice(offset, offset + 4100));
      });
      await Promise.all(reads);
    }),
    check("works with a view into a larger buffer and does not touch the rest of it", async (device) => {
      const large = new Uint8Array(9000).fill(0xee);
      large.set(pattern(3000, 5), 2001);
      await device.write(513, large.subarray(2001, 5001));
      const target = new Uint8Array(9000).fill(0xdd);
      await device.read(513, target.subarray(1003, 4003));
      deepStrictEqual(target.slice(1003, 4003), pattern(3000, 5));
      ok(
        target.slice(0, 1003).every((byte) => byte === 0xdd) &&
          target.slice(4003).every((byte) => byte === 0xdd),
        "the read wrote outside its view",
      );
    }),
    check("accepts views of shared WebAssembly memory", async (device) => {
      const view = allocatePageAligned(65_536, { isShared: true });
      view.set(pattern(8192, 11), 4096);
      await device.write(4096, view.subarray(4096, 12_288));
      await device.read(4096, view.subarray(20_480, 28_672));
      deepStrictEqual(Uint8Array.from(view.subarray(20_480, 28_672)), pattern(8192, 11));
    }),
    check("keeps no reference to a buffer after the promise settled", async (device) => {
      const data = pattern(5001, 21);
      await device.write(100, data);
      data.fill(0);
      await device.flush();
      deepStrictEqual(await readBack(device, 100, 5001), pattern(5001, 21));
    }),
    check("reaches the last byte and accepts empty accesses up to the end", async (device) => {
      await device.write(device.sizeInBytes - 1, Uint8Array.of(0x5a));
      deepStrictEqual(await readBack(device, device.sizeInBytes - 1, 1), Uint8Array.of(0x5a));
      for (const offset of [0, 1, device.sizeInBytes]) {
        await device.read(offset, new Uint8Array(0));
        await device.write(offset, new Uint8Array(0));
      }
    }),
    check("refuses accesses outside the device and touches nothing", async (device) => {
      const { sizeInBytes } = device;
      const offsets = [sizeInBytes - 9, sizeInBytes, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];
      for (const offset of offsets) {
        const target = new Uint8Array(10).fill(0x77);
        await rejectsWith("out-of-range", device.read(offset, target));
        ok(
          target.every((byte) => byte === 0x77),
          "a refused read changed its buffer",
        );
        await rejectsWith("out-of-range", device.write(offset, target));
      }
      deepStrictEqual(await readBack(device, sizeInBytes - 10, 10), new Uint8Array(10));
    }),
    check("does nothing for a caller that has already aborted", async (device) => {
      const options = { abortSignal: AbortSignal.abort() };
      const isAbort = (error: unknown): boolean => (error as { name?: unknown }).name === "AbortError";
      await rejects(device.write(0, Uint8Array.of(1), options), isAbort);
      await rejects(device.read(0, new Uint8Array(1), options), isAbort);
      deepStrictEqual(await readBack(device, 0, 1), new Uint8Array(1));
    }),
    check("closes once and refuses everything afterwards", async (device) => {
      await device.close();
      await device.close();
      await rejectsWith("closed", device.read(0, new Uint8Array(1)));
      await rejectsWith("closed", device.write(0, new Uint8Array(1)));
      await rejectsWith("closed", device.flush());
      await device[Symbol.asyncDispose]();
    }),
    check("behaves like an array under random accesses", async (device) => {
      const seed = 20_240_229;
      const random = createRandom(seed);
      const model = new Uint8Array(131_072);
      for (let step = 0; step < 300; step++) {
        const offset = Math.floor(random() * (model.length - 1));
        const length = Math.min(model.length - offset, Math.floor(random() ** 3 * 20_000));
        if (random() < 0.5) {
          const data = pattern(length, step);
          await device.write(offset, data);
          model.set(data, offset);
        } else {
          const seen = await readBack(device, offset, length);
          deepStrictEqual(seen, model.slice(offset, offset + length), `seed ${seed}, step ${step}`);
        }
      }
      deepStrictEqual(await readBack(device, 0, model.length), model, `seed ${seed}, at the end`);
    }),
  ];

  const { reopen } = harness;
  if (reopen) {
    checks.push(
      check("keeps what was flushed", async (device) => {
        const data = pattern(70_001, 31);
        await device.write(4095, data);
        await device.flush();
        await device.close();
        await using again = await reopen({ canWrite: true });
        strictEqual(again.sizeInBytes, device.sizeInBytes);
        deepStrictEqual(await readBack(again, 4095, data.length), data);
      }),
      check("opened for reading: reads, refuses writes and changes nothing", async (device) => {
        const data = pattern(10_000, 41);
        await device.write(0, data);
        await device.flush();
        await device.close();
        await using again = await reopen({ canWrite: false });
        strictEqual(again.canWrite, false);
        await rejectsWith("read-only", again.write(0, new Uint8Array(512)));
        await again.flush();
        deepStrictEqual(await readBack(again, 0, data.length), data);
      }),
    );
  }
  return checks;
}

/** Offset and length of accesses that meet sector and page boundaries in every way. */
const unevenRanges: readonly (readonly [number, number])[] = [
  [0, 1],
  [0, 512],
  [0, 4096],
  [1, 1],
  [511, 2],
  [512, 4096],
  [4095, 2],
  [4096, 8192],
  [4097, 4095],
  [5000, 10_000],
  [8191, 16_387],
];

async function readBack(
  device: BlockDevice,
  offsetInBytes: number,
  lengthInBytes: number,
): Promise<Uint8Array> {
  const target = new Uint8Array(lengthInBytes).fill(0xa5);
  await device.read(offsetInBytes, target);
  return target;
}

async function rejectsWith(code: string, promise: Promise<unknown>): Promise<void> {
  await rejects(
    promise,
    (error: unknown) => isDeviceError(error) && error.code === code,
    `expected a DeviceError '${code}'`,
  );
}

/** Bytes that differ with the seed and never repeat within a sector's distance. */
function pattern(lengthInBytes: number, seed: number): Uint8Array {
  return Uint8Array.from(
    { length: lengthInBytes },
    (_, index) => (seed * 31 + index * 7 + (index >> 8)) & 0xff,
  );
}

/** Mulberry32: small, good enough, repeatable. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

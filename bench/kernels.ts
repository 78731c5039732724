/**
 * Each WebAssembly kernel against what one would write without it, on one thread. Medians of runs in turns.
 * With `--check` it fails when a kernel has lost about half of its lead in processor time, which a busy machine hardly
 * changes; the best of five attempts counts. `--only=text` runs those with the text in their name.
 */
import { createCipheriv, createDecipheriv, createHash, randomFillSync } from "node:crypto";
import { monitorEventLoopDelay } from "node:perf_hooks";
import {
  createArena,
  createBulkSectorCipher,
  createMd5Hasher,
  isAllZero,
  md5ScratchInBytes,
  type SectorCipherMethod,
  sectorCipherScratchInBytes,
  stretchKeyInSlices,
} from "../src/diskprep/kernels/index.js";
import { formatTable, measureInTurns, medianOf } from "./support/measure.js";

interface Comparison {
  readonly name: string;
  readonly baselineName: string;
  readonly baseline: () => void | Promise<void>;
  readonly kernel: () => void | Promise<void>;
  /** How often the kernel does the work while the baseline does it once, so that both run equally long. Default: 1. */
  readonly kernelRuns?: number;
  /** The ratio that the product promises, on two quiet cores; undefined where it promises none. */
  readonly goal?: number;
  /**
   * Below this the kernel has become slow. A kernel alone: about 0.6 of what was measured when it was written, because
   * it and its baseline work within the processor's caches. The others: a little more than half, because results of the
   * platform's AES go through memory, and that depends on what else the machine does.
   */
  readonly leastRatio: number;
}

const mebibyte = 1024 * 1024;
const arena = createArena(40 * mebibyte);
const md5Scratch = 0;
const cipherScratch = Math.ceil(md5ScratchInBytes / 16) * 16;
const dataOffset = 4 * mebibyte;
const data = arena.bytes.subarray(dataOffset, dataOffset + 32 * mebibyte);
if (cipherScratch + sectorCipherScratchInBytes > dataOffset)
  throw new Error("The scratch areas overlap the data.");
for (let offset = 0; offset < data.length; offset += mebibyte) randomFillSync(data, offset, mebibyte);

const comparisons: readonly Comparison[] = [
  ...compareKernelsAlone(),
  compareMd5("MD5, 8 ranges of 4 MiB", 8, 4 * mebibyte, 3.5, 2.2),
  compareMd5("MD5, 1,000 ranges of 16 KiB", 1000, 16 * 1024, undefined, 2.5),
  compareCipher("xts-aes-128", 512, "encrypt", 15, 12),
  compareCipher("xts-aes-128", 512, "decrypt", undefined, 12),
  compareCipher("xts-aes-256", 512, "encrypt", undefined, 10),
  compareCipher("xts-aes-128", 4096, "encrypt", undefined, 1.9),
  compareCipher("aes-cbc-256", 512, "encrypt", 3, 13),
  compareCipher("aes-cbc-256", 512, "decrypt", undefined, 17),
  compareCipher("aes-cbc-128", 512, "encrypt", undefined, 13),
  compareCipher("aes-cbc-256", 4096, "encrypt", undefined, 1.9),
  compareCipher("aes-cbc-256", 4096, "decrypt", undefined, 2.3),
  compareStretching(),
];

const isCheck = process.argv.includes("--check");
const only = process.argv.find((argument) => argument.startsWith("--only="))?.slice("--only=".length) ?? "";
const attempts = 5;
const repetitions = 7;
let areAllFast = true;
const lines = [["kernel", "against", "times faster", "promised", "by processor time", "least"]];
for (const { name, baselineName, baseline, kernel, kernelRuns = 1, goal, leastRatio } of comparisons) {
  if (!name.includes(only)) continue;
  const runKernel = async (): Promise<void> => {
    for (let run = 0; run < kernelRuns; run++) await kernel();
  };
  let best = { wall: 0, processor: 0 };
  for (let attempt = 0; attempt < (isCheck ? attempts : 1) && best.processor < leastRatio; attempt++) {
    const timings = await measureInTurns({ baseline, kernel: runKernel }, repetitions);
    const ratio = (of: "processorInMs" | "wallInMs"): number =>
      (medianOf(timings.baseline[of]) / medianOf(timings.kernel[of])) * kernelRuns;
    const [processor, wall] = [ratio("processorInMs"), ratio("wallInMs")];
    if (processor > best.processor) best = { wall, processor };
  }
  lines.push([
    name,
    baselineName,
    best.wall.toFixed(2),
    goal === undefined ? "" : `>= ${goal}`,
    best.processor.toFixed(2),
    `>= ${leastRatio}`,
  ]);
  if (isCheck && best.processor < leastRatio) {
    areAllFast = false;
    console.error(
      `${name}: ${best.processor.toFixed(2)} times ${baselineName}, at least ${leastRatio} expected`,
    );
  }
}
console.log(formatTable(lines));
console.log(`\nLongest pause of the event loop while a key is stretched: ${await longestPauseInMs()} ms`);
if (isCheck) console.log(areAllFast ? "\nEvery kernel has kept its lead." : "\nA kernel has become slow.");
process.exitCode = areAllFast ? 0 : 1;

function compareMd5(
  name: string,
  count: number,
  lengthInBytes: number,
  goal: number | undefined,
  leastRatio: number,
): Comparison {
  const hasher = createMd5Hasher(arena, md5Scratch);
  const offsets = Array.from({ length: count }, (_, range) => dataOffset + range * lengthInBytes);
  const lengths = offsets.map(() => lengthInBytes);
  return {
    name,
    baselineName: "createHash",
    baseline() {
      for (const offset of offsets) {
        createHash("md5")
          .update(arena.bytes.subarray(offset, offset + lengthInBytes))
          .digest();
      }
    },
    kernel: () => void hasher.digest(offsets, lengths),
    kernelRuns: 4,
    ...(goal === undefined ? {} : { goal }),
    leastRatio,
  };
}

function compareCipher(
  method: SectorCipherMethod,
  sectorSize: number,
  direction: "encrypt" | "decrypt",
  goal: number | undefined,
  leastRatio: number,
): Comparison {
  const lengthInBytes = 8 * mebibyte;
  const isXts = method.startsWith("xts");
  const keyBits = method.endsWith("128") ? 128 : 256;
  const key = Uint8Array.from({ length: (keyBits / 8) * (isXts ? 2 : 1) }, (_, index) => index + 1);
  const name = `aes-${keyBits}-${isXts ? "xts" : "cbc"}`;
  const createCipher = direction === "encrypt" ? createCipheriv : createDecipheriv;
  const vectors = createCipheriv("aes-256-ecb", Buffer.alloc(32), null).setAutoPadding(false);
  const vector = Buffer.alloc(16);
  const cipher = createBulkSectorCipher(method, key, sectorSize, arena, cipherScratch);
  return {
    name: `${method}, ${sectorSize}-byte sectors, ${direction}`,
    baselineName: "a cipher object per sector",
    baseline() {
      for (let offset = 0; offset < lengthInBytes; offset += sectorSize) {
        vector.writeUInt32LE(isXts ? offset / sectorSize : offset);
        const each = createCipher(name, key, isXts ? vector : vectors.update(vector)).setAutoPadding(false);
        data.set(each.update(data.subarray(offset, offset + sectorSize)), offset);
        each.final();
      }
    },
    kernel: () => cipher[direction](dataOffset, lengthInBytes, 0),
    kernelRuns: sectorSize === 512 ? 12 : 3,
    ...(goal === undefined ? {} : { goal }),
    leastRatio,
  };
}

function compareStretching(): Comparison {
  const roundCount = 1 << 16;
  const message = Buffer.alloc(88);
  return {
    name: "key stretching",
    baselineName: "createHash per round",
    baseline() {
      for (let round = 0; round < roundCount; round++) {
        message.writeUInt32LE(round, 80);
        message.set(createHash("sha256").update(message).digest());
      }
    },
    kernel: async () =>
      void (await stretchKeyInSlices(new Uint8Array(32), new Uint8Array(16), { roundCount })),
    kernelRuns: 4,
    goal: 2.22,
    leastRatio: 2.9,
  };
}

/** What the WebAssembly functions themselves do, on data that stays in the processor's second-level cache. */
function compareKernelsAlone(): readonly Comparison[] {
  const size = 128 * 1024;
  const memory = createArena(3 * size);
  const bytes = Buffer.from(memory.bytes.buffer);
  const copied = Buffer.alloc(size);
  const times = (count: number, work: () => void) => () => {
    for (let turn = 0; turn < count; turn++) work();
  };
  const md5 = () => createHash("md5").update(bytes.subarray(0, size)).digest();
  const copy = () => bytes.fill(copied, size, 2 * size);
  const sectors = memory.kernel("sector-cipher")!;
  const sectorCount = size / 512;
  const rowSize = sectorCount * 16;
  const hasher = createMd5Hasher(memory, 2 * size);
  const [offsets, lengths] = [
    Array.from({ length: 8 }, (_, lane) => (lane * size) / 8),
    Array(8).fill(size / 8),
  ];
  const stretch = memory.kernel("key-stretch")!;
  stretch.initialize(2 * size + 8192);
  return [
    {
      name: "alone: MD5 of 8 ranges",
      baselineName: "createHash",
      baseline: times(100, md5),
      kernel: times(100, () => hasher.digest(offsets, lengths)),
      kernelRuns: 4,
      leastRatio: 2.6,
    },
    {
      name: "alone: XTS whitening",
      baselineName: "copying the bytes",
      baseline: times(2000, copy),
      kernel: times(2000, () => sectors.whiten(0, size, sectorCount, 32)),
      leastRatio: 0.36,
    },
    {
      name: "alone: CBC rows, there and back",
      baselineName: "copying the bytes",
      baseline: times(2000, copy),
      kernel: times(2000, () => {
        for (let inSector = 0; inSector < 512; inSector += 64) {
          sectors.gatherRows(inSector, size, size + 3 * rowSize, sectorCount, 512);
          for (let row = 1; row < 4; row++) {
            sectors.xorBlocks(size + row * rowSize, 16, size + (row - 1) * rowSize, 16, sectorCount);
          }
          sectors.scatterRows(inSector, size, sectorCount, 512);
        }
      }),
      leastRatio: 0.22,
    },
    {
      name: "alone: 8,192 rounds of key stretching",
      baselineName: "MD5 of 2 MiB",
      baseline: times(16, md5),
      kernel: () => stretch.stretch(2 * size + 8192, 0, 8192),
      leastRatio: 0.6,
    },
    {
      name: "alone: zero scan",
      baselineName: "Buffer.equals with zeros",
      baseline: times(2000, () => bytes.subarray(size, 2 * size).equals(copied)),
      kernel: times(2000, () => isAllZero(memory, size, size)),
      leastRatio: 1,
    },
  ];
}

async function longestPauseInMs(): Promise<string> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  await stretchKeyInSlices(new Uint8Array(32), new Uint8Array(16));
  delays.disable();
  return (delays.max / 1e6).toFixed(0);
}

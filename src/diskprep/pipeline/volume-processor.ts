/** Does the tasks of one thread: owns a scratch area of the arena, the ciphers in use and the file kept open. */
import {
  type Arena,
  advanceKeyStretch,
  type BulkSectorCipher,
  createBulkSectorCipher,
  createMd5Hasher,
  md5ScratchInBytes,
  type SectorCipherMethod,
  sectorCipherScratchInBytes,
} from "../kernels/index.js";
import { createFilePieceReader } from "./file-piece-reader.js";
import { noReadTurns, type ReadTurns } from "./read-turns.js";
import {
  type SectorsBesideHashing,
  sectorsBesideHashing,
  type TransformSectors,
} from "./sectors-beside-hashing.js";
import type { FilePieces, SlotStretches, VolumeResult, VolumeTask } from "./volume-task.js";

/** A cipher to be used by later tasks. Its key lies in the arena, so that no message holds it. */
export interface CipherOrder {
  readonly cipherNumber: number;
  readonly method: SectorCipherMethod;
  readonly sectorSizeInBytes: 512 | 4096;
  readonly keyOffset: number;
  readonly keyLengthInBytes: number;
}

/** What a thread can be told. */
export type VolumeRequest =
  | { readonly kind: "task"; readonly task: VolumeTask }
  | { readonly kind: "open-cipher"; readonly order: CipherOrder }
  | { readonly kind: "close-cipher"; readonly cipherNumber: number }
  /** Carries on a stretch whose state lies in the arena. */
  | {
      readonly kind: "stretch";
      readonly stateOffset: number;
      readonly firstRound: number;
      readonly roundCount: number;
    }
  /** Closes the file that is kept open. */
  | { readonly kind: "rest" };

/** Answers requests; synchronous. */
export type VolumeProcessor = (request: VolumeRequest) => VolumeResult | undefined;

const noStretches: SlotStretches = { offsets: [], lengths: [] };
const md5Area = Math.ceil(md5ScratchInBytes / 64) * 64;
const cipherArea = Math.ceil(sectorCipherScratchInBytes / 64) * 64;

/** Size of the scratch area of a processor that knows so many ciphers at a time; a multiple of 64. */
export function processorScratchInBytes(cipherCount: number): number {
  return md5Area + cipherCount * cipherArea;
}

/** Pieces of at least this length on average are read in turns; opening many small files is faster side by side. */
const leastLengthInTurns = 256 * 1024;

/** A processor whose scratch area begins at `scratchOffset`, a multiple of 64. */
export function createVolumeProcessor(
  arena: Arena,
  scratchOffset: number,
  readTurns: ReadTurns,
): VolumeProcessor {
  const hasher = createMd5Hasher(arena, scratchOffset);
  const ciphers = new Map<number, BulkSectorCipher>();
  const files = createFilePieceReader();

  const openCipher = (order: CipherOrder): void => {
    const key = arena.bytes.slice(order.keyOffset, order.keyOffset + order.keyLengthInBytes);
    const cipherScratch = scratchOffset + md5Area + order.cipherNumber * cipherArea;
    ciphers.set(
      order.cipherNumber,
      createBulkSectorCipher(order.method, key, order.sectorSizeInBytes, arena, cipherScratch),
    );
    key.fill(0);
  };

  const run = (task: VolumeTask): VolumeResult => {
    const { slotOffset, lengthInBytes } = task;
    const cipher = ciphers.get(task.cipherNumber ?? -1);
    if (cipher === undefined && (task.encrypt || task.decrypt)) {
      throw new RangeError(`there is no cipher number ${task.cipherNumber}`);
    }
    if (task.pieces) {
      const slot = arena.bytes.subarray(slotOffset, slotOffset + lengthInBytes);
      const { pieces } = task;
      zeroAround(slot, pieces, task.kept);
      const isLarge = lengthInBytes / pieces.lengths.length >= leastLengthInTurns;
      const failure = (isLarge ? readTurns : noReadTurns).take(() => files.read(pieces, slot));
      if (failure) return { kind: "failed", failure };
    }
    const ranges = task.hash ?? noStretches;
    const beside = (direction: "encrypt" | "decrypt"): SectorsBesideHashing | undefined => {
      const stretches = task[direction];
      const transform: TransformSectors = (offset, length, position) =>
        cipher![direction](slotOffset + offset, length, position);
      return stretches && sectorsBesideHashing(direction, stretches, ranges, slotOffset, cipher!, transform);
    };
    const decryption = beside("decrypt");
    const encryption = beside("encrypt");
    decryption?.rest();
    const hashes = hasher.digest(
      ranges.offsets.map((offset) => slotOffset + offset),
      ranges.lengths,
      { before: decryption?.work, after: encryption?.work },
    );
    encryption?.rest();
    return { kind: "done", hashes };
  };

  return (request) => {
    switch (request.kind) {
      case "task":
        return run(request.task);
      case "open-cipher":
        openCipher(request.order);
        return undefined;
      case "close-cipher":
        ciphers.get(request.cipherNumber)?.dispose();
        ciphers.delete(request.cipherNumber);
        return undefined;
      case "stretch":
        advanceKeyStretch(arena, request.stateOffset, request.firstRound, request.roundCount);
        return undefined;
      case "rest":
        files.close();
        return undefined;
    }
  };
}

/** Zeroes what no piece will fill and nobody has filled: the ends of clusters and free space. */
function zeroAround(slot: Uint8Array, pieces: FilePieces, kept: SlotStretches | undefined): void {
  let end = 0;
  let piece = 0;
  let stretch = 0;
  const nextOf = (offsets: readonly number[] | undefined, index: number): number =>
    offsets?.[index] ?? slot.length;
  while (end < slot.length) {
    const nextPiece = nextOf(pieces.slotOffsets, piece);
    const nextKept = nextOf(kept?.offsets, stretch);
    const start = Math.min(nextPiece, nextKept);
    if (start > end) slot.fill(0, end, start);
    if (start === slot.length) return;
    if (nextPiece <= nextKept) end = Math.max(end, nextPiece + pieces.lengths[piece++]!);
    else end = Math.max(end, nextKept + kept!.lengths[stretch++]!);
  }
}

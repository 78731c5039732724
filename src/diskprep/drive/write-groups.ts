/**
 * Carries groups to the device: fill, read, hash, encrypt, write. Threads work on several groups at once, several writes
 * are in flight, and a fixed number of slots bounds the memory. Order, checkpoints and errors stay on this thread.
 */
import { type AbortSignalLike, throwIfAborted } from "../../shared/abort.js";
import { allEnded } from "../../shared/all-ended.js";
import { type BitLockerLayout, mapBitLockerRange } from "../bitlocker/index.js";
import type { BlockDevice } from "../device/index.js";
import type { FilePieceFailure, Slot, VolumeResult, VolumeTask, VolumeWorkers } from "../pipeline/index.js";
import type { DriveError } from "./drive-error.js";
import { stagedFileChanged, stagedPieceError } from "./staged-file-error.js";
import type { VolumeGroup } from "./volume-group.js";

/** Longest single write. Larger ones are not faster, and several at once keep the device busy. */
const writeLengthInBytes = 4 * 1024 * 1024;

/** Where and how groups are written. */
export interface WriteGroupsOptions {
  /** The partition. */
  readonly volume: BlockDevice;
  readonly layout: BitLockerLayout;
  readonly workers: VolumeWorkers;
  /** Makes workers for a group that is longer than their slots. */
  readonly createLargerWorkers: (slotLengthInBytes: number) => Promise<{
    readonly workers: VolumeWorkers;
    readonly cipherNumber: number;
  }>;
  readonly cipherNumber: number;
  /** Awaited before each group is handed to the device. */
  readonly untilWritable: () => Promise<unknown>;
  /** Called in order, before the group is handed to the device. */
  readonly onGroup: (group: VolumeGroup, rangeHashes: Uint8Array) => void;
  /** Called in order between groups with the offset below which everything is written; may drain, flush and note it. */
  readonly onWritten: (volumeOffsetInBytes: number, drain: () => Promise<void>) => Promise<void>;
  readonly abortSignal?: AbortSignalLike | undefined;
}

/**
 * Writes groups in ascending order. Rejects with the first failure after every task and write in flight has ended.
 */
export async function writeGroups(
  groups: AsyncIterable<VolumeGroup>,
  options: WriteGroupsOptions,
): Promise<void> {
  const writer = createGroupWriter(options);
  try {
    for await (const group of groups) {
      throwIfAborted(options.abortSignal);
      await writer.add(group);
    }
    await writer.end();
  } finally {
    await writer.settle();
  }
}

interface GroupWriter {
  /** Resolves when the group lies in a slot and its task is given out. Rejects when an earlier group failed. */
  add(group: VolumeGroup): Promise<void>;
  /** Resolves when everything is written. */
  end(): Promise<void>;
  /** Resolves when nothing is in flight any more, whatever has failed. */
  settle(): Promise<void>;
}

function createGroupWriter(options: WriteGroupsOptions): GroupWriter {
  const writes = new Set<Promise<void>>();
  /** The end of the last group's turn: hashes checked, writes given out. Turns follow each other in volume order. */
  let lastTurn: Promise<void> = Promise.resolve();
  let failure: { readonly reason: unknown } | undefined;

  const noteFailure = (reason: unknown): void => {
    failure ??= { reason };
  };
  const throwFailure = (): void => {
    if (failure) throw failure.reason;
  };
  const drain = async (): Promise<void> => {
    await Promise.all(writes);
    throwFailure();
  };

  const takeTurn = async (
    group: VolumeGroup,
    slot: Slot,
    computed: Promise<VolumeResult>,
    release: () => Promise<void> | void,
  ): Promise<void> => {
    let written: Promise<unknown> = Promise.resolve();
    try {
      const result = await computed;
      throwFailure();
      throwIfAborted(options.abortSignal);
      if (result.kind === "failed") throw pieceError(group, result.failure);
      checkHashes(group, result.hashes);
      options.onGroup(group, result.hashes);
      await options.untilWritable();
      written = writeGroup(group, slot, options);
    } catch (error) {
      noteFailure(error);
    }
    const write = written.then(release, async (error) => {
      noteFailure(error);
      await release();
    });
    writes.add(write);
    void write.finally(() => writes.delete(write));
    if (failure) return;
    try {
      await options.onWritten(group.volumeOffsetInBytes + group.lengthInBytes, drain);
    } catch (error) {
      noteFailure(error);
    }
  };

  /** A slot, also for a group that is longer than all others because one of its ranges is. */
  const place = async (group: VolumeGroup): Promise<Place> => {
    if (group.lengthInBytes <= options.workers.slotLengthInBytes) {
      const slot = await options.workers.acquireSlot();
      return { ...options, slot, release: () => slot.release() };
    }
    const larger = await options.createLargerWorkers(group.lengthInBytes);
    return { ...larger, slot: await larger.workers.acquireSlot(), release: () => larger.workers.close() };
  };

  return {
    async add(group) {
      throwFailure();
      if (group.needsEarlierHashes) await lastTurn;
      const { workers, cipherNumber, slot, release } = await place(group);
      try {
        throwFailure();
        const buffer = slot.bytes.subarray(0, group.lengthInBytes);
        for (const { bufferOffset, lengthInBytes, fill } of group.fills) {
          await fill(buffer.subarray(bufferOffset, bufferOffset + lengthInBytes));
        }
      } catch (error) {
        await release();
        throw error;
      }
      const computed = workers.run(taskOf(group, slot, cipherNumber, options.layout));
      // Looked at when the group's turn comes.
      computed.catch(() => undefined);
      lastTurn = lastTurn.then(() => takeTurn(group, slot, computed, release));
    },
    async end() {
      await lastTurn;
      await drain();
    },
    async settle() {
      await lastTurn;
      await Promise.all(writes);
    },
  };
}

interface Place {
  readonly workers: VolumeWorkers;
  readonly cipherNumber: number;
  readonly slot: Slot;
  readonly release: () => Promise<void> | void;
}

function taskOf(group: VolumeGroup, slot: Slot, cipherNumber: number, layout: BitLockerLayout): VolumeTask {
  const { pieces, ranges, fills } = group;
  const stored = storedStretches(group, layout);
  return {
    slotOffset: slot.offset,
    lengthInBytes: group.lengthInBytes,
    cipherNumber,
    pieces: {
      paths: pieces.paths,
      pathLengths: pieces.pathLengths,
      pathNumbers: pieces.pathNumbers,
      fileOffsets: pieces.fileOffsets,
      slotOffsets: pieces.slotOffsets,
      lengths: pieces.lengths,
    },
    kept: {
      offsets: fills.map(({ bufferOffset }) => bufferOffset),
      lengths: fills.map(({ lengthInBytes }) => lengthInBytes),
    },
    hash: { offsets: ranges.offsets, lengths: ranges.lengths },
    encrypt: {
      offsets: stored.map(({ start }) => start),
      lengths: stored.map(({ lengthInBytes }) => lengthInBytes),
      positionsInBytes: stored.map(({ start }) => group.volumeOffsetInBytes + start),
    },
  };
}

/** What of a group is stored where it lies. */
function storedStretches(
  { volumeOffsetInBytes, lengthInBytes }: VolumeGroup,
  layout: BitLockerLayout,
): readonly { readonly start: number; readonly lengthInBytes: number }[] {
  return (
    mapBitLockerRange(layout, volumeOffsetInBytes, lengthInBytes)
      // The boot area is published at the very end; the metadata regions are not part of the encrypted volume.
      .filter((piece) => piece.kind !== "reserved" && piece.positionInBytes === piece.offsetInBytes)
      .map((piece) => ({
        start: piece.offsetInBytes - volumeOffsetInBytes,
        lengthInBytes: piece.lengthInBytes,
      }))
  );
}

async function writeGroup(group: VolumeGroup, slot: Slot, options: WriteGroupsOptions): Promise<void> {
  const { abortSignal, volume } = options;
  const writes: Promise<void>[] = [];
  for (const { start, lengthInBytes } of storedStretches(group, options.layout)) {
    const end = start + lengthInBytes;
    for (let at = start; at < end; at += writeLengthInBytes) {
      const part = slot.bytes.subarray(at, Math.min(end, at + writeLengthInBytes));
      writes.push(volume.write(group.volumeOffsetInBytes + at, part, { abortSignal }));
    }
  }
  // The slot must not be used again while one of the writes still reads it.
  await allEnded(writes);
}

/** @throws DriveError `staged-file-changed` */
function checkHashes({ ranges }: VolumeGroup, hashes: Uint8Array): void {
  for (const [range, expected] of ranges.expectedHashes.entries()) {
    if (!expected) continue;
    if (Buffer.compare(hashes.subarray(range * 16, range * 16 + 16), expected) === 0) continue;
    throw stagedFileChanged(ranges.blobNames[range]!, ranges.blobOffsets[range]!, ranges.lengths[range]!);
  }
}

function pieceError({ pieces, ranges }: VolumeGroup, failure: FilePieceFailure): DriveError {
  const { piece } = failure;
  const range = pieces.rangeIndexes[piece]!;
  const blob = { name: ranges.blobNames[range]!, lengthInBytes: ranges.blobLengths[range]! };
  const pathLength = pieces.pathLengths[pieces.pathNumbers[piece]!]!;
  return stagedPieceError(failure, blob, pieces.fileOffsets[piece]!, pathLength);
}

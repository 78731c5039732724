/** Carries groups to the device: fill, hash, encrypt, write, with several writes in flight and bounded memory. */
import type { AbortSignalLike } from "../../shared/abort.js";
import { throwIfAborted } from "../../shared/abort.js";
import { type BitLockerLayout, mapBitLockerRange, type SectorCipher } from "../bitlocker/index.js";
import type { BlockDevice } from "../device/index.js";
import { createStagedFileReader, readAndHashGroup } from "./group-content.js";
import type { VolumeGroup } from "./volume-group.js";

/** Buffers that go round between filling and writing; they bound the memory whatever the drive's size. */
const slotCount = 3;

/** Where and how groups are written. */
export interface WriteGroupsOptions {
  /** The partition. */
  readonly volume: BlockDevice;
  readonly layout: BitLockerLayout;
  readonly cipher: SectorCipher;
  readonly groupLengthInBytes: number;
  /** Called in order, after the group was handed to the device; its write may still be in flight. */
  readonly onGroup: (group: VolumeGroup, rangeHashes: Uint8Array) => void;
  /** Called in order between groups with the offset below which everything is written; may flush and note it. */
  readonly onWritten: (volumeOffsetInBytes: number, drain: () => Promise<void>) => Promise<void>;
  readonly abortSignal?: AbortSignalLike | undefined;
}

/**
 * Writes groups in ascending order. Rejects with the first failure after every write in flight has ended; no file stays
 * open.
 */
export async function writeGroups(
  groups: AsyncIterable<VolumeGroup>,
  options: WriteGroupsOptions,
): Promise<void> {
  const files = createStagedFileReader();
  const slots = Array.from({ length: slotCount }, () => new Uint8Array(options.groupLengthInBytes));
  const inFlight: Promise<void>[] = [];
  const drain = async (): Promise<void> => {
    await Promise.all(inFlight.splice(0));
  };
  let slotIndex = 0;
  try {
    for await (const group of groups) {
      throwIfAborted(options.abortSignal);
      // With one write in flight per busy slot, the oldest one has to end before its slot can be used again.
      if (inFlight.length === slotCount) await inFlight.shift();
      if (slots[slotIndex]!.length < group.lengthInBytes)
        slots[slotIndex] = new Uint8Array(group.lengthInBytes);
      const buffer = slots[slotIndex]!.subarray(0, group.lengthInBytes);
      slotIndex = (slotIndex + 1) % slotCount;
      buffer.fill(0);
      for (const { bufferOffset, lengthInBytes, fill } of group.fills) {
        await fill(buffer.subarray(bufferOffset, bufferOffset + lengthInBytes));
      }
      const hashes = readAndHashGroup(group, buffer, files);
      const write = encryptAndWrite(group, buffer, options);
      // A failure is noticed when the slot comes round or at the end, not as an unhandled rejection.
      write.catch(() => undefined);
      inFlight.push(write);
      options.onGroup(group, hashes);
      await options.onWritten(group.volumeOffsetInBytes + group.lengthInBytes, drain);
    }
    await drain();
  } finally {
    files.close();
    await Promise.allSettled(inFlight);
    for (const slot of slots) slot.fill(0);
  }
}

async function encryptAndWrite(
  group: VolumeGroup,
  buffer: Uint8Array,
  options: WriteGroupsOptions,
): Promise<void> {
  const writes: Promise<void>[] = [];
  for (const piece of mapBitLockerRange(options.layout, group.volumeOffsetInBytes, buffer.length)) {
    // The boot area is published at the very end; the metadata regions are not part of the encrypted volume.
    if (piece.kind === "reserved" || piece.positionInBytes !== piece.offsetInBytes) continue;
    const start = piece.offsetInBytes - group.volumeOffsetInBytes;
    const part = buffer.subarray(start, start + piece.lengthInBytes);
    options.cipher.encrypt(part, piece.positionInBytes);
    writes.push(options.volume.write(piece.positionInBytes, part, { abortSignal: options.abortSignal }));
  }
  await Promise.all(writes);
}

/**
 * BitLocker's key stretching: 1,048,576 rounds of SHA-256, each over the result of the one before it. It is done in
 * slices of a few milliseconds, between which the event loop runs.
 */
import { setImmediate } from "node:timers/promises";
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import { type Acceleration, type Arena, createArena, hasVectorInstructions } from "./arena.js";
import { assertRange } from "./assert-range.js";
import { createKeyStretchReference } from "./key-stretch-reference.js";

/** A stretch under way. */
export interface KeyStretchState {
  /** Does rounds `firstRound` to `firstRound + count - 1`; `count` is a multiple of four. */
  advance(firstRound: number, count: number): void;
  /** A copy of the 32 bytes after the last round. */
  result(): Uint8Array;
  /** Clears everything. */
  dispose(): void;
}

/** Options of {@link stretchKeyInSlices}. */
export interface StretchKeyOptions extends AbortOptions {
  /** Default: `automatic`. */
  readonly acceleration?: Acceleration;
  /** Rounds to do; a multiple of four. Only tests do fewer than BitLocker's 1,048,576, the default. */
  readonly roundCount?: number;
}

export const bitLockerRoundCount = 0x100000;

/** Size of the state of a stretch in an arena. */
export const keyStretchStateInBytes = 4096;

const hashInBytes = 32;
const saltInBytes = 16;
/** Fields of the kernel's state, see key-stretch.wat. */
const initialOffset = 32;
const saltOffset = 64;
/** One or two milliseconds, and some ten on a slow machine without WebAssembly. */
const roundsInSlice = 4096;

/**
 * Stretches the hash of a secret into the key that opens a protector. Takes about half a second of one core, in slices of
 * a few milliseconds on the calling thread. Touches no disk; may be repeated.
 *
 * @param initialHash 32 bytes. Not kept.
 * @param salt 16 bytes, stored with the protector.
 * @returns 32 bytes. SECRET; the caller zeroes them after use.
 * @throws RangeError for other lengths; AbortError, after which nothing of the secret is left in memory.
 */
export async function stretchKeyInSlices(
  initialHash: Uint8Array,
  salt: Uint8Array,
  options: StretchKeyOptions = {},
): Promise<Uint8Array> {
  const { abortSignal, roundCount = bitLockerRoundCount } = options;
  if (initialHash.length !== hashInBytes || salt.length !== saltInBytes || roundCount % 4 !== 0) {
    throw new RangeError("Key stretching needs a hash of 32 bytes, a salt of 16 and rounds in fours.");
  }
  throwIfAborted(abortSignal);
  const state = createState(initialHash, salt, options.acceleration);
  try {
    for (let round = 0; round < roundCount; round += roundsInSlice) {
      state.advance(round, Math.min(roundsInSlice, roundCount - round));
      await setImmediate();
      throwIfAborted(abortSignal);
    }
    return state.result();
  } finally {
    state.dispose();
  }
}

function createState(
  initialHash: Uint8Array,
  salt: Uint8Array,
  acceleration: Acceleration = "automatic",
): KeyStretchState {
  const arena =
    acceleration === "automatic" && hasVectorInstructions()
      ? createArena(keyStretchStateInBytes, { isShared: false })
      : undefined;
  return (
    (arena && beginKeyStretch(arena, 0, initialHash, salt)) ?? createKeyStretchReference(initialHash, salt)
  );
}

/**
 * Begins a stretch whose state lies in an arena, so that any thread that has the arena can carry it on with
 * {@link advanceKeyStretch}. Undefined without the kernel.
 *
 * @param offset of {@link keyStretchStateInBytes} bytes that hold SECRETS until the state is disposed; a multiple of 16
 */
export function beginKeyStretch(
  arena: Arena,
  offset: number,
  initialHash: Uint8Array,
  salt: Uint8Array,
): KeyStretchState | undefined {
  const kernel = arena.kernel("key-stretch");
  if (!kernel) return undefined;
  assertRange(arena, offset, keyStretchStateInBytes);
  const words = new DataView(arena.bytes.buffer, offset, keyStretchStateInBytes);
  // SHA-256 reads its message as big-endian words, the kernel computes with the machine's.
  const storeWords = (fieldOffset: number, message: Uint8Array): void => {
    const source = new DataView(message.buffer, message.byteOffset, message.length);
    for (let index = 0; index < message.length; index += 4) {
      words.setUint32(fieldOffset + index, source.getUint32(index), true);
    }
  };
  kernel.initialize(offset);
  storeWords(initialOffset, initialHash);
  storeWords(saltOffset, salt);
  return {
    advance: (firstRound, count) => advanceKeyStretch(arena, offset, firstRound, count),
    result() {
      const result = new Uint8Array(hashInBytes);
      const target = new DataView(result.buffer);
      for (let index = 0; index < hashInBytes; index += 4)
        target.setUint32(index, words.getUint32(index, true));
      return result;
    },
    dispose: () => void arena.bytes.fill(0, offset, offset + keyStretchStateInBytes),
  };
}

/** Does rounds of a stretch that was begun in the same memory, perhaps by another thread. */
export function advanceKeyStretch(arena: Arena, offset: number, firstRound: number, count: number): void {
  assertRange(arena, offset, keyStretchStateInBytes);
  arena.kernel("key-stretch")!.stretch(offset, firstRound, count);
}

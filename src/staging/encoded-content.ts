/** The content of a blob on its way from the source: counted, compressed where asked, and its beginning gathered. */
import type { AbortOptions, AbortSignalLike } from "../shared/index.js";
import { throwIfAborted } from "../shared/index.js";
import type { OpenedBlobSource } from "./blob-source.js";
import { compressBytes, compressChunks, sampleIsWorthwhile } from "./compression.js";
import { contentEncodingOf, isWorthwhile, type ResolvedCompression } from "./compression-choice.js";
import type { ContentReader } from "./content-pipeline.js";
import { StagingError } from "./errors.js";

/** Contents up to this length share packs; longer ones get a file of their own. */
export const packedContentLimitInBytes: number = 1024 * 1024;

/** The beginning of a content, or all of it. */
export interface ContentHead {
  readonly bytes: Uint8Array;
  readonly complete: boolean;
}

/** The source's own bytes, counted. */
export interface CountedChunks extends AsyncIterableIterator<Uint8Array> {
  readonly lengthInBytes: number;
  /** @throws StagingError `source-changed` when there were more or fewer bytes than announced, or the file changed */
  checkComplete(): Promise<void>;
}

/** What is to be staged. */
export interface EncodedContent {
  readonly head: ContentHead;
  /** What follows the head. */
  readonly chunks: AsyncIterator<Uint8Array>;
  /** Set when the bytes are compressed. */
  readonly contentEncoding: string | undefined;
}

/** Counts the bytes of a source, and compares them with what was announced. */
interface LengthCheck {
  readonly lengthInBytes: number;
  add(count: number): void;
  checkComplete(): Promise<void>;
}

function createLengthCheck(
  name: string,
  opened: OpenedBlobSource,
  options: { readonly lengthInBytes?: number },
): LengthCheck {
  const expected = options.lengthInBytes;
  let length = 0;
  const wrongLength = (more: boolean): StagingError =>
    new StagingError(
      "source-changed",
      `The source of blob '${name}' gave ${length}${more ? " or more" : ""} bytes instead of the ${expected} announced. Stage it again.`,
      { details: { name, lengthInBytes: length, expectedInBytes: expected } },
    );
  return {
    get lengthInBytes() {
      return length;
    },
    add(count) {
      length += count;
      if (expected !== undefined && length > expected) throw wrongLength(true);
    },
    async checkComplete() {
      if (expected !== undefined && length !== expected) throw wrongLength(false);
      await opened.checkUnchanged(length);
    },
  };
}

/** Counts the bytes of a source while they pass. */
export function countedChunks(
  name: string,
  opened: OpenedBlobSource,
  options: { readonly lengthInBytes?: number },
): CountedChunks {
  const check = createLengthCheck(name, opened, options);
  const chunks = opened.chunks()[Symbol.asyncIterator]();
  const counted: CountedChunks = {
    get lengthInBytes() {
      return check.lengthInBytes;
    },
    async next() {
      const next = await chunks.next();
      if (next.done !== true) check.add(next.value.length);
      return next;
    },
    async return() {
      await chunks.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => counted,
    checkComplete: () => check.checkComplete(),
  };
  return counted;
}

/** A file read straight into the memory it is hashed in and written from, counted; undefined for other sources. */
export function countedFile(
  name: string,
  opened: OpenedBlobSource,
  options: { readonly lengthInBytes?: number },
): (ContentReader & LengthCheck) | undefined {
  const { fill } = opened;
  if (fill === undefined) return undefined;
  const check = createLengthCheck(name, opened, options);
  return {
    get lengthInBytes() {
      return check.lengthInBytes;
    },
    add: (count) => check.add(count),
    checkComplete: () => check.checkComplete(),
    async fill(target) {
      const count = await fill(target);
      check.add(count);
      return count;
    },
    close: async () => undefined,
  };
}

/** Reads the beginning of a source and decides whether it is compressed. */
export async function encodedContent(
  opened: OpenedBlobSource,
  raw: CountedChunks,
  compression: ResolvedCompression | undefined,
  abortSignal: AbortSignalLike | undefined,
): Promise<EncodedContent> {
  const head = await readHead(raw, abortSignal, opened.bytes !== undefined);
  const plain: EncodedContent = { head, chunks: raw, contentEncoding: undefined };
  if (compression === undefined || head.bytes.length === 0) return plain;
  const contentEncoding = contentEncodingOf(compression.method);
  if (head.complete) {
    const bytes = await compressBytes(head.bytes, compression);
    if (!isWorthwhile(compression, head.bytes.length, bytes.length)) return plain;
    return { head: { bytes, complete: true }, chunks: raw, contentEncoding };
  }
  if (!(await sampleIsWorthwhile(head.bytes, compression))) return plain;
  const compressed = compressChunks(rest(head, raw), compression);
  return { head: await readHead(compressed, abortSignal, false), chunks: compressed, contentEncoding };
}

/** A head and what follows it as one stream; ends its source when it is stopped early. */
export async function* rest(
  head: ContentHead,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield head.bytes;
    if (head.complete) return;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  } finally {
    await chunks.return?.();
  }
}

/** Reads until the end, or until it is clear that the content gets a file of its own. */
async function readHead(
  chunks: AsyncIterator<Uint8Array>,
  abortSignal: AbortOptions["abortSignal"],
  inMemory: boolean,
): Promise<ContentHead> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    while (length <= packedContentLimitInBytes || inMemory) {
      throwIfAborted(abortSignal);
      const next = await chunks.next();
      if (next.done === true) return { bytes: joined(parts), complete: true };
      // The source may use its buffer again as soon as it is asked for more; bytes in memory stay as they are.
      parts.push(inMemory ? next.value : Uint8Array.prototype.slice.call(next.value));
      length += next.value.length;
    }
  } catch (error) {
    await chunks.return?.();
    throw error;
  }
  return { bytes: joined(parts), complete: false };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

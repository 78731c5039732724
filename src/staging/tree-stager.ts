/** Takes batches of listed files to the threads that read them, and what the threads made of them to the seed. */
import type { AbortSignalLike } from "../shared/index.js";
import { throwIfAborted } from "../shared/index.js";
import { blobNameFromPath } from "./blob-name.js";
import { bundleIndexMetadataName, bundleIndexName, bundleMetadataName, bundleName } from "./bundle.js";
import { contentEncodingOf, type ResolvedCompression, rawLengthMetadataName } from "./compression-choice.js";
import { rangeHashSizeInBytes } from "./content-hasher.js";
import { directUnitInBytes } from "./seed-layout.js";
import type { PreparedBlob, SeedWriterInternals } from "./seed-writer.js";
import type { TreeMemory } from "./tree-memory.js";
import type { EncodedPiece, TreeBatch } from "./tree-task.js";
import type { TreeThreads } from "./tree-threads.js";

/** What staging a batch needs. */
export interface TreeStagerContext {
  readonly internals: SeedWriterInternals;
  readonly threads: TreeThreads;
  readonly memory: TreeMemory;
  readonly namePrefix: string;
  readonly compression: ResolvedCompression | undefined;
  readonly abortSignal: AbortSignalLike | undefined;
  /** A file was not as it was listed: it is staged by itself, which also finds out what is wrong. */
  readonly stageSingly: (batch: TreeBatch, at: number) => Promise<void>;
  /** Some files are in the seed now; `path` is one of them. */
  readonly onStaged: (path: string, files: number, sourceBytes: number) => void;
  readonly onFailed: (path: string, error: unknown) => void;
}

/** Stages batches. */
export interface TreeStager {
  /** Each entry becomes a blob. */
  stageBlobs(batch: TreeBatch): Promise<void>;
  /** All entries become one bundle. */
  stageBundle(batch: TreeBatch, number: number): Promise<void>;
}

/** Creates a stager; no more calls may run at once than there are slots. */
export function createTreeStager(context: TreeStagerContext): TreeStager {
  const { internals, threads, memory, namePrefix, compression, onStaged, onFailed } = context;

  const inSlot = async (use: (slotOffset: number) => Promise<void>): Promise<void> => {
    throwIfAborted(context.abortSignal);
    const slotOffset = memory.take();
    try {
      await use(slotOffset);
    } finally {
      memory.give(slotOffset);
    }
  };
  const view = (slotOffset: number, lengthInBytes: number): Uint8Array =>
    memory.view(slotOffset, Math.ceil(lengthInBytes / directUnitInBytes) * directUnitInBytes);

  const stageInvalid = async (batch: TreeBatch, valid: Uint8Array): Promise<void> => {
    for (let at = valid.indexOf(0); at >= 0; at = valid.indexOf(0, at + 1)) {
      await context.stageSingly(batch, at);
    }
  };

  const stageBlobs = async (batch: TreeBatch): Promise<void> => {
    let { paths } = batch;
    let valid: Uint8Array | undefined;
    await inSlot(async (slotOffset) => {
      const slotSize = memory.slotSizeInBytes;
      const reply = await threads.run({ kind: "blobs", ...batch, slotOffset, slotSize });
      let { offsets, lengths } = reply;
      let heads = reply.heads.split("\n").slice(0, -1);
      let tails = reply.tails.split("\n").slice(0, -1);
      let sizes = batch.sizes;
      if (reply.valid.includes(0)) {
        valid = reply.valid;
        const isValid = (_: unknown, at: number): boolean => reply.valid[at] === 1;
        paths = paths.filter(isValid);
        sizes = sizes.filter(isValid);
        heads = heads.filter(isValid);
        tails = tails.filter(isValid);
        offsets = offsets.filter(isValid);
        lengths = lengths.filter(isValid);
      }
      if (paths.length === 0) return;
      const problems = await internals.recordPacked({
        names: paths.map((path) => namePrefix + blobNameFromPath(path)),
        heads,
        tails,
        offsets,
        lengths,
        bytes: view(slotOffset, reply.lengthInBytes),
      });
      let bytes = 0;
      paths.forEach((path, at) => {
        if (problems.has(at)) onFailed(path, problems.get(at));
        else bytes += sizes[at]!;
      });
      onStaged(paths.at(-1)!, paths.length - problems.size, bytes);
    });
    if (valid !== undefined) await stageInvalid(batch, valid);
  };

  /** A blob of what a thread put together. */
  const prepared = (
    name: string,
    piece: EncodedPiece,
    contentType: string,
    metadata: Readonly<Record<string, string>>,
    modifiedAtInMs: number,
    slotOffset: number,
  ): PreparedBlob => ({
    name,
    headers: piece.isCompressed
      ? { contentType, contentEncoding: contentEncodingOf(compression!.method) }
      : { contentType },
    metadata: piece.isCompressed
      ? { ...metadata, [rawLengthMetadataName]: String(piece.rawLengthInBytes) }
      : metadata,
    modifiedAtInMs,
    md5: piece.md5,
    rangeHashes: piece.rangeHashes.length > rangeHashSizeInBytes ? piece.rangeHashes : undefined,
    lengthInBytes: piece.lengthInBytes,
    content:
      piece.bytes === undefined
        ? { type: "units", bytes: view(slotOffset, piece.lengthInBytes) }
        : { type: "bytes", bytes: piece.bytes },
  });

  const stageBundle = async (batch: TreeBatch, number: number): Promise<void> => {
    let invalid: Uint8Array | undefined;
    await inSlot(async (slotOffset) => {
      const name = bundleName(namePrefix, number);
      const slotSize = memory.slotSizeInBytes;
      const reply = await threads.run({ kind: "bundle", bundle: name, ...batch, slotOffset, slotSize });
      const { valid, archive, index } = reply;
      if (valid.includes(0)) invalid = valid;
      if (archive === undefined || index === undefined) return;
      let files = 0;
      let bytes = 0;
      let modifiedAtInMs = 0;
      for (let at = 0; at < valid.length; at += 1) {
        if (valid[at] !== 1) continue;
        files += 1;
        bytes += batch.sizes[at]!;
        modifiedAtInMs = Math.max(modifiedAtInMs, batch.modifiedAtInMs[at]!);
      }
      const results = await internals.recordPrepared([
        prepared(
          name,
          archive,
          "application/x-tar",
          { [bundleMetadataName]: "tar" },
          modifiedAtInMs,
          slotOffset,
        ),
        prepared(
          bundleIndexName(name),
          index,
          "application/x-ndjson",
          { [bundleIndexMetadataName]: "1" },
          modifiedAtInMs,
          slotOffset,
        ),
      ]);
      const failed = results.find((result) => result.status === "rejected");
      if (failed === undefined) onStaged(name, files, bytes);
      else {
        for (let at = 0; at < valid.length; at += 1) {
          if (valid[at] === 1) onFailed(batch.paths[at]!, failed.reason);
        }
      }
    });
    if (invalid !== undefined) await stageInvalid(batch, invalid);
  };

  return { stageBlobs, stageBundle };
}

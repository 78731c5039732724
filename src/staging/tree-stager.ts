/** Takes batches of listed files to the threads that read them, and what the threads made of them to the seed. */
import type { AbortSignalLike } from "../shared/index.js";
import { throwIfAborted } from "../shared/index.js";
import { blobNameFromPath } from "./blob-name.js";
import { bundleIndexMetadataName, bundleIndexName, bundleMetadataName, bundleName } from "./bundle.js";
import { contentEncodingOf, type ResolvedCompression, rawLengthMetadataName } from "./compression-choice.js";
import { rangeHashSizeInBytes } from "./content-hasher.js";
import { directUnitInBytes } from "./seed-layout.js";
import type { PreparedBlob, SeedWriterInternals } from "./seed-writer-internals.js";
import { entryTypes, type PackedColumns, pathsOf } from "./tree-columns.js";
import type { TreeMemory } from "./tree-memory.js";
import type { BundleReply, EncodedPiece } from "./tree-task.js";
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
  readonly stageSingly: (path: string, type: number, target: string) => Promise<void>;
  readonly onStaged: (path: string, files: number, sourceBytes: number) => void;
  readonly onFailed: (path: string, error: unknown) => void;
}

/** Entries of a bundle with its number. */
export interface NumberedBundle {
  readonly number: number;
  readonly entries: PackedColumns;
}

/** Stages batches. */
export interface TreeStager {
  /** Each entry becomes a blob. */
  stageBlobs(entries: PackedColumns): Promise<void>;
  /** The entries of each bundle become an archive and its index. */
  stageBundles(bundles: readonly NumberedBundle[]): Promise<void>;
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

  const stageInvalid = async (entries: PackedColumns, valid: Uint8Array): Promise<void> => {
    if (!valid.includes(0)) return;
    const paths = pathsOf(entries);
    for (let at = valid.indexOf(0); at >= 0; at = valid.indexOf(0, at + 1)) {
      const target = entries.types[at] === entryTypes.symlink ? entries.details.get(at)! : "";
      await context.stageSingly(paths[at]!, entries.types[at]!, target);
    }
  };

  const stageBlobs = async (entries: PackedColumns): Promise<void> => {
    let valid: Uint8Array = new Uint8Array(0);
    await inSlot(async (slotOffset) => {
      const slotSize = memory.slotSizeInBytes;
      const reply = await threads.run({ kind: "blobs", entries, slotOffset, slotSize });
      valid = reply.valid;
      const isValid = (_: unknown, at: number): boolean => valid[at] === 1;
      // Most batches are complete; then nothing is copied.
      const chosen = <T extends readonly unknown[]>(column: T): T =>
        valid.includes(0) ? (column.filter(isValid) as unknown as T) : column;
      const paths = chosen(pathsOf(entries));
      if (paths.length === 0) return;
      const problems = await internals.recordPacked({
        names: paths.map((path) => namePrefix + blobNameFromPath(path)),
        heads: chosen(reply.heads.split("\n").slice(0, -1)),
        tails: chosen(reply.tails.split("\n").slice(0, -1)),
        offsets: valid.includes(0) ? reply.offsets.filter(isValid) : reply.offsets,
        lengths: valid.includes(0) ? reply.lengths.filter(isValid) : reply.lengths,
        bytes: view(slotOffset, reply.lengthInBytes),
      });
      const sizes = valid.includes(0) ? entries.sizes.filter(isValid) : entries.sizes;
      let bytes = 0;
      paths.forEach((path, at) => {
        if (problems.has(at)) onFailed(path, problems.get(at));
        else bytes += sizes[at]!;
      });
      onStaged(paths.at(-1)!, paths.length - problems.size, bytes);
    });
    await stageInvalid(entries, valid);
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
      typeof piece.place === "number"
        ? { type: "units", bytes: view(slotOffset + piece.place, piece.lengthInBytes) }
        : { type: "bytes", bytes: piece.place },
  });

  const recordBundle = async (
    name: string,
    entries: PackedColumns,
    { valid, archive, index }: BundleReply,
    slotOffset: number,
  ): Promise<void> => {
    if (archive === undefined || index === undefined) return;
    let files = 0;
    let bytes = 0;
    let modifiedAtInMs = 0;
    for (let at = 0; at < valid.length; at += 1) {
      if (valid[at] !== 1) continue;
      files += 1;
      bytes += entries.sizes[at]!;
      modifiedAtInMs = Math.max(modifiedAtInMs, entries.modifiedAtInMs[at]!);
    }
    const asIndex = { [bundleIndexMetadataName]: "1" };
    const results = await internals.recordPrepared([
      prepared(
        name,
        archive,
        "application/x-tar",
        { [bundleMetadataName]: "tar" },
        modifiedAtInMs,
        slotOffset,
      ),
      prepared(bundleIndexName(name), index, "application/x-ndjson", asIndex, modifiedAtInMs, slotOffset),
    ]);
    const failed = results.find((result) => result.status === "rejected");
    if (failed === undefined) {
      onStaged(name, files, bytes);
      return;
    }
    pathsOf(entries).forEach((path, at) => {
      if (valid[at] === 1) onFailed(path, failed.reason);
    });
  };

  const stageBundles = async (numbered: readonly NumberedBundle[]): Promise<void> => {
    const bundles = numbered.map(({ number, entries }) => ({
      name: bundleName(namePrefix, number),
      entries,
    }));
    let replies: readonly BundleReply[] = [];
    await inSlot(async (slotOffset) => {
      const slotSize = memory.slotSizeInBytes;
      replies = await threads.run({ kind: "bundles", bundles, slotOffset, slotSize });
      for (const [at, { name, entries }] of bundles.entries()) {
        await recordBundle(name, entries, replies[at]!, slotOffset);
      }
    });
    for (const [at, { entries }] of bundles.entries()) await stageInvalid(entries, replies[at]!.valid);
  };

  return { stageBlobs, stageBundles };
}

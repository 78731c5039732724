/** Reads the catalog of a sealed seed lazily: a few handles, the positions of some groups, and one group at a time. */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { systemErrorCode, throwIfAborted } from "../shared/index.js";
import { type CatalogEntry, parseCatalogLine } from "./catalog-entry.js";
import { damaged, readCatalogGroups, readCatalogHeader, readFully } from "./catalog-groups.js";
import { type CatalogIndex, createCatalogLookup, indexPositionOf } from "./catalog-lookup.js";
import { rangeHashSizeInBytes } from "./content-hasher.js";
import { StagingError, stagingErrorFrom } from "./errors.js";
import {
  countSeedBlobRanges,
  hashOfWholeIsRangeHash,
  type SeedBlob,
  type SeedCatalog,
  type StagedBlobReader,
  type StagedExtent,
} from "./seed-catalog.js";
import type { SeedDescriptor } from "./seed-descriptor.js";
import { blobFilePath, packPath, type SeedLayout } from "./seed-layout.js";

/** The catalog of a sealed seed in a staging location. */
export interface StagedSeedCatalog extends SeedCatalog {
  readonly state: SeedDescriptor["state"];
  stagedFileExtent(blob: SeedBlob): StagedExtent | undefined;
  /** The blob at a position. @throws StagingError `option-invalid` when there is none */
  blob(index: number): Promise<SeedBlob>;
  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const indexFormat = "offline-seed-catalog-index";
/** Blobs between two positions of the published index, at least. */
const indexStride = 1000;
const openPacks = 8;

/** The text of the index file. */
export function formatCatalogIndex(seedId: string, index: CatalogIndex): string {
  const positions: (readonly [number, number])[] = [];
  for (const position of index) {
    const previous = positions.at(-1);
    if (previous === undefined || position[0] - previous[0] >= indexStride) positions.push(position);
  }
  return `${JSON.stringify({ format: indexFormat, version: 1, seedId, positions })}\n`;
}

/**
 * Opens a sealed seed.
 *
 * @throws StagingError `catalog-damaged`, `catalog-unsupported`, `staging-io-failed`
 */
export async function openSealedCatalog(
  layout: SeedLayout,
  descriptor: SeedDescriptor,
): Promise<StagedSeedCatalog> {
  const expected = descriptor.catalog!;
  const opened: FileHandle[] = [];
  try {
    const catalogHandle = await open(layout.catalog, "r");
    opened.push(catalogHandle);
    const hashesHandle = await open(layout.rangeHashes, "r");
    opened.push(hashesHandle);
    const lengths = [(await catalogHandle.stat()).size, (await hashesHandle.stat()).size];
    if (lengths[0] !== expected.lengthInBytes) {
      throw damaged(
        layout.catalog,
        lengths[0]!,
        `it has ${lengths[0]} bytes instead of ${expected.lengthInBytes}`,
      );
    }
    if (lengths[1] !== expected.rangeHashesLengthInBytes) {
      throw damaged(
        layout.rangeHashes,
        lengths[1]!,
        `it has ${lengths[1]} bytes instead of ${expected.rangeHashesLengthInBytes}`,
      );
    }
    const firstGroup = await readCatalogHeader(catalogHandle, layout.catalog, descriptor.seedId);
    const index = await readIndex(layout, descriptor, firstGroup);
    return createSealedCatalog(layout, descriptor, catalogHandle, hashesHandle, index);
  } catch (error) {
    await Promise.all(opened.map((handle) => handle.close()));
    if (systemErrorCode(error) === "ENOENT") {
      throw new StagingError(
        "catalog-damaged",
        `The seed in '${layout.folder}' is sealed, but a file of its catalog is missing. Restore it from a copy or stage the seed again.`,
        { cause: error, details: { path: layout.folder } },
      );
    }
    throw stagingErrorFrom(error, "Opening", layout.catalog);
  }
}

function createSealedCatalog(
  layout: SeedLayout,
  descriptor: SeedDescriptor,
  catalogHandle: FileHandle,
  hashesHandle: FileHandle,
  index: CatalogIndex,
): StagedSeedCatalog {
  const path = layout.catalog;
  const entries = new WeakMap<SeedBlob, CatalogEntry>();
  const lookup = createCatalogLookup(catalogHandle, path, index);
  const packs = new Map<number, { handle: Promise<FileHandle>; users: number }>();
  let closed: Promise<void> | undefined;

  const remember = (entry: CatalogEntry): SeedBlob => {
    entries.set(entry.blob, entry);
    return entry.blob;
  };
  const entryAt = async (blobIndex: number): Promise<CatalogEntry> => {
    if (!Number.isSafeInteger(blobIndex) || blobIndex < 0 || blobIndex >= descriptor.blobCount) {
      throw new StagingError(
        "option-invalid",
        `Seed '${descriptor.jobName}' has ${descriptor.blobCount} blobs, so there is no blob ${blobIndex}.`,
      );
    }
    return lookup.entry(blobIndex);
  };
  /** The entry of a blob that this catalog, or another opened from the same files, has given out. */
  const entryOf = async (blob: SeedBlob): Promise<CatalogEntry> => {
    const known = entries.get(blob);
    if (known !== undefined) return known;
    const entry = await entryAt(blob.index);
    if (entry.blob.name !== blob.name || entry.blob.lengthInBytes !== blob.lengthInBytes) {
      throw new StagingError("option-invalid", `Blob '${blob.name}' is not from this seed.`, {
        details: { name: blob.name },
      });
    }
    return entry;
  };
  const extentOf = ({ place }: CatalogEntry): StagedExtent | undefined => {
    switch (place.type) {
      case "empty":
        return undefined;
      case "pack":
        return { path: packPath(layout, place.pack), offsetInBytes: place.offsetInBytes };
      case "file":
        return { path: blobFilePath(layout, place.file), offsetInBytes: 0 };
      case "adopted":
        return { path: adoptedPath(descriptor, place.root, place.path), offsetInBytes: 0 };
    }
  };

  /** Keeps a few packs open, because neighbours in the catalog lie in the same pack. */
  const usePack = async (pack: number): Promise<{ handle: FileHandle; release: () => void }> => {
    let shared = packs.get(pack);
    if (shared === undefined) {
      if (packs.size >= openPacks) {
        for (const [number, other] of packs) {
          if (other.users > 0) continue;
          packs.delete(number);
          void other.handle.then((handle) => handle.close()).catch(() => undefined);
          break;
        }
      }
      shared = { handle: open(packPath(layout, pack), "r"), users: 0 };
      packs.set(pack, shared);
    }
    shared.users += 1;
    try {
      const handle = await shared.handle;
      let released = false;
      const user = shared;
      return {
        handle,
        release() {
          if (!released) user.users -= 1;
          released = true;
        },
      };
    } catch (error) {
      shared.users -= 1;
      packs.delete(pack);
      throw error;
    }
  };

  const catalog: StagedSeedCatalog = {
    seedId: descriptor.seedId,
    jobName: descriptor.jobName,
    containerName: descriptor.containerName,
    blobCount: descriptor.blobCount,
    totalBytes: descriptor.totalBytes,
    state: descriptor.state,

    async *blobs(options = {}) {
      const startIndex = options.startIndex ?? 0;
      if (descriptor.blobCount === 0 || startIndex >= descriptor.blobCount) return;
      const [firstIndex, offsetInBytes] = indexPositionOf(index, startIndex);
      let next = firstIndex;
      let bytes: number | undefined;
      const groups = readCatalogGroups(catalogHandle, {
        path,
        offsetInBytes,
        firstIndex,
        uncommittedTail: "refuse",
      });
      for await (const group of groups) {
        throwIfAborted(options.abortSignal);
        for (const line of group.lines) {
          if (next >= startIndex) yield remember(parseCatalogLine(line, next));
          next += 1;
        }
        bytes = group.commit?.bytes;
      }
      if (next !== descriptor.blobCount || bytes !== descriptor.totalBytes) {
        throw damaged(path, offsetInBytes, "it holds other blobs than the descriptor counts");
      }
    },

    blob: async (blobIndex) => remember(await entryAt(blobIndex)),

    async readRangeHashes(blob, firstRange, count) {
      const entry = await entryOf(blob);
      const ranges = countSeedBlobRanges(entry.blob);
      if (firstRange < 0 || count < 0 || firstRange + count > ranges) {
        throw new StagingError(
          "option-invalid",
          `Blob '${blob.name}' has ${ranges} ranges; ${count} from ${firstRange} on are not there.`,
        );
      }
      if (ranges === 0) return new Uint8Array(0);
      if (hashOfWholeIsRangeHash(entry.blob)) {
        return entry.blob.md5 === undefined
          ? undefined
          : Uint8Array.from(Buffer.from(entry.blob.md5, "hex")).subarray(0, count * rangeHashSizeInBytes);
      }
      if (entry.hashesOffsetInBytes === undefined) return undefined;
      const hashes = new Uint8Array(count * rangeHashSizeInBytes);
      const offset = entry.hashesOffsetInBytes + firstRange * rangeHashSizeInBytes;
      if ((await readFully(hashesHandle, hashes, offset)) !== hashes.length) {
        throw damaged(layout.rangeHashes, offset, `it ends before the hashes of blob '${blob.name}'`);
      }
      return hashes;
    },

    stagedFilePath(blob) {
      const entry = entries.get(blob);
      return entry === undefined || entry.place.type === "pack" ? undefined : extentOf(entry)?.path;
    },

    stagedFileExtent(blob) {
      const entry = entries.get(blob);
      return entry === undefined ? undefined : extentOf(entry);
    },

    async openStagedBlob(blob) {
      const entry = await entryOf(blob);
      const extent = extentOf(entry);
      if (extent === undefined) return emptyReader;
      try {
        if (entry.place.type === "pack") {
          const { handle, release } = await usePack(entry.place.pack);
          return createReader(handle, entry.blob, extent, async () => release());
        }
        const handle = await open(extent.path, "r");
        try {
          const { size } = await handle.stat();
          if (size !== entry.blob.lengthInBytes)
            throw changed(entry.blob, extent.path, `it has ${size} bytes`);
        } catch (error) {
          await handle.close();
          throw error;
        }
        let closing: Promise<void> | undefined;
        return createReader(handle, entry.blob, extent, () => (closing ??= handle.close()));
      } catch (error) {
        if (["ENOENT", "ENOTDIR"].includes(systemErrorCode(error) ?? ""))
          throw missing(entry.blob, extent.path, error);
        throw stagingErrorFrom(error, "Opening", extent.path);
      }
    },

    close() {
      closed ??= (async () => {
        const shared = [...packs.values()].map(async ({ handle }) => (await handle).close());
        packs.clear();
        await Promise.allSettled([catalogHandle.close(), hashesHandle.close(), ...shared]);
      })();
      return closed;
    },
    [Symbol.asyncDispose]: () => catalog.close(),
  };
  return Object.freeze(catalog);
}

const emptyReader: StagedBlobReader = Object.freeze({
  async read(_offsetInBytes: number, target: Uint8Array): Promise<void> {
    if (target.length > 0) throw new StagingError("option-invalid", "An empty blob has no bytes to read.");
  },
  close: async () => undefined,
});

function createReader(
  handle: FileHandle,
  blob: SeedBlob,
  extent: StagedExtent,
  close: () => Promise<void>,
): StagedBlobReader {
  return Object.freeze({
    async read(offsetInBytes: number, target: Uint8Array): Promise<void> {
      if (offsetInBytes < 0 || offsetInBytes + target.length > blob.lengthInBytes) {
        throw new StagingError(
          "option-invalid",
          `Blob '${blob.name}' has ${blob.lengthInBytes} bytes; ${target.length} from ${offsetInBytes} on are not there.`,
        );
      }
      let count: number;
      try {
        count = await readFully(handle, target, extent.offsetInBytes + offsetInBytes);
      } catch (error) {
        throw changed(blob, extent.path, `reading it fails (${systemErrorCode(error) ?? "?"})`, error);
      }
      if (count !== target.length) throw changed(blob, extent.path, "it is shorter than recorded");
    },
    close,
  });
}

function adoptedPath(descriptor: SeedDescriptor, root: number, path: string): string {
  const folder = descriptor.adoptedFolders[root];
  if (folder === undefined) {
    throw new StagingError(
      "path-outside-staging",
      `The catalog of seed '${descriptor.jobName}' names folder ${root}, which its descriptor does not list. Adopt the folder again.`,
      { details: { root } },
    );
  }
  return resolve(join(folder, path));
}

async function readIndex(
  layout: SeedLayout,
  descriptor: SeedDescriptor,
  firstGroup: number,
): Promise<CatalogIndex> {
  const fail = (problem: string): never => {
    throw damaged(layout.catalogIndex, 0, problem);
  };
  let value: { format?: unknown; version?: unknown; seedId?: unknown; positions?: unknown };
  const text = await readFile(layout.catalogIndex, "utf8");
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return fail("it is not JSON");
  }
  if (value?.format !== indexFormat || value.version !== 1 || value.seedId !== descriptor.seedId) {
    return fail("it is not the index of this seed");
  }
  const { positions } = value;
  if (!Array.isArray(positions)) return fail("it has no positions");
  let previous: readonly number[] = [-1, firstGroup - 1];
  for (const position of positions as unknown[]) {
    const valid =
      Array.isArray(position) &&
      position.length === 2 &&
      Number.isSafeInteger(position[0]) &&
      Number.isSafeInteger(position[1]) &&
      position[0] > previous[0]! &&
      position[1] > previous[1]! &&
      position[0] < descriptor.blobCount &&
      position[1] < descriptor.catalog!.lengthInBytes;
    if (!valid) return fail("its positions are not ascending or leave the catalog");
    previous = position as number[];
  }
  const first = (positions as number[][])[0];
  const expectFirst = descriptor.blobCount > 0;
  if (expectFirst ? first?.[0] !== 0 || first[1] !== firstGroup : first !== undefined) {
    return fail("it does not begin with the first blob");
  }
  return positions as [number, number][];
}

function missing(blob: SeedBlob, path: string, cause: unknown): StagingError {
  return new StagingError(
    "staged-file-missing",
    `The staged bytes of blob '${blob.name}' are gone: '${path}' does not exist. Restore the file or stage the seed again.`,
    { cause, details: { name: blob.name, path } },
  );
}

function changed(blob: SeedBlob, path: string, problem: string, cause?: unknown): StagingError {
  return new StagingError(
    "staged-file-changed",
    `'${path}' no longer holds what was recorded for blob '${blob.name}' (${blob.lengthInBytes} bytes): ${problem}. Restore the file or stage the seed again.`,
    { cause, details: { name: blob.name, path } },
  );
}

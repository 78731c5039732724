/** Finds what belongs into the files of a drive, walking its blobs once in the order of their file system nodes. */
import { createHash } from "node:crypto";
import type { AbortSignalLike } from "../../shared/abort.js";
import { systemErrorCode } from "../../shared/room-error.js";
import {
  countSeedBlobRanges,
  type SeedBlob,
  type SeedCatalog,
  type StagedBlobReader,
} from "../../staging/index.js";
import { createFilePieceReader } from "../pipeline/index.js";
import { type BlobOnDrive, placedBlobs, type SeedStretch } from "./drive-layout.js";
import type { Placements } from "./placements.js";
import type { RangeHashStore } from "./range-hash-store.js";
import { rangeSourceOf } from "./range-source.js";
import { stagedFileChanged, stagedFileUnreadable, stagedPieceError } from "./staged-file-error.js";

/** What a file of the drive holds. */
export type NodeContent =
  | {
      readonly kind: "blob";
      readonly blob: SeedBlob;
      /** Number of the blob's first range, counted over all blobs of the drive. */
      readonly firstRangeNumber: number;
    }
  | { readonly kind: "generated"; readonly bytes: Uint8Array }
  | { readonly kind: "manifest" };

/** A single pass over the files of a drive. Nodes must be asked for in ascending order. */
export interface ContentCursor {
  contentOf(node: number): Promise<NodeContent>;
  /** Content of a small file, read and checked against the catalog; its hash is kept when the catalog has none. */
  residentBytes(node: number, hashes: RangeHashStore): Promise<Uint8Array>;
  /** Reads a part of a blob. */
  readBlob(blob: SeedBlob, offsetInBytes: number, target: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Creates a cursor before the first node. */
export function createContentCursor(
  layout: {
    readonly parameters: SeedStretch;
    readonly manifestNode: number;
    readonly placements?: Placements;
  },
  catalog: SeedCatalog,
  abortSignal?: AbortSignalLike,
): ContentCursor {
  const blobs = placedBlobs(layout, catalog, abortSignal);
  const files = createFilePieceReader();
  let current: BlobOnDrive | undefined;
  let firstRangeNumber = 0;
  let rangesOfCurrent = 0;
  let reader: { readonly blobIndex: number; readonly staged: StagedBlobReader } | undefined;

  const contentIn = (placed: BlobOnDrive, node: number): NodeContent | undefined => {
    if (placed.node === node) return { kind: "blob", blob: placed.blob, firstRangeNumber };
    const files = [placed.metadataFile, placed.propertiesFile?.isNew ? placed.propertiesFile : undefined];
    const file = files.find((candidate) => candidate?.node === node);
    return file && { kind: "generated", bytes: Buffer.from(file.text) };
  };

  const contentOf = async (node: number): Promise<NodeContent> => {
    if (node === layout.manifestNode) return { kind: "manifest" };
    let content = current && contentIn(current, node);
    while (content === undefined) {
      const next = await blobs.next();
      if (next.done) throw new RangeError(`file system node ${node} belongs to no blob`);
      current = next.value;
      firstRangeNumber += rangesOfCurrent;
      rangesOfCurrent = countSeedBlobRanges(current.blob);
      content = contentIn(current, node);
    }
    return content;
  };

  const closeReader = async (): Promise<void> => {
    const open = reader;
    reader = undefined;
    await open?.staged.close();
  };

  const readBlob = async (blob: SeedBlob, offsetInBytes: number, target: Uint8Array): Promise<void> => {
    const source = rangeSourceOf(catalog, blob);
    if (source) {
      const fileOffset = source.offsetInBytes + offsetInBytes;
      const pieces = {
        paths: [source.path],
        pathLengths: [source.pathLengthInBytes],
        pathNumbers: [0],
        fileOffsets: [fileOffset],
        slotOffsets: [0],
        lengths: [target.length],
      };
      const failure = files.read(pieces, target);
      if (failure) throw stagedPieceError(failure, blob, fileOffset, source.pathLengthInBytes);
      return;
    }
    try {
      if (reader?.blobIndex !== blob.index) {
        await closeReader();
        reader = { blobIndex: blob.index, staged: await catalog.openStagedBlob(blob) };
      }
      await reader.staged.read(offsetInBytes, target);
    } catch (error) {
      if (systemErrorCode(error) === "staged-file-changed") {
        throw stagedFileChanged(blob.name, offsetInBytes, target.length, error);
      }
      throw stagedFileUnreadable(blob.name, error);
    }
  };

  return {
    contentOf,
    readBlob,
    residentBytes: async (node, hashes) => {
      const content = await contentOf(node);
      if (content.kind === "manifest") throw new RangeError("the manifest is never kept in its file record");
      if (content.kind === "generated") return content.bytes;
      const { blob } = content;
      const bytes = new Uint8Array(blob.lengthInBytes);
      if (blob.lengthInBytes > 0) await readBlob(blob, 0, bytes);
      const hash = createHash("md5").update(bytes).digest();
      if (blob.md5 !== undefined && hash.toString("hex") !== blob.md5) {
        throw stagedFileChanged(blob.name, 0, blob.lengthInBytes);
      }
      if (blob.md5 === undefined && rangesOfCurrent > 0) hashes.keep(content.firstRangeNumber, hash);
      return bytes;
    },
    close: async () => {
      files.close();
      await closeReader();
      await blobs.return(undefined);
    },
  };
}

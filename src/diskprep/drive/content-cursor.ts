/** Finds what belongs into the files of a drive, walking its blobs once in the order of their file system nodes. */
import { createHash } from "node:crypto";
import type { AbortSignalLike } from "../../shared/abort.js";
import type { SeedBlob, SeedCatalog, StagedBlobReader } from "../../staging/index.js";
import { type BlobOnDrive, blobsOnDrive, type DriveLayout } from "./drive-layout.js";
import { stagedFileChanged, stagedFileUnreadable } from "./staged-file-error.js";

/** What a file of the drive holds. */
export type NodeContent =
  | { readonly kind: "blob"; readonly blob: SeedBlob }
  | { readonly kind: "generated"; readonly bytes: Uint8Array }
  | { readonly kind: "manifest" };

/** A single pass over the files of a drive. Nodes must be asked for in ascending order. */
export interface ContentCursor {
  contentOf(node: number): Promise<NodeContent>;
  /** Content of a small file, read and checked against the catalog. */
  residentBytes(node: number): Promise<Uint8Array>;
  /** Reads a part of a blob that is no plain local file. */
  readBlob(blob: SeedBlob, offsetInBytes: number, target: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Creates a cursor before the first node. */
export function createContentCursor(
  layout: DriveLayout,
  catalog: SeedCatalog,
  abortSignal?: AbortSignalLike,
): ContentCursor {
  const blobs = blobsOnDrive(layout.parameters, catalog, undefined, abortSignal);
  let current: BlobOnDrive | undefined;
  let reader: { readonly blobIndex: number; readonly staged: StagedBlobReader } | undefined;

  const contentIn = (placed: BlobOnDrive, node: number): NodeContent | undefined => {
    if (placed.node === node) return { kind: "blob", blob: placed.blob };
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
    if (reader?.blobIndex !== blob.index) {
      await closeReader();
      reader = { blobIndex: blob.index, staged: await catalog.openStagedBlob(blob) };
    }
    try {
      await reader.staged.read(offsetInBytes, target);
    } catch (error) {
      throw stagedFileUnreadable(blob.name, error);
    }
  };

  return {
    contentOf,
    readBlob,
    residentBytes: async (node) => {
      const content = await contentOf(node);
      if (content.kind === "manifest") throw new RangeError("the manifest is never kept in its file record");
      if (content.kind === "generated") return content.bytes;
      const { blob } = content;
      const bytes = new Uint8Array(blob.lengthInBytes);
      if (blob.lengthInBytes > 0) await readBlob(blob, 0, bytes);
      if (blob.md5 !== undefined && createHash("md5").update(bytes).digest("hex") !== blob.md5) {
        throw stagedFileChanged(blob.name, 0, blob.lengthInBytes);
      }
      return bytes;
    },
    close: async () => {
      await closeReader();
      await blobs.return(undefined);
    },
  };
}

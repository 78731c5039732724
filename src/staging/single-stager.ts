/** Stages one listed entry through the writer's public way: large files, page blobs, and what was not as it was listed. */
import { lstat, stat } from "node:fs/promises";
import { type AbortSignalLike, systemErrorCode, throwIfAborted } from "../shared/index.js";
import { isPageBlobName } from "./blob-kind.js";
import { blobNameFromPath } from "./blob-name.js";
import { type BlobSource, unreadable } from "./blob-source.js";
import { type ResolvedCompression, rawLengthMetadataName } from "./compression-choice.js";
import { fullPathOf } from "./directory-walk.js";
import { attributesOf, escapedNameMetadataName, hardLinkMetadataName } from "./file-attributes.js";
import type { SeedWriter, WriteBlobOptions } from "./seed-writer.js";
import { entryTypes } from "./tree-columns.js";

/** What staging single entries needs. */
export interface SingleStagerContext {
  readonly writer: SeedWriter;
  readonly write: (name: string, source: BlobSource, options: WriteBlobOptions) => Promise<unknown>;
  readonly root: string;
  readonly namePrefix: string;
  readonly keepAttributes: boolean;
  readonly compression: ResolvedCompression | undefined;
  readonly abortSignal: AbortSignalLike | undefined;
  /** Whether an earlier run may have left something. */
  readonly resuming: boolean;
  readonly onStaged: (path: string, files: number, sourceBytes: number) => void;
  readonly onAlreadyStaged: (path: string, sourceBytes: number) => void;
  readonly onFailed: (path: string, error: unknown) => void;
}

/** Stages single entries. */
export interface SingleStager {
  /** A file, an empty folder, or a link with its target. */
  stage(path: string, type: number, target: string): Promise<void>;
  /** A further name of a file that is staged under its first one. */
  stageHardLink(path: string, modifiedAtInMs: number, mode: number, firstPath: string): Promise<void>;
  /** Whether an earlier run staged this very state of an entry as a blob of its own. */
  isStaged(name: string, sizeInBytes: number | undefined, modifiedAtInMs: number): Promise<boolean>;
}

const kinds = ["file", "folder", "symlink"] as const;

/** Creates a stager. */
export function createSingleStager(context: SingleStagerContext): SingleStager {
  const { writer, root, namePrefix, keepAttributes, compression, abortSignal } = context;
  const { onStaged, onAlreadyStaged, onFailed } = context;

  const isStaged = async (
    name: string,
    sizeInBytes: number | undefined,
    modifiedAtInMs: number,
  ): Promise<boolean> => {
    if (!context.resuming) return false;
    const blob = await writer.findBlob(name);
    if (blob === undefined) return false;
    const rawLength = blob.metadata[rawLengthMetadataName];
    const length = rawLength === undefined ? blob.lengthInBytes : Number(rawLength);
    return (sizeInBytes ?? length) === length && blob.modifiedAtInMs === Math.floor(modifiedAtInMs);
  };
  const metadataOf = (
    path: string,
    facts: { readonly modifiedAtInMs: number; readonly mode: number },
    kind: (typeof kinds)[number],
  ): Readonly<Record<string, string>> => {
    const attributes = attributesOf(facts, kind, keepAttributes);
    return blobNameFromPath(path) === path
      ? attributes
      : { ...attributes, [escapedNameMetadataName]: "true" };
  };

  return {
    isStaged,
    async stage(path, type, target) {
      const fullPath = fullPathOf(root, path);
      try {
        throwIfAborted(abortSignal);
        const isFile = type === entryTypes.file;
        const stats = await (type === entryTypes.symlink ? lstat(fullPath) : stat(fullPath));
        const name = namePrefix + blobNameFromPath(path);
        const facts = { modifiedAtInMs: stats.mtimeMs, mode: stats.mode };
        const size = isFile ? stats.size : undefined;
        if (await isStaged(name, size, stats.mtimeMs)) return onAlreadyStaged(path, size ?? 0);
        await context.write(name, sourceOf(fullPath, type, target), {
          abortSignal,
          modifiedAtInMs: stats.mtimeMs,
          ...(isFile ? { lengthInBytes: stats.size } : { kind: "block" }),
          ...(compression === undefined || (isFile && isPageBlobName(name)) ? {} : { compression }),
          metadata: metadataOf(path, facts, kinds[type]!),
        });
        onStaged(path, 1, size ?? 0);
      } catch (error) {
        onFailed(path, systemErrorCode(error) === undefined ? error : unreadable(fullPath, error));
      }
    },
    async stageHardLink(path, modifiedAtInMs, mode, firstPath) {
      try {
        throwIfAborted(abortSignal);
        const name = namePrefix + blobNameFromPath(path);
        if (await isStaged(name, undefined, modifiedAtInMs)) return onAlreadyStaged(path, 0);
        await context.write(name, Buffer.from(namePrefix + firstPath, "utf8"), {
          kind: "block",
          modifiedAtInMs,
          metadata: {
            ...metadataOf(path, { modifiedAtInMs, mode }, "file"),
            [hardLinkMetadataName]: "true",
          },
          abortSignal,
        });
        onStaged(path, 1, 0);
      } catch (error) {
        onFailed(path, error);
      }
    },
  };
}

function sourceOf(fullPath: string, type: number, target: string): BlobSource {
  if (type === entryTypes.file) return { file: fullPath };
  return type === entryTypes.symlink ? Buffer.from(target, "utf8") : new Uint8Array(0);
}

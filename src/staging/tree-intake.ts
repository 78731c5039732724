/** Decides how each listed entry is staged: in a batch, in a bundle, or by itself. The order of the listing is kept. */

import { isPageBlobName } from "./blob-kind.js";
import { blobNameFromPath } from "./blob-name.js";
import { bundledSize, bundleFingerprint } from "./bundle.js";
import type { FingerprintSet } from "./fingerprint-set.js";
import { tarEndSizeInBytes } from "./tar-header.js";
import { createTreeColumns, entryTypes, type PackedColumns } from "./tree-columns.js";
import type { NumberedBundle } from "./tree-stager.js";

/** Bytes of small files that are read with one message. */
export const batchSizeInBytes: number = 4 * 1024 * 1024;
const batchEntries = 512;

/** How bundles are made. */
export interface BundlingPlan {
  readonly maxBundleBytes: number;
  readonly maxFileBytes: number;
  /** Bundles that are read with one message. */
  readonly bundlesAtOnce: number;
  /** What an earlier run put into bundles. */
  readonly files: FingerprintSet;
  readonly nextNumber: number;
}

/** Where entries go. What is started may wait until there is room. */
export interface TreeIntakeContext {
  readonly namePrefix: string;
  readonly hardLinks: "copy" | "store";
  /** Undefined when nothing is bundled. */
  readonly bundling: BundlingPlan | undefined;
  /** False when the entry is certainly not in the seed. */
  readonly mayBeStaged: (name: string) => boolean;
  readonly isStaged: (
    name: string,
    sizeInBytes: number | undefined,
    modifiedAtInMs: number,
  ) => Promise<boolean>;
  readonly onAlreadyStaged: (path: string, sizeInBytes: number) => void;
  readonly startBlobs: (entries: PackedColumns) => Promise<void>;
  readonly startBundles: (bundles: readonly NumberedBundle[]) => Promise<void>;
  readonly startSingle: (path: string, type: number, target: string) => Promise<void>;
  readonly startHardLink: (
    path: string,
    modifiedAtInMs: number,
    mode: number,
    firstPath: string,
  ) => Promise<void>;
}

/** Takes entries. */
export interface TreeIntake {
  /** Undefined when the entry was taken at once; else to be awaited before the next one. */
  add(
    path: string,
    type: number,
    sizeInBytes: number,
    modifiedAtInMs: number,
    mode: number,
    detail: string,
  ): Promise<void> | undefined;
  /** Starts what is still being collected. */
  finish(): Promise<void>;
}

const tarTypes = ["file", "folder", "symlink"] as const;

/** Creates an intake. */
export function createTreeIntake(context: TreeIntakeContext): TreeIntake {
  const { namePrefix, bundling } = context;
  /** First name of each file that has several. */
  const linkNames = new Map<string, string>();
  let nextBundle = bundling?.nextNumber ?? 0;
  let batch = createTreeColumns();
  let batchBytes = 0;
  let bundle = createTreeColumns();
  let bundleBytes = 0;
  let bundles: NumberedBundle[] = [];

  const endBatch = (): Promise<void> => {
    const ended = batch;
    batch = createTreeColumns();
    batchBytes = 0;
    return context.startBlobs(ended.packed());
  };
  const endBundle = (): Promise<void> | undefined => {
    bundles.push({ number: nextBundle, entries: bundle.packed() });
    bundle = createTreeColumns();
    bundleBytes = 0;
    nextBundle += 1;
    return bundles.length < bundling!.bundlesAtOnce ? undefined : endBundles();
  };
  const endBundles = (): Promise<void> => {
    const ended = bundles;
    bundles = [];
    return context.startBundles(ended);
  };

  return {
    add(path, type, sizeInBytes, modifiedAtInMs, mode, detail) {
      const isFile = type === entryTypes.file;
      const target = isFile ? "" : detail;
      if (isFile && context.hardLinks === "store" && detail !== "") {
        const first = linkNames.get(detail);
        if (first !== undefined) return context.startHardLink(path, modifiedAtInMs, mode, first);
        linkNames.set(detail, path);
      }
      const name = namePrefix + blobNameFromPath(path);
      const isPage = isFile && isPageBlobName(name);
      let waiting: Promise<void> | undefined;

      if (bundling !== undefined && !isPage && sizeInBytes <= bundling.maxFileBytes) {
        const tarType = tarTypes[type]!;
        const linkTarget = type === entryTypes.symlink ? target : undefined;
        const tarPath = namePrefix + path;
        const size = bundledSize(tarPath, tarType, sizeInBytes, linkTarget);
        if (size <= bundling.maxBundleBytes) {
          if (
            bundling.files.size > 0 &&
            bundling.files.has(bundleFingerprint(tarPath, tarType, sizeInBytes, modifiedAtInMs, linkTarget))
          ) {
            context.onAlreadyStaged(path, sizeInBytes);
            return undefined;
          }
          if (bundle.count > 0 && bundleBytes + size + tarEndSizeInBytes > bundling.maxBundleBytes) {
            waiting = endBundle();
          }
          bundle.add(path, type, sizeInBytes, modifiedAtInMs, mode, target);
          bundleBytes += size;
          return waiting;
        }
      }
      if (isPage || sizeInBytes > batchSizeInBytes) return context.startSingle(path, type, target);

      const take = (): Promise<void> | undefined => {
        // At most three bytes of UTF-8 for each unit of a link's target.
        const room = sizeInBytes + 3 * target.length;
        if (batch.count >= batchEntries || batchBytes + room > batchSizeInBytes) waiting = endBatch();
        batch.add(path, type, sizeInBytes, modifiedAtInMs, mode, target);
        batchBytes += room;
        return waiting;
      };
      if (!context.mayBeStaged(name)) return take();
      return (async () => {
        if (await context.isStaged(name, isFile ? sizeInBytes : undefined, modifiedAtInMs)) {
          return context.onAlreadyStaged(path, sizeInBytes);
        }
        await take();
      })();
    },
    async finish() {
      if (batch.count > 0) await endBatch();
      if (bundle.count > 0) await endBundle();
      if (bundles.length > 0) await endBundles();
    },
  };
}

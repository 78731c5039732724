/** What is in the bundles that an interrupted run left. */

import { bundleFingerprint, bundleIndexName, bundleName, parseBundleIndex } from "./bundle.js";
import { decompressChunks } from "./compression.js";
import { readFileRange } from "./file-input.js";
import { createFingerprintSet, type FingerprintSet } from "./fingerprint-set.js";
import { packPath } from "./seed-layout.js";
import type { SeedWriterInternals } from "./seed-writer-internals.js";

/** Files that need no staging any more, and the number of the next bundle. */
export interface StagedBundles {
  readonly files: FingerprintSet;
  readonly nextNumber: number;
}

/**
 * Bundles are written side by side, so that a killed run can leave gaps: as long as the number of bundles that fit into the
 * memory of a run, however small they are. Looking for a name that is not there costs next to nothing.
 */
const longestGap = 65_536;

/** Reads the indexes of the bundles recorded so far. A bundle whose index is missing is ignored: its files are staged again. */
export async function readStagedBundles(
  internals: SeedWriterInternals,
  namePrefix: string,
): Promise<StagedBundles> {
  const files = createFingerprintSet();
  let last = 0;
  for (let number = 1; number <= last + longestGap; number += 1) {
    const name = bundleName(namePrefix, number);
    if ((await internals.find(name)) === undefined) continue;
    last = number;
    const index = await internals.find(bundleIndexName(name));
    if (index?.place.type !== "pack") continue;
    const path = packPath(internals.layout, index.place.pack);
    const stored = await readFileRange(path, index.place.offsetInBytes, index.blob.lengthInBytes);
    const encoding = index.blob.headers.contentEncoding;
    const parts: Uint8Array[] = [];
    if (encoding === undefined) parts.push(stored);
    else
      for await (const part of decompressChunks(onePiece(stored), encoding, index.blob.name))
        parts.push(part);
    for (const entry of parseBundleIndex(Buffer.concat(parts).toString("utf8"), index.blob.name)) {
      files.add(
        bundleFingerprint(entry.path, entry.type, entry.lengthInBytes, entry.modifiedAtInMs, entry.target),
      );
    }
  }
  return { files, nextNumber: last + 1 };
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The bytes of a drive's manifest in ascending order, and their MD5. */
import { createHash } from "node:crypto";
import type { AbortSignalLike } from "../../shared/abort.js";
import { countSeedBlobRanges, type SeedCatalog } from "../../staging/index.js";
import { manifestEntry, manifestHead, placedBlobs, type SeedStretch } from "./drive-layout.js";
import { manifestBlobText, manifestHeadText, manifestTailText } from "./manifest-writer.js";
import type { Placements } from "./placements.js";
import type { RangeHashStore } from "./range-hash-store.js";

/** Reads the manifest front to back. */
export interface ManifestStream {
  /** Fills the target; offsets must ascend, bytes before the offset are skipped (but hashed). */
  read(fileOffsetInBytes: number, target: Uint8Array): Promise<void>;
  /** Reads what is left and returns the MD5 of the whole, 32 upper-case hexadecimal digits. */
  finish(): Promise<string>;
  /** Lets go of the catalog. May be repeated. */
  close(): Promise<void>;
}

/** The part of a layout the manifest depends on. */
export interface ManifestLayout {
  readonly parameters: SeedStretch;
  readonly manifestLengthInBytes: number;
  /** Absent where another program makes the file system; the places are found anew then. */
  readonly placements?: Placements;
}

/** A manifest whose hashes come from the store. Nothing is read before the first call. */
export function createManifestStream(
  layout: ManifestLayout,
  catalog: SeedCatalog,
  hashes: RangeHashStore,
  abortSignal?: AbortSignalLike,
): ManifestStream {
  const pieces = manifestPieces(layout, catalog, hashes, abortSignal);
  const hash = createHash("md5");
  let piece: Uint8Array = new Uint8Array(0);
  let pieceOffset = 0;

  const nextPiece = async (): Promise<boolean> => {
    const next = await pieces.next();
    if (next.done) return false;
    pieceOffset += piece.length;
    piece = Buffer.from(next.value);
    hash.update(piece);
    return true;
  };

  return {
    async read(fileOffsetInBytes, target) {
      let filled = 0;
      while (filled < target.length) {
        const start = fileOffsetInBytes + filled - pieceOffset;
        if (start < 0) throw new RangeError("the manifest is read in ascending order only");
        if (start >= piece.length) {
          if (!(await nextPiece())) throw new RangeError("the manifest ends before its measured length");
          continue;
        }
        const part = piece.subarray(start, start + target.length - filled);
        target.set(part, filled);
        filled += part.length;
      }
    },
    async finish() {
      while (await nextPiece()) {
        // Hashing the rest is all that is left to do.
      }
      if (pieceOffset + piece.length !== layout.manifestLengthInBytes) {
        throw new RangeError("the manifest has another length than was measured");
      }
      return hash.digest("hex").toUpperCase();
    },
    close: async () => {
      await pieces.return(undefined);
    },
  };
}

async function* manifestPieces(
  layout: ManifestLayout,
  catalog: SeedCatalog,
  hashes: RangeHashStore,
  abortSignal: AbortSignalLike | undefined,
): AsyncGenerator<string> {
  const head = manifestHead(layout.parameters);
  let text = manifestHeadText(head);
  let rangeNumber = 0;
  for await (const placed of placedBlobs(layout, catalog, abortSignal)) {
    const rangeCount = countSeedBlobRanges(placed.blob);
    const rangeHashes = await hashes.hashesOf(placed.blob, rangeNumber, rangeCount);
    rangeNumber += rangeCount;
    for (const piece of manifestBlobText(head, manifestEntry(head, placed, rangeHashes))) {
      text += piece;
      if (text.length > 65_536) {
        yield text;
        text = "";
      }
    }
  }
  yield text + manifestTailText;
}

/** Walks a manifest and says what there is to read: ranges of blob files and side files, in the order of the manifest. */
import { createRecentMap } from "../../../shared/recent-map.js";
import type { ManifestBlob, ManifestSideFile } from "../manifest-format.js";
import type { DriveManifest } from "../manifest-reader.js";
import { upperHex } from "../manifest-writer.js";
import type { SourceFile } from "./drive-source.js";

/** Side files that several blobs share are read once, as long as not more than this many others come between. */
const rememberedSideFiles = 1024;

/** Bytes of one file that have to have one hash. */
export interface DrivePiece {
  readonly kind: "range" | "side-file";
  /** Counted from 0 in the order of the manifest. */
  readonly number: number;
  /** Path of the blob, or of the side file. */
  readonly subject: string;
  readonly filePath: string;
  readonly offsetInBytes: number;
  readonly lengthInBytes: number;
  /** MD5, 32 upper-case hexadecimal digits. */
  readonly expectedHash: string;
  /** Undefined when the file is missing, has another length or cannot be opened. */
  readonly file: SourceFile | undefined;
}

/** Opens a file of the drive and judges what is wrong with it as a whole; undefined when it cannot be read. */
export type OpenPieceFile = (
  path: string,
  subject: string,
  lengthInBytes: number | undefined,
) => Promise<SourceFile | undefined>;

/** What the walk does besides giving pieces. */
export interface DrivePieceOptions {
  readonly openFile: OpenPieceFile;
  /** Whether a piece will be read. The others are given without being opened. */
  isChosen(number: number): boolean;
  /** Called for each blob before its pieces. */
  onBlob(blob: ManifestBlob): void;
}

/** All pieces of a drive. Every blob file is opened, so that missing files are found in a sample too. */
export async function* drivePieces(
  manifest: DriveManifest,
  { openFile, isChosen, onBlob }: DrivePieceOptions,
): AsyncGenerator<DrivePiece> {
  const sideFiles = createRecentMap<string, string>(rememberedSideFiles);
  let number = 0;

  async function* sideFilePieces(sideFile: ManifestSideFile | undefined): AsyncGenerator<DrivePiece> {
    if (!sideFile || sideFiles.get(sideFile.path) === sideFile.hash) return;
    sideFiles.set(sideFile.path, sideFile.hash);
    const { path, hash: expectedHash } = sideFile;
    const file = isChosen(number) ? await openFile(path, path, undefined) : undefined;
    const lengthInBytes = file?.sizeInBytes ?? 0;
    yield {
      kind: "side-file",
      number,
      subject: path,
      filePath: path,
      offsetInBytes: 0,
      lengthInBytes,
      expectedHash,
      file,
    };
    number += 1;
  }

  for await (const blob of manifest.blobs) {
    onBlob(blob);
    const { blobPath: subject, filePath } = blob;
    const file = await openFile(filePath, subject, blob.lengthInBytes);
    for (const [range, offsetInBytes] of blob.rangeOffsets.entries()) {
      const lengthInBytes = blob.rangeLengths[range]!;
      const expectedHash = upperHex(blob.rangeHashes, range * 16);
      yield { kind: "range", number, subject, filePath, offsetInBytes, lengthInBytes, expectedHash, file };
      number += 1;
    }
    yield* sideFilePieces(blob.metadataFile);
    yield* sideFilePieces(blob.propertiesFile);
  }
}

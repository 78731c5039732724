/** Verifies the files of a drive against its manifest, wherever they are read from, and signs the report off. */
import { createHash } from "node:crypto";
import { type AbortOptions, throwIfAborted } from "../../../shared/abort.js";
import { type Clock, systemClock } from "../../../shared/clock.js";
import { createProgressReporter, type ProgressOptions } from "../../../shared/progress.js";
import { DriveError } from "../drive-error.js";
import { readDriveManifest } from "../manifest-reader.js";
import type { PreparedDrive } from "../prepared-drive.js";
import type { StructureCheck } from "./check-structures.js";
import { createFindingList, type FindingList, type FindingOptions } from "./drive-finding.js";
import { type DrivePiece, drivePieces, type OpenPieceFile } from "./drive-pieces.js";
import { type DriveReport, sealDriveReport } from "./drive-report.js";
import type { DriveSource, SourceFile } from "./drive-source.js";
import { type HashedPiece, hashPieces } from "./hash-pieces.js";
import { choosePieces, type DriveSample } from "./piece-choice.js";
import { createReadFailureJudge, deviceFailed, type ReadFailureJudge } from "./read-failure.js";

const manifestPieceInBytes = 1024 * 1024;

/** What is known of a drive apart from its key. */
export type DriveIdentity = Pick<PreparedDrive, "driveId" | "manifestFile" | "manifestHash"> &
  Partial<Pick<PreparedDrive, "blobCount" | "blobBytes">>;

/** Options of every verification. */
export interface VerificationOptions extends AbortOptions, ProgressOptions, FindingOptions {
  /** Reads a sample of the ranges and side files. Default: all of them. The manifest is always read as a whole. */
  readonly sample?: DriveSample | undefined;
  /** Tells when the verification ran. Default: this computer's clock. */
  readonly clock?: Clock | undefined;
}

/**
 * Runs the verification.
 *
 * @param structures what is known already of the structures around the files
 * @throws DriveError `manifest-invalid`, `device-failed`, `invalid-option`; AbortError
 */
export async function verifySource(
  source: DriveSource,
  drive: DriveIdentity,
  options: VerificationOptions,
  structures?: StructureCheck,
): Promise<DriveReport> {
  const choice = choosePieces(options.sample);
  const clock = options.clock ?? systemClock;
  const startedAt = timeOf(clock);
  const findings = createFindingList(options);
  for (const finding of structures?.findings ?? []) findings.add(finding);
  const failures = createReadFailureJudge(drive.driveId);
  const progress = createProgressReporter(options.onProgress);
  const isChosen = (number: number): boolean => choice.isChosen(number);

  const manifestHash = await hashManifest(source, drive, options);
  if (manifestHash !== drive.manifestHash.toUpperCase()) {
    const message = `The manifest has the MD5 ${manifestHash} instead of ${drive.manifestHash}.`;
    addManifestFinding(findings, "manifest-hash-differs", drive, message);
  }
  const manifest = await readDriveManifest(manifestBytes(source, drive, options));
  if (manifest.driveId !== drive.driveId) {
    const message = `The manifest names drive ${manifest.driveId}.`;
    addManifestFinding(findings, "drive-id-differs", drive, message);
  }

  const tally = createTally();
  progress.begin("verifying", {
    ...(drive.blobBytes === undefined ? {} : { bytes: drive.blobBytes }),
    ...(drive.blobCount === undefined ? {} : { items: drive.blobCount }),
  });
  const pieces = drivePieces(manifest, {
    isChosen,
    openFile: openFileOf(source, findings, failures, options),
    onBlob: (blob) => {
      tally.blobCount += 1;
      tally.blobBytes += blob.lengthInBytes;
      progress.advance(0, 1, blob.blobPath);
    },
  });
  for await (const hashed of hashPieces(pieces, {
    isChosen,
    stored: source.stored,
    abortSignal: options.abortSignal,
  })) {
    tally.add(hashed);
    judge(hashed, findings, failures);
    if (hashed.piece.kind === "range") progress.advance(hashed.piece.lengthInBytes, 0);
  }
  progress.flush();

  return sealDriveReport({
    driveId: drive.driveId,
    startedAt,
    finishedAt: timeOf(clock),
    source: { kind: source.kind, name: source.name, bypassedCache: source.bypassesCache },
    checked: [...(structures?.checked ?? []), "manifest", "files", "ranges", "side-files"],
    ...(choice.sample ? { sample: choice.sample } : {}),
    manifestFile: drive.manifestFile,
    manifestHash,
    blobCount: tally.blobCount,
    blobBytes: tally.blobBytes,
    rangeCount: tally.ranges.read + tally.ranges.notRead,
    ranges: tally.ranges,
    bytes: tally.bytes,
    sideFiles: tally.sideFiles,
    findingCount: findings.count,
    findings: findings.kept,
    passed: findings.count === 0,
  });
}

/** Compares a hashed piece with the manifest. */
function judge(
  { piece, hash, failure }: HashedPiece,
  findings: FindingList,
  failures: ReadFailureJudge,
): void {
  if (failure !== undefined) findings.add(failures.findingOf(failure, placeOf(piece)));
  if (hash === undefined) return;
  failures.noteSuccess();
  if (hash === piece.expectedHash) return;
  const { filePath, offsetInBytes, lengthInBytes } = piece;
  if (piece.kind === "range") {
    const message = `Bytes ${offsetInBytes} to ${offsetInBytes + lengthInBytes} of ${filePath} are not what the manifest says.`;
    findings.add({ code: "range-differs", ...placeOf(piece), message });
  } else {
    const message = `File ${filePath} is not what the manifest says.`;
    findings.add({ code: "side-file-differs", subject: piece.subject, filePath, message });
  }
}

/** Opens files for the walk; what is wrong with one as a whole becomes a finding. */
function openFileOf(
  source: DriveSource,
  findings: FindingList,
  failures: ReadFailureJudge,
  options: AbortOptions,
): OpenPieceFile {
  return async (filePath, subject, lengthInBytes) => {
    throwIfAborted(options.abortSignal);
    let file: SourceFile | undefined;
    try {
      file = await source.openFile(filePath, options);
    } catch (error) {
      throwIfAborted(options.abortSignal);
      findings.add(failures.findingOf(error, { subject, filePath }));
      return undefined;
    }
    if (!file) {
      findings.add({ code: "file-missing", subject, filePath, message: `There is no file ${filePath}.` });
      return undefined;
    }
    if (lengthInBytes === undefined || file.sizeInBytes === lengthInBytes) return file;
    const message = `File ${filePath} has ${file.sizeInBytes} bytes instead of ${lengthInBytes}.`;
    findings.add({ code: "file-length-differs", subject, filePath, message });
    return undefined;
  };
}

async function hashManifest(
  source: DriveSource,
  drive: DriveIdentity,
  options: AbortOptions,
): Promise<string> {
  const hash = createHash("md5");
  for await (const bytes of manifestBytes(source, drive, options)) hash.update(bytes);
  return hash.digest("hex").toUpperCase();
}

async function* manifestBytes(
  source: DriveSource,
  { driveId, manifestFile }: DriveIdentity,
  options: AbortOptions,
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  let length = 0;
  try {
    const file = await source.openFile(manifestFile, options);
    if (!file) throw noManifest(source, manifestFile);
    for (; offset < file.sizeInBytes; offset += length) {
      throwIfAborted(options.abortSignal);
      length = Math.min(manifestPieceInBytes, file.sizeInBytes - offset);
      const piece = new Uint8Array(length);
      await file.read(offset, piece, options);
      yield piece;
    }
  } catch (error) {
    const read = { subject: manifestFile, filePath: manifestFile };
    throw deviceFailed(driveId, error, { ...read, offsetInBytes: offset, lengthInBytes: length });
  }
}

function noManifest(source: DriveSource, manifestFile: string): DriveError {
  return new DriveError(
    "manifest-invalid",
    `${source.name} has no manifest at ${manifestFile}. Prepare the drive again.`,
    { details: { device: source.name, manifestFile } },
  );
}

function addManifestFinding(
  findings: FindingList,
  code: "manifest-hash-differs" | "drive-id-differs",
  { manifestFile }: DriveIdentity,
  message: string,
): void {
  findings.add({ code, subject: manifestFile, filePath: manifestFile, message });
}

function placeOf({ subject, filePath, offsetInBytes, lengthInBytes }: DrivePiece) {
  return { subject, filePath, offsetInBytes, lengthInBytes };
}

function timeOf(clock: Clock): string {
  return new Date(clock.nowInMs()).toISOString();
}

/** Counts what was there and what of it was read. */
function createTally() {
  const counter = () => ({ read: 0, notRead: 0 });
  return {
    blobCount: 0,
    blobBytes: 0,
    ranges: counter(),
    bytes: counter(),
    sideFiles: counter(),
    add({ piece, hash }: HashedPiece): void {
      const column = hash === undefined ? "notRead" : "read";
      if (piece.kind === "side-file") {
        this.sideFiles[column] += 1;
        return;
      }
      this.ranges[column] += 1;
      this.bytes[column] += piece.lengthInBytes;
    },
  };
}

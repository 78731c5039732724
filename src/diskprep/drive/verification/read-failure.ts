/** What a failing read means while a drive is verified: one bad file, or the end of the verification. */
import { errorMessageOf } from "../../../shared/error-message.js";
import { isDeviceError } from "../../device/index.js";
import { isNtfsError } from "../../ntfs/index.js";
import { DriveError } from "../drive-error.js";
import type { DriveFinding } from "./drive-finding.js";

/** A drive on which nothing can be read any more would otherwise be tried file by file for days. */
const mostFailuresInARow = 100;

/** Where the read was going. */
export interface FailedRead {
  /** Blob path, path of the manifest or side file, or name of the structure. */
  readonly subject: string;
  readonly filePath?: string;
  readonly offsetInBytes?: number;
  readonly lengthInBytes?: number;
}

/** Judges failing reads of one drive. */
export interface ReadFailureJudge {
  /** The finding for a bad file. @throws DriveError `device-failed` when going on makes no sense */
  findingOf(failure: unknown, read: FailedRead): DriveFinding;
  /** Something could be read. */
  noteSuccess(): void;
}

/** A judge for the drive of that id. */
export function createReadFailureJudge(driveId: string): ReadFailureJudge {
  let inARow = 0;
  return {
    findingOf(failure, read) {
      if (!isDeviceError(failure) && !isNtfsError(failure)) throw failure;
      inARow += 1;
      const isGone = failure.code === "device-gone" || failure.code === "closed";
      if (isGone || inARow >= mostFailuresInARow) throw deviceFailed(driveId, failure, read);
      return {
        code: "file-unreadable",
        ...read,
        message: `${read.filePath ?? read.subject} cannot be read${placeOf(read)}: ${errorMessageOf(failure)}`,
      };
    },
    noteSuccess() {
      inARow = 0;
    },
  };
}

/** The error for a drive that cannot be read any further; errors that are not the drive's are handed back as they are. */
export function deviceFailed(driveId: string, failure: unknown, read: FailedRead): unknown {
  if (!isDeviceError(failure) && !isNtfsError(failure)) return failure;
  const { subject, filePath } = read;
  return new DriveError(
    "device-failed",
    `Drive ${driveId} failed while ${filePath ?? subject} was verified${placeOf(read)}: ${failure.message} Check cable, power and enclosure and verify again; do not ship the drive before that passes.`,
    {
      details: {
        ...failure.details,
        driveId,
        deviceCode: failure.code,
        subject,
        filePath,
        fileOffsetInBytes: read.offsetInBytes,
        fileLengthInBytes: read.lengthInBytes,
      },
      cause: failure,
    },
  );
}

function placeOf({ offsetInBytes, lengthInBytes }: FailedRead): string {
  return offsetInBytes === undefined
    ? ""
    : ` (bytes ${offsetInBytes} to ${offsetInBytes + (lengthInBytes ?? 0)})`;
}

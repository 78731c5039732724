/** Reads finished drives back, images and disks alike. */
import { type DriveReport, openImageFile, verifyDrive } from "../../diskprep/index.js";
import { CliError } from "../cli-error.js";
import type { Session } from "../session.js";
import { counted } from "../words.js";
import type { VerifiableDrive } from "./drive-list.js";
import type { OpenedDrive } from "./open-drives.js";

/** What reading back one drive found. */
export interface VerifiedDrive {
  readonly report: DriveReport;
  /** Whether the bytes came from the medium and not from this computer's memory. */
  readonly bypassedCache: boolean;
}

/** Verifies drives one after the other. Reads only. @throws DriveError, DeviceError, CliError `usage` for a disk that is not there */
export async function verifyListedDrives(
  session: Session,
  drives: readonly VerifiableDrive[],
): Promise<readonly VerifiedDrive[]> {
  const verified: VerifiedDrive[] = [];
  for (const drive of drives) {
    await using opened = await openForReading(session, drive);
    const report = await verifyDrive(opened.device, drive, {
      abortSignal: session.abortSignal,
      onProgress: session.display.listener(drive.driveId),
    });
    verified.push({ report, bypassedCache: opened.device.bypassesCache === true });
  }
  session.display.end();
  return verified;
}

/** What was found, for people. */
export function linesOfVerification(verified: readonly VerifiedDrive[]): readonly string[] {
  return verified.flatMap(({ report, bypassedCache }) => [
    `${report.driveId}: ${counted(report.blobCount, "blob")}, ${counted(report.rangeCount, "range")}, read from ${bypassedCache ? "the medium" : "the file system, whose cache may have answered"}: ${report.passed ? "good" : "NOT GOOD"}`,
    ...report.findings.map(({ code, subject, message }) => `  ${code} ${subject}: ${message}`),
  ]);
}

async function openForReading(session: Session, drive: VerifiableDrive): Promise<OpenedDrive> {
  if (drive.image !== undefined) {
    const device = await openImageFile(drive.image, { bypassCache: true });
    return { device, [Symbol.asyncDispose]: () => device.close() };
  }
  const disk = (await session.computer.listDisks()).find(({ serialNumber }) => serialNumber === drive.disk);
  if (disk) return await session.computer.openDisk(disk, { canWrite: false });
  throw new CliError("usage", `The disk with serial number ${drive.disk} is not attached.`, {
    details: { driveId: drive.driveId },
  });
}

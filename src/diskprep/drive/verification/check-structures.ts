/** What of a drive lies around its files: partition table, BitLocker metadata and, when asked for, the whole file system. */
import type { AbortOptions } from "../../../shared/abort.js";
import { checkNtfsVolume } from "../../ntfs/index.js";
import type { OpenDrive } from "../open-drive.js";
import type { DriveFinding } from "./drive-finding.js";
import type { DriveCheck } from "./drive-report.js";

/** Options of {@link checkStructures}. */
export interface StructureOptions extends AbortOptions {
  /**
   * Also checks every structure of the file system against the format (`checkNtfsVolume`). For drives that nobody has
   * mounted for writing since they were made; other systems leave harmless differences. Default: false.
   */
  readonly checkFileSystem?: boolean | undefined;
}

/** What was looked at, and what is wrong with it. */
export interface StructureCheck {
  readonly checked: readonly DriveCheck[];
  readonly findings: readonly DriveFinding[];
}

/** Judges the copies that opening the drive has read. @throws DeviceError while the file system is checked; AbortError */
export async function checkStructures(
  { partitionTable, bitLocker, volumeDevice, partitionOffsetInBytes }: OpenDrive,
  options: StructureOptions,
): Promise<StructureCheck> {
  const checked: DriveCheck[] = ["partition-table", "bitlocker-metadata"];
  const findings: DriveFinding[] = [];
  const add = (code: DriveFinding["code"], subject: string, offsetInBytes: number, message: string): void => {
    findings.push({ code, subject, offsetInBytes, message });
  };
  if (!partitionTable.isIntact) {
    const message = `One of the two copies of the partition table is damaged; the ${partitionTable.copy} one was used.`;
    add("partition-table-damaged", "partition table", 0, message);
  }
  for (const { offsetInBytes, state } of bitLocker.copies) {
    if (state === "intact") continue;
    const message = `The copy of the BitLocker metadata at ${offsetInBytes} of the volume is ${state}; another copy was used.`;
    add("bitlocker-metadata-damaged", "BitLocker metadata", partitionOffsetInBytes + offsetInBytes, message);
  }
  if (options.checkFileSystem) {
    checked.push("file-system");
    const report = await checkNtfsVolume(volumeDevice, { abortSignal: options.abortSignal });
    for (const { code, record, offsetInBytes, message } of report.findings) {
      const subject = record === undefined ? "file system" : `file system record ${record}`;
      add("file-system-damaged", subject, offsetInBytes, `${message} (${code})`);
    }
    if (!report.isComplete && report.findings.length === 0)
      add("file-system-damaged", "file system", 0, "The file system could not be checked to its end.");
  }
  return { checked, findings };
}

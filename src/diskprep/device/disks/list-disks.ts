/** The disks of this computer, whatever its system. */
import type { AbortOptions } from "../../../shared/abort.js";
import { type CommandRunner, systemCommandRunner } from "../../../shared/command-runner.js";
import { hasErrorName } from "../../../shared/room-error.js";
import { DeviceError, isDeviceError } from "../device-error.js";
import { type Disk, type DiskJudgementOptions, judgeDisk, type ListedDisk } from "./disk.js";
import { lsblkArguments, parseLsblk } from "./linux-listing.js";
import {
  diskutilInfoArguments,
  diskutilListArguments,
  parseDiskutilDisk,
  parseDiskutilIdentifiers,
  parseSerialNumbers,
  systemProfilerArguments,
} from "./macos-listing.js";
import { listDisksScript, powerShellArguments } from "./windows-commands.js";
import { parseWindowsDisks } from "./windows-listing.js";

/** Options of {@link listDisks}. */
export interface ListDisksOptions extends AbortOptions, DiskJudgementOptions {
  /** Default: this computer's. */
  readonly platform?: NodeJS.Platform;
  /** Default: starts programs of this computer. */
  readonly runCommand?: CommandRunner;
}

/**
 * Lists the disks of this computer with the reasons why each may not be used: `lsblk` on Linux, PowerShell on Windows,
 * `diskutil` on macOS. Reads only; optical drives, RAM disks and disk images are left out.
 *
 * @throws DeviceError `unsupported` (another system), `command-failed`, `bad-format`; AbortError.
 */
export async function listDisks(options: ListDisksOptions = {}): Promise<readonly Disk[]> {
  const platform = options.platform ?? process.platform;
  const run = checkedRunner(options.runCommand ?? systemCommandRunner, options);
  let listed: readonly ListedDisk[];
  switch (platform) {
    case "linux":
      listed = await listOnLinux(run);
      break;
    case "win32":
      listed = parseWindowsDisks(await run("powershell.exe", powerShellArguments(listDisksScript)));
      break;
    case "darwin":
      listed = await listOnMac(run);
      break;
    default:
      throw new DeviceError(
        "unsupported",
        `Disks cannot be listed on '${platform}'. Write to an image file instead.`,
        {
          details: { platform },
        },
      );
  }
  return Object.freeze(listed.map((disk) => judgeDisk(disk, options)));
}

type CheckedRunner = (program: string, programArguments: readonly string[]) => Promise<string>;

async function listOnLinux(run: CheckedRunner): Promise<readonly ListedDisk[]> {
  try {
    return parseLsblk(await run("lsblk", lsblkArguments("MOUNTPOINTS")));
  } catch (error) {
    if (!isDeviceError(error) || error.details["exitCode"] === undefined) throw error;
    return parseLsblk(await run("lsblk", lsblkArguments("MOUNTPOINT")));
  }
}

async function listOnMac(run: CheckedRunner): Promise<readonly ListedDisk[]> {
  const listOutput = await run("diskutil", diskutilListArguments);
  const serialNumbers = parseSerialNumbers(await run("system_profiler", systemProfilerArguments));
  const disks: ListedDisk[] = [];
  for (const identifier of await parseDiskutilIdentifiers(listOutput)) {
    const infoOutput = await run("diskutil", diskutilInfoArguments(identifier));
    const disk = await parseDiskutilDisk(listOutput, infoOutput, serialNumbers);
    if (disk) disks.push(disk);
  }
  return disks;
}

function checkedRunner(runCommand: CommandRunner, { abortSignal }: AbortOptions): CheckedRunner {
  return async (program, programArguments) => {
    let result: Awaited<ReturnType<CommandRunner>>;
    try {
      result = await runCommand(program, programArguments, { abortSignal });
    } catch (error) {
      if (hasErrorName(error, "AbortError")) throw error;
      throw new DeviceError(
        "command-failed",
        `'${program}' could not be started; it is needed to list disks.`,
        {
          cause: error,
          details: { program },
        },
      );
    }
    if (result.exitCode !== 0) {
      throw new DeviceError(
        "command-failed",
        `'${program}' ended with exit code ${result.exitCode}: ${result.stderr.trim().slice(0, 500)}`,
        { details: { program, exitCode: result.exitCode } },
      );
    }
    return result.stdout;
  };
}

/** A whole disk on Windows, read and written in aligned blocks past the cache. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { AbortOptions } from "../../../shared/abort.js";
import { type CommandRunner, systemCommandRunner } from "../../../shared/command-runner.js";
import { hasErrorName } from "../../../shared/room-error.js";
import { alignedDeviceOf, type BlockTransport } from "../aligned-device.js";
import type { BlockDevice } from "../block-device.js";
import { checkGeometry } from "../device-access.js";
import { DeviceError, deviceErrorFrom } from "../device-error.js";
import { transportOf } from "../file-transfer.js";
import { objectOf, parseJson, textOf } from "./json-fields.js";
import {
  powerShellArguments,
  type WindowsDiskCommand,
  windowsDiskPath,
  windowsDiskScript,
} from "./windows-commands.js";

/** Options of {@link openWindowsDisk}. */
export interface OpenWindowsDiskOptions {
  /** As the listing gave them: a raw disk does not tell its size when opened. */
  readonly sizeInBytes: number;
  readonly sectorSizeInBytes: number;
  /** Default: false. The disk must be offline then. */
  readonly canWrite?: boolean;
  /** Opens the path and gives what moves the blocks. Default: Node's file system. */
  readonly openTransport?: (path: string, flags: number) => Promise<BlockTransport>;
}

/**
 * What Node's file layer (libuv) hands to Windows as FILE_FLAG_NO_BUFFERING. Node has no name for it there, but takes
 * the number.
 */
const noBuffering = 0x0200_0000;

/**
 * Opens a disk by its number. Transfers whole sectors past the cache. Needs an elevated process. Changes nothing until
 * something is written.
 *
 * @throws DeviceError `not-found`, `access-denied`, `busy`, `invalid-argument`.
 */
export async function openWindowsDisk(
  diskNumber: number,
  options: OpenWindowsDiskOptions,
): Promise<BlockDevice> {
  const path = windowsDiskPath(diskNumber);
  const canWrite = options.canWrite ?? false;
  const sectorSizeInBytes = checkGeometry(path, options.sizeInBytes, options.sectorSizeInBytes);
  const flags = (canWrite ? constants.O_RDWR : constants.O_RDONLY) | noBuffering;
  let transport: BlockTransport;
  try {
    transport = await (options.openTransport ?? openThroughNode)(path, flags);
  } catch (error) {
    throw deviceErrorFrom(error, { deviceName: path, operation: "open" });
  }
  return alignedDeviceOf(
    { name: path, sizeInBytes: options.sizeInBytes, sectorSizeInBytes, canWrite, bypassesCache: true },
    transport,
  );
}

/** Options of {@link runWindowsDiskCommand}. */
export interface RunWindowsDiskCommandOptions extends AbortOptions {
  /** Default: starts programs of this computer. */
  readonly runCommand?: CommandRunner;
}

/**
 * Tells Windows to take a disk offline, bring it online or clear it. The script that runs refuses a disk whose serial
 * number or size are not those of the command.
 *
 * DESTRUCTIVE for `clear`. May be repeated.
 *
 * @throws DeviceError `not-usable` (another disk has this number now, or Windows runs from it), `command-failed`.
 */
export async function runWindowsDiskCommand(
  command: WindowsDiskCommand,
  options: RunWindowsDiskCommandOptions = {},
): Promise<void> {
  const { diskNumber } = command.disk;
  const details = { diskNumber, command: command.kind };
  const script = windowsDiskScript(command);
  let output: { readonly exitCode: number; readonly stdout: string };
  try {
    output = await (options.runCommand ?? systemCommandRunner)(
      "powershell.exe",
      powerShellArguments(script),
      options,
    );
  } catch (error) {
    if (hasErrorName(error, "AbortError")) throw error;
    throw new DeviceError("command-failed", "PowerShell could not be started.", { cause: error, details });
  }
  const answer = objectOf(output.stdout.trim() === "" ? {} : parseJson(output.stdout, "powershell"));
  switch (textOf(answer["result"])) {
    case "done":
      return;
    case "changed":
      throw new DeviceError(
        "not-usable",
        `Disk ${diskNumber} is not the disk that was listed: its serial number or size differ. List the disks again.`,
        { details },
      );
    case "system":
      throw new DeviceError("not-usable", `Windows runs from disk ${diskNumber}.`, { details });
    default:
      throw new DeviceError(
        "command-failed",
        `Windows could not ${command.kind} disk ${diskNumber}: ${textOf(answer["message"]).slice(0, 500) || `exit code ${output.exitCode}`}`,
        { details: { ...details, exitCode: output.exitCode } },
      );
  }
}

async function openThroughNode(path: string, flags: number): Promise<BlockTransport> {
  return transportOf(await open(path, flags), path);
}

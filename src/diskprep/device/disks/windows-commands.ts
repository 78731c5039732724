/**
 * What Windows is asked and told through PowerShell: command lines built from typed values by pure functions. A script
 * travels encoded, so that no quoting of any shell applies to it.
 */
import { DeviceError } from "../device-error.js";

/** Which disk is meant, beyond doubt: a number alone may mean another disk after one was unplugged. */
export interface WindowsDiskIdentity {
  readonly diskNumber: number;
  /** Without spaces. */
  readonly serialNumber: string;
  readonly sizeInBytes: number;
}

/** Something Windows is to do with a disk. */
export type WindowsDiskCommand =
  /** Dismounts its volumes and lets nobody mount them. Does not touch what is on it. */
  | { readonly kind: "take-offline"; readonly disk: WindowsDiskIdentity }
  /** Lets Windows look at the disk again and mount its volumes. */
  | { readonly kind: "bring-online"; readonly disk: WindowsDiskIdentity }
  /** DESTRUCTIVE: removes all partitions. */
  | { readonly kind: "clear"; readonly disk: WindowsDiskIdentity };

/** Path under which Windows opens a whole disk. @throws DeviceError `invalid-argument` */
export function windowsDiskPath(diskNumber: number): string {
  return `\\\\.\\PhysicalDrive${checkedNumber(diskNumber)}`;
}

/** The number in a path made by {@link windowsDiskPath}. @throws DeviceError `invalid-argument` */
export function windowsDiskNumber(path: string): number {
  const digits = /^\\\\\.\\PHYSICALDRIVE(\d{1,4})$/i.exec(path)?.[1];
  if (digits === undefined) {
    throw new DeviceError("invalid-argument", `'${path}' is not the path of a Windows disk.`, {
      details: { deviceName: path },
    });
  }
  return Number(digits);
}

/** Lists all disks as a JSON array. */
export const listDisksScript: string = `
$ErrorActionPreference = 'Stop'
[Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false
$media = @{}
Get-PhysicalDisk -ErrorAction SilentlyContinue | ForEach-Object { $media[[string]$_.DeviceId] = [string]$_.MediaType }
$disks = @(Get-Disk | ForEach-Object {
  $disk = $_
  $paths = @(Get-Partition -DiskNumber $disk.Number -ErrorAction SilentlyContinue | ForEach-Object { $_.AccessPaths } |
    Where-Object { $_ -and -not $_.StartsWith('\\\\?\\') })
  [pscustomobject]@{
    Number = [int]$disk.Number
    FriendlyName = [string]$disk.FriendlyName
    SerialNumber = [string]$disk.SerialNumber
    Size = [string]$disk.Size
    LogicalSectorSize = [int]$disk.LogicalSectorSize
    PhysicalSectorSize = [int]$disk.PhysicalSectorSize
    BusType = [string]$disk.BusType
    MediaType = $media[[string]$disk.Number]
    IsBoot = [bool]$disk.IsBoot
    IsSystem = [bool]$disk.IsSystem
    IsReadOnly = [bool]$disk.IsReadOnly
    IsOffline = [bool]$disk.IsOffline
    IsClustered = [bool]$disk.IsClustered
    MountPoints = $paths
  }
})
ConvertTo-Json -InputObject $disks -Depth 4 -Compress
`;

const steps: Readonly<Record<WindowsDiskCommand["kind"], string>> = {
  "take-offline": `
  if ($disk.IsReadOnly) { Set-Disk -Number $number -IsReadOnly $false }
  if (-not $disk.IsOffline) { Set-Disk -Number $number -IsOffline $true }`,
  "bring-online": `
  if ($disk.IsOffline) { Set-Disk -Number $number -IsOffline $false }
  Update-Disk -Number $number`,
  clear: `
  if ($disk.IsOffline) { Set-Disk -Number $number -IsOffline $false }
  if ($disk.IsReadOnly) { Set-Disk -Number $number -IsReadOnly $false }
  if ($disk.PartitionStyle -ne 'RAW') { Clear-Disk -Number $number -RemoveData -RemoveOEM -Confirm:$false }`,
};

/**
 * The script for a command. It looks the disk up by number and stops with `changed` when serial number or size are
 * not the expected ones, and with `system` when Windows runs from it. It prints `{"result": …, "message": …}`.
 *
 * @throws DeviceError `invalid-argument` for values that no disk has.
 */
export function windowsDiskScript(command: WindowsDiskCommand): string {
  const { diskNumber, serialNumber, sizeInBytes } = command.disk;
  if (
    !Number.isSafeInteger(sizeInBytes) ||
    sizeInBytes <= 0 ||
    /\s/.test(serialNumber) ||
    serialNumber === ""
  ) {
    throw new DeviceError("invalid-argument", "A Windows disk is named by number, serial number and size.", {
      details: { diskNumber, sizeInBytes },
    });
  }
  return `
$ErrorActionPreference = 'Stop'
[Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false
function Finish($result, $message) {
  ConvertTo-Json -InputObject @{ result = $result; message = [string]$message } -Compress
  exit 0
}
try {
  $number = ${checkedNumber(diskNumber)}
  $disk = Get-Disk -Number $number
  $serial = ([string]$disk.SerialNumber) -replace '[\\s\\0]', ''
  if ($serial -cne ${quoted(serialNumber)} -or [string]$disk.Size -ne '${sizeInBytes}') { Finish 'changed' $serial }
  if ($disk.IsBoot -or $disk.IsSystem) { Finish 'system' '' }${steps[command.kind]}
  Finish 'done' ''
} catch {
  Finish 'failed' $_.Exception.Message
}
`;
}

/** Arguments for `powershell.exe` that run a script. */
export function powerShellArguments(script: string): readonly string[] {
  const encoded = Buffer.from(script, "utf16le").toString("base64");
  return ["-NoLogo", "-NoProfile", "-NonInteractive", "-OutputFormat", "Text", "-EncodedCommand", encoded];
}

/** A PowerShell string in which nothing is expanded. Its quote characters include the typographic ones. */
function quoted(text: string): string {
  return `'${text.replaceAll(/['\u2018-\u201b]/g, "$&$&")}'`;
}

function checkedNumber(diskNumber: number): number {
  if (!Number.isInteger(diskNumber) || diskNumber < 0 || diskNumber > 9999) {
    throw new DeviceError("invalid-argument", `${diskNumber} is not the number of a Windows disk.`, {
      details: { diskNumber },
    });
  }
  return diskNumber;
}

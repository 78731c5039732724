<#
.SYNOPSIS
  Lets Windows judge a drive made by @offline-seed/core: BitLocker, NTFS, manifest and content.

.DESCRIPTION
  Prints PASS, FAIL or SKIP for each check; the exit code is the number of failures. Needs an administrator's prompt,
  Windows PowerShell 5.1 or newer, and the BitLocker feature. Nothing is downloaded.

  This script has not been run on real Windows. docs/windows-acceptance.md lists the commands it uses.

.PARAMETER VhdPath
  A fixed virtual hard disk (.vhd) with the drive in it. Attached at the beginning, detached at the end. Use a copy.

.PARAMETER DriveLetter
  Letter of a drive that is attached already, without a colon.

.PARAMETER RecoveryPassword
  The 48 digits in eight groups.

.PARAMETER ReadOnly
  Leaves out all checks that write to the volume.

.PARAMETER Decrypt
  Also decrypts the volume. Only on a copy.

.PARAMETER ReportPath
  Writes the results as JSON to this file. They hold no password.
#>
[CmdletBinding(DefaultParameterSetName = 'Vhd')]
param(
  [Parameter(Mandatory = $true, ParameterSetName = 'Vhd')] [string] $VhdPath,
  [Parameter(Mandatory = $true, ParameterSetName = 'Drive')] [ValidatePattern('^[A-Za-z]$')] [string] $DriveLetter,
  [Parameter(Mandatory = $true)] [ValidatePattern('^\d{6}(-\d{6}){7}$')] [string] $RecoveryPassword,
  [switch] $ReadOnly,
  [switch] $Decrypt,
  [string] $ReportPath
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$script:Results = @()
$startedAt = Get-Date

function Hide-Secret([string] $Text) {
  return [regex]::Replace($Text, '\d{6}(-\d{6}){7}', '(recovery password)')
}

function Add-Result([string] $Name, [string] $Verdict, [string] $Detail) {
  $detailText = Hide-Secret $Detail
  $script:Results += [pscustomobject]@{ name = $Name; verdict = $Verdict; detail = $detailText }
  if ($detailText) { Write-Host ('{0,-4}  {1}: {2}' -f $Verdict, $Name, $detailText) }
  else { Write-Host ('{0,-4}  {1}' -f $Verdict, $Name) }
}

# Runs one check. The block returns nothing when all is well, or text that says what is not; exceptions are failures.
function Test-Check([string] $Name, [scriptblock] $Check) {
  try {
    $problem = & $Check
    if ($problem) { Add-Result $Name 'FAIL' (@($problem) -join ' ') } else { Add-Result $Name 'PASS' '' }
  } catch {
    Add-Result $Name 'FAIL' $_.Exception.Message
  }
}

function Skip-Check([string] $Name, [string] $Reason) {
  Add-Result $Name 'SKIP' $Reason
}

# Runs a program and returns its exit code and text; never throws for an exit code.
function Invoke-Program([string] $Program, [string[]] $Arguments) {
  $previous = $ErrorActionPreference
  $ErrorActionPreference = 'Continue'
  try { $text = (& $Program @Arguments 2>&1 | Out-String) } finally { $ErrorActionPreference = $previous }
  return [pscustomobject]@{ ExitCode = $LASTEXITCODE; Text = $text }
}

function Assert-Succeeds([string] $Program, [string[]] $Arguments) {
  $run = Invoke-Program $Program $Arguments
  if ($run.ExitCode -ne 0) { throw ('{0} ended with {1}: {2}' -f $Program, $run.ExitCode, $run.Text.Trim()) }
  return $run.Text
}

# The cmdlet's properties are the same in every language of Windows; the text of manage-bde is not.
function Get-Encryption { return Get-BitLockerVolume -MountPoint $script:MountPoint }

function Unlock-Trial { Unlock-BitLocker -MountPoint $script:MountPoint -RecoveryPassword $RecoveryPassword | Out-Null }
function Lock-Trial { Lock-BitLocker -MountPoint $script:MountPoint -ForceDismount | Out-Null }

# A password with valid groups (multiples of 11) that differs from the right one in its last group.
function Get-WrongPassword {
  $groups = $RecoveryPassword.Split('-')
  $last = [int] $groups[7]
  if ($last -ge 11) { $changed = $last - 11 } else { $changed = $last + 11 }
  $groups[7] = $changed.ToString('D6')
  return ($groups -join '-')
}

function Get-HexMd5([byte[]] $Bytes, [int] $Length) {
  $md5 = [System.Security.Cryptography.MD5]::Create()
  try { return [BitConverter]::ToString($md5.ComputeHash($Bytes, 0, $Length)).Replace('-', '') } finally { $md5.Dispose() }
}

# Compares every file and range that the manifest names with what is on the drive.
function Compare-Manifest([System.Xml.XmlDocument] $Manifest) {
  $problems = New-Object System.Collections.Generic.List[string]
  $files = 0
  $ranges = 0
  foreach ($blob in $Manifest.SelectNodes('//*[local-name()="Blob"]')) {
    $relative = $blob.SelectSingleNode('*[local-name()="FilePath"]').InnerText
    $expectedLength = [int64] $blob.SelectSingleNode('*[local-name()="Length"]').InnerText
    # The prefix lets paths be longer than 260 characters and names end in a dot or space.
    $path = '\\?\' + $script:MountPoint + '\' + $relative.TrimStart('\')
    $files += 1
    try { $stream = New-Object System.IO.FileStream($path, 'Open', 'Read', 'Read') }
    catch { $problems.Add(('{0} cannot be opened: {1}' -f $relative, $_.Exception.Message)); continue }
    try {
      if ($stream.Length -ne $expectedLength) {
        $problems.Add(('{0} has {1} bytes instead of {2}' -f $relative, $stream.Length, $expectedLength))
        continue
      }
      $xpath = '*/*[(local-name()="Block" or local-name()="PageRange") and @Hash]'
      foreach ($range in $blob.SelectNodes($xpath)) {
        $length = [int] $range.GetAttribute('Length')
        $buffer = New-Object byte[] $length
        [void] $stream.Seek([int64] $range.GetAttribute('Offset'), 'Begin')
        $read = 0
        while ($read -lt $length) {
          $count = $stream.Read($buffer, $read, $length - $read)
          if ($count -eq 0) { break }
          $read += $count
        }
        $ranges += 1
        if ((Get-HexMd5 $buffer $read) -ne $range.GetAttribute('Hash').ToUpperInvariant()) {
          $problems.Add(('{0}: the range at {1} differs' -f $relative, $range.GetAttribute('Offset')))
        }
      }
    } finally { $stream.Dispose() }
    if ($problems.Count -ge 20) { $problems.Add('and perhaps more'); break }
  }
  if ($files -eq 0) { $problems.Add('the manifest names no blobs') }
  Write-Host ('      {0} files, {1} ranges compared' -f $files, $ranges)
  return $problems.ToArray()
}

function Test-Administrator {
  $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
  $principal = New-Object System.Security.Principal.WindowsPrincipal($identity)
  return $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
}

if (-not (Test-Administrator)) { Write-Error 'Start PowerShell as administrator.' -ErrorAction Continue; exit 100 }
if (-not (Get-Command Get-BitLockerVolume -ErrorAction SilentlyContinue)) {
  Write-Error 'The BitLocker feature is not installed on this Windows.' -ErrorAction Continue
  exit 100
}
if ($Decrypt -and $ReadOnly) { Write-Error '-Decrypt writes; leave out -ReadOnly.' -ErrorAction Continue; exit 100 }

$isAttached = $false
try {
  if ($PSCmdlet.ParameterSetName -eq 'Vhd') {
    $VhdPath = (Resolve-Path -LiteralPath $VhdPath).ProviderPath
    $access = if ($ReadOnly) { 'ReadOnly' } else { 'ReadWrite' }
    Mount-DiskImage -ImagePath $VhdPath -Access $access | Out-Null
    $isAttached = $true
    $diskNumber = (Get-DiskImage -ImagePath $VhdPath).Number
    $partition = Get-Partition -DiskNumber $diskNumber | Where-Object { $_.Type -eq 'Basic' } | Select-Object -First 1
    if (-not $partition) { throw 'The disk has no data partition that Windows recognises.' }
    if (-not ([int][char] $partition.DriveLetter)) {
      $partition | Add-PartitionAccessPath -AssignDriveLetter
      $partition = Get-Partition -DiskNumber $diskNumber -PartitionNumber $partition.PartitionNumber
    }
    $DriveLetter = [string] $partition.DriveLetter
  } else {
    $partition = Get-Partition -DriveLetter $DriveLetter
    $diskNumber = $partition.DiskNumber
  }
  $script:MountPoint = $DriveLetter.ToUpperInvariant() + ':'
  Write-Host ('Volume {0} on disk {1}, {2}' -f $script:MountPoint, $diskNumber, [Environment]::OSVersion.VersionString)

  Test-Check 'partition: GUID table, one data partition, aligned to 1 MiB' {
    $disk = Get-Disk -Number $diskNumber
    $data = @(Get-Partition -DiskNumber $diskNumber | Where-Object { $_.Type -eq 'Basic' })
    if ($disk.PartitionStyle -ne 'GPT') { 'the table is {0}.' -f $disk.PartitionStyle }
    if ($data.Count -ne 1) { 'there are {0} data partitions.' -f $data.Count }
    if ($partition.Offset % 1048576 -ne 0) { 'the partition begins at {0}.' -f $partition.Offset }
  }

  if ((Get-Encryption).LockStatus -eq 'Unlocked' -and -not $ReadOnly) { Lock-Trial }
  $isLocked = (Get-Encryption).LockStatus -eq 'Locked'
  if ($isLocked) {
    Test-Check 'recognised: a locked BitLocker volume of version 2.0' {
      $text = Assert-Succeeds 'manage-bde.exe' @('-status', $script:MountPoint)
      if ($text -notmatch '2\.0') { 'manage-bde -status does not say 2.0.' }
    }
    Test-Check 'wrong password refused' {
      $wrong = Get-WrongPassword
      try { Unlock-BitLocker -MountPoint $script:MountPoint -RecoveryPassword $wrong | Out-Null } catch { return }
      if ((Get-Encryption).LockStatus -ne 'Locked') { 'a wrong password has unlocked the volume.' }
    }
    Test-Check 'unlocked with the recovery password as text' {
      Unlock-Trial
      if ((Get-Encryption).LockStatus -ne 'Unlocked') { 'the volume is still locked.' }
    }
  } else {
    Skip-Check 'recognised: a locked BitLocker volume of version 2.0' 'the volume was unlocked already'
    Skip-Check 'wrong password refused' 'the volume was unlocked already'
    Skip-Check 'unlocked with the recovery password as text' 'the volume was unlocked already'
  }

  Test-Check 'fully encrypted, protection on, a known method' {
    $volume = Get-Encryption
    if ([string] $volume.VolumeStatus -ne 'FullyEncrypted') { 'status {0}.' -f $volume.VolumeStatus }
    if ($volume.EncryptionPercentage -ne 100) { '{0} percent encrypted.' -f $volume.EncryptionPercentage }
    if ([string] $volume.ProtectionStatus -ne 'On') { 'protection is {0}.' -f $volume.ProtectionStatus }
    if (@('Aes128', 'Aes256', 'XtsAes128', 'XtsAes256') -notcontains [string] $volume.EncryptionMethod) {
      'method {0}.' -f $volume.EncryptionMethod
    }
  }

  Test-Check 'the protector is a numerical password and Windows shows the text' {
    $protectors = @((Get-Encryption).KeyProtector | Where-Object { [string] $_.KeyProtectorType -eq 'RecoveryPassword' })
    if ($protectors.Count -eq 0) { 'there is no numerical password.' }
    elseif (@($protectors | Where-Object { $_.RecoveryPassword -eq $RecoveryPassword }).Count -eq 0) {
      'Windows shows another password than the one that unlocks.'
    }
  }

  Test-Check 'file system: NTFS, healthy' {
    $volume = Get-Volume -DriveLetter $DriveLetter
    if ([string] $volume.FileSystem -ne 'NTFS') { 'the file system is {0}.' -f $volume.FileSystem }
    if ([string] $volume.HealthStatus -ne 'Healthy') { 'its health is {0}.' -f $volume.HealthStatus }
  }

  Test-Check 'chkdsk, read-only: no problems' { Assert-Succeeds 'chkdsk.exe' @($script:MountPoint) | Out-Null }
  if ($ReadOnly) { Skip-Check 'chkdsk, online scan: no problems' 'read-only' }
  else {
    Test-Check 'chkdsk, online scan: no problems' { Assert-Succeeds 'chkdsk.exe' @($script:MountPoint, '/scan') | Out-Null }
  }

  $manifest = New-Object System.Xml.XmlDocument
  $manifest.XmlResolver = $null
  Test-Check 'manifest: there and well-formed' {
    $manifest.Load((Join-Path ($script:MountPoint + '\') 'DriveManifest.xml'))
  }
  if ($manifest.DocumentElement) {
    Test-Check 'files: every blob of the manifest, every range by MD5' { Compare-Manifest $manifest }
  } else {
    Skip-Check 'files: every blob of the manifest, every range by MD5' 'there is no manifest'
  }

  if ($ReadOnly) {
    Skip-Check 'writing: a file survives lock and unlock' 'read-only'
    Skip-Check 'protector added: Windows rewrites the metadata' 'read-only'
  } else {
    Test-Check 'writing: a file survives lock and unlock' {
      $path = $script:MountPoint + '\offline-seed-acceptance.txt'
      $content = [Guid]::NewGuid().ToString()
      [System.IO.File]::WriteAllText($path, $content)
      Lock-Trial
      Unlock-Trial
      $found = [System.IO.File]::ReadAllText($path)
      [System.IO.File]::Delete($path)
      if ($found -ne $content) { 'the file came back as {0}.' -f $found }
    }
    Test-Check 'protector added: Windows rewrites the metadata' {
      $before = @((Get-Encryption).KeyProtector).Count
      Add-BitLockerKeyProtector -MountPoint $script:MountPoint -RecoveryPasswordProtector -WarningAction SilentlyContinue | Out-Null
      if (@((Get-Encryption).KeyProtector).Count -ne $before + 1) { 'the protector is not there.' }
      Lock-Trial
      Unlock-Trial
      if ((Get-Encryption).LockStatus -ne 'Unlocked') { 'the first password does not unlock any more.' }
    }
  }

  if ($Decrypt) {
    Test-Check 'decryption: to a clean NTFS' {
      Disable-BitLocker -MountPoint $script:MountPoint | Out-Null
      while ([string] (Get-Encryption).VolumeStatus -eq 'DecryptionInProgress') {
        Write-Progress -Activity 'Decrypting' -PercentComplete (100 - (Get-Encryption).EncryptionPercentage)
        Start-Sleep -Seconds 5
      }
      if ([string] (Get-Encryption).VolumeStatus -ne 'FullyDecrypted') { 'status {0}.' -f (Get-Encryption).VolumeStatus }
      Assert-Succeeds 'chkdsk.exe' @($script:MountPoint) | Out-Null
    }
  } else {
    Skip-Check 'decryption: to a clean NTFS' 'only with -Decrypt, on a copy'
  }

  Test-Check 'event log: no failures of the BitLocker driver' {
    $filter = @{ LogName = 'System'; ProviderName = 'Microsoft-Windows-BitLocker-Driver'; StartTime = $startedAt; Level = 1, 2, 3 }
    $events = @(Get-WinEvent -FilterHashtable $filter -ErrorAction SilentlyContinue)
    foreach ($entry in $events) { '{0}: {1}' -f $entry.Id, $entry.Message }
  }
} catch {
  Add-Result 'the test itself' 'FAIL' $_.Exception.Message
} finally {
  if ($isAttached) { Dismount-DiskImage -ImagePath $VhdPath | Out-Null }
}

$failures = @($script:Results | Where-Object { $_.verdict -eq 'FAIL' }).Count
$passes = @($script:Results | Where-Object { $_.verdict -eq 'PASS' }).Count
Write-Host ('{0} passed, {1} failed, {2} skipped' -f $passes, $failures, ($script:Results.Count - $passes - $failures))
if ($ReportPath) {
  $report = [pscustomobject]@{
    windows = [Environment]::OSVersion.VersionString
    startedAt = $startedAt.ToUniversalTime().ToString('o')
    failures = $failures
    checks = $script:Results
  }
  [System.IO.File]::WriteAllText(
    $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($ReportPath), ($report | ConvertTo-Json -Depth 4))
}
exit $failures

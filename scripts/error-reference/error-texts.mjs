/**
 * What to do about each error code; where the union's own comments do not say well what a code means, the
 * meaning first.
 * `node scripts/make-error-reference.mjs` joins them with the unions and fails when a code is missing here or gone there.
 */
const again = "Correct the argument and call again; nothing was changed.";
const report =
  "This points to a mistake in the library or a service that has changed: keep the message and report it.";

export const roomsOfErrors = {
  CertsError: "certs",
  RegistryError: "registry",
  StagingError: "staging",
  DeviceError: "diskprep/device",
  PartitionError: "diskprep/partition",
  BitLockerError: "diskprep/bitlocker",
  NtfsError: "diskprep/ntfs",
  DriveError: "diskprep/drive",
  ImportJobError: "importjob",
  EmulatorError: "emulator",
  XmlError: "shared",
};

export const errorTexts = {
  CertsError: {
    "invalid-argument": again,
    "certificate-unreadable":
      "Give the right file, as PEM, DER or PFX; export it again if it was damaged on the way.",
    "password-wrong":
      "Enter the password of this very file; a PFX from a publish settings file has an empty one.",
    "password-missing": "Pass the password in the options.",
    "private-key-missing": "Use the PFX or PEM with the key, on the computer where the certificate was made.",
    "key-unusable": "Make a new certificate with `createSeedCertificate`, or give the matching pair.",
    "permission-missing":
      "Have the right in `details.permission` granted, or follow the manual steps the library prints.",
    "caller-unsuitable":
      "Sign in as the message says: as a person for the first set-up, as the application afterwards.",
    "replication-timeout": "Call again after a few minutes; what exists already is found and used.",
    "concurrent-change": "Call again when nobody else is changing the application.",
    "parameters-invalid":
      "Give the `OfflineApplicationParams.xml` of this seed, unchanged; make it again if it is lost.",
    "publish-settings-invalid":
      "Download the subscription's publish settings anew; a web site's publish profile is another kind of file.",
    "unexpected-answer": report,
  },
  RegistryError: {
    "invalid-path": again,
    "invalid-value": again,
    "reg-file-invalid":
      "Export the file again with `reg export` or Registry Editor, and do not edit it with a program that changes its encoding.",
    "reg-tool-failed":
      "Run on Windows with `reg.exe` in the path, or write a `.reg` file and import it there.",
    "access-denied": "Start the prompt as administrator, or write a `.reg` file for somebody who may.",
    "destination-missing": "Run on the computer with the agent, or name the folder.",
    "entry-conflict": "Find out whose entries these are. Replace them only when that user's seed is over.",
    "not-written":
      "Look whether another program, a policy or the 32-bit view of the registry is in the way; then repeat.",
  },
  StagingError: {
    "staging-folder-missing": [
      "The staging folder does not exist.",
      "Check the path and that the share is mounted, or pass `create: true`.",
    ],
    "staging-not-writable": [
      "The staging folder cannot be written.",
      "Give this user the right to write there; a share may be mounted read-only.",
    ],
    "staging-full": [
      "The staging location has no room left.",
      "Free space or take another location; the seed is resumed where it stopped.",
    ],
    "staging-io-failed": [
      "The staging location failed while it was read or written.",
      "Check the disk or the share, then resume the seed.",
    ],
    "option-invalid": ["An option has a value that makes no sense.", again],
    "seed-exists": [
      "There is a seed for this job already.",
      "Resume it, take another job name, or delete it if it is not needed.",
    ],
    "seed-missing": [
      "There is no seed for this job in the staging location.",
      "Check the job name and the staging folder; `listSeeds` shows what is there.",
    ],
    "seed-locked": [
      "Another process writes this seed.",
      "Wait for it. A lock left by a computer that has died is taken over after its time has run out.",
    ],
    "seed-lock-lost": [
      "Another process has taken the seed over while this one was standing still.",
      "Stop this writer; resume only when the other one has ended.",
    ],
    "seed-sealed": [
      "The seed is sealed and cannot be written any more.",
      "Make a new seed for further data.",
    ],
    "seed-not-sealed": ["The seed is not sealed yet.", "Resume it, finish staging and seal it."],
    "seed-state-invalid": [
      "The seed's state does not allow what was asked.",
      "Look at the state in the message; a seed goes from writing to sealed to what follows, never back.",
    ],
    "writer-closed": ["The writer was closed before the call.", "Resume the seed and use the new writer."],
    "blob-name-invalid": [
      "The name cannot be a blob's name or cannot stand on the drive.",
      "Rename it; the message says which rule it breaks.",
    ],
    "blob-exists": [
      "The seed has a blob of this name already.",
      "Take another name, or skip it when resuming: `findBlob` tells.",
    ],
    "blob-too-large": [
      "The blob is larger than Azure or the drive format allows.",
      "Split the content into several blobs.",
    ],
    "blob-not-aligned": [
      "A page blob's length or range is no multiple of 512 bytes.",
      "Pad the content with zeros, or stage it as a block blob.",
    ],
    "blob-properties-invalid": [
      "Metadata or headers of the blob are not allowed.",
      "Correct the name or value that the message gives.",
    ],
    "source-invalid": [
      "The source of a blob does not keep its contract.",
      "Correct the source: it gave other lengths or kinds of data than it announced.",
    ],
    "source-unreadable": [
      "A source file or stream cannot be read.",
      "Check rights and locks, or stage from a snapshot; then resume.",
    ],
    "source-changed": [
      "A source changed while it was read.",
      "Stage from a snapshot, or again when the file is at rest. The blob was not recorded.",
    ],
    "staged-file-missing": [
      "A staged file is gone.",
      "Bring it back from where it was moved, or stage the seed again. Do not prepare drives before.",
    ],
    "staged-file-changed": [
      "A staged file is not as it was recorded.",
      "Find out who changed it; stage the seed again. Do not prepare drives before.",
    ],
    "catalog-damaged": [
      "The seed's catalog fails its own checks.",
      "Copy the staging folder again if this is a copy; otherwise stage the seed again.",
    ],
    "catalog-unsupported": [
      "The catalog was written by a newer version of the library.",
      "Update the library on this computer.",
    ],
    "path-outside-staging": [
      "A path leads out of the staging folder.",
      "Give a path within it. If it came from a file somebody sent, do not trust that file.",
    ],
    "compression-unavailable": [
      "This Node version has no such compression built in, and no module for it is installed.",
      "Install `@foxglove/wasm-zstd`, take a newer Node, or choose another method.",
    ],
    "content-damaged": [
      "Stored content cannot be unpacked, or is not what was stored.",
      "Fetch the blob again; compare the container with the catalog.",
    ],
    "dataset-invalid": [
      "A dataset or driveset CSV file does not follow its format.",
      "Correct the line that the message names.",
    ],
    "extract-failed": [
      "Files could not be brought back from the seed.",
      "Look at the message for the file; free space or rights are the usual causes. May be repeated.",
    ],
  },
  DeviceError: {
    "out-of-range": again,
    "invalid-argument": again,
    "read-only": "Open it for writing; take off the write protection of the drive or image.",
    closed: "Open it again.",
    "short-transfer": "Check cable, adapter and drive; resume from the journal.",
    "io-failed":
      "Check cable, adapter and drive health. Resume from the journal, or take another drive and plan again.",
    "no-space": "Free space where the image lies; resume from the journal.",
    "device-gone":
      "Plug the drive in again, list the disks, compare the serial number, resume from the journal.",
    "not-found": [
      "There is nothing at this path.",
      "Check the path; list the disks again, their names may have changed.",
    ],
    "already-exists": [
      "There is a file at this path already.",
      "Take another path, or remove the file if it is not needed.",
    ],
    "access-denied": [
      "The system does not let this user open it.",
      "Run as root or administrator; disks are not open to others.",
    ],
    busy: [
      "Another program or a mounted volume uses it.",
      "Unmount the drive's volumes and close programs that use it.",
    ],
    unsupported: "Prepare an image file instead and write it to the drive with another program.",
    "command-failed": "Install or repair the program that `details` names.",
    "not-usable":
      "Take the reason seriously: choose another disk. A disk that has changed must be listed and planned again.",
    "bad-format": "Give a file of the right kind; an image may have been cut off while it was copied.",
  },
  PartitionError: {
    "too-small": ["The disk cannot hold a partition table and a volume.", "Take a larger disk."],
    "invalid-argument": ["A size, alignment or GUID makes no sense.", again],
    damaged: [
      "No copy of the partition table can be used.",
      "The drive is empty, was not finished, or is damaged: resume its preparation, or prepare it anew.",
    ],
    "sector-size-mismatch": [
      "The table was written for another sector size.",
      "Connect the drive through an adapter that does not change its sector size.",
    ],
  },
  BitLockerError: {
    "invalid-argument": again,
    "volume-too-small": "Take a larger drive.",
    "invalid-recovery-password":
      "Type the group named in `details.group` again: each group of six digits is a multiple of 11.",
    "not-bitlocker": "Check that this is the right drive and that its preparation was finished.",
    "metadata-damaged": "The drive cannot be unlocked. Prepare it anew from the staging folder.",
    "metadata-tampered": "Do not trust the drive. Prepare it anew.",
    "wrong-key": "Compare the drive's serial number and protector GUID with those the password belongs to.",
    "protector-not-found": "Unlock with a kind of key that the volume has; the message lists them.",
    "unsupported-version": "Unlock it on Windows.",
    "unsupported-method": "Unlock it on Windows, or encrypt it anew with one of the methods of this library.",
    "conversion-running": "Wait until `manage-bde -status` says 100 %.",
    "not-encrypted": "Encrypt it first; the datacentre takes encrypted drives only.",
    "reserved-area": report,
  },
  NtfsError: {
    "invalid-name": [
      "The name cannot stand on a Windows volume; `details.problem` says why.",
      "Rename it, or use the encoding of names that staging offers.",
    ],
    "duplicate-name": [
      "Two names in a directory differ only in upper and lower case.",
      "Rename one of them.",
    ],
    "reserved-name": [
      "The name belongs to the file system itself.",
      "Rename it; only names such as `$MFT` in the root are reserved.",
    ],
    "invalid-parent": ["The directory given is none, or not of this tree.", again],
    "invalid-length": ["A length is negative, not whole, or too large.", again],
    "too-many-nodes": [
      "More files and directories than one volume can have.",
      "Spread them over more drives, or bundle small files.",
    ],
    "invalid-option": ["An option has a value that makes no sense.", again],
    "volume-too-small": [
      "The files do not fit; `details` give needed and available bytes.",
      "Take a larger drive or fewer blobs.",
    ],
    "no-contiguous-room": [
      "Reserved areas leave no stretch that is long enough for a file system structure.",
      "Take a larger volume.",
    ],
    "content-missing": ["No content was given for a file.", again],
    "content-mismatch": [
      "A file's content has another length than was planned.",
      "The staged file has changed: verify the seed, then plan again.",
    ],
    "device-too-small": [
      "The device is smaller than the planned volume.",
      "Use the device the plan was made for.",
    ],
    "not-ntfs": [
      "The volume does not begin with an NTFS boot sector.",
      "Check that this is the right drive, unlocked, and that its preparation was finished.",
    ],
    corrupt: [
      "A structure of the volume contradicts itself.",
      "Prepare the drive anew. On a drive of your own, run `chkdsk`.",
    ],
    "limit-exceeded": [
      "The volume holds something beyond the reader's limits against crafted volumes.",
      "Do not trust a drive that came from outside; otherwise report it.",
    ],
    "not-found": [
      "There is no file or directory of this path.",
      "Check the path; names are compared without case.",
    ],
    "not-a-file": ["The path leads to a directory.", again],
    "not-a-directory": ["A part of the path is a file.", again],
    "out-of-range": ["A read beyond the end of a file.", again],
    "unsupported-compressed": [
      "The file is compressed by NTFS.",
      "Copy it on Windows to a folder without compression.",
    ],
    "unsupported-encrypted": [
      "The file is encrypted by the file system (EFS).",
      "Copy it on Windows, as the user who can read it.",
    ],
    "unsupported-version": [
      "An NTFS version before 3.0 or after 3.1.",
      "Copy the files to a volume made by a present Windows.",
    ],
  },
  DriveError: {
    "blob-too-large": "Take larger drives, or split the blob.",
    "drive-too-small": "Take a larger drive.",
    "drive-set-invalid": "Give one to ten different drives; a larger seed needs several jobs.",
    "not-confirmed": "Compare serial number and size on the drive's label, then confirm exactly these.",
    "drive-changed": "List the disks again and plan again for what is there now.",
    "drive-not-empty": "Take an empty drive, or format it on purpose with the operating system.",
    "plan-mismatch": "Plan again for this catalog.",
    "blob-name-unrepresentable": "Stage the blob under another name.",
    "staged-file-changed":
      "Verify the seed; stage it again if files were changed. The drive is not valid until then.",
    "staged-file-shorter": "Verify the seed; a copy of the staging folder may have been cut off.",
    "staged-file-longer": "Verify the seed; something has written to the staging folder.",
    "staged-file-unreadable": "Check the staging location and rights, then resume from the journal.",
    "journal-mismatch": "Give the journal of this drive and plan, or begin anew with a new journal.",
    "journal-invalid": "Begin the drive anew with a new journal.",
    "journal-exists": "Pass `resume` to go on, or remove the journal to begin anew.",
    "preparation-failed": "Look at the cause; mend it and resume from the journal.",
    "device-failed":
      "Check cable, adapter and drive; resume, or take another drive with `replanFailedDrives`.",
    "worker-failed":
      "Try again; resume a preparation from its journal. If it happens again, there is too little memory.",
    "drive-unreadable": "Check that this is the right drive; resume its preparation or prepare it anew.",
    "manifest-invalid": "Prepare the drive anew. The datacentre would refuse it.",
    "report-invalid": "Verify the drive again.",
    "invalid-option": again,
  },
  ImportJobError: {
    "invalid-order":
      "Mend every problem in the message; `planImportJob` shows them all before anything is sent.",
    "different-order-exists":
      "Take another job name, or compare with `compareOrderWithJob` and cancel the old job if it is obsolete.",
    "job-not-found":
      "Check subscription, resource group and name. Jobs without a tracking number are deleted after two weeks, ended ones after 90 days.",
    "wrong-state": "Look at the job's state; what is possible in it stands in the message.",
    "tracking-number-in-use":
      "Check the number. Two jobs in one parcel need `allowSharedTrackingNumber`, which Azure Backup advises against.",
    "invalid-shipping-details": "Give everything the message lists.",
    "no-shipping-destination":
      "Check the region's spelling; ask Azure support for the region, or take an account in another one.",
    "no-import-service":
      "Register `Microsoft.ImportExport` or `Microsoft.DataBox` in the subscription; the message says what was found.",
    "operation-failed": "Read the service's words in the message; order again when the cause is mended.",
    "unexpected-response": report,
    "invalid-log": "Download the log again; keep it and report it if it stays unreadable.",
    "invalid-monitor-state": "Begin a new monitor; nothing but the announcements already made is lost.",
    "invalid-shipping-file": "Enter the shipping details again.",
    "staged-content-changed": "Find the file's original content; stage the blob again as an increment.",
    "not-verified": "Compare the container with the catalog; repair what is reported, then repeat the step.",
    "confirmation-required": "Pass exactly the confirmation the message names, after looking at the plan.",
    "invalid-source": "Check path and rights; make the plan again from the source as it is now.",
  },
  EmulatorError: {
    "azurite-missing": "Install `azurite` beside the library: `npm install --save-dev azurite`.",
    "azurite-failed": "Look at the cause; a busy port or too little memory is usual.",
    "request-body-too-large": "Send less; the real service refuses it as well.",
    "request-body-malformed": "Correct the client.",
    "package-invalid": "Hand over drives that the job names, with the job's tracking number.",
    "manifest-invalid":
      "The drive would be refused in earnest: look at the message and at the program that wrote it.",
    closed: "Start a new emulator.",
    "access-file-invalid": "Start the local Azure again; it writes the file anew.",
    "not-reachable": "Start the local Azure again, and use the file it writes.",
  },
  XmlError: {
    "too-large": [
      "The document is larger than is accepted.",
      "It is hardly the file that was meant; check where it came from.",
    ],
    "too-deep": [
      "The document is nested more deeply than is accepted.",
      "It is hardly the file that was meant; check where it came from.",
    ],
    "unsupported-encoding": ["The document is in none of the accepted encodings.", "Save it as UTF-8."],
    "forbidden-doctype": [
      "The document has a document type, which could carry entities.",
      "Remove the line that begins with `<!DOCTYPE`, if you trust the file.",
    ],
    "not-well-formed": [
      "The text is not well-formed XML.",
      "Correct it at the place in the message, or fetch the file again.",
    ],
    "unexpected-root": [
      "The document's outer element is another one than expected.",
      "Give the right kind of file.",
    ],
    "unexpected-content": [
      "An element or attribute stands where none may be.",
      "Correct it at the place in the message, or update the library if the file is newer.",
    ],
    "missing-content": [
      "A required element or attribute is missing.",
      "Correct it at the place in the message, or fetch the file again.",
    ],
    "invalid-name": ["A name cannot be an XML element or attribute.", again],
    "invalid-text": [
      "A text has characters that XML cannot hold.",
      "Remove control characters from the value that the message names.",
    ],
  },
};

/** Disks of a Windows computer, from PowerShell's `Get-Disk`, `Get-PhysicalDisk` and `Get-Partition`. */
import { type DiskBus, type ListedDisk, withoutSpaces } from "./disk.js";
import { booleanOf, type JsonObject, listOf, numberOf, objectOf, parseJson, textOf } from "./json-fields.js";
import { windowsDiskPath } from "./windows-commands.js";

const busByName: Readonly<Record<string, DiskBus>> = {
  SATA: "sata",
  ATA: "ata",
  ATAPI: "ata",
  USB: "usb",
  NVMe: "nvme",
  SAS: "sas",
  SCSI: "scsi",
  SD: "mmc",
  MMC: "mmc",
  iSCSI: "virtual",
  Virtual: "virtual",
  "File Backed Virtual": "virtual",
  "Storage Spaces": "virtual",
  Spaces: "virtual",
};

/** Reads what the listing script printed. Pure. @throws DeviceError `bad-format` */
export function parseWindowsDisks(output: string): readonly ListedDisk[] {
  const text = output.trim() === "" ? "[]" : output;
  return listOf(parseJson(text, "powershell")).map((value) => diskOf(objectOf(value)));
}

function diskOf(disk: JsonObject): ListedDisk {
  const medium = textOf(disk["MediaType"]).toUpperCase();
  const isOffline = booleanOf(disk["IsOffline"]);
  return {
    path: windowsDiskPath(numberOf(disk["Number"])),
    model: textOf(disk["FriendlyName"]),
    serialNumber: withoutSpaces(textOf(disk["SerialNumber"])),
    sizeInBytes: numberOf(disk["Size"]),
    logicalSectorSizeInBytes: numberOf(disk["LogicalSectorSize"]) || 512,
    physicalSectorSizeInBytes: numberOf(disk["PhysicalSectorSize"]) || 512,
    bus: busByName[textOf(disk["BusType"])] ?? (textOf(disk["BusType"]) === "" ? "unknown" : "other"),
    medium: medium === "HDD" ? "hdd" : medium === "SSD" ? "ssd" : "unknown",
    isRemovable: textOf(disk["BusType"]) === "USB",
    // Windows reports an offline disk as read-only; taking it over lifts that.
    isReadOnly: booleanOf(disk["IsReadOnly"]) && !isOffline,
    isSystem: booleanOf(disk["IsBoot"]) || booleanOf(disk["IsSystem"]),
    mountPoints: listOf(disk["MountPoints"])
      .map(textOf)
      .filter((path) => path !== ""),
    isHeld: booleanOf(disk["IsClustered"]),
  };
}

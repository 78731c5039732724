/** Disks of a Linux computer, from `lsblk --json`. */
import { type DiskBus, type ListedDisk, withoutSpaces } from "./disk.js";
import { booleanOf, type JsonObject, listOf, numberOf, objectOf, parseJson, textOf } from "./json-fields.js";

const columns = "NAME,PATH,TYPE,SIZE,MODEL,SERIAL,TRAN,RM,HOTPLUG,RO,ROTA,LOG-SEC,PHY-SEC";

/** Arguments for `lsblk`. `MOUNTPOINTS` came with util-linux 2.37; older ones know only `MOUNTPOINT`. */
export function lsblkArguments(mountColumn: "MOUNTPOINTS" | "MOUNTPOINT"): readonly string[] {
  return ["--json", "--bytes", "--output", `${columns},${mountColumn}`];
}

/** Mount points that make a disk the running system's. */
const systemMountPoints = new Set(["/", "/boot", "/boot/efi", "/efi", "/usr", "/var", "/home", "[SWAP]"]);
/** Block devices that are no disks one could ship. */
const notADisk = /^(zram|ram|loop|fd|sr|nbd|dm-|md)\d*/;

const busByTransport: Readonly<Record<string, DiskBus>> = {
  sata: "sata",
  ata: "ata",
  usb: "usb",
  nvme: "nvme",
  sas: "sas",
  spi: "scsi",
  iscsi: "virtual",
  virtio: "virtual",
  mmc: "mmc",
  fc: "other",
};

/** Reads what `lsblk` printed. Pure. @throws DeviceError `bad-format` */
export function parseLsblk(output: string): readonly ListedDisk[] {
  return listOf(objectOf(parseJson(output, "lsblk"))["blockdevices"])
    .map(objectOf)
    .filter((device) => textOf(device["type"]) === "disk" && !notADisk.test(textOf(device["name"])))
    .map(diskOf);
}

function diskOf(device: JsonObject): ListedDisk {
  const family = withDescendants(device);
  const mountPoints = family.flatMap((member) =>
    [...listOf(member["mountpoints"]), ...listOf(member["mountpoint"])]
      .map(textOf)
      .filter((path) => path !== ""),
  );
  const name = textOf(device["name"]);
  const transport = textOf(device["tran"]).toLowerCase();
  const rotates = device["rota"];
  return {
    path: textOf(device["path"]) || `/dev/${name}`,
    model: textOf(device["model"]),
    serialNumber: withoutSpaces(textOf(device["serial"])),
    sizeInBytes: numberOf(device["size"]),
    logicalSectorSizeInBytes: numberOf(device["log-sec"]) || 512,
    physicalSectorSizeInBytes: numberOf(device["phy-sec"]) || 512,
    bus: transport === "" ? busOfName(name) : (busByTransport[transport] ?? "other"),
    medium: rotates === undefined || rotates === null ? "unknown" : booleanOf(rotates) ? "hdd" : "ssd",
    isRemovable: booleanOf(device["rm"]) || booleanOf(device["hotplug"]),
    isReadOnly: booleanOf(device["ro"]),
    isSystem: mountPoints.some((path) => systemMountPoints.has(path)),
    mountPoints: [...new Set(mountPoints)],
    isHeld: family.slice(1).some((member) => textOf(member["type"]) !== "part"),
  };
}

function busOfName(name: string): DiskBus {
  if (name.startsWith("nvme")) return "nvme";
  if (name.startsWith("mmcblk")) return "mmc";
  return /^(vd|xvd)/.test(name) ? "virtual" : "unknown";
}

/** The device and everything on it: partitions, logical volumes, opened encryptions. */
function withDescendants(device: JsonObject): readonly JsonObject[] {
  return [device, ...listOf(device["children"]).flatMap((child) => withDescendants(objectOf(child)))];
}

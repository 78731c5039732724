/** Disks of a Mac, from `diskutil -plist`, with serial numbers from `system_profiler`. */
import { type DiskBus, type ListedDisk, withoutSpaces } from "./disk.js";
import { booleanOf, listOf, numberOf, objectOf, textOf } from "./json-fields.js";
import { parsePropertyList } from "./property-list.js";

/** `diskutil` arguments that list everything. */
export const diskutilListArguments: readonly string[] = ["list", "-plist"];
/** `system_profiler` arguments for the buses a drive can be on. */
export const systemProfilerArguments: readonly string[] = [
  "-json",
  "SPSerialATADataType",
  "SPNVMeDataType",
  "SPUSBDataType",
];

/** `diskutil` arguments for one disk, for example `disk4`. */
export function diskutilInfoArguments(identifier: string): readonly string[] {
  return ["info", "-plist", identifier];
}

const busByProtocol: Readonly<Record<string, DiskBus>> = {
  SATA: "sata",
  USB: "usb",
  "PCI-Express": "nvme",
  "Apple Fabric": "nvme",
  SAS: "sas",
  "Secure Digital": "mmc",
  "Disk Image": "virtual",
  "Virtual Interface": "virtual",
};

/** Identifiers of the whole disks in the output of `diskutil list -plist`. @throws DeviceError `bad-format` */
export async function parseDiskutilIdentifiers(listOutput: string): Promise<readonly string[]> {
  return listOf(objectOf(await parsePropertyList(listOutput, "diskutil"))["WholeDisks"])
    .map(textOf)
    .filter((identifier) => /^disk\d+$/.test(identifier));
}

/**
 * Reads one disk.
 *
 * @param listOutput Output of `diskutil list -plist`, for what is mounted from it.
 * @param infoOutput Output of `diskutil info -plist` for the disk.
 * @param serialNumbers See {@link parseSerialNumbers}.
 * @returns Undefined for what is no disk of its own: APFS containers and disk images.
 * @throws DeviceError `bad-format`
 */
export async function parseDiskutilDisk(
  listOutput: string,
  infoOutput: string,
  serialNumbers: ReadonlyMap<string, string>,
): Promise<ListedDisk | undefined> {
  const info = objectOf(await parsePropertyList(infoOutput, "diskutil"));
  const identifier = textOf(info["DeviceIdentifier"]);
  const protocol = textOf(info["BusProtocol"]);
  if (textOf(info["VirtualOrPhysical"]) === "Virtual" || protocol === "Disk Image") return undefined;
  const mountPoints = mountPointsOf(
    identifier,
    listOf(objectOf(await parsePropertyList(listOutput, "diskutil"))["AllDisksAndPartitions"]),
  );
  const sectorSize = numberOf(info["DeviceBlockSize"]) || 512;
  const solidState = info["SolidState"];
  return {
    path: textOf(info["DeviceNode"]) || `/dev/${identifier}`,
    model: textOf(info["MediaName"]) || textOf(info["IORegistryEntryName"]),
    serialNumber: withoutSpaces(serialNumbers.get(identifier) ?? ""),
    sizeInBytes: numberOf(info["Size"]) || numberOf(info["TotalSize"]),
    logicalSectorSizeInBytes: sectorSize,
    physicalSectorSizeInBytes: sectorSize,
    bus: busByProtocol[protocol] ?? (protocol === "" ? "unknown" : "other"),
    medium: solidState === undefined ? "unknown" : booleanOf(solidState) ? "ssd" : "hdd",
    isRemovable: booleanOf(info["RemovableMediaOrExternalDevice"]) || booleanOf(info["RemovableMedia"]),
    isReadOnly: info["WritableMedia"] === false,
    isSystem: mountPoints.some((path) => path === "/" || path.startsWith("/System/")),
    mountPoints,
    isHeld: false,
  };
}

/**
 * Serial numbers by whole-disk identifier from `system_profiler -json`: a drive lists its media below itself, or its
 * own BSD name beside its serial number.
 *
 * @throws Never; what cannot be understood has no serial number.
 */
export function parseSerialNumbers(profilerOutput: string): ReadonlyMap<string, string> {
  const serialNumbers = new Map<string, string>();
  const visit = (value: unknown, inherited: string, depth: number): void => {
    if (depth > 32) return;
    if (Array.isArray(value)) {
      for (const element of value) visit(element, inherited, depth + 1);
      return;
    }
    const fields = objectOf(value);
    const serial = textOf(fields["device_serial"]) || textOf(fields["serial_num"]) || inherited;
    const identifier = /^(disk\d+)$/.exec(textOf(fields["bsd_name"]))?.[1];
    if (identifier !== undefined && serial !== "") serialNumbers.set(identifier, serial);
    for (const child of Object.values(fields)) {
      if (typeof child === "object" && child !== null) visit(child, serial, depth + 1);
    }
  };
  try {
    visit(JSON.parse(profilerOutput), "", 0);
  } catch {
    return serialNumbers;
  }
  return serialNumbers;
}

/** Mount points of the disk, its partitions, and the APFS containers that are stored on them. */
function mountPointsOf(identifier: string, entries: readonly unknown[]): readonly string[] {
  const paths: string[] = [];
  for (const entry of entries.map(objectOf)) {
    const stores = listOf(entry["APFSPhysicalStores"]).map((store) =>
      textOf(objectOf(store)["DeviceIdentifier"]),
    );
    const isOn = [textOf(entry["DeviceIdentifier"]), ...stores].some(
      (name) => name === identifier || name.startsWith(`${identifier}s`),
    );
    if (!isOn) continue;
    const volumes = [entry, ...listOf(entry["Partitions"]), ...listOf(entry["APFSVolumes"])].map(objectOf);
    for (const volume of volumes) {
      paths.push(textOf(volume["MountPoint"]));
      for (const snapshot of listOf(volume["MountedSnapshots"])) {
        paths.push(textOf(objectOf(snapshot)["SnapshotMountPoint"]));
      }
    }
  }
  return [...new Set(paths.filter((path) => path !== ""))];
}

/** Finds MFT records and all attributes of a file, through attribute lists where there are any. */
import type { AbortOptions } from "../../../shared/abort.js";
import type { BlockDevice } from "../../device/index.js";
import { NtfsError } from "../ntfs-error.js";
import { corrupt, readRecordNumber, viewOf } from "./field-access.js";
import { createNtfsStream, type NtfsStream } from "./ntfs-stream.js";
import type { NtfsBootSector } from "./parse-boot-sector.js";
import { type ParsedAttribute, type ParsedRecord, parseRecord } from "./parse-record.js";
import { unprotectRecord } from "./unprotect-record.js";

const attributeListType = 0x20;
const dataType = 0x80;
/** Windows' own limit for the value of an attribute list. */
const maxAttributeListInBytes = 256 * 1024;

/** A file: its base record and all its attributes. */
export interface NtfsFileRecord extends ParsedRecord {
  /** Parts of the attribute of that type and name; empty when there is none. */
  partsOf(type: number, name: string): readonly ParsedAttribute[];
}

/** Access to the records of a volume. */
export interface MftReader {
  readonly recordCount: number;
  /** @throws NtfsError `corrupt`, `out-of-range` */
  readRecord(record: number, options?: AbortOptions): Promise<ParsedRecord>;
  /** A file with the attributes of its extension records. @throws NtfsError */
  readFile(record: number, options?: AbortOptions): Promise<NtfsFileRecord>;
  /** Opens a stream of a file; undefined when the file has no such attribute. @throws NtfsError */
  openStream(file: NtfsFileRecord, type: number, name: string): NtfsStream | undefined;
}

/** Opens the MFT of a volume. @throws NtfsError `corrupt`; DeviceError */
export async function openMft(
  device: BlockDevice,
  boot: NtfsBootSector,
  options: AbortOptions,
): Promise<MftReader> {
  const { clusterSizeInBytes, recordSizeInBytes, clusterCount } = boot;
  const unprotected = (bytes: Uint8Array, record: number): ParsedRecord => {
    const problem = unprotectRecord(bytes, "FILE");
    if (problem !== undefined) throw corrupt(`an MFT record is unusable (${problem})`, { record });
    return parseRecord(bytes, record, clusterCount);
  };
  const firstBytes = new Uint8Array(recordSizeInBytes);
  await device.read(boot.mftCluster * clusterSizeInBytes, firstBytes, options);
  const first = unprotected(firstBytes, 0);

  let mft: NtfsStream | undefined;
  let mftParts: ParsedAttribute[] = first.attributes.filter(isUnnamedData);
  const mappedStream = (): NtfsStream => {
    mft ??= createNtfsStream(device, clusterSizeInBytes, limitedToMapped(mftParts, clusterSizeInBytes), 0);
    return mft;
  };

  const readRecord = async (record: number, readOptions?: AbortOptions): Promise<ParsedRecord> => {
    const stream = mappedStream();
    if (!(record >= 0) || (record + 1) * recordSizeInBytes > stream.sizeInBytes) {
      throw new NtfsError("out-of-range", `The volume has no MFT record ${record}.`, { details: { record } });
    }
    const bytes = new Uint8Array(recordSizeInBytes);
    await stream.read(record * recordSizeInBytes, bytes, readOptions);
    return unprotected(bytes, record);
  };

  const readListedAttributes = async (
    base: ParsedRecord,
    readOptions: AbortOptions | undefined,
    onPart?: (part: ParsedAttribute) => void,
  ): Promise<readonly ParsedAttribute[]> => {
    const listParts = base.attributes.filter((attribute) => attribute.type === attributeListType);
    if (listParts.length === 0) return base.attributes;
    const list = createNtfsStream(device, clusterSizeInBytes, listParts, base.record);
    if (list.sizeInBytes > maxAttributeListInBytes) {
      throw corrupt("an attribute list is too long", { record: base.record, sizeInBytes: list.sizeInBytes });
    }
    const bytes = new Uint8Array(list.sizeInBytes);
    await list.read(0, bytes, readOptions);
    const attributes: ParsedAttribute[] = [];
    let extension = base;
    for (const entry of listEntries(bytes, base.record)) {
      if (extension.record !== entry.record) {
        extension = entry.record === base.record ? base : await readRecord(entry.record, readOptions);
      }
      if (extension !== base && extension.baseRecord !== base.record) {
        throw corrupt("an attribute list names a record of another file", {
          record: base.record,
          listed: entry.record,
        });
      }
      const part = extension.attributes.find((each) => each.type === entry.type && each.id === entry.id);
      if (!part) throw corrupt("an attribute list names a missing attribute", { record: base.record });
      attributes.push(part);
      onPart?.(part);
    }
    return attributes;
  };

  // The list of $MFT itself may lie in records that only its earlier parts make readable.
  await readListedAttributes(first, options, (part) => {
    if (!isUnnamedData(part) || part.firstVcn === 0) return;
    mftParts = [...mftParts, part];
    mft = undefined;
  });

  return {
    recordCount: Math.floor(mappedStream().sizeInBytes / recordSizeInBytes),
    readRecord,
    async readFile(record, readOptions) {
      const base = await readRecord(record, readOptions);
      const attributes = await readListedAttributes(base, readOptions);
      return {
        ...base,
        attributes,
        partsOf: (type, name) => attributes.filter((each) => each.type === type && each.name === name),
      };
    },
    openStream(file, type, name) {
      const parts = file.partsOf(type, name);
      return parts.length === 0
        ? undefined
        : createNtfsStream(device, clusterSizeInBytes, parts, file.record);
    },
  };
}

function isUnnamedData(attribute: ParsedAttribute): boolean {
  return attribute.type === dataType && attribute.name === "";
}

/** While the map of the MFT is still growing, its size is what is mapped so far. */
function limitedToMapped(
  parts: readonly ParsedAttribute[],
  clusterSizeInBytes: number,
): readonly ParsedAttribute[] {
  const mappedEnd = Math.max(0, ...parts.map((part) => part.lastVcn + 1)) * clusterSizeInBytes;
  return parts.map((part) =>
    part.firstVcn === 0 ? { ...part, dataSizeInBytes: Math.min(part.dataSizeInBytes, mappedEnd) } : part,
  );
}

interface ListEntry {
  readonly type: number;
  readonly id: number;
  readonly record: number;
}

function listEntries(bytes: Uint8Array, record: number): ListEntry[] {
  const view = viewOf(bytes);
  const entries: ListEntry[] = [];
  for (let at = 0; at + 0x1a <= bytes.length; ) {
    const length = view.getUint16(at + 4, true);
    if (length < 0x1a || at + length > bytes.length)
      throw corrupt("an attribute list is damaged", { record, at });
    entries.push({
      type: view.getUint32(at, true),
      record: readRecordNumber(view, at + 0x10),
      id: view.getUint16(at + 0x18, true),
    });
    at += length;
  }
  return entries;
}

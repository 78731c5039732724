/** MFT records of the file system itself (0–63, without the root directory) and free records. */
import {
  attributeType,
  directoryEntryLength,
  extendRecord,
  recordFlag,
  sequenceNumberOf,
  systemFileCount,
} from "../encode/constants.js";
import {
  collation,
  encodeViewIndexRoot,
  finishDirectoryRoot,
  indexRootHeaderLengthInBytes,
  writeDirectoryEntry,
  writeEndEntry,
} from "../encode/index-root.js";
import { setFileTime } from "../encode/little-endian.js";
import type { RecordWriter } from "../encode/record-writer.js";
import {
  ownSecurityDescriptor,
  quotaIndexEntries,
  securityEntries,
  securityId,
  securityIndexEntries,
} from "../encode/security-descriptors.js";
import type { VolumePlan } from "../layout/plan-volume.js";
import { firstExtendRecord } from "../layout/system-files.js";
import type { SystemStreamName } from "../layout/system-streams.js";
import { upcaseTableCrc64 } from "../names/upcase-table.js";
import { type NameSource, systemFileAttributes, unnamedStreamOf } from "./name-source.js";

const volumeRecord = 3;
const attributeDefinitionsRecord = 4;
const bootRecord = 7;
const badClustersRecord = 8;
const secureRecord = 9;
const upcaseRecord = 10;
const firstUnnamedRecord = 12;
const firstFreeRecord = 16;
const [quotaRecord, objectIdRecord, reparseRecord] = [24, 25, 26];
/** Entries of `$Extend` in name order. */
const extendEntries: readonly number[] = [objectIdRecord, quotaRecord, reparseRecord];

/** Whether a record below the first user record is in use on a fresh volume. */
export function isSystemRecordInUse(record: number): boolean {
  return record < firstFreeRecord || (record >= quotaRecord && record <= reparseRecord);
}

/** Writes a record that holds no file. Windows wants a header in every slot of the MFT. */
export function writeFreeRecord(writer: RecordWriter, view: DataView, base: number, record: number): void {
  writer.begin(view, base, record, sequenceNumberOf(record), 0, 0);
  writer.end();
}

/** Writes a system record other than the root directory. */
export function writeSystemRecord(
  plan: VolumePlan,
  names: NameSource,
  writer: RecordWriter,
  view: DataView,
  base: number,
  record: number,
): void {
  const isInExtend = record >= firstExtendRecord;
  const hasViewIndex = record === secureRecord || isInExtend;
  const isNamed = record < systemFileCount || isInExtend;
  const flags =
    recordFlag.inUse |
    (record === extendRecord ? recordFlag.directory : 0) |
    (hasViewIndex ? recordFlag.viewIndex : 0) |
    (isInExtend ? recordFlag.inExtend : 0);
  writer.begin(view, base, record, sequenceNumberOf(record), flags, isNamed ? 1 : 0);
  const hasOwnDescriptor =
    record === volumeRecord ||
    record === attributeDefinitionsRecord ||
    record === bootRecord ||
    (record >= firstUnnamedRecord && record < firstFreeRecord);
  writer.standardInformation(
    plan.createdAtInMs,
    systemFileAttributes(record),
    hasOwnDescriptor
      ? undefined
      : record === extendRecord || hasViewIndex
        ? securityId.systemReadWrite
        : securityId.systemReadOnly,
  );
  if (isNamed) writer.fileName(names.fieldsOf(record));
  if (hasOwnDescriptor) {
    const isReadOnly = record === attributeDefinitionsRecord || record === bootRecord;
    writer.residentValue(attributeType.securityDescriptor, "", ownSecurityDescriptor(isReadOnly));
  }
  writeAttributes(plan, names, writer, record);
  writer.end();
}

function writeAttributes(plan: VolumePlan, names: NameSource, writer: RecordWriter, record: number): void {
  const stream = unnamedStreamOf(record);
  const { clusterSizeInBytes, clusterCount } = plan.geometry;
  if (stream !== undefined) writeStream(plan, writer, attributeType.data, "", stream);
  switch (record) {
    case 0:
      writeStream(plan, writer, attributeType.bitmap, "", "mftBitmap");
      break;
    case volumeRecord:
      writer.residentValue(attributeType.volumeName, "", utf16Bytes(plan.options.label ?? ""));
      // Version 3.1, no flags: neither dirty nor waiting for an upgrade.
      writer.residentValue(
        attributeType.volumeInformation,
        "",
        Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0),
      );
      writer.resident(attributeType.data, "", 0);
      break;
    case badClustersRecord:
      writer.resident(attributeType.data, "", 0);
      writer.nonResident(attributeType.data, "$Bad", {
        runs: [{ firstCluster: undefined, clusterCount }],
        allocatedSizeInBytes: clusterCount * clusterSizeInBytes,
        dataSizeInBytes: clusterCount * clusterSizeInBytes,
        initialisedSizeInBytes: 0,
      });
      break;
    case secureRecord: {
      const { byHash, byId } = securityIndexEntries(securityEntries());
      writeStream(plan, writer, attributeType.data, "$SDS", "security");
      writeViewIndex(plan, writer, "$SDH", collation.securityHash, byHash);
      writeViewIndex(plan, writer, "$SII", collation.uint32, byId);
      break;
    }
    case upcaseRecord:
      writer.residentValue(attributeType.data, "$Info", upcaseInformation());
      break;
    case extendRecord:
      writeExtendIndex(plan, names, writer);
      break;
    case quotaRecord: {
      const time = new Uint8Array(8);
      setFileTime(new DataView(time.buffer), 0, plan.createdAtInMs);
      const { byOwner, byId } = quotaIndexEntries(time);
      writeViewIndex(plan, writer, "$O", collation.sid, byOwner);
      writeViewIndex(plan, writer, "$Q", collation.uint32, byId);
      break;
    }
    case objectIdRecord:
      writeViewIndex(plan, writer, "$O", collation.uint32Array, []);
      break;
    case reparseRecord:
      writeViewIndex(plan, writer, "$R", collation.uint32Array, []);
      break;
    default:
      if (record >= firstUnnamedRecord) writer.resident(attributeType.data, "", 0);
  }
}

function writeStream(
  plan: VolumePlan,
  writer: RecordWriter,
  type: number,
  name: string,
  streamName: SystemStreamName,
): void {
  const stream = plan.streams[streamName];
  const { clusterSizeInBytes } = plan.geometry;
  writer.nonResident(type, name, {
    runs: stream.runs,
    allocatedSizeInBytes: Math.ceil(stream.sizeInBytes / clusterSizeInBytes) * clusterSizeInBytes,
    dataSizeInBytes: stream.sizeInBytes,
  });
}

function writeViewIndex(
  plan: VolumePlan,
  writer: RecordWriter,
  name: string,
  collationRule: number,
  entries: Parameters<typeof encodeViewIndexRoot>[2],
): void {
  const value = encodeViewIndexRoot(collationRule, plan.geometry.clusterSizeInBytes, entries);
  writer.residentValue(attributeType.indexRoot, name, value);
}

function writeExtendIndex(plan: VolumePlan, names: NameSource, writer: RecordWriter): void {
  const lengths = extendEntries.map((record) => directoryEntryLength(names.fieldsOf(record).nameLength));
  const entryBytes = lengths.reduce((sum, length) => sum + length, 0x10);
  const root = writer.resident(attributeType.indexRoot, "$I30", indexRootHeaderLengthInBytes + entryBytes);
  const view = writer.target();
  let at = root + indexRootHeaderLengthInBytes;
  for (const record of extendEntries) at += writeDirectoryEntry(view, at, names.fieldsOf(record), undefined);
  writeEndEntry(view, at, undefined);
  finishDirectoryRoot(view, root, plan.geometry.clusterSizeInBytes, entryBytes, false);
}

/** `$UpCase:$Info`: its own length and the checksum of the table. */
function upcaseInformation(): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint32(8, upcaseTableCrc64.low, true);
  view.setUint32(12, upcaseTableCrc64.high, true);
  return bytes;
}

function utf16Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < text.length; index++) view.setUint16(2 * index, text.charCodeAt(index), true);
  return bytes;
}

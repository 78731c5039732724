/** Finds what a directory entry and a $FILE_NAME attribute say about a record, for every record of a volume. */
import {
  align8,
  extendRecord,
  fileAttribute,
  firstUserRecord,
  rootRecord,
  sequenceNumberOf,
} from "../encode/constants.js";
import { type FileNameFields, posixNamespace, win32AndDosNamespace } from "../encode/file-name-value.js";
import { recordOffsetOfNodes } from "../layout/directory-plan.js";
import { noRow } from "../layout/place-data.js";
import type { VolumePlan } from "../layout/plan-volume.js";
import { extendFileNames, firstExtendRecord, systemFileNames } from "../layout/system-files.js";
import type { SystemStreamName } from "../layout/system-streams.js";
import { nodeFlag } from "../tree/node-columns.js";

/** Fills one reused object with the names facts of a record. */
export interface NameSource {
  /** Valid until the next call. */
  fieldsOf(record: number): FileNameFields;
}

/** Streams whose sizes stand in the names of the system records 0–11; the others have no unnamed data in clusters. */
const unnamedStreams: Readonly<Record<number, SystemStreamName>> = {
  0: "mft",
  1: "mirror",
  2: "log",
  4: "attributeDefinitions",
  6: "bitmap",
  7: "boot",
  10: "upcase",
};

/** The unnamed data stream of a system record; undefined when it has none in clusters. */
export function unnamedStreamOf(record: number): SystemStreamName | undefined {
  return unnamedStreams[record];
}

/** Creates the source for a plan. */
export function createNameSource(plan: VolumePlan): NameSource {
  const { columns, geometry, hidden } = plan;
  const { clusterSizeInBytes } = geometry;
  const roundUp = (size: number): number => Math.ceil(size / clusterSizeInBytes) * clusterSizeInBytes;
  const fields: FileNameFields = {
    record: 0,
    sequence: 1,
    parentRecord: 0,
    parentSequence: 0,
    timeInMs: 0,
    allocatedSizeInBytes: 0,
    dataSizeInBytes: 0,
    attributes: 0,
    namespace: 0,
    units: columns.names,
    nameStart: 0,
    nameLength: 0,
  };
  const unitsOf = (name: string): Uint16Array => Uint16Array.from(name, (_, index) => name.charCodeAt(index));
  const systemUnits = systemFileNames.map(unitsOf);
  const extendUnits = extendFileNames.map(unitsOf);

  const setName = (units: Uint16Array, start: number, length: number): void => {
    fields.units = units;
    fields.nameStart = start;
    fields.nameLength = length;
  };
  const setSystem = (record: number): void => {
    const isInExtend = record >= firstExtendRecord;
    const units = isInExtend ? extendUnits[record - firstExtendRecord]! : systemUnits[record]!;
    const stream = unnamedStreams[record];
    const size = stream === undefined ? 0 : plan.streams[stream].sizeInBytes;
    fields.parentRecord = isInExtend ? extendRecord : rootRecord;
    fields.timeInMs = plan.createdAtInMs;
    fields.allocatedSizeInBytes = roundUp(size);
    fields.dataSizeInBytes = size;
    fields.attributes = systemFileAttributes(record);
    if (record === rootRecord || record === extendRecord) fields.attributes |= fileAttribute.directory;
    fields.namespace = win32AndDosNamespace;
    setName(units, 0, units.length);
  };
  const setUser = (node: number): void => {
    const flags = columns.flags[node]!;
    const parent = columns.parent[node]!;
    fields.parentRecord = parent === 0 ? rootRecord : parent + recordOffsetOfNodes;
    const modified = columns.modifiedAtInMs[node]!;
    fields.timeInMs = Number.isNaN(modified) ? plan.createdAtInMs : modified;
    fields.attributes = columns.attributes[node]!;
    if ((flags & nodeFlag.directory) !== 0) {
      fields.allocatedSizeInBytes = 0;
      fields.dataSizeInBytes = 0;
      fields.attributes |= fileAttribute.directory;
    } else {
      const length = columns.lengthOrOrdinal[node]!;
      fields.dataSizeInBytes = length;
      fields.allocatedSizeInBytes = plan.firstRow[node] === noRow ? align8(length) : roundUp(length);
    }
    fields.namespace = posixNamespace;
    setName(columns.names, columns.nameStart[node]!, columns.nameLength[node]!);
  };
  const setHidden = (record: number): void => {
    const units = unitsOf(hidden.nameOf(record));
    const file =
      record === hidden.directoryRecord ? undefined : hidden.files[record - hidden.directoryRecord - 1]!;
    fields.parentRecord = file ? hidden.directoryRecord : rootRecord;
    fields.timeInMs = plan.createdAtInMs;
    fields.attributes = fileAttribute.hidden | fileAttribute.system | (file ? 0 : fileAttribute.directory);
    fields.dataSizeInBytes = file?.lengthInBytes ?? 0;
    fields.allocatedSizeInBytes = roundUp(fields.dataSizeInBytes);
    fields.namespace = posixNamespace;
    setName(units, 0, units.length);
  };

  return {
    fieldsOf(record) {
      if (record < firstUserRecord) setSystem(record);
      else if (record < hidden.directoryRecord) setUser(record - recordOffsetOfNodes);
      else setHidden(record);
      fields.record = record;
      fields.sequence = sequenceNumberOf(record);
      fields.parentSequence = sequenceNumberOf(fields.parentRecord);
      return fields;
    },
  };
}

/** File attributes of a system record, as in its $STANDARD_INFORMATION. */
export function systemFileAttributes(record: number): number {
  const hiddenSystem = fileAttribute.hidden | fileAttribute.system;
  if (record === 9) return hiddenSystem | fileAttribute.viewIndex;
  if (record >= firstExtendRecord) return hiddenSystem | fileAttribute.archive | fileAttribute.viewIndex;
  return hiddenSystem;
}

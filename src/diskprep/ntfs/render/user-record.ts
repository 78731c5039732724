/** MFT records of files and directories: those of the tree, System Volume Information, and the root directory. */
import {
  align8,
  attributeType,
  fileAttribute,
  recordFlag,
  rootRecord,
  sequenceNumberOf,
} from "../encode/constants.js";
import {
  finishDirectoryRoot,
  indexRootHeaderLengthInBytes,
  writeDirectoryEntry,
  writeEndEntry,
} from "../encode/index-root.js";
import type { ClusterRun } from "../encode/mapping-pairs.js";
import type { RecordWriter } from "../encode/record-writer.js";
import { securityId } from "../encode/security-descriptors.js";
import { directoryOrdinalOf, recordOffsetOfNodes } from "../layout/directory-plan.js";
import { noRow } from "../layout/place-data.js";
import { indexBitmapSizeInBytes, indexRuns } from "../layout/place-indexes.js";
import type { VolumePlan } from "../layout/plan-volume.js";
import { NtfsError } from "../ntfs-error.js";
import type { NameSource } from "./name-source.js";

/** Gives the bytes of a file that lives in its record. */
export type ResidentContent = (node: number) => Uint8Array;

const directoryIndexName = "$I30";

/** VCN of an index block: in clusters, or in 512-byte units when a cluster is larger than a block. */
export function indexBlockVcn(block: number, clusterSizeInBytes: number): number {
  return clusterSizeInBytes <= 4096 ? block * (4096 / clusterSizeInBytes) : block * 8;
}

/** Writes the record of a directory's or file's number; `base` points at zeroed bytes. */
export function writeUserRecord(
  plan: VolumePlan,
  names: NameSource,
  writer: RecordWriter,
  view: DataView,
  base: number,
  record: number,
  residentContent: ResidentContent | undefined,
): void {
  const directory = directoryOrdinalOf(record, plan.columns, plan.hidden);
  const flags = directory === undefined ? recordFlag.inUse : recordFlag.inUse | recordFlag.directory;
  writer.begin(view, base, record, sequenceNumberOf(record), flags, 1);
  const fields = names.fieldsOf(record);
  const isHidden = record >= plan.hidden.directoryRecord;
  const attributes = fields.attributes & ~fileAttribute.directory;
  writer.standardInformation(
    fields.timeInMs,
    attributes,
    record === rootRecord
      ? securityId.rootDirectory
      : isHidden
        ? securityId.systemReadWrite
        : directory === undefined
          ? securityId.userFile
          : securityId.userDirectory,
  );
  writer.fileName(fields);
  if (directory !== undefined) writeDirectoryIndex(plan, names, writer, directory);
  else if (isHidden) {
    const file = plan.hidden.files[record - plan.hidden.directoryRecord - 1]!;
    writeData(plan, writer, [file.run], file.lengthInBytes);
  } else writeFileData(plan, writer, record - recordOffsetOfNodes, residentContent);
  writer.end();
}

function writeFileData(
  plan: VolumePlan,
  writer: RecordWriter,
  node: number,
  residentContent: ResidentContent | undefined,
): void {
  const length = plan.columns.lengthOrOrdinal[node]!;
  const firstRow = plan.firstRow[node]!;
  if (firstRow === noRow) {
    const at = writer.resident(attributeType.data, "", length);
    if (length > 0) writer.bytes().set(contentOf(plan, node, length, residentContent), at);
    return;
  }
  const { data, geometry } = plan;
  const runs: ClusterRun[] = [];
  for (let row = firstRow; row < data.count && data.node[row] === node; row++) {
    runs.push({
      firstCluster: data.volumeOffsetInBytes[row]! / geometry.clusterSizeInBytes,
      clusterCount: Math.ceil(data.lengthInBytes[row]! / geometry.clusterSizeInBytes),
    });
  }
  writeData(plan, writer, runs, length);
}

function writeData(
  plan: VolumePlan,
  writer: RecordWriter,
  runs: readonly ClusterRun[],
  length: number,
): void {
  const { clusterSizeInBytes } = plan.geometry;
  writer.nonResident(attributeType.data, "", {
    runs,
    allocatedSizeInBytes: Math.ceil(length / clusterSizeInBytes) * clusterSizeInBytes,
    dataSizeInBytes: length,
  });
}

function contentOf(
  plan: VolumePlan,
  node: number,
  length: number,
  residentContent: ResidentContent | undefined,
): Uint8Array {
  const start = plan.columns.nameStart[node]!;
  const name = (): string =>
    String.fromCharCode(...plan.columns.names.subarray(start, start + plan.columns.nameLength[node]!));
  if (!residentContent) {
    throw new NtfsError(
      "content-missing",
      `The content of '${name()}' lies in its record, but nobody supplies it.`,
      {
        details: { node, name: name() },
      },
    );
  }
  const content = residentContent(node);
  if (content.length !== length) {
    throw new NtfsError(
      "content-mismatch",
      `'${name()}' was planned with ${length} bytes, but ${content.length} were supplied.`,
      {
        details: { node, name: name(), plannedLengthInBytes: length, suppliedLengthInBytes: content.length },
      },
    );
  }
  return content;
}

function writeDirectoryIndex(
  plan: VolumePlan,
  names: NameSource,
  writer: RecordWriter,
  directory: number,
): void {
  const { directories, geometry, indexPieces } = plan;
  const { clusterSizeInBytes, indexBlockSizeInBytes } = geometry;
  const blocks = directories.blockCount[directory]!;
  if (blocks === 0) {
    writeSmallIndex(plan, names, writer, directory);
    return;
  }
  const root = writer.resident(
    attributeType.indexRoot,
    directoryIndexName,
    indexRootHeaderLengthInBytes + 0x18,
  );
  const view = writer.target();
  writeEndEntry(view, root + indexRootHeaderLengthInBytes, indexBlockVcn(blocks - 1, clusterSizeInBytes));
  finishDirectoryRoot(view, root, clusterSizeInBytes, 0x18, true);
  const roundUp = (size: number): number => Math.ceil(size / clusterSizeInBytes) * clusterSizeInBytes;
  const size = blocks * indexBlockSizeInBytes;
  writer.nonResident(attributeType.indexAllocation, directoryIndexName, {
    runs: indexRuns(indexPieces, directory, false),
    allocatedSizeInBytes: roundUp(size),
    dataSizeInBytes: size,
  });
  const bitmapSize = indexBitmapSizeInBytes(blocks);
  const bitmapRuns = indexRuns(indexPieces, directory, true);
  if (bitmapRuns.length > 0) {
    writer.nonResident(attributeType.bitmap, directoryIndexName, {
      runs: bitmapRuns,
      allocatedSizeInBytes: roundUp(bitmapSize),
      dataSizeInBytes: bitmapSize,
    });
  } else {
    const at = writer.resident(attributeType.bitmap, directoryIndexName, bitmapSize);
    fillOnes(writer.bytes(), at, blocks);
  }
}

/** Sets the first `bitCount` bits from byte `start` on. */
export function fillOnes(bytes: Uint8Array, start: number, bitCount: number): void {
  bytes.fill(0xff, start, start + (bitCount >>> 3));
  if ((bitCount & 7) !== 0) bytes[start + (bitCount >>> 3)] = (1 << (bitCount & 7)) - 1;
}

function writeSmallIndex(plan: VolumePlan, names: NameSource, writer: RecordWriter, directory: number): void {
  const { directories, geometry } = plan;
  const start = directories.entryStart[directory]!;
  const end = directories.entryStart[directory + 1]!;
  let entryBytes = 0x10;
  for (let entry = start; entry < end; entry++) {
    entryBytes += align8(0x10 + 66 + 2 * names.fieldsOf(directories.entries[entry]!).nameLength);
  }
  const root = writer.resident(
    attributeType.indexRoot,
    directoryIndexName,
    indexRootHeaderLengthInBytes + entryBytes,
  );
  const view = writer.target();
  let at = root + indexRootHeaderLengthInBytes;
  for (let entry = start; entry < end; entry++) {
    at += writeDirectoryEntry(view, at, names.fieldsOf(directories.entries[entry]!), undefined);
  }
  writeEndEntry(view, at, undefined);
  finishDirectoryRoot(view, root, geometry.clusterSizeInBytes, entryBytes, false);
}

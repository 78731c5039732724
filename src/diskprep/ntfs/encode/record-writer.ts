/**
 * Writes one MFT record ("FILE record") at a time into a caller's buffer: begin, attributes in ascending order of
 * type and name, end. Attribute ids count from 0.
 */
import {
  align8,
  attributeType,
  endMarkerLengthInBytes,
  firstAttributeOffset,
  fixupStrideInBytes,
} from "./constants.js";
import { type FileNameFields, writeFileNameValue } from "./file-name-value.js";
import { protectRecord } from "./fixup.js";
import { setFileTime, setUint64 } from "./little-endian.js";
import { type ClusterRun, mappingPairsLength, writeMappingPairs } from "./mapping-pairs.js";

const updateArrayOffset = 0x30;

/** Sizes of a non-resident stream. */
export interface NonResidentStream {
  readonly runs: readonly ClusterRun[];
  readonly allocatedSizeInBytes: number;
  readonly dataSizeInBytes: number;
  /** Bytes that hold data; the rest reads as zeros. Default: all. */
  readonly initialisedSizeInBytes?: number;
}

/** Bytes of a resident attribute with its header. */
export function residentAttributeLength(nameLengthInUnits: number, valueLengthInBytes: number): number {
  return align8(align8(0x18 + 2 * nameLengthInUnits) + valueLengthInBytes);
}

/** Bytes of a non-resident attribute with its header. */
export function nonResidentAttributeLength(nameLengthInUnits: number, runs: readonly ClusterRun[]): number {
  return align8(align8(0x40 + 2 * nameLengthInUnits) + mappingPairsLength(runs));
}

/** Writes records of one size. Keeps its place between calls, so one writer makes one record at a time. */
export class RecordWriter {
  private view: DataView = new DataView(new ArrayBuffer(0));
  private base = 0;
  private at = 0;
  private attributeCount = 0;
  private readonly recordSizeInBytes: number;
  private readonly attributesOffset: number;

  constructor(recordSizeInBytes: number) {
    this.recordSizeInBytes = recordSizeInBytes;
    this.attributesOffset = firstAttributeOffset(recordSizeInBytes);
  }

  /** Starts a record at `base`; the bytes there must be zero. */
  begin(
    view: DataView,
    base: number,
    record: number,
    sequence: number,
    flags: number,
    linkCount: number,
  ): void {
    this.view = view;
    this.base = base;
    this.at = base + this.attributesOffset;
    this.attributeCount = 0;
    view.setUint32(base, 0x454c_4946, true);
    view.setUint16(base + 4, updateArrayOffset, true);
    view.setUint16(base + 6, this.recordSizeInBytes / fixupStrideInBytes + 1, true);
    view.setUint16(base + 0x10, sequence, true);
    view.setUint16(base + 0x12, linkCount, true);
    view.setUint16(base + 0x14, this.attributesOffset, true);
    view.setUint16(base + 0x16, flags, true);
    view.setUint32(base + 0x1c, this.recordSizeInBytes, true);
    view.setUint32(base + 0x2c, record, true);
  }

  /** $STANDARD_INFORMATION: 72 bytes with a security id, 48 bytes without. */
  standardInformation(timeInMs: number, attributes: number, securityId: number | undefined): void {
    const value = this.resident(attributeType.standardInformation, "", securityId === undefined ? 48 : 72);
    for (let at = value; at < value + 32; at += 8) setFileTime(this.view, at, timeInMs);
    this.view.setUint32(value + 0x20, attributes, true);
    if (securityId !== undefined) this.view.setUint32(value + 0x34, securityId, true);
  }

  /** $FILE_NAME, with the indexed flag that Windows insists on. */
  fileName(fields: FileNameFields): void {
    const start = this.at;
    const value = this.resident(attributeType.fileName, "", 66 + 2 * fields.nameLength);
    this.view.setUint8(start + 0x16, 1);
    writeFileNameValue(this.view, value, fields);
  }

  /** Header of a resident attribute; returns where its value of `lengthInBytes` (now zeros) begins. */
  resident(type: number, name: string, lengthInBytes: number): number {
    const start = this.at;
    const valueOffset = align8(0x18 + 2 * name.length);
    this.header(start, type, align8(valueOffset + lengthInBytes), 0, name, 0x18);
    this.view.setUint32(start + 0x10, lengthInBytes, true);
    this.view.setUint16(start + 0x14, valueOffset, true);
    return start + valueOffset;
  }

  /** A resident attribute with the given value. */
  residentValue(type: number, name: string, value: Uint8Array): void {
    const at = this.resident(type, name, value.length);
    this.bytes().set(value, at);
  }

  /** A non-resident attribute. */
  nonResident(type: number, name: string, stream: NonResidentStream): void {
    const start = this.at;
    const pairsOffset = align8(0x40 + 2 * name.length);
    const end = writeMappingPairs(this.view, start + pairsOffset, stream.runs);
    this.header(start, type, align8(end - start), 1, name, 0x40);
    let clusterCount = 0;
    for (const run of stream.runs) clusterCount += run.clusterCount;
    setUint64(this.view, start + 0x18, clusterCount - 1);
    this.view.setUint16(start + 0x20, pairsOffset, true);
    setUint64(this.view, start + 0x28, stream.allocatedSizeInBytes);
    setUint64(this.view, start + 0x30, stream.dataSizeInBytes);
    setUint64(this.view, start + 0x38, stream.initialisedSizeInBytes ?? stream.dataSizeInBytes);
  }

  /** Ends the record and protects it. */
  end(): void {
    const { view, base } = this;
    view.setUint32(this.at, 0xffff_ffff, true);
    view.setUint32(base + 0x18, this.at - base + endMarkerLengthInBytes, true);
    view.setUint16(base + 0x28, this.attributeCount, true);
    protectRecord(view, base, this.recordSizeInBytes, updateArrayOffset);
  }

  /** The buffer under the view, for copying values. */
  bytes(): Uint8Array {
    return new Uint8Array(this.view.buffer, this.view.byteOffset, this.view.byteLength);
  }

  /** The view that is being written to. */
  target(): DataView {
    return this.view;
  }

  private header(
    start: number,
    type: number,
    length: number,
    form: number,
    name: string,
    nameOffset: number,
  ): void {
    const { view } = this;
    view.setUint32(start, type, true);
    view.setUint32(start + 4, length, true);
    view.setUint8(start + 8, form);
    view.setUint8(start + 9, name.length);
    view.setUint16(start + 10, nameOffset, true);
    view.setUint16(start + 14, this.attributeCount++, true);
    for (let index = 0; index < name.length; index++) {
      view.setUint16(start + nameOffset + 2 * index, name.charCodeAt(index), true);
    }
    this.at = start + length;
  }
}

/** Reads MFT records into headers and attributes, trusting nothing in them. */
import { corrupt, readRecordNumber, readUint64, readUtf16, viewOf } from "./field-access.js";
import { parseRunList, type StreamRun } from "./parse-run-list.js";

/** Part of an attribute that one record holds. */
export interface ParsedAttribute {
  readonly type: number;
  readonly id: number;
  readonly name: string;
  /** 1 … 0xFF compressed, 0x4000 encrypted, 0x8000 sparse. */
  readonly flags: number;
  /** Value of a resident attribute. */
  readonly value: Uint8Array | undefined;
  /** Pieces of a non-resident attribute that this record lists; undefined when resident. */
  readonly runs: readonly StreamRun[] | undefined;
  readonly firstVcn: number;
  readonly lastVcn: number;
  /** Sizes are meaningful in the part with `firstVcn` 0. */
  readonly allocatedSizeInBytes: number;
  readonly dataSizeInBytes: number;
  readonly initialisedSizeInBytes: number;
}

/** A record with its attributes. */
export interface ParsedRecord {
  readonly record: number;
  readonly sequence: number;
  readonly isInUse: boolean;
  readonly isDirectory: boolean;
  /** Record that this one extends; 0 for base records. */
  readonly baseRecord: number;
  readonly attributes: readonly ParsedAttribute[];
}

const endMarker = 0xffff_ffff;

/**
 * Reads an unprotected record.
 * @throws NtfsError `corrupt`
 */
export function parseRecord(bytes: Uint8Array, record: number, clusterCount: number): ParsedRecord {
  const view = viewOf(bytes);
  const attributes: ParsedAttribute[] = [];
  let at = view.getUint16(0x14, true);
  if (at < 0x28 || (at & 7) !== 0) throw corrupt("a record places its attributes wrongly", { record, at });
  for (;;) {
    if (at + 4 > bytes.length) throw corrupt("the attributes of a record have no end", { record });
    const type = view.getUint32(at, true);
    if (type === endMarker) break;
    if (at + 0x18 > bytes.length) throw corrupt("an attribute does not fit its record", { record, at });
    const length = view.getUint32(at + 4, true);
    if (length < 0x18 || (length & 7) !== 0 || at + length > bytes.length) {
      throw corrupt("an attribute does not fit its record", { record, at, length });
    }
    attributes.push(parseAttribute(bytes.subarray(at, at + length), record, clusterCount));
    at += length;
  }
  const flags = view.getUint16(0x16, true);
  return {
    record,
    sequence: view.getUint16(0x10, true),
    isInUse: (flags & 1) !== 0,
    isDirectory: (flags & 2) !== 0,
    baseRecord: readRecordNumber(view, 0x20),
    attributes,
  };
}

function parseAttribute(bytes: Uint8Array, record: number, clusterCount: number): ParsedAttribute {
  const view = viewOf(bytes);
  const type = view.getUint32(0, true);
  const isNonResident = view.getUint8(8) !== 0;
  const nameLength = view.getUint8(9);
  const nameOffset = view.getUint16(10, true);
  if (nameLength > 0 && nameOffset + 2 * nameLength > bytes.length) {
    throw corrupt("an attribute name does not fit its attribute", { record, type });
  }
  const id = view.getUint16(14, true);
  const name = nameLength === 0 ? "" : readUtf16(view, nameOffset, nameLength);
  const flags = view.getUint16(12, true);
  if (!isNonResident) {
    const valueLength = view.getUint32(0x10, true);
    const valueOffset = view.getUint16(0x14, true);
    if (valueOffset + valueLength > bytes.length)
      throw corrupt("a value does not fit its attribute", { record, type });
    return {
      type,
      id,
      name,
      flags,
      value: bytes.subarray(valueOffset, valueOffset + valueLength),
      runs: undefined,
      firstVcn: 0,
      lastVcn: 0,
      allocatedSizeInBytes: valueLength,
      dataSizeInBytes: valueLength,
      initialisedSizeInBytes: valueLength,
    };
  }
  if (bytes.length < 0x40) throw corrupt("a non-resident attribute is too short", { record, type });
  const firstVcn = readUint64(view, 0x10);
  const lastVcnRaw = readUint64(view, 0x18);
  // An attribute without clusters has the last VCN -1.
  const lastVcn = lastVcnRaw >= 2 ** 63 ? -1 : lastVcnRaw;
  const pairsOffset = view.getUint16(0x20, true);
  if (pairsOffset < 0x40 || pairsOffset >= bytes.length || !Number.isSafeInteger(firstVcn)) {
    throw corrupt("a non-resident attribute has an impossible header", { record, type });
  }
  const runs = parseRunList(bytes, pairsOffset, bytes.length, firstVcn, clusterCount);
  const last = runs[runs.length - 1];
  const mappedEnd = last ? last.vcn + last.clusterCount : firstVcn;
  if (mappedEnd !== lastVcn + 1)
    throw corrupt("a run list does not end where its header says", { record, type, lastVcn });
  return {
    type,
    id,
    name,
    flags,
    value: undefined,
    runs,
    firstVcn,
    lastVcn,
    allocatedSizeInBytes: readUint64(view, 0x28),
    dataSizeInBytes: readUint64(view, 0x30),
    initialisedSizeInBytes: readUint64(view, 0x38),
  };
}

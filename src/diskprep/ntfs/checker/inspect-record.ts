/**
 * Takes an MFT record apart and reports everything in it that breaks the format, without regard to other records.
 * FILE record, attribute headers, mapping pairs.
 */
import type { CheckedGeometry } from "./check-boot-sector.js";
import { decodeRuns, type InspectedRun } from "./decode-runs.js";
import type { FindingList } from "./finding.js";
import { int64At, referenceAt, textAt, uint64At, viewOf } from "./little-endian-fields.js";
import { removeProtection } from "./remove-protection.js";

/** An attribute as it lies in its record. */
export interface InspectedAttribute {
  readonly type: number;
  readonly name: string;
  readonly id: number;
  readonly flags: number;
  /** Position of the header in the record. */
  readonly position: number;
  /** Value of a resident attribute. */
  readonly value: Uint8Array | undefined;
  /** Position of the value, or of the run list, in the record. */
  readonly valuePosition: number;
  readonly isIndexed: boolean;
  readonly runs: readonly InspectedRun[];
  readonly firstVcn: number;
  readonly allocated: number;
  readonly size: number;
  readonly initialised: number;
}

/** A record that could be taken apart. */
export interface InspectedRecord {
  readonly record: number;
  /** Where the record lies on the volume. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly sequence: number;
  readonly linkCount: number;
  readonly flags: number;
  readonly base: { readonly record: number; readonly sequence: number };
  readonly attributes: readonly InspectedAttribute[];
}

const knownTypes = new Set([
  0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xa0, 0xb0, 0xc0, 0xd0, 0xe0, 0x100,
]);
const knownRecordFlags = 0x0f;
const endMarker = 0xffff_ffff;
const noRuns: readonly InspectedRun[] = [];

/** Inspects the record at `offset` on the volume; `bytes` are changed (protection removed). */
export function inspectRecord(
  bytes: Uint8Array,
  record: number,
  offset: number,
  geometry: CheckedGeometry,
  upcase: Uint16Array,
  list: FindingList,
): InspectedRecord | undefined {
  const protection = removeProtection(bytes, "FILE");
  if (protection) {
    const code = protection.kind === "magic" ? "record-unreadable" : "record-fixup";
    const what = {
      magic: "it does not begin with FILE",
      array: "its update array is wrong",
      torn: "a block of it is torn",
    };
    list.add(code, record, offset + protection.position, `record ${record}: ${what[protection.kind]}`);
    return undefined;
  }
  const view = viewOf(bytes);
  const flags = view.getUint16(0x16, true);
  const inspected = {
    record,
    offset,
    bytes,
    flags,
    sequence: view.getUint16(0x10, true),
    linkCount: view.getUint16(0x12, true),
    base: referenceAt(view, 0x20),
  };
  checkHeader(view, inspected, list);
  const attributes: InspectedAttribute[] = [];
  const firstPosition = view.getUint16(0x14, true);
  let position = firstPosition;
  const complain = (code: "attribute-header" | "record-header", at: number, what: string): void =>
    list.add(code, record, offset + at, `record ${record}: ${what}`);
  for (;;) {
    if (position % 8 !== 0 || position < 0x28 || position + 8 > bytes.length) {
      complain("attribute-header", Math.min(position, bytes.length - 1), "its attributes have no end");
      return undefined;
    }
    if (view.getUint32(position, true) === endMarker) break;
    const length = view.getUint32(position + 4, true);
    if (length < 0x18 || length % 8 !== 0 || position + length > bytes.length) {
      complain("attribute-header", position + 4, `an attribute has the impossible length ${length}`);
      return undefined;
    }
    const attribute = inspectAttribute(
      bytes.subarray(position, position + length),
      position,
      inspected,
      geometry,
      list,
    );
    if (attribute) attributes.push(attribute);
    position += length;
  }
  const bytesInUse = view.getUint32(0x18, true);
  if (bytesInUse !== position + 8) {
    list.add(
      "bytes-in-use",
      record,
      offset + 0x18,
      `record ${record} says ${bytesInUse} bytes are in use; its attributes end at ${position + 8}`,
    );
  }
  checkOrder(attributes, view.getUint16(0x28, true), inspected, upcase, list);
  return { ...inspected, attributes };
}

function checkHeader(
  view: DataView,
  { record, offset, flags, bytes }: Pick<InspectedRecord, "record" | "offset" | "flags" | "bytes">,
  list: FindingList,
): void {
  const complain = (at: number, what: string): void =>
    list.add("record-header", record, offset + at, `record ${record}: ${what}`);
  const words = bytes.length / 512 + 1;
  if (view.getUint16(4, true) !== 0x30) complain(4, "its update array is not at 0x30");
  if (view.getUint16(0x14, true) !== Math.ceil((0x30 + 2 * words) / 8) * 8) {
    complain(0x14, "its first attribute is not right behind the update array");
  }
  if (view.getUint32(0x1c, true) !== bytes.length) complain(0x1c, "it does not state the record size");
  if ((flags & ~knownRecordFlags) !== 0) complain(0x16, `it has unknown flags 0x${flags.toString(16)}`);
  if (view.getUint16(0x10, true) === 0 && (flags & 1) !== 0) complain(0x10, "its sequence number is zero");
  // mkntfs leaves the number of free records zero, and nobody reads it there.
  if ((flags & 1) !== 0 && view.getUint32(0x2c, true) !== record % 2 ** 32) {
    list.add(
      "record-number",
      record,
      offset + 0x2c,
      `record ${record} says it is record ${view.getUint32(0x2c, true)}`,
    );
  }
}

function checkOrder(
  attributes: readonly InspectedAttribute[],
  nextId: number,
  { record, offset }: Pick<InspectedRecord, "record" | "offset">,
  upcase: Uint16Array,
  list: FindingList,
): void {
  const ids = new Set<number>();
  let previous: InspectedAttribute | undefined;
  for (const attribute of attributes) {
    const at = offset + attribute.position;
    if (ids.has(attribute.id)) {
      list.add("attribute-id", record, at + 14, `record ${record} has attribute id ${attribute.id} twice`);
    }
    ids.add(attribute.id);
    if (attribute.id >= nextId) {
      list.add(
        "next-attribute-id",
        record,
        offset + 0x28,
        `record ${record} would give id ${nextId} next, but ${attribute.id} is in use`,
      );
    }
    if (previous && compareAttributes(previous, attribute, upcase) > 0) {
      list.add(
        "attribute-order",
        record,
        at,
        `record ${record}: its attributes are not sorted by type and name`,
      );
    }
    previous = attribute;
  }
}

function compareAttributes(left: InspectedAttribute, right: InspectedAttribute, upcase: Uint16Array): number {
  return left.type - right.type || compareNames(left.name, right.name, upcase);
}

/** Order of names by the upper-case table, shorter first on a tie. */
export function compareNames(left: string, right: string, upcase: Uint16Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const order = upcase[left.charCodeAt(index)]! - upcase[right.charCodeAt(index)]!;
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function inspectAttribute(
  bytes: Uint8Array,
  position: number,
  { record, offset }: Pick<InspectedRecord, "record" | "offset">,
  geometry: CheckedGeometry,
  list: FindingList,
): InspectedAttribute | undefined {
  const view = viewOf(bytes);
  const type = view.getUint32(0, true);
  const form = view.getUint8(8);
  const nameLength = view.getUint8(9);
  const nameOffset = view.getUint16(10, true);
  // Made only when there is something to say: a volume has millions of attributes.
  const label = (): string => `record ${record}, attribute ${type.toString(16).toUpperCase()}`;
  const complain = (at: number, what: string): undefined =>
    list.add("attribute-header", record, offset + position + at, `${label()}: ${what}`) as undefined;
  if (!knownTypes.has(type)) return complain(0, "the type is unknown");
  if (form > 1) return complain(8, "it is neither resident nor non-resident");
  const headerLength = form === 0 ? 0x18 : 0x40;
  if (nameLength > 0 && (nameOffset < headerLength || nameOffset + 2 * nameLength > bytes.length)) {
    return complain(10, "its name lies outside it");
  }
  const name = nameLength === 0 ? "" : textAt(view, nameOffset, nameLength);
  const id = view.getUint16(14, true);
  const flags = view.getUint16(12, true);
  const nameEnd = headerLength + 2 * nameLength;
  if (form === 0) {
    const length = view.getUint32(0x10, true);
    const valueOffset = view.getUint16(0x14, true);
    if (valueOffset + length > bytes.length) return complain(0x14, "its value lies outside it");
    if (valueOffset % 8 !== 0 || (length > 0 && valueOffset < nameEnd))
      complain(0x14, "its value is misplaced");
    return {
      type,
      name,
      id,
      flags,
      position,
      value: bytes.subarray(valueOffset, valueOffset + length),
      valuePosition: position + valueOffset,
      isIndexed: view.getUint8(0x16) === 1,
      runs: noRuns,
      firstVcn: 0,
      allocated: Math.ceil(length / 8) * 8,
      size: length,
      initialised: length,
    };
  }
  if (bytes.length < 0x48) return complain(4, "it is too short for a run list");
  const at = offset + position;
  const firstVcn = uint64At(view, 0x10);
  const lastVcn = int64At(view, 0x18);
  const pairs = view.getUint16(0x20, true);
  if (pairs < nameEnd || pairs >= bytes.length) return complain(0x20, "its run list lies outside it");
  if (view.getUint16(0x22, true) !== 0 && flags === 0) {
    complain(0x22, "it has a compression unit but is not compressed");
  }
  const { runs, problem } = decodeRuns(bytes, pairs, firstVcn, geometry.clusterCount);
  const end = firstVcn + runs.reduce((sum, run) => sum + run.count, 0);
  if (problem !== undefined) {
    list.add("run-list", record, at + problem.position, `${label()}: ${problem.what}`);
  } else if (end !== lastVcn + 1) {
    const what = `its runs end at VCN ${end - 1}, its header says ${lastVcn}`;
    list.add("run-list", record, at + 0x18, `${label()}: ${what}`);
  }
  const size = firstVcn === 0 ? uint64At(view, 0x30) : 0;
  const initialised = firstVcn === 0 ? uint64At(view, 0x38) : 0;
  if (initialised > size) {
    const what = `${initialised} of its ${size} bytes are said to be initialised`;
    list.add("data-size", record, at + 0x38, `${label()}: ${what}`);
  }
  return {
    type,
    name,
    id,
    flags,
    position,
    value: undefined,
    valuePosition: position + pairs,
    isIndexed: false,
    runs,
    firstVcn,
    allocated: firstVcn === 0 ? uint64At(view, 0x28) : 0,
    size,
    initialised,
  };
}

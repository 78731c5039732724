/**
 * Security descriptors of a volume and the three structures of `$Secure` that hold them: the `$SDS` stream and the
 * `$SII` and `$SDH` indexes. Five descriptors are enough, and five still fit resident index roots.
 */
import { align8 } from "./constants.js";
import { setUint64 } from "./little-endian.js";

/** Ids under which the descriptors are stored. */
export const securityId = {
  systemReadOnly: 0x100,
  systemReadWrite: 0x101,
  rootDirectory: 0x102,
  userDirectory: 0x103,
  userFile: 0x104,
} as const;

/** The first block of `$SDS` is repeated after this many bytes. */
const mirrorOffsetInBytes = 0x40000;
/** Bytes of `$SDS` with the five descriptors. */
export const securityStreamSizeInBytes = 0x40304;

const systemSid = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
const administratorsSid = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
const usersSid = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x21, 2, 0, 0];
const authenticatedUsersSid = [1, 1, 0, 0, 0, 0, 0, 5, 11, 0, 0, 0];

const fullControl = 0x1f01ff;
const modify = 0x1301bf;
const readAndExecute = 0x1200a9;
const genericReadWrite = 0x12019f;
const genericRead = 0x120089;

interface AccessEntry {
  readonly sid: readonly number[];
  readonly mask: number;
}

function descriptor(
  control: number,
  inheritance: number,
  entries: readonly AccessEntry[],
  owner: readonly number[],
  group: readonly number[],
): Uint8Array {
  const aclLength = entries.reduce((sum, entry) => sum + 8 + entry.sid.length, 8);
  const ownerOffset = 20 + aclLength;
  const bytes = new Uint8Array(ownerOffset + owner.length + group.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setUint16(2, control, true);
  view.setUint32(4, ownerOffset, true);
  view.setUint32(8, ownerOffset + owner.length, true);
  view.setUint32(16, 20, true);
  view.setUint8(20, 2);
  view.setUint16(22, aclLength, true);
  view.setUint16(24, entries.length, true);
  let at = 28;
  for (const { sid, mask } of entries) {
    view.setUint8(at + 1, inheritance);
    view.setUint16(at + 2, 8 + sid.length, true);
    view.setUint32(at + 4, mask, true);
    bytes.set(sid, at + 8);
    at += 8 + sid.length;
  }
  bytes.set(owner, ownerOffset);
  bytes.set(group, ownerOffset + owner.length);
  return bytes;
}

function systemEntries(mask: number): readonly AccessEntry[] {
  return [
    { sid: systemSid, mask },
    { sid: administratorsSid, mask },
  ];
}

const userEntries: readonly AccessEntry[] = [
  { sid: administratorsSid, mask: fullControl },
  { sid: systemSid, mask: fullControl },
  { sid: authenticatedUsersSid, mask: modify },
  { sid: usersSid, mask: readAndExecute },
];

/** The descriptor that system records with an attribute of their own carry. */
export function ownSecurityDescriptor(isReadOnly: boolean): Uint8Array {
  const mask = isReadOnly ? genericRead : genericReadWrite;
  return descriptor(0x8004, 0, systemEntries(mask), systemSid, administratorsSid);
}

/** `$SDS` hash of a descriptor. */
export function securityHash(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    hash = (view.getUint32(at, true) + ((hash << 3) | (hash >>> 29))) >>> 0;
  }
  return hash;
}

/** A descriptor's place in `$SDS`. */
export interface SecurityEntry {
  readonly id: number;
  readonly hash: number;
  readonly offsetInBytes: number;
  readonly descriptor: Uint8Array;
}

/** The five descriptors of a new volume. */
export function securityEntries(): SecurityEntry[] {
  const descriptors: [number, Uint8Array][] = [
    [
      securityId.systemReadOnly,
      descriptor(0x8004, 0, systemEntries(genericRead), administratorsSid, administratorsSid),
    ],
    [
      securityId.systemReadWrite,
      descriptor(0x8004, 0, systemEntries(genericReadWrite), administratorsSid, administratorsSid),
    ],
    [securityId.rootDirectory, descriptor(0x8004, 0x03, userEntries, administratorsSid, systemSid)],
    [securityId.userDirectory, descriptor(0x8404, 0x13, userEntries, administratorsSid, systemSid)],
    [securityId.userFile, descriptor(0x8404, 0x10, userEntries, administratorsSid, systemSid)],
  ];
  let offset = 0;
  return descriptors.map(([id, bytes]) => {
    const entry = { id, hash: securityHash(bytes), offsetInBytes: offset, descriptor: bytes };
    offset = (offset + 20 + bytes.length + 15) & ~15;
    return entry;
  });
}

function writeEntryHeader(
  view: DataView,
  position: number,
  entry: SecurityEntry,
  offsetInBytes: number,
): void {
  view.setUint32(position, entry.hash, true);
  view.setUint32(position + 4, entry.id, true);
  setUint64(view, position + 8, offsetInBytes);
  view.setUint32(position + 16, 20 + entry.descriptor.length, true);
}

/** The `$SDS` stream with its mirror block. */
export function encodeSecurityStream(entries: readonly SecurityEntry[]): Uint8Array {
  const bytes = new Uint8Array(securityStreamSizeInBytes);
  const view = new DataView(bytes.buffer);
  for (const entry of entries) {
    writeEntryHeader(view, entry.offsetInBytes, entry, entry.offsetInBytes);
    bytes.set(entry.descriptor, entry.offsetInBytes + 20);
  }
  bytes.copyWithin(mirrorOffsetInBytes, 0, bytes.length - mirrorOffsetInBytes);
  return bytes;
}

/** Entries of a view index: key, then data directly after it. */
export interface ViewIndexEntry {
  readonly key: Uint8Array;
  readonly data: Uint8Array;
  /** What fills the bytes up to the next multiple of 8. Default: zeros. */
  readonly padding?: Uint8Array;
}

/** Entries of `$SII` (by id) and `$SDH` (by hash, then id). */
export function securityIndexEntries(entries: readonly SecurityEntry[]): {
  readonly byId: ViewIndexEntry[];
  readonly byHash: ViewIndexEntry[];
} {
  const header = (entry: SecurityEntry): Uint8Array => {
    const bytes = new Uint8Array(20);
    writeEntryHeader(new DataView(bytes.buffer), 0, entry, entry.offsetInBytes);
    return bytes;
  };
  const byId = entries.map((entry) => ({ key: uint32Bytes(entry.id), data: header(entry) }));
  const byHash = [...entries]
    .sort((left, right) => left.hash - right.hash || left.id - right.id)
    .map((entry) => ({
      key: uint32Bytes(entry.hash, entry.id),
      data: header(entry),
      padding: Uint8Array.of(0x49, 0, 0x49, 0),
    }));
  return { byId, byHash };
}

/** Little-endian bytes of 32-bit numbers. */
export function uint32Bytes(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(4 * index, value, true);
  return bytes;
}

/** Bytes an entry of a view index takes. */
export function viewEntryLength(entry: ViewIndexEntry): number {
  return align8(0x10 + entry.key.length + entry.data.length);
}

/** The entries of `$Quota`: owners by SID and limits by owner id, with the default limits Windows writes. */
export function quotaIndexEntries(createdAt: Uint8Array): {
  readonly byOwner: ViewIndexEntry[];
  readonly byId: ViewIndexEntry[];
} {
  const limits = (sid: readonly number[]): Uint8Array => {
    const bytes = new Uint8Array(48 + sid.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 2, true);
    view.setUint32(4, 1, true);
    bytes.set(createdAt, 16);
    bytes.fill(0xff, 24, 40);
    bytes.set(sid, 48);
    return bytes;
  };
  return {
    byOwner: [
      { key: Uint8Array.from(administratorsSid), data: uint32Bytes(0x100), padding: uint32Bytes(0x20) },
    ],
    byId: [
      { key: uint32Bytes(1), data: limits([]) },
      { key: uint32Bytes(0x100), data: limits(administratorsSid) },
    ],
  };
}

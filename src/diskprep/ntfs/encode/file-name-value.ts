/** The value of a $FILE_NAME attribute, which is repeated byte for byte as the key of the directory entry. */
import { fileNameHeaderLengthInBytes } from "./constants.js";
import { setFileTime, setUint64 } from "./little-endian.js";

/** Facts of one name. A single object is reused for a whole volume, so the fields are mutable. */
export interface FileNameFields {
  /** MFT record of the named file and its sequence number: the file reference of the directory entry. */
  record: number;
  sequence: number;
  parentRecord: number;
  parentSequence: number;
  /** Clamped Unix time for all four times. */
  timeInMs: number;
  allocatedSizeInBytes: number;
  dataSizeInBytes: number;
  attributes: number;
  namespace: number;
  /** The name: `nameLength` units from `nameStart` in `units`. */
  units: Uint16Array;
  nameStart: number;
  nameLength: number;
}

/** Namespace of names without an 8.3 partner. */
export const posixNamespace = 0;
/** Namespace of names that are valid 8.3 names themselves; used for the system files. */
export const win32AndDosNamespace = 3;

/** Writes the value at `position` and returns its length. */
export function writeFileNameValue(view: DataView, position: number, fields: FileNameFields): number {
  view.setUint32(position, fields.parentRecord, true);
  view.setUint16(position + 6, fields.parentSequence, true);
  setFileTime(view, position + 8, fields.timeInMs);
  const low = view.getUint32(position + 8, true);
  const high = view.getUint32(position + 12, true);
  for (let at = position + 16; at < position + 40; at += 8) {
    view.setUint32(at, low, true);
    view.setUint32(at + 4, high, true);
  }
  setUint64(view, position + 0x28, fields.allocatedSizeInBytes);
  setUint64(view, position + 0x30, fields.dataSizeInBytes);
  view.setUint32(position + 0x38, fields.attributes, true);
  view.setUint8(position + 0x40, fields.nameLength);
  view.setUint8(position + 0x41, fields.namespace);
  let at = position + fileNameHeaderLengthInBytes;
  const end = fields.nameStart + fields.nameLength;
  for (let index = fields.nameStart; index < end; index++) {
    view.setUint16(at, fields.units[index]!, true);
    at += 2;
  }
  return fileNameHeaderLengthInBytes + 2 * fields.nameLength;
}

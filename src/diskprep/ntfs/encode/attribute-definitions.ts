/** Content of `$AttrDef`: the table of attribute types that Windows reads at mount. */

const rowLengthInBytes = 160;
/** Bytes of `$AttrDef`. */
export const attributeDefinitionsSizeInBytes = 2560;
const unlimited = -1;

/** Name, type, flags (0x02 indexable, 0x40 resident, 0x80 may be non-resident), least and greatest length. */
const rows: readonly (readonly [string, number, number, number, number])[] = [
  ["$STANDARD_INFORMATION", 0x10, 0x40, 48, 72],
  ["$ATTRIBUTE_LIST", 0x20, 0x80, 0, unlimited],
  ["$FILE_NAME", 0x30, 0x42, 68, 578],
  ["$OBJECT_ID", 0x40, 0x40, 0, 256],
  ["$SECURITY_DESCRIPTOR", 0x50, 0x80, 0, unlimited],
  ["$VOLUME_NAME", 0x60, 0x40, 2, 256],
  ["$VOLUME_INFORMATION", 0x70, 0x40, 12, 12],
  ["$DATA", 0x80, 0, 0, unlimited],
  ["$INDEX_ROOT", 0x90, 0x40, 0, unlimited],
  ["$INDEX_ALLOCATION", 0xa0, 0x80, 0, unlimited],
  ["$BITMAP", 0xb0, 0x80, 0, unlimited],
  ["$REPARSE_POINT", 0xc0, 0x80, 0, 16384],
  ["$EA_INFORMATION", 0xd0, 0x40, 8, 8],
  ["$EA", 0xe0, 0, 0, 65536],
  ["$LOGGED_UTILITY_STREAM", 0x100, 0x80, 0, 65536],
];

/** The 2,560 bytes of `$AttrDef`; the last row is zero. */
export function encodeAttributeDefinitions(): Uint8Array {
  const bytes = new Uint8Array(attributeDefinitionsSizeInBytes);
  const view = new DataView(bytes.buffer);
  for (const [index, [name, type, flags, least, greatest]] of rows.entries()) {
    const row = index * rowLengthInBytes;
    for (let unit = 0; unit < name.length; unit++)
      view.setUint16(row + 2 * unit, name.charCodeAt(unit), true);
    view.setUint32(row + 0x80, type, true);
    view.setUint32(row + 0x8c, flags, true);
    view.setUint32(row + 0x90, least, true);
    // Zero here would make Windows reject every value of the type.
    view.setUint32(row + 0x98, greatest, true);
    view.setUint32(row + 0x9c, greatest === unlimited ? 0xffff_ffff : 0, true);
  }
  return bytes;
}

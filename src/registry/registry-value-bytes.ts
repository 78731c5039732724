/** Registry values as the bytes that the registry stores: UTF-16LE texts with terminator, little-endian numbers. */
import { type RegistryValue, registryTypes } from "./registry-value.js";

/** Number of a type, as in `hex(7)`. */
export function registryTypeNumber(type: RegistryValue["type"]): number {
  return registryTypes.indexOf(type);
}

/** The stored bytes of a value. */
export function encodeRegistryValue(value: RegistryValue): Uint8Array {
  switch (value.type) {
    case "REG_SZ":
    case "REG_EXPAND_SZ":
      return Buffer.from(`${value.data}\0`, "utf16le");
    case "REG_MULTI_SZ":
      return Buffer.from(`${value.data.map((item) => `${item}\0`).join("")}\0`, "utf16le");
    case "REG_DWORD": {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(value.data);
      return bytes;
    }
    case "REG_QWORD": {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(value.data);
      return bytes;
    }
    default:
      return value.data;
  }
}

/** How the texts of a `.reg` file of an older version are stored. */
export type RegistryTextEncoding = "utf16le" | "latin1";

/**
 * The value of stored bytes, or undefined when they do not fit the type.
 *
 * Texts end at their first NUL, as Windows programs read them; a missing terminator is tolerated.
 */
export function decodeRegistryValue(
  typeNumber: number,
  bytes: Uint8Array,
  encoding: RegistryTextEncoding = "utf16le",
): RegistryValue | undefined {
  const type = registryTypes[typeNumber];
  const buffer = Buffer.from(bytes);
  switch (type) {
    case undefined:
      return undefined;
    case "REG_SZ":
    case "REG_EXPAND_SZ": {
      if (encoding === "utf16le" && buffer.length % 2 !== 0) return undefined;
      return { type, data: buffer.toString(encoding).split("\0")[0]! };
    }
    case "REG_MULTI_SZ": {
      if (encoding === "utf16le" && buffer.length % 2 !== 0) return undefined;
      const items = buffer.toString(encoding).split("\0");
      const end = items.indexOf("");
      return { type, data: end < 0 ? items : items.slice(0, end) };
    }
    case "REG_DWORD":
      return buffer.length === 4 ? { type, data: buffer.readUInt32LE() } : undefined;
    case "REG_QWORD":
      return buffer.length === 8 ? { type, data: buffer.readBigUInt64LE() } : undefined;
    default:
      return { type, data: Uint8Array.from(bytes) };
  }
}

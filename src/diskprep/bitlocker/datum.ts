/**
 * Datums, the building blocks of BitLocker metadata: a header of 8 bytes (size, role, type, flags), a fixed part by
 * type and, in some types, further datums inside.
 */
import { ccmTagLengthInBytes, decryptCcm, encryptCcm } from "./aes-ccm.js";

/** How a datum is built. */
export const datumType = {
  key: 0x01,
  text: 0x02,
  stretchKey: 0x03,
  useKey: 0x04,
  sealed: 0x05,
  protector: 0x08,
  externalInfo: 0x09,
  virtualization: 0x0f,
} as const;

/** What a datum is for. */
export const datumRole = {
  nested: 0x00,
  protector: 0x02,
  volumeKey: 0x03,
  externalKey: 0x06,
  description: 0x07,
  virtualization: 0x0f,
  escrowedPassword: 0x12,
  escrowedStretchedKey: 0x13,
} as const;

/** What the bytes of a KEY datum are. Volume keys carry the number of their method instead. */
export const keyType = {
  recoveryStretch: 0x1000,
  passwordStretch: 0x1001,
  clearKey: 0x2000,
  externalKey: 0x2002,
  masterKey: 0x2003,
  hash: 0x2005,
  stretchedRecoveryKey: 0x2008,
} as const;

export const datumHeaderInBytes = 8;
const nonceLengthInBytes = 12;
const storedFlags = 1;
const sealedFlags = 0;
const keyHeaderInBytes = 12;

/** A datum as found in metadata; `body` is what follows the header. */
export interface Datum {
  readonly role: number;
  readonly type: number;
  readonly body: Uint8Array;
}

/** A datum with everything inside it. */
export function encodeDatum(role: number, type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return encodeWithFlags(role, type, storedFlags, parts);
}

/** UTF-16LE text with the NUL that datums end it with. */
export function encodeText(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, "utf16le");
}

/**
 * An AES-CCM datum around a key. The tag stands before the ciphertext. A nonce of time and counter must never be
 * used twice under one key.
 */
export function encodeSealedKey(
  role: number,
  sealingKey: Uint8Array,
  nonceTime: bigint,
  nonceCounter: number,
  innerKeyType: number,
  innerKey: Uint8Array,
): Uint8Array {
  const nonce = new Uint8Array(nonceLengthInBytes);
  const view = new DataView(nonce.buffer);
  view.setBigUint64(0, nonceTime, true);
  view.setUint32(8, nonceCounter, true);
  const plaintext = encodeWithFlags(datumRole.nested, datumType.key, sealedFlags, [
    numbers16(innerKeyType, 0),
    innerKey,
  ]);
  const { tag, ciphertext } = encryptCcm(sealingKey, nonce, plaintext);
  plaintext.fill(0);
  return encodeDatum(role, datumType.sealed, nonce, tag, ciphertext);
}

/** Numbers as little-endian 16-bit words. */
export function numbers16(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 2);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setUint16(index * 2, value, true);
  });
  return bytes;
}

/** Numbers as little-endian 64-bit words. */
export function numbers64(...values: readonly (number | bigint)[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setBigUint64(index * 8, BigInt(value), true);
  });
  return bytes;
}

/**
 * The datums that stand one after the other in these bytes, or undefined when one does not fit. A size of 0 or the
 * end of the bytes ends the list.
 */
export function decodeDatums(bytes: Uint8Array): readonly Datum[] | undefined {
  const view = viewOf(bytes);
  const datums: Datum[] = [];
  let offset = 0;
  while (offset + datumHeaderInBytes <= bytes.length) {
    const size = view.getUint16(offset, true);
    if (size === 0) break;
    if (size < datumHeaderInBytes || offset + size > bytes.length) return undefined;
    datums.push({
      role: view.getUint16(offset + 2, true),
      type: view.getUint16(offset + 4, true),
      body: bytes.subarray(offset + datumHeaderInBytes, offset + size),
    });
    offset += size;
  }
  return datums;
}

/** A key with its type. SECRET when it is one. */
export interface KeyDatum {
  readonly keyType: number;
  readonly key: Uint8Array;
}

/** The key in a KEY datum, or undefined when the body is too short. */
export function decodeKey(body: Uint8Array): KeyDatum | undefined {
  if (body.length < keyHeaderInBytes - datumHeaderInBytes) return undefined;
  return { keyType: viewOf(body).getUint16(0, true), key: body.subarray(4) };
}

/**
 * Opens an AES-CCM datum that holds a key. Undefined when the key is wrong, the datum was changed, or what was sealed
 * is not exactly one KEY datum.
 */
export function openSealedKey(body: Uint8Array, sealingKey: Uint8Array): KeyDatum | undefined {
  const headerLength = nonceLengthInBytes + ccmTagLengthInBytes;
  if (body.length < headerLength + keyHeaderInBytes) return undefined;
  const plaintext = decryptCcm(
    sealingKey,
    body.subarray(0, nonceLengthInBytes),
    body.subarray(nonceLengthInBytes, headerLength),
    body.subarray(headerLength),
  );
  if (!plaintext) return undefined;
  const view = viewOf(plaintext);
  if (view.getUint16(0, true) !== plaintext.length || view.getUint16(4, true) !== datumType.key)
    return undefined;
  return decodeKey(plaintext.subarray(datumHeaderInBytes));
}

/** The text of a UNICODE datum, up to its NUL. */
export function decodeText(body: Uint8Array): string {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength & ~1).toString("utf16le");
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/** A view of exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function encodeWithFlags(
  role: number,
  type: number,
  flags: number,
  parts: readonly Uint8Array[],
): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, datumHeaderInBytes);
  if (size > 0xffff) throw new RangeError(`a datum of ${size} bytes does not fit its 16-bit size`);
  return Uint8Array.from(Buffer.concat([numbers16(size, role, type, flags), ...parts]));
}

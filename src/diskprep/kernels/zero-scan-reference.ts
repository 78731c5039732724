/** The plain implementation of the zero scan. */

/** Whether all bytes are zero; words where they are aligned, single bytes at the ends. */
export function isAllZeroReference(bytes: Uint8Array): boolean {
  const { buffer, byteOffset, length } = bytes;
  const head = -byteOffset & 3;
  if (length < head + 4) return bytes.every((byte) => byte === 0);
  const words = new Uint32Array(buffer, byteOffset + head, (length - head) >> 2);
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false;
  for (let index = 0; index < head; index++) if (bytes[index] !== 0) return false;
  for (let index = head + words.length * 4; index < length; index++) if (bytes[index] !== 0) return false;
  return true;
}

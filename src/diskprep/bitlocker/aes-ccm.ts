/** AES-256-CCM as BitLocker uses it to wrap keys: 12-byte nonce of time and counter, 16-byte tag, no extra data. */
import { createCipheriv, createDecipheriv } from "node:crypto";

const algorithm = "aes-256-ccm";
export const ccmTagLengthInBytes = 16;
const tagOptions = { authTagLength: ccmTagLengthInBytes } as const;

/** Encrypts under a nonce that must never have been used with this key before. */
export function encryptCcm(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
): { readonly tag: Uint8Array; readonly ciphertext: Uint8Array } {
  const cipher = createCipheriv(algorithm, key, nonce, tagOptions);
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return { tag: cipher.getAuthTag(), ciphertext };
}

/** Decrypts, or gives undefined when the key is wrong or a bit was changed. */
export function decryptCcm(
  key: Uint8Array,
  nonce: Uint8Array,
  tag: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  const decipher = createDecipheriv(algorithm, key, nonce, tagOptions);
  decipher.setAuthTag(tag);
  try {
    const plaintext = decipher.update(ciphertext);
    decipher.final();
    return plaintext;
  } catch {
    return undefined;
  }
}

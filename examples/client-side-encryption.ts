/**
 * Content that Azure must not be able to read: each blob is encrypted with a key of yours before it is staged. BitLocker
 * protects the drive on its way; this protects the blob for as long as it exists. The library sees only ciphertext.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import type { BlobSource, SeedBlob, SeedWriter } from "@offline-seed/core";

const nonceLength = 12;
const tagLength = 16;

/** One key a blob, derived from its name: a nonce may then never be used twice with a key by accident. */
function keyOfBlob(masterKey: Uint8Array, name: string): Buffer {
  return createHmac("sha256", masterKey).update(`offline-seed example\0${name}`).digest();
}

/** Stages a stream encrypted with AES-256-GCM: nonce, ciphertext, tag. */
export async function stageEncrypted(
  writer: SeedWriter,
  name: string,
  source: AsyncIterable<Uint8Array>,
  masterKey: Uint8Array,
): Promise<SeedBlob> {
  async function* encrypted(): AsyncGenerator<Uint8Array> {
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv("aes-256-gcm", keyOfBlob(masterKey, name), nonce);
    yield nonce;
    for await (const chunk of source) yield cipher.update(chunk);
    yield cipher.final();
    yield cipher.getAuthTag();
  }
  const content: BlobSource = encrypted();
  // The scheme is written beside the blob, the key nowhere.
  return await writer.writeBlob(name, content, { metadata: { encryption: "aes-256-gcm-example-1" } });
}

/** The content of a blob fetched back. Throws when it was changed on its way, or the key or name is another one. */
export function decrypt(name: string, stored: Uint8Array, masterKey: Uint8Array): Buffer {
  const nonce = stored.subarray(0, nonceLength);
  const decipher = createDecipheriv("aes-256-gcm", keyOfBlob(masterKey, name), nonce, {
    authTagLength: tagLength,
  });
  decipher.setAuthTag(stored.subarray(stored.length - tagLength));
  const body = stored.subarray(nonceLength, stored.length - tagLength);
  return Buffer.concat([decipher.update(body), decipher.final()]);
}

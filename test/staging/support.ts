import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CreateSeedOptions, SeedBlob, SeedCatalog } from "../../src/staging/index.js";

/** A valid job. */
export const seedSettings: CreateSeedOptions = {
  jobName: "seed-one",
  subscriptionId: "11111111-2222-3333-4444-555555555555",
  storageAccountName: "seedaccount",
  containerName: "seeds",
};

/** Runs with a fresh folder that is removed afterwards. */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "offline-seed-staging-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bytes that look random and are the same for the same seed (xorshift32). */
export function pseudoRandomBytes(lengthInBytes: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(lengthInBytes / 4));
  let state = seed | 1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return Buffer.from(words.buffer, 0, lengthInBytes);
}

/** All blobs of a catalog. */
export async function listBlobs(catalog: SeedCatalog): Promise<SeedBlob[]> {
  const blobs: SeedBlob[] = [];
  for await (const blob of catalog.blobs()) blobs.push(blob);
  return blobs;
}

/** The staged bytes of a blob. */
export async function readStaged(catalog: SeedCatalog, blob: SeedBlob): Promise<Buffer> {
  const reader = await catalog.openStagedBlob(blob);
  try {
    const bytes = Buffer.alloc(blob.lengthInBytes);
    await reader.read(0, bytes);
    return bytes;
  } finally {
    await reader.close();
  }
}

/** The code a rejected promise carries. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return "no error";
  } catch (error) {
    return (error as { code?: unknown; name?: unknown }).code ?? (error as { name?: unknown }).name;
  }
}

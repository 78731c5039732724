/** Containers of a running Azurite for tests, and ways to fill them as the datacentre does. */
import { createHash } from "node:crypto";
import { BlobServiceClient, type ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import type { Azurite } from "../../../src/emulator/index.js";
import type { MemoryBlob } from "./memory-catalog.js";

let containerNumber = 0;

/** A new empty container. */
export async function newContainer(azurite: Azurite): Promise<ContainerClient> {
  const credential = new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey);
  const service = new BlobServiceClient(azurite.endpoint, credential);
  containerNumber += 1;
  const containerClient = service.getContainerClient(`seed-${containerNumber}`);
  await containerClient.create();
  return containerClient;
}

/** Bytes that differ with place and seed. */
export function patternedBytes(length: number, seed = 1): Buffer {
  const result = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1)
    result[at] = (at * 31 + seed * 7 + (at >> 8) + (at >> 16) * 5) & 0xff;
  return result;
}

/** A block blob of patterned bytes. */
export function patternedBlob(name: string, length = 10_000, seed = 1): MemoryBlob {
  return { name, content: patternedBytes(length, seed) };
}

/** One request, so that the service computes Content-MD5 itself. */
export async function putWhole(
  containerClient: ContainerClient,
  blob: MemoryBlob,
  bytesInstead: Uint8Array = blob.content,
): Promise<void> {
  await containerClient.getBlockBlobClient(blob.name).upload(bytesInstead, bytesInstead.length);
}

/** Block names of the manifests. */
export const md5Id = (md5: Buffer): string => `MD5/${md5.toString("base64")}`;
/** Block names that say nothing. */
export const counterId = (_md5: Buffer, at: number): string =>
  Buffer.from(String(at).padStart(6, "0")).toString("base64");

/** In blocks, as the datacentre does: no Content-MD5 afterwards. A damaged range keeps the name of the right one. */
export async function putBlocks(
  containerClient: ContainerClient,
  blob: MemoryBlob,
  blockId: (md5: Buffer, at: number) => string,
  damagedRange?: number,
): Promise<void> {
  const client = containerClient.getBlockBlobClient(blob.name);
  const size = blob.rangeSizeInBytes ?? 4096;
  const ids: string[] = [];
  for (let at = 0; at * size < blob.content.length; at += 1) {
    const original = blob.content.subarray(at * size, (at + 1) * size);
    const piece = at === damagedRange ? Buffer.from(original).fill(0xee) : original;
    const id = blockId(createHash("md5").update(original).digest(), at);
    ids.push(id);
    await client.stageBlock(id, piece, piece.length);
  }
  await client.commitBlockList(ids);
}

/** Writes a text of unknown length as a block blob, a few hundred kilobytes in memory at a time. */
import type { BlockBlobClient, ContainerClient } from "@azure/storage-blob";

/** An open text. */
export interface BlobTextWriter {
  append(text: string): Promise<void>;
  /** Publishes the blob and returns its address. */
  finish(): Promise<string>;
}

const pieceSizeInCharacters = 512 * 1024;

/** Begins a blob. Nothing is sent before the first full piece, nothing is visible before `finish`. */
export function createBlobTextWriter(container: ContainerClient, blobName: string): BlobTextWriter {
  const client: BlockBlobClient = container.getBlockBlobClient(blobName);
  const blockIds: string[] = [];
  let pieces: string[] = [];
  let pendingCharacters = 0;
  const stage = async (): Promise<void> => {
    const content = Buffer.from(pieces.join(""), "utf8");
    pieces = [];
    pendingCharacters = 0;
    const id = Buffer.from(String(blockIds.length).padStart(8, "0")).toString("base64");
    blockIds.push(id);
    await client.stageBlock(id, content, content.byteLength);
  };
  return {
    async append(text) {
      pieces.push(text);
      pendingCharacters += text.length;
      if (pendingCharacters >= pieceSizeInCharacters) await stage();
    },
    async finish() {
      if (pendingCharacters > 0) await stage();
      await client.commitBlockList(blockIds, { blobHTTPHeaders: { blobContentType: "application/xml" } });
      return client.url;
    },
  };
}

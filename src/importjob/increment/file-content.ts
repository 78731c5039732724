/** Content of a changed file for upload, cut like the blob it replaces, so that unchanged blocks are recognised. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { type AbortSignalLike, throwIfAborted } from "../../shared/index.js";
import type { SeedBlob, SeedBlobHeaders } from "../../staging/index.js";
import type { BlobContent, ContentRange } from "../completion/blob-content.js";
import { ImportJobError } from "../import-job-error.js";
import type { IncrementItem } from "./increment-plan.js";

const defaultRangeSizeInBytes = 4 * 1024 * 1024;
const maximumBlocks = 50_000;

/**
 * Opens a file that a plan names. The file must still be as the plan saw it.
 *
 * @throws ImportJobError `invalid-source` when it changed since
 */
export async function openFileContent(
  item: IncrementItem,
  replaced: SeedBlob | undefined,
  abortSignal: AbortSignalLike | undefined,
): Promise<BlobContent> {
  const file = await open(item.fullPath, "r");
  try {
    await assertUnchanged(file, item);
  } catch (error) {
    await file.close();
    throw error;
  }
  const kind = replaced?.kind === "page" && item.lengthInBytes % 512 === 0 ? "page" : "block";
  const rangeSizeInBytes = rangeSizeFor(item.lengthInBytes, replaced);
  const read = async (offsetInBytes: number, lengthInBytes: number): Promise<Buffer> => {
    const bytes = Buffer.alloc(lengthInBytes);
    let done = 0;
    while (done < lengthInBytes) {
      const { bytesRead } = await file.read(bytes, done, lengthInBytes - done, offsetInBytes + done);
      if (bytesRead === 0) throw changed(item);
      done += bytesRead;
    }
    return bytes;
  };
  return {
    name: item.blobName,
    kind,
    lengthInBytes: item.lengthInBytes,
    headers: {},
    metadata: item.metadata,
    md5: undefined,
    async *ranges() {
      for (let offset = 0; offset < item.lengthInBytes; offset += rangeSizeInBytes) {
        throwIfAborted(abortSignal);
        const lengthInBytes = Math.min(rangeSizeInBytes, item.lengthInBytes - offset);
        const md5 = createHash("md5")
          .update(await read(offset, lengthInBytes))
          .digest();
        yield { offsetInBytes: offset, lengthInBytes, md5 };
      }
      await assertUnchanged(file, item);
    },
    async read(range: ContentRange) {
      const bytes = await read(range.offsetInBytes, range.lengthInBytes);
      if (!createHash("md5").update(bytes).digest().equals(range.md5)) throw changed(item);
      return bytes;
    },
    close: () => file.close(),
  };
}

/** Content that is a short text: of a link its target, of a folder nothing. */
export function textContent(
  name: string,
  text: string,
  metadata: Readonly<Record<string, string>>,
  headers: SeedBlobHeaders = {},
): BlobContent {
  const bytes = Buffer.from(text, "utf8");
  const md5 = createHash("md5").update(bytes).digest();
  return {
    name,
    kind: "block",
    lengthInBytes: bytes.length,
    headers,
    metadata,
    md5: md5.toString("hex"),
    async *ranges() {
      for (let offset = 0; offset < bytes.length; offset += defaultRangeSizeInBytes) {
        const piece = bytes.subarray(offset, offset + defaultRangeSizeInBytes);
        const hash = createHash("md5").update(piece).digest();
        yield { offsetInBytes: offset, lengthInBytes: piece.length, md5: hash };
      }
    },
    read: async ({ offsetInBytes, lengthInBytes }) =>
      bytes.subarray(offsetInBytes, offsetInBytes + lengthInBytes),
    close: async () => undefined,
  };
}

function rangeSizeFor(lengthInBytes: number, replaced: SeedBlob | undefined): number {
  const size = replaced?.rangeSizeInBytes ?? defaultRangeSizeInBytes;
  return lengthInBytes <= size * maximumBlocks ? size : Math.ceil(lengthInBytes / maximumBlocks / 512) * 512;
}

async function assertUnchanged(file: FileHandle, item: IncrementItem): Promise<void> {
  const { size, mtimeMs } = await file.stat();
  if (size !== item.lengthInBytes || mtimeMs !== item.modifiedAtInMs) throw changed(item);
}

function changed(item: IncrementItem): ImportJobError {
  return new ImportJobError(
    "invalid-source",
    `'${item.path}' changed since the increment was planned; it was not uploaded. Plan again.`,
    { details: { path: item.path } },
  );
}

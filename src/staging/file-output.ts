/** Writing whole buffers at positions. */
import { write as writeCallback } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";

const writeFile = promisify(writeCallback);

/** Writes all bytes at a position; a file system that takes fewer is asked again. */
export async function writeFully(
  handle: FileHandle,
  bytes: Uint8Array,
  offsetInBytes: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await writeFile(
      handle.fd,
      bytes,
      done,
      bytes.length - done,
      offsetInBytes + done,
    );
    done += bytesWritten;
  }
}

/** Files of a mounted volume, written under temporary names and published together once they are durable. */
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { syncFolder } from "../../shared/durable-file.js";
import { mountedPath } from "./mounted-path.js";
import { mountedVolumeFailure } from "./mounted-volume-failure.js";

/** Files are made durable in batches, because one fsync a file would take longer than its bytes. */
const filesOfABatch = 64;
const bytesOfABatch = 256 * 1024 * 1024;

interface PendingFile {
  readonly handle: FileHandle;
  readonly path: string;
  readonly temporaryPath: string;
  readonly modifiedAtInMs: number | undefined;
}

/** Files being written under temporary names; they get their own names together, once they are durable. */
export class MountedFileBatch {
  readonly #mountPath: string;
  readonly #driveId: string;
  readonly #folders = new Set<string>();
  #files: PendingFile[] = [];
  #bytes = 0;

  constructor(mountPath: string, driveId: string) {
    this.#mountPath = resolve(mountPath);
    this.#driveId = driveId;
  }

  get isFull(): boolean {
    return this.#files.length >= filesOfABatch || this.#bytes >= bytesOfABatch;
  }

  async create(
    filePath: string,
    lengthInBytes: number,
    modifiedAtInMs: number | undefined,
  ): Promise<FileHandle> {
    const path = mountedPath(this.#mountPath, filePath);
    const temporaryPath = join(dirname(path), `.offline-seed-${this.#files.length}.partial`);
    return await this.#attempt("create", async () => {
      await mkdir(dirname(path), { recursive: true });
      const handle = await open(temporaryPath, "w");
      this.#files.push({ handle, path, temporaryPath, modifiedAtInMs });
      this.#bytes += lengthInBytes;
      await handle.truncate(lengthInBytes);
      return handle;
    });
  }

  async write(file: FileHandle, bytes: Uint8Array, offsetInBytes: number): Promise<void> {
    await this.#attempt("write", async () => {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offsetInBytes + done);
        done += bytesWritten;
      }
    });
  }

  async publish(): Promise<void> {
    await this.#attempt("publish", async () => {
      for (const { handle, modifiedAtInMs } of this.#files) {
        if (modifiedAtInMs !== undefined) await handle.utimes(modifiedAtInMs / 1000, modifiedAtInMs / 1000);
        await handle.sync();
      }
      for (const { handle, path, temporaryPath } of this.#files) {
        await handle.close();
        await rename(temporaryPath, path);
        for (let folder = dirname(path); folder.length >= this.#mountPath.length; folder = dirname(folder)) {
          if (this.#folders.has(folder) || folder === dirname(folder)) break;
          this.#folders.add(folder);
        }
      }
      this.#files = [];
      this.#bytes = 0;
      for (const folder of this.#folders) await syncFolder(folder);
      this.#folders.clear();
    });
  }

  /** Closes and removes what was not published. May be repeated. */
  async close(): Promise<void> {
    for (const { handle, temporaryPath } of this.#files) {
      await handle.close().catch(() => undefined);
      await rm(temporaryPath, { force: true }).catch(() => undefined);
    }
    this.#files = [];
  }

  async #attempt<T>(operation: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw mountedVolumeFailure(this.#mountPath, this.#driveId, operation, error);
    }
  }
}

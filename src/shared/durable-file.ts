/** Publishing small files so that a crash leaves either the old content or the new one, never a half. */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { closeToOthers } from "./close-to-others.js";

/**
 * Permission bits of a file that holds secrets: its owner reads and writes, nobody else. On Windows such a file gets an
 * access list that says the same.
 */
export const secretFileMode = 0o600;

/** Options of {@link publishFile}. */
export interface PublishFileOptions {
  /** Permission bits of the file; on Windows only {@link secretFileMode} has an effect. Default: `0o644`. */
  readonly mode?: number;
  /** Closes a secret file before anything is in it. Default: {@link closeToOthers}. */
  readonly close?: (path: string) => Promise<void>;
}

/**
 * Replaces a file as a whole: temporary name beside it, content, fsync, rename, fsync of the folder.
 *
 * May be repeated. On failure the old file is untouched and the temporary one is removed.
 */
export async function publishFile(
  path: string,
  content: string | Uint8Array,
  options: PublishFileOptions = {},
): Promise<void> {
  const { mode = 0o644, close = closeToOthers } = options;
  // Nobody can know the name and put a file or a link of theirs there, and two calls at once do not meet.
  const temporaryPath = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(temporaryPath, "wx", mode);
    try {
      if (mode === secretFileMode) await close(temporaryPath);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporaryPath, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporaryPath, { force: true });
    throw error;
  }
}

/** Makes names created, renamed or removed in a folder durable. Does nothing where folders cannot be synced (Windows). */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, "r");
    await handle.sync();
  } finally {
    await handle?.close();
  }
}

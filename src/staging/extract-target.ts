/** Writing extracted files so that nothing lands outside the target folder and nothing half-written has a final name. */
import { randomUUID } from "node:crypto";
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  realpath,
  rename,
  rm,
  symlink,
  utimes,
} from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { systemErrorCode } from "../shared/index.js";
import { isPathWithin } from "./catalog-entry.js";
import { StagingError } from "./errors.js";
import { writeFully } from "./file-output.js";

/** What happens to a file that is there already. */
export type ExistingFilePolicy = "fail" | "skip" | "overwrite";

/** Times and permission bits of an extracted file. */
export interface ExtractedAttributes {
  readonly modifiedAtInMs: number;
  /** Undefined leaves the system's default. */
  readonly mode: number | undefined;
}

/** A folder that files are extracted to. */
export interface ExtractTarget {
  /** Checks a path and makes the folders above it. Returns undefined for a file that is there and is to be skipped. */
  prepare(path: string): Promise<string | undefined>;
  /** Returns the number of bytes. */
  writeFile(
    fullPath: string,
    chunks: AsyncIterable<Uint8Array>,
    attributes: ExtractedAttributes,
  ): Promise<number>;
  makeFolder(path: string, attributes: ExtractedAttributes): Promise<void>;
  makeSymlink(path: string, target: string, attributes: ExtractedAttributes): Promise<void>;
  makeHardLink(path: string, existingPath: string): Promise<void>;
  /** Sets the times of folders last, because files change them. */
  finish(): Promise<void>;
}

const unitSizeInBytes = 64 * 1024;
const zeros = Buffer.alloc(unitSizeInBytes);
const permissionBits = 0o777;

/** Opens a target. The folder is made when missing. */
export async function openExtractTarget(
  folder: string,
  existing: ExistingFilePolicy,
): Promise<ExtractTarget> {
  await mkdir(folder, { recursive: true });
  const root = await realpath(folder);
  const made = new Set<string>([root]);
  const folders: { readonly fullPath: string; readonly attributes: ExtractedAttributes }[] = [];

  const fullPathOf = (path: string): string => {
    if (!isPathWithin(path)) throw refused(path, "it would leave the folder");
    const local = process.platform === "win32" ? windowsPath(path) : path;
    return join(root, ...local.split("/"));
  };
  /** Makes folders one by one, so that a link that lies in the way is seen. */
  const makeFolders = async (fullPath: string, path: string): Promise<void> => {
    if (made.has(fullPath)) return;
    await makeFolders(dirname(fullPath), path);
    try {
      await mkdir(fullPath);
    } catch (error) {
      if (systemErrorCode(error) !== "EEXIST") throw error;
      const stats = await lstat(fullPath);
      if (!stats.isDirectory()) {
        const reached = stats.isSymbolicLink() ? await realpath(fullPath).catch(() => undefined) : undefined;
        if (reached === undefined || !(reached === root || reached.startsWith(root + sep))) {
          throw refused(path, `'${fullPath}' is in the way`);
        }
      }
    }
    // Bounded: forgetting only costs a system call.
    if (made.size > 100_000) made.clear();
    made.add(fullPath);
  };
  const prepare = async (path: string): Promise<string | undefined> => {
    const fullPath = fullPathOf(path);
    await makeFolders(dirname(fullPath), path);
    if (existing === "overwrite") return fullPath;
    try {
      await lstat(fullPath);
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return fullPath;
      throw error;
    }
    if (existing === "skip") return undefined;
    throw new StagingError(
      "extract-failed",
      `'${fullPath}' exists already. Extract to an empty folder, or choose skip or overwrite.`,
      {
        details: { path },
      },
    );
  };
  const replace = async (path: string, make: (temporaryPath: string) => Promise<void>): Promise<void> => {
    const fullPath = await prepare(path);
    if (fullPath === undefined) return;
    // Links made before could lead out of the folder; nothing may be made through them.
    const parent = await realpath(dirname(fullPath));
    if (!(parent === root || parent.startsWith(root + sep)))
      throw refused(path, "a link leads out of the folder");
    const temporaryPath = temporaryName(fullPath);
    try {
      await make(temporaryPath);
      await rename(temporaryPath, fullPath);
    } catch (error) {
      await rm(temporaryPath, { force: true });
      throw error;
    }
  };

  return {
    prepare,
    async writeFile(fullPath, chunks, attributes) {
      const temporaryPath = temporaryName(fullPath);
      let handle: FileHandle | undefined;
      try {
        handle = await open(temporaryPath, "wx");
        let length = 0;
        for await (const chunk of chunks) {
          await writeSparsely(handle, chunk, length);
          length += chunk.length;
        }
        await handle.truncate(length);
        if (attributes.mode !== undefined) await handle.chmod(attributes.mode & permissionBits);
        const time = timeForSystem(attributes.modifiedAtInMs);
        await handle.utimes(time, time);
        await handle.close();
        handle = undefined;
        await rename(temporaryPath, fullPath);
        return length;
      } catch (error) {
        await handle?.close().catch(() => undefined);
        await rm(temporaryPath, { force: true });
        throw error;
      }
    },
    async makeFolder(path, attributes) {
      const fullPath = fullPathOf(path);
      await makeFolders(fullPath, path);
      folders.push({ fullPath, attributes });
    },
    makeSymlink: (path, target) => replace(path, (temporaryPath) => symlink(target, temporaryPath)),
    makeHardLink: (path, existingPath) => {
      const from = fullPathOf(existingPath);
      return replace(path, async (temporaryPath) => {
        const parent = await realpath(dirname(from));
        if (!(parent === root || parent.startsWith(root + sep)))
          throw refused(path, "its first name is outside the folder");
        await link(from, temporaryPath);
      });
    },
    async finish() {
      for (const { fullPath, attributes } of folders) {
        const time = timeForSystem(attributes.modifiedAtInMs);
        await utimes(fullPath, time, time);
      }
    },
  };
}

/**
 * A path whose names Windows accepts: forbidden characters, trailing dots and spaces and device names get `%XX` escapes.
 * The way back is that of URLs.
 */
export function windowsPath(path: string): string {
  return path
    .split("/")
    .map((name) =>
      name
        .replace(/[<>:"\\|?*\u0000-\u001f]/g, escaped)
        .replace(/[. ]+$/, (ending) => Array.from(ending, escaped).join(""))
        .replace(
          /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i,
          (device) => escaped(device[0]!) + device.slice(1),
        ),
    )
    .join("/");
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Holes stay holes: whole units of zeros are not written. */
async function writeSparsely(handle: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  let start = 0;
  const firstUnit = (unitSizeInBytes - (offset % unitSizeInBytes)) % unitSizeInBytes;
  for (let at = firstUnit; at + unitSizeInBytes <= bytes.length; at += unitSizeInBytes) {
    if (zeros.compare(bytes, at, at + unitSizeInBytes) !== 0) continue;
    if (at > start) await writeFully(handle, bytes.subarray(start, at), offset + start);
    start = at + unitSizeInBytes;
  }
  if (start < bytes.length) await writeFully(handle, bytes.subarray(start), offset + start);
}

/** Seconds for `utimes`, which drops what is below a microsecond: half of one more keeps the microsecond. */
function timeForSystem(timeInMs: number): number {
  return (Math.round(timeInMs * 1000) + 0.5) / 1e6;
}

function temporaryName(fullPath: string): string {
  return join(dirname(fullPath), `.offline-seed-${randomUUID()}.part`);
}

function refused(path: string, problem: string): StagingError {
  return new StagingError("extract-failed", `'${path}' is not extracted: ${problem}.`, { details: { path } });
}

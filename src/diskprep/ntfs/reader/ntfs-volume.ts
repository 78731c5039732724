/** Reads an NTFS volume, whoever made it: list, look up, stream, walk. Never writes. */
import { type AbortOptions, throwIfAborted } from "../../../shared/abort.js";
import { createRecentMap } from "../../../shared/recent-map.js";
import type { BlockDevice } from "../../device/index.js";
import { NtfsError } from "../ntfs-error.js";
import { type DirectoryEntry, type DirectoryIndex, openDirectoryIndex } from "./directory-index.js";
import { corrupt, readFileTimeInMs, readUtf16, viewOf } from "./field-access.js";
import { type MftReader, type NtfsFileRecord, openMft } from "./mft-reader.js";
import type { NtfsStream } from "./ntfs-stream.js";
import type {
  ListNtfsOptions,
  NtfsEntry,
  NtfsFile,
  NtfsStreamOptions,
  NtfsVolume,
} from "./ntfs-volume-types.js";
import { parseBootSector } from "./parse-boot-sector.js";

const rootRecord = 5;
const volumeRecord = 3;
const upcaseRecord = 10;
/** Records below this are the file system's own. */
const firstOrdinaryRecord = 16;
const upcaseSizeInBytes = 131_072;
/** Directories whose index stays open for the next look-ups. */
const recentDirectoryCount = 64;
const directoryAttribute = 0x1000_0000;
const type = { standardInformation: 0x10, volumeName: 0x60, volumeInformation: 0x70, data: 0x80 } as const;

/**
 * Opens the NTFS volume that fills `device`. Only reads; the device stays the caller's.
 *
 * @throws NtfsError `not-ntfs`, `corrupt`, `unsupported-version`; DeviceError
 */
export async function openNtfsVolume(device: BlockDevice, options: AbortOptions = {}): Promise<NtfsVolume> {
  const bootBytes = new Uint8Array(512);
  if (device.sizeInBytes < 512)
    throw new NtfsError("not-ntfs", `${device.name} is too small for an NTFS volume.`);
  await device.read(0, bootBytes, options);
  const boot = parseBootSector(bootBytes);
  const sizeInBytes = boot.totalSectors * boot.sectorSizeInBytes;
  if (sizeInBytes > device.sizeInBytes) {
    throw corrupt("it is longer than the device that holds it", {
      volumeSizeInBytes: sizeInBytes,
      deviceSizeInBytes: device.sizeInBytes,
    });
  }
  const mft = await openMft(device, boot, options);
  const { label, version, isDirty } = await readVolumeFacts(mft, options);
  const upcase = await readUpcaseTable(mft, options);
  const compare = (left: string, right: string): number => {
    const length = Math.min(left.length, right.length);
    for (let index = 0; index < length; index++) {
      const difference = upcase[left.charCodeAt(index)]! - upcase[right.charCodeAt(index)]!;
      if (difference !== 0) return difference;
    }
    return left.length - right.length;
  };

  const recentDirectories = createRecentMap<number, DirectoryIndex>(recentDirectoryCount);
  const openDirectory = async (record: number, abortOptions: AbortOptions): Promise<DirectoryIndex> => {
    const known = recentDirectories.get(record);
    if (known) return known;
    const index = openDirectoryIndex(
      boot,
      mft,
      await readInUse(mft, record, undefined, abortOptions),
      compare,
    );
    recentDirectories.set(record, index);
    return index;
  };

  /** Entry of a path, and how the path is spelled on the volume; no entry for the root. */
  const find = async (path: string, abortOptions: AbortOptions): Promise<FoundPath | undefined> => {
    let found: DirectoryEntry | undefined;
    let spelled = "";
    for (const name of path.split(/[\\/]/)) {
      if (name === "") continue;
      if (found && !isDirectoryEntry(found)) return undefined;
      const index = await openDirectory(found?.record ?? rootRecord, abortOptions);
      found = await index.find(name, abortOptions);
      if (!found) return undefined;
      spelled += `\\${found.name}`;
    }
    return { entry: found, path: spelled };
  };

  const require = async (path: string, abortOptions: AbortOptions): Promise<FoundPath> => {
    const found = await find(path, abortOptions);
    if (!found) throw new NtfsError("not-found", `The volume has no '${path}'.`, { details: { path } });
    return found;
  };

  const openData = async (
    entry: DirectoryEntry | undefined,
    path: string,
    streamName: string,
    abortOptions: AbortOptions,
  ): Promise<NtfsStream> => {
    if (!entry || (isDirectoryEntry(entry) && streamName === "")) {
      throw new NtfsError("not-a-file", `'${path}' is a directory.`, { details: { path } });
    }
    const file = await readInUse(mft, entry.record, entry.sequence, abortOptions);
    const stream = mft.openStream(file, type.data, streamName);
    if (!stream) {
      throw new NtfsError("not-found", `'${path}' has no data stream '${streamName}'.`, {
        details: { path, streamName },
      });
    }
    return stream;
  };

  const listRecord = async function* (
    record: number,
    path: string,
    listOptions: ListNtfsOptions,
  ): AsyncGenerator<NtfsEntry> {
    const index = await openDirectory(record, listOptions);
    for await (const entry of index.entries(listOptions)) {
      if (entry.record < firstOrdinaryRecord && listOptions.includeSystemFiles !== true) continue;
      yield entryAt(entry, `${path}\\${entry.name}`);
    }
  };

  const directoryOf = async (
    path: string,
    abortOptions: AbortOptions,
  ): Promise<{ record: number; path: string }> => {
    const found = await require(path, abortOptions);
    if (found.entry && !isDirectoryEntry(found.entry)) {
      throw new NtfsError("not-a-directory", `'${path}' is not a directory.`, { details: { path } });
    }
    return { record: found.entry?.record ?? rootRecord, path: found.path };
  };

  return Object.freeze({
    label,
    version,
    isDirty,
    serialNumber: boot.serialNumber,
    sizeInBytes,
    sectorSizeInBytes: boot.sectorSizeInBytes,
    clusterSizeInBytes: boot.clusterSizeInBytes,
    async *list(path = "\\", listOptions = {}) {
      const directory = await directoryOf(path, listOptions);
      yield* listRecord(directory.record, directory.path, listOptions);
    },
    async stat(path, statOptions = {}) {
      const found = await require(path, statOptions);
      if (!found.entry) return await rootEntry(mft, statOptions);
      const entry = entryAt(found.entry, found.path);
      if (entry.isDirectory) return entry;
      // Directories may lag behind their files on volumes that were mounted elsewhere; the record knows.
      const file = await readInUse(mft, entry.record, found.entry.sequence, statOptions);
      const data = file.partsOf(type.data, "").find((part) => part.firstVcn === 0);
      return Object.freeze({ ...entry, sizeInBytes: data?.dataSizeInBytes ?? 0 });
    },
    async exists(path, existsOptions = {}) {
      return (await find(path, existsOptions)) !== undefined;
    },
    async openFile(path, openOptions = {}) {
      const found = await require(path, openOptions);
      const stream = await openData(found.entry, path, openOptions.streamName ?? "", openOptions);
      return fileOf(stream);
    },
    async *walk(path = "\\", walkOptions = {}) {
      const start = await directoryOf(path, walkOptions);
      const seen = new Set<number>([start.record]);
      const stack = [listRecord(start.record, start.path, walkOptions)];
      try {
        for (let directory = stack[stack.length - 1]; directory; directory = stack[stack.length - 1]) {
          throwIfAborted(walkOptions.abortSignal);
          const { value: entry, done } = await directory.next();
          if (done === true || entry === undefined) {
            stack.pop();
            continue;
          }
          yield entry;
          // A directory reached twice is a loop (the root lists itself as ".").
          if (!entry.isDirectory || seen.has(entry.record)) continue;
          seen.add(entry.record);
          stack.push(listRecord(entry.record, entry.path, walkOptions));
        }
      } finally {
        for (const directory of stack) await directory.return(undefined);
      }
    },
  } satisfies NtfsVolume);
}

/** Where a path leads. */
interface FoundPath {
  /** Undefined for the root. */
  readonly entry: DirectoryEntry | undefined;
  /** The path as it is spelled on the volume. */
  readonly path: string;
}

function isDirectoryEntry(entry: DirectoryEntry): boolean {
  return (entry.attributes & directoryAttribute) !== 0;
}

function entryAt(entry: DirectoryEntry, path: string): NtfsEntry {
  const isDirectory = isDirectoryEntry(entry);
  return Object.freeze({
    name: entry.name,
    path,
    isDirectory,
    sizeInBytes: isDirectory ? 0 : entry.sizeInBytes,
    createdAtInMs: entry.createdAtInMs,
    modifiedAtInMs: entry.modifiedAtInMs,
    attributes: entry.attributes & ~directoryAttribute,
    record: entry.record,
  });
}

function fileOf(stream: NtfsStream): NtfsFile {
  return Object.freeze({
    sizeInBytes: stream.sizeInBytes,
    isResident: stream.isResident,
    runCount: stream.runs.length,
    read: (offset: number, target: Uint8Array, options?: AbortOptions) =>
      stream.read(offset, target, options),
    locate: (offset: number, length: number) => stream.locate(offset, length),
    async *stream(options: NtfsStreamOptions = {}) {
      const start = options.offsetInBytes ?? 0;
      const end = start + (options.lengthInBytes ?? stream.sizeInBytes - start);
      const chunkSize = options.chunkSizeInBytes ?? 1024 * 1024;
      for (let offset = start; offset < end; offset += chunkSize) {
        throwIfAborted(options.abortSignal);
        const chunk = new Uint8Array(Math.min(chunkSize, end - offset));
        await stream.read(offset, chunk, options);
        yield chunk;
      }
    },
  });
}

/** A file's record, checked to be in use and, when `sequence` is given, to be the one that was meant. */
async function readInUse(
  mft: MftReader,
  record: number,
  sequence: number | undefined,
  options: AbortOptions,
): Promise<NtfsFileRecord> {
  if (record >= mft.recordCount) throw corrupt("a directory names a record that does not exist", { record });
  const file = await mft.readFile(record, options);
  if (!file.isInUse || file.baseRecord !== 0)
    throw corrupt("a directory names a record that holds no file", { record });
  if (sequence !== undefined && file.sequence !== sequence) {
    throw corrupt("a directory names an earlier file of a record", {
      record,
      sequence,
      found: file.sequence,
    });
  }
  return file;
}

async function rootEntry(mft: MftReader, options: AbortOptions): Promise<NtfsEntry> {
  const root = await readInUse(mft, rootRecord, undefined, options);
  const information = root.partsOf(type.standardInformation, "")[0]?.value;
  const view = information && information.length >= 0x24 ? viewOf(information) : undefined;
  return Object.freeze({
    name: "",
    path: "\\",
    isDirectory: true,
    sizeInBytes: 0,
    createdAtInMs: view ? readFileTimeInMs(view, 0) : 0,
    modifiedAtInMs: view ? readFileTimeInMs(view, 8) : 0,
    attributes: view ? view.getUint32(0x20, true) : 0,
    record: rootRecord,
  });
}

async function readVolumeFacts(
  mft: MftReader,
  options: AbortOptions,
): Promise<{ label: string; version: string; isDirty: boolean }> {
  const volume = await readInUse(mft, volumeRecord, undefined, options);
  const information = volume.partsOf(type.volumeInformation, "")[0]?.value;
  if (!information || information.length < 12)
    throw corrupt("$Volume has no version", { record: volumeRecord });
  const [major, minor] = [information[8]!, information[9]!];
  // 1.2 is what Windows 2000 and the Windows formatter leave before the first mount; 3.0 and 3.1 are later.
  if (major !== 1 && major !== 3) {
    throw new NtfsError("unsupported-version", `NTFS version ${major}.${minor} is not known.`, {
      details: { major, minor },
    });
  }
  const name = volume.partsOf(type.volumeName, "")[0]?.value;
  return {
    label: name ? readUtf16(viewOf(name), 0, Math.min(128, Math.floor(name.length / 2))) : "",
    version: `${major}.${minor}`,
    isDirty: (information[10]! & 1) !== 0,
  };
}

async function readUpcaseTable(mft: MftReader, options: AbortOptions): Promise<Uint16Array> {
  const file = await readInUse(mft, upcaseRecord, undefined, options);
  const stream = mft.openStream(file, type.data, "");
  if (stream?.sizeInBytes !== upcaseSizeInBytes)
    throw corrupt("$UpCase has the wrong size", { record: upcaseRecord });
  const bytes = new Uint8Array(upcaseSizeInBytes);
  await stream.read(0, bytes, options);
  const table = new Uint16Array(65_536);
  for (let unit = 0; unit < table.length; unit++)
    table[unit] = bytes[2 * unit]! | (bytes[2 * unit + 1]! << 8);
  return table;
}

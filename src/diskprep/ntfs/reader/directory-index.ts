/** Looks up and enumerates the entries of a directory through its `$I30` B-tree. */
import { type AbortOptions, throwIfAborted } from "../../../shared/abort.js";
import { createRecentMap } from "../../../shared/recent-map.js";
import {
  corrupt,
  readFileTimeInMs,
  readRecordNumber,
  readUint64,
  readUtf16,
  viewOf,
} from "./field-access.js";
import type { MftReader, NtfsFileRecord } from "./mft-reader.js";
import type { NtfsStream } from "./ntfs-stream.js";
import type { NtfsBootSector } from "./parse-boot-sector.js";
import { unprotectRecord } from "./unprotect-record.js";

const indexRootType = 0x90;
const indexAllocationType = 0xa0;
const directoryIndexName = "$I30";
/** Namespace of 8.3 names that accompany a long one. */
const dosNamespace = 2;
/** Far deeper than any index of 2^32 entries. */
const maxDepth = 32;
const readAheadInBytes = 64 * 1024;
/** Parsed nodes of one directory that are kept for the next look-ups. */
const recentNodeCount = 16;

/** What a directory says about one of its entries. */
export interface DirectoryEntry {
  readonly record: number;
  readonly sequence: number;
  readonly name: string;
  readonly sizeInBytes: number;
  readonly allocatedSizeInBytes: number;
  readonly attributes: number;
  readonly createdAtInMs: number;
  readonly modifiedAtInMs: number;
}

/** A directory that can be searched. */
export interface DirectoryIndex {
  /** The entry whose name compares equal; undefined when there is none. */
  find(name: string, options?: AbortOptions): Promise<DirectoryEntry | undefined>;
  /** All entries in order of name, without the short names. */
  entries(options?: AbortOptions): AsyncGenerator<DirectoryEntry>;
}

interface NodeEntry {
  /** Set when first needed. */
  name: string | undefined;
  /** Undefined in the last entry of a node. */
  readonly key: Uint8Array | undefined;
  readonly record: number;
  readonly sequence: number;
  readonly childVcn: number | undefined;
}

/** Opens the index of a directory. `compare` orders names as the volume does. @throws NtfsError `corrupt` */
export function openDirectoryIndex(
  boot: NtfsBootSector,
  mft: MftReader,
  directory: NtfsFileRecord,
  compare: (left: string, right: string) => number,
): DirectoryIndex {
  const { record } = directory;
  const root = directory.partsOf(indexRootType, directoryIndexName)[0]?.value;
  if (!root || root.length < 0x20) throw corrupt("a directory has no index", { record });
  const allocation = mft.openStream(directory, indexAllocationType, directoryIndexName);
  const blockSize = viewOf(root).getUint32(8, true);
  if (blockSize < 512 || blockSize > 65_536 || !Number.isInteger(Math.log2(blockSize))) {
    throw corrupt("a directory names an impossible block size", { record, blockSize });
  }
  const vcnUnit = blockSize >= boot.clusterSizeInBytes ? boot.clusterSizeInBytes : 512;
  const blockCount = allocation ? Math.floor(allocation.sizeInBytes / blockSize) : 0;

  const readBlock = async (
    reader: BlockReader,
    vcn: number,
    options?: AbortOptions,
  ): Promise<NodeEntry[]> => {
    const block = (vcn * vcnUnit) / blockSize;
    if (!Number.isInteger(block) || block >= blockCount) {
      throw corrupt("a directory index points outside itself", { record, vcn });
    }
    const bytes = await reader.read(block, options);
    const problem = unprotectRecord(bytes, "INDX");
    if (problem !== undefined)
      throw corrupt(`a directory index block is unusable (${problem})`, { record, vcn });
    if (readUint64(viewOf(bytes), 0x10) !== vcn)
      throw corrupt("a directory index block is misplaced", { record, vcn });
    return parseNode(bytes, 0x18, record);
  };

  const rootEntries = parseNode(root, 0x10, record);
  const nodeReader = createBlockReader(allocation, blockSize, blockSize);
  // Look-ups come in runs of neighbours, so the same few nodes are wanted again and again.
  const recentNodes = createRecentMap<number, NodeEntry[]>(recentNodeCount);
  const nameOfEntry = (entry: NodeEntry): string => {
    entry.name ??= nameOfKey(entry.key!, record);
    return entry.name;
  };
  /** Position of the first entry that is not before the name; the end entry is after every name. */
  const firstNotBefore = (entries: readonly NodeEntry[], name: string): number => {
    let low = 0;
    let high = entries.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(nameOfEntry(entries[middle]!), name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    async find(name, options) {
      let entries = rootEntries;
      for (let depth = 0; depth < maxDepth; depth++) {
        throwIfAborted(options?.abortSignal);
        const entry = entries[firstNotBefore(entries, name)]!;
        if (entry.key !== undefined && compare(nameOfEntry(entry), name) === 0) return entryOf(entry, record);
        const child = entry.childVcn;
        if (child === undefined) return undefined;
        let node = recentNodes.get(child);
        if (node === undefined) {
          node = await readBlock(nodeReader, child, options);
          recentNodes.set(child, node);
        }
        entries = node;
      }
      throw corrupt("a directory index is deeper than possible", { record });
    },
    async *entries(options) {
      const reader = createBlockReader(allocation, blockSize, Math.max(readAheadInBytes, blockSize));
      let remainingBlocks = blockCount;
      const stack: { entries: NodeEntry[]; next: number; isChildDone: boolean }[] = [
        { entries: rootEntries, next: 0, isChildDone: false },
      ];
      for (let node = stack[stack.length - 1]; node; node = stack[stack.length - 1]) {
        const entry = node.entries[node.next];
        if (!entry) {
          stack.pop();
          continue;
        }
        if (entry.childVcn !== undefined && !node.isChildDone) {
          throwIfAborted(options?.abortSignal);
          // Each block may be visited once; a loop runs out of blocks.
          if (--remainingBlocks < 0 || stack.length > maxDepth) {
            throw corrupt("a directory index runs in a circle", { record });
          }
          node.isChildDone = true;
          stack.push({
            entries: await readBlock(reader, entry.childVcn, options),
            next: 0,
            isChildDone: false,
          });
          continue;
        }
        node.next++;
        node.isChildDone = false;
        if (entry.key !== undefined && entry.key[0x41] !== dosNamespace) yield entryOf(entry, record);
      }
    },
  };
}

interface BlockReader {
  /** A fresh copy of a block. */
  read(block: number, options?: AbortOptions): Promise<Uint8Array>;
}

/** Reads blocks through a window, because neighbours are usually wanted next. */
function createBlockReader(
  stream: NtfsStream | undefined,
  blockSize: number,
  windowSize: number,
): BlockReader {
  let windowStart = 0;
  let window = new Uint8Array(0);
  return {
    async read(block, options) {
      const offset = block * blockSize;
      if (!stream) throw corrupt("a directory index has no blocks");
      if (offset < windowStart || offset + blockSize > windowStart + window.length) {
        const start = Math.floor(offset / windowSize) * windowSize;
        const bytes = new Uint8Array(Math.min(windowSize, stream.sizeInBytes - start));
        await stream.read(start, bytes, options);
        windowStart = start;
        window = bytes;
      }
      return window.slice(offset - windowStart, offset - windowStart + blockSize);
    },
  };
}

/** Entries of a node whose header is at `header`; the last is the end entry. */
function parseNode(bytes: Uint8Array, header: number, record: number): NodeEntry[] {
  const view = viewOf(bytes);
  if (header + 0x10 > bytes.length) throw corrupt("a directory index node is too short", { record });
  const end = header + view.getUint32(header + 4, true);
  let at = header + view.getUint32(header, true);
  if (end > bytes.length) throw corrupt("a directory index node is longer than its block", { record });
  const entries: NodeEntry[] = [];
  for (;;) {
    if (at + 0x10 > end) throw corrupt("a directory index node has no end", { record });
    const length = view.getUint16(at + 8, true);
    const keyLength = view.getUint16(at + 10, true);
    const flags = view.getUint16(at + 12, true);
    const hasChild = (flags & 1) !== 0;
    const isEnd = (flags & 2) !== 0;
    const least = 0x10 + (isEnd ? 0 : keyLength) + (hasChild ? 8 : 0);
    if (length < least || at + length > end || (!isEnd && keyLength < 0x42)) {
      throw corrupt("a directory index entry is damaged", { record, at });
    }
    entries.push({
      name: undefined,
      key: isEnd ? undefined : bytes.subarray(at + 0x10, at + 0x10 + keyLength),
      record: readRecordNumber(view, at),
      sequence: view.getUint16(at + 6, true),
      childVcn: hasChild ? readUint64(view, at + length - 8) : undefined,
    });
    if (isEnd) return entries;
    at += length;
  }
}

function nameOfKey(key: Uint8Array, record: number): string {
  const length = key[0x40]!;
  if (0x42 + 2 * length > key.length) throw corrupt("a directory entry's name does not fit", { record });
  return readUtf16(viewOf(key), 0x42, length);
}

function entryOf(entry: NodeEntry, directoryRecord: number): DirectoryEntry {
  const key = entry.key!;
  const view = viewOf(key);
  return {
    record: entry.record,
    sequence: entry.sequence,
    name: nameOfKey(key, directoryRecord),
    sizeInBytes: readUint64(view, 0x30),
    allocatedSizeInBytes: readUint64(view, 0x28),
    attributes: view.getUint32(0x38, true),
    createdAtInMs: readFileTimeInMs(view, 0x08),
    modifiedAtInMs: readFileTimeInMs(view, 0x10),
  };
}

/** Checks the contents of the file system's own files: $MFTMirr, $LogFile, $Volume, $AttrDef, $BadClus, $UpCase. */
import { createHash } from "node:crypto";
import { throwIfAborted } from "../../../shared/abort.js";
import { firstDifference } from "./check-boot-sector.js";
import { type CheckContext, type CheckedFile, seenFlag } from "./check-context.js";
import { uint64At, viewOf } from "./little-endian-fields.js";
import { removeProtection } from "./remove-protection.js";
import type { CheckedStream } from "./volume-streams.js";

/** SHA-256 of the table Windows 7 and later write. */
const upcaseHash = "41c26bc7a12bdaeb26025c93118697c7e3ef81ee048b00fe5cce2a472e0e0742";
/** CRC-64 of that table as stored in $UpCase:$Info. */
const upcaseCrc = [0x0c, 0x69, 0x1b, 0x6b, 0x77, 0x7e, 0xdc, 0xda] as const;
/** SHA-256 of the attribute definitions of NTFS 3.1. */
const attributeDefinitionsHash = "d7de5b1b2f79f45f235ceb1adbc46908ed64eae174eb90ed66aefe5f25165da3";
/** Bits of the volume flags that a volume in good order may have: 8.3 names switched off. */
const harmlessVolumeFlags = 0x80;
const chunkSize = 1024 * 1024;

/** Runs all checks of system files. */
export async function checkSystemFiles(context: CheckContext): Promise<void> {
  await checkMirror(context);
  await withFile(context, 2, checkLogFile);
  await withFile(context, 3, checkVolumeInformation);
  await withFile(context, 4, (file) =>
    checkFixedContent(context, file, "attribute-definitions", attributeDefinitionsHash),
  );
  await withFile(context, 8, checkBadClusters);
  await withFile(context, 10, async (file) => {
    await checkFixedContent(context, file, "upcase-table", upcaseHash);
    await checkUpcaseInformation(context, file);
  });
  await checkMftBitmap(context);
}

async function withFile(
  context: CheckContext,
  record: number,
  check: (file: CheckedFile, context: CheckContext) => Promise<void> | void,
): Promise<void> {
  throwIfAborted(context.options.abortSignal);
  const file = await context.readFile(record);
  if (file) await check(file, context);
}

async function readAll(stream: CheckedStream, context: CheckContext, limit: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.min(stream.size, limit));
  await stream.read(0, bytes, context.options);
  return bytes;
}

async function checkMirror(context: CheckContext): Promise<void> {
  const { geometry, device, mft, list, options } = context;
  const records = Math.max(4, geometry.clusterSize / geometry.recordSize);
  const length = Math.min(records, context.recordCount) * geometry.recordSize;
  const offset = geometry.mirrorCluster * geometry.clusterSize;
  if (offset + length > device.sizeInBytes) return;
  const original = new Uint8Array(length);
  const mirror = new Uint8Array(length);
  await mft.read(0, original, options);
  await device.read(offset, mirror, options);
  for (let record = 0; record * geometry.recordSize < length; record++) {
    const start = record * geometry.recordSize;
    const end = start + geometry.recordSize;
    const difference = firstDifference(original.subarray(start, end), mirror.subarray(start, end));
    if (difference !== undefined) {
      list.add(
        "mirror",
        record,
        offset + start + difference,
        `the mirror of record ${record} differs in byte ${difference}`,
      );
    }
  }
}

/** Accepts a log that was never used (all FF) and one with restart pages that say "clean". */
async function checkLogFile(file: CheckedFile, context: CheckContext): Promise<void> {
  const log = context.open(file, 0x80, "");
  if (!log) return;
  const complain = (position: number, what: string): void =>
    context.list.add("log-file", 2, log.offsetOf(position), `$LogFile: ${what}`);
  const buffer = new Uint8Array(chunkSize);
  const ones = new Uint8Array(chunkSize).fill(0xff);
  const first = buffer.subarray(0, Math.min(4096, log.size));
  await log.read(0, first, context.options);
  if (String.fromCharCode(...first.subarray(0, 4)) === "RSTR") {
    checkRestartPage(first, log.size, complain);
    return;
  }
  for (let position = 0; position < log.size; position += chunkSize) {
    throwIfAborted(context.options.abortSignal);
    const part = buffer.subarray(0, Math.min(chunkSize, log.size - position));
    await log.read(position, part, context.options);
    const difference = firstDifference(part, ones.subarray(0, part.length));
    if (difference !== undefined) {
      complain(position + difference, "it is neither empty (FF) nor does it begin with a restart page");
      return;
    }
  }
}

function checkRestartPage(
  page: Uint8Array,
  logSize: number,
  complain: (position: number, what: string) => void,
): void {
  const protection = removeProtection(page, "RSTR");
  if (protection) {
    complain(protection.position, `its restart page is damaged (${protection.kind})`);
    return;
  }
  const view = viewOf(page);
  const area = view.getUint16(0x18, true);
  if (area + 0x28 > page.length) {
    complain(0x18, "its restart area lies outside its page");
    return;
  }
  if (uint64At(view, area + 0x18) !== logSize) complain(area + 0x18, "its restart page states another size");
  if ((view.getUint16(area + 0x0e, true) & 2) === 0)
    complain(area + 0x0e, "the volume was not unmounted cleanly");
}

function checkVolumeInformation(file: CheckedFile, { list }: CheckContext): void {
  const part = file.attributes.find(({ attribute }) => attribute.type === 0x70);
  const value = part?.attribute.value;
  if (!part || !value || value.length < 12) {
    list.add("volume-information", 3, file.record.offset, "$Volume has no version");
    return;
  }
  const at = part.owner.offset + part.attribute.valuePosition;
  if (value[8] !== 3 || value[9] !== 1) {
    list.add(
      "volume-information",
      3,
      at + 8,
      `the volume has version ${value[8]}.${value[9]} instead of 3.1`,
    );
  }
  const flags = viewOf(value).getUint16(10, true);
  if ((flags & ~harmlessVolumeFlags) !== 0) {
    list.add(
      "volume-information",
      3,
      at + 10,
      `the volume has flags 0x${flags.toString(16)}${(flags & 1) !== 0 ? " (dirty)" : ""}`,
    );
  }
}

async function checkFixedContent(
  context: CheckContext,
  file: CheckedFile,
  code: "attribute-definitions" | "upcase-table",
  hash: string,
): Promise<void> {
  const stream = context.open(file, 0x80, "");
  const record = file.record.record;
  if (!stream) return;
  const bytes = await readAll(stream, context, chunkSize);
  if (createHash("sha256").update(bytes).digest("hex") !== hash) {
    context.list.add(
      code,
      record,
      stream.offsetOf(0),
      `record ${record}: its content is not the one every volume has`,
    );
  }
}

async function checkUpcaseInformation(context: CheckContext, file: CheckedFile): Promise<void> {
  const stream = context.open(file, 0x80, "$Info");
  // Volumes formatted before Windows 8 have none.
  if (!stream) return;
  const bytes = await readAll(stream, context, 64);
  const isRight = bytes.length === 32 && upcaseCrc.every((byte, index) => bytes[8 + index] === byte);
  if (!isRight)
    context.list.add("upcase-information", 10, stream.offsetOf(8), "$UpCase:$Info has the wrong checksum");
}

function checkBadClusters(file: CheckedFile, { geometry, list }: CheckContext): void {
  const part = file.attributes.find(({ attribute }) => attribute.type === 0x80 && attribute.name === "$Bad");
  if (!part || part.attribute.value) {
    list.add("bad-clusters", 8, file.record.offset, "$BadClus has no list of bad clusters");
    return;
  }
  const { attribute, owner } = part;
  const size = geometry.clusterCount * geometry.clusterSize;
  const covered = attribute.runs.reduce((sum, run) => sum + run.count, 0);
  const at = owner.offset + attribute.position;
  if (covered !== geometry.clusterCount) {
    list.add("bad-clusters", 8, at, `$BadClus:$Bad covers ${covered} of ${geometry.clusterCount} clusters`);
  } else if (attribute.allocated !== size || attribute.size !== size || attribute.initialised !== 0) {
    list.add("bad-clusters", 8, at + 0x28, `$BadClus:$Bad has sizes other than ${size}, ${size} and 0`);
  }
}

/** Bits of the MFT bitmap against the records, over its whole length. */
async function checkMftBitmap(context: CheckContext): Promise<void> {
  const { list, recordCount, seen, options } = context;
  const mft = await context.readFile(0);
  const bitmap = mft && context.open(mft, 0xb0, "");
  if (!bitmap) {
    list.add("mft-bitmap", 0, mft?.record.offset ?? 0, "$MFT has no bitmap");
    return;
  }
  const neededSize = Math.ceil(recordCount / 8);
  if (bitmap.size < neededSize) {
    list.add(
      "mft-bitmap",
      0,
      bitmap.offsetOf(0),
      `the MFT bitmap has ${bitmap.size} bytes for ${recordCount} records`,
    );
  }
  const buffer = new Uint8Array(chunkSize);
  for (let position = 0; position < Math.min(bitmap.size, neededSize + 64); position += chunkSize) {
    throwIfAborted(options.abortSignal);
    const part = buffer.subarray(0, Math.min(chunkSize, bitmap.size - position));
    await bitmap.read(position, part, options);
    for (let index = 0; index < part.length; index++) {
      for (let bit = 0; bit < 8; bit++) {
        const record = (position + index) * 8 + bit;
        const isMarked = ((part[index]! >>> bit) & 1) === 1;
        const flags = record < recordCount ? seen[record]! : 0;
        // A record that could not be read was reported already; its bit tells nothing.
        const isUnknown = record < recordCount && (flags & seenFlag.readable) === 0;
        if (isUnknown || isMarked === ((flags & seenFlag.inUse) !== 0)) continue;
        const state = isMarked ? "marked as in use, but free" : "in use, but marked as free";
        list.add("mft-bitmap", record, bitmap.offsetOf(position + index), `record ${record} is ${state}`);
      }
    }
  }
}

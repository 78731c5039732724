/**
 * Headers of tar members: POSIX.1-2017 "ustar Interchange Format", with a "pax Extended Header" before members whose names do not
 * fit. Written here and not by a library because headers are put into the gaps of a buffer that worker threads have already
 * filled with file contents; a streaming packer would copy every byte again and costs more time a file than reading it.
 */

/** What a member is. */
export interface TarMember {
  readonly path: string;
  readonly type: "file" | "folder" | "symlink";
  readonly sizeInBytes: number;
  readonly mode: number;
  readonly modifiedAtInMs: number;
  /** Only for links. */
  readonly target?: string | undefined;
}

/** Headers, contents and the archive are multiples of this. */
export const tarBlockSizeInBytes = 512;
/** Two blocks of zeros end an archive. */
export const tarEndSizeInBytes: number = 2 * tarBlockSizeInBytes;

const typeFlags = { file: "0", folder: "5", symlink: "2" } as const;
const nameSize = 100;
const prefixSize = 155;

/** A length rounded up to whole blocks. */
export function tarPadded(lengthInBytes: number): number {
  return Math.ceil(lengthInBytes / tarBlockSizeInBytes) * tarBlockSizeInBytes;
}

/** Bytes that {@link writeTarHeader} needs for a member. */
export function tarHeaderSize(path: string, type: TarMember["type"], target = ""): number {
  const records = paxRecords(memberName(path, type), target);
  return tarBlockSizeInBytes + (records.length === 0 ? 0 : tarBlockSizeInBytes + tarPadded(records.length));
}

/** Writes the header of a member at a position. Everything in its place is overwritten. */
export function writeTarHeader(buffer: Buffer, offset: number, member: TarMember): void {
  const name = memberName(member.path, member.type);
  const records = paxRecords(name, member.target ?? "");
  let at = offset;
  if (records.length > 0) {
    writeBlock(buffer, at, "PaxHeader", "", "x", records.length, 0o644, member.modifiedAtInMs, "");
    at += tarBlockSizeInBytes;
    buffer.fill(0, at, at + tarPadded(records.length));
    records.copy(buffer, at);
    at += tarPadded(records.length);
  }
  const [prefix, rest] = splitName(name) ?? ["", name];
  const size = member.type === "file" ? member.sizeInBytes : 0;
  const mode = member.type === "symlink" ? 0o777 : member.mode;
  writeBlock(
    buffer,
    at,
    rest,
    prefix,
    typeFlags[member.type],
    size,
    mode,
    member.modifiedAtInMs,
    member.target ?? "",
  );
}

function memberName(path: string, type: TarMember["type"]): string {
  return type === "folder" ? `${path}/` : path;
}

/** Prefix and name when both fit their fields in ASCII. */
function splitName(name: string): readonly [string, string] | undefined {
  if (!isAscii(name)) return undefined;
  if (name.length <= nameSize) return ["", name];
  const slash = name.indexOf("/", name.length - nameSize - 1);
  return slash > 0 && slash <= prefixSize && slash < name.length - 1
    ? [name.slice(0, slash), name.slice(slash + 1)]
    : undefined;
}

const noRecords = Buffer.alloc(0);

function paxRecords(name: string, target: string): Buffer {
  if (target === "" && name.length <= nameSize && isAscii(name)) return noRecords;
  let text = "";
  if (splitName(name) === undefined) text += paxRecord("path", name);
  if (target.length > nameSize || !isAscii(target)) text += paxRecord("linkpath", target);
  return Buffer.from(text, "utf8");
}

/** A record begins with its own length, digits included. */
function paxRecord(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  const bodyLength = Buffer.byteLength(body);
  let length = bodyLength + 1;
  while (String(length).length + bodyLength !== length) length = String(length).length + bodyLength;
  return `${length}${body}`;
}

function writeBlock(
  buffer: Buffer,
  offset: number,
  name: string,
  prefix: string,
  typeFlag: string,
  sizeInBytes: number,
  mode: number,
  modifiedAtInMs: number,
  target: string,
): void {
  buffer.fill(0, offset, offset + tarBlockSizeInBytes);
  const seconds = Math.max(0, Math.floor(modifiedAtInMs / 1000));
  buffer.write(asciiOnly(name).slice(0, nameSize), offset, "latin1");
  writeOctal(buffer, offset + 100, 8, mode & 0o7777);
  writeOctal(buffer, offset + 108, 8, 0);
  writeOctal(buffer, offset + 116, 8, 0);
  writeOctal(buffer, offset + 124, 12, sizeInBytes);
  writeOctal(buffer, offset + 136, 12, seconds);
  buffer.fill(0x20, offset + 148, offset + 156);
  buffer.write(typeFlag, offset + 156, "latin1");
  buffer.write(asciiOnly(target).slice(0, nameSize), offset + 157, "latin1");
  buffer.write("ustar\u000000", offset + 257, "latin1");
  buffer.write(prefix, offset + 345, "latin1");
  let sum = 0;
  for (let at = offset; at < offset + tarBlockSizeInBytes; at += 1) sum += buffer[at]!;
  buffer.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, offset + 148, "latin1");
}

function writeOctal(buffer: Buffer, offset: number, width: number, value: number): void {
  buffer.write(value.toString(8).padStart(width - 1, "0"), offset, "latin1");
}

function isAscii(text: string): boolean {
  return !/[^\u0020-\u007e]/.test(text);
}

function asciiOnly(text: string): string {
  return text.replace(/[^\u0020-\u007e]/g, "_");
}

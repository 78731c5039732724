/**
 * Bundles: many small files in one blob. The blob is a tar archive, so that any tar program can unpack it; beside it lies an index
 * blob that tells where in the archive each file is (docs/formats/bundle-index.schema.json).
 */
import { isPathWithin } from "./catalog-entry.js";
import { StagingError } from "./errors.js";
import { formatTime, parseTime } from "./file-attributes.js";
import { type TarMember, tarHeaderSize, tarPadded } from "./tar-header.js";

/** Metadata of a bundle. */
export const bundleMetadataName = "bundle";
/** Metadata of the index of a bundle. */
export const bundleIndexMetadataName = "bundle_index";
const indexFormat = "offline-seed-bundle-index";
const bundleSuffix = ".tar";
const indexSuffix = ".index.ndjson";

/** One line of an index. */
export interface BundleIndexEntry {
  /** Of the extracted file, with forward slashes. */
  readonly path: string;
  readonly type: TarMember["type"];
  /** Position of the content in the archive, before compression. */
  readonly offsetInBytes: number;
  readonly lengthInBytes: number;
  readonly modifiedAtInMs: number;
  readonly mode: number;
  /** Only for links. */
  readonly target: string | undefined;
}

/** Name of a bundle blob. */
export function bundleName(namePrefix: string, number: number): string {
  return `${namePrefix}.offline-seed/bundles/${String(number).padStart(8, "0")}${bundleSuffix}`;
}

/** Name of the index beside a bundle. */
export function bundleIndexName(name: string): string {
  return `${name.slice(0, -bundleSuffix.length)}${indexSuffix}`;
}

/** Name of the bundle an index is for. */
export function bundleNameOfIndex(indexName: string): string {
  return `${indexName.slice(0, -indexSuffix.length)}${bundleSuffix}`;
}

/** Room of an item in a bundle: header and padded content. */
export function bundledSize(
  path: string,
  type: TarMember["type"],
  sizeInBytes: number,
  target: string | undefined,
): number {
  return tarHeaderSize(path, type, target) + (type === "file" ? tarPadded(sizeInBytes) : 0);
}

/** What tells whether a bundled item is still the same. */
export function bundleFingerprint(
  path: string,
  type: TarMember["type"],
  lengthInBytes: number,
  modifiedAtInMs: number,
  target: string | undefined,
): string {
  return [type, path, lengthInBytes, formatTime(modifiedAtInMs), target ?? ""].join("\0");
}

/** The text of an index. */
export function formatBundleIndex(bundle: string, entries: readonly BundleIndexEntry[]): string {
  const lines = [JSON.stringify({ format: indexFormat, version: 1, bundle })];
  for (const { path, type, offsetInBytes, lengthInBytes, modifiedAtInMs, mode, target } of entries) {
    const place = type === "file" ? `"at":${offsetInBytes},"length":${lengthInBytes}` : `"type":"${type}"`;
    const facts = `"modified":"${formatTime(modifiedAtInMs)}","mode":"${mode.toString(8).padStart(4, "0")}"`;
    const link = target === undefined ? "" : `,"target":${JSON.stringify(target)}`;
    lines.push(`{"path":${JSON.stringify(path)},${place},${facts}${link}}`);
  }
  return `${lines.join("\n")}\n`;
}

/**
 * Reads an index. It comes from outside: paths that leave their folder and positions that go back are refused.
 *
 * @throws StagingError `content-damaged`
 */
export function parseBundleIndex(text: string, name: string): readonly BundleIndexEntry[] {
  const fail = (line: number, problem: string): never => {
    throw new StagingError(
      "content-damaged",
      `Line ${line} of the bundle index '${name}' is not valid: ${problem}. The bundle beside it can still be unpacked with any tar program.`,
      { details: { name, line } },
    );
  };
  const lines = text.split("\n");
  const header = parseLine(lines[0]!);
  if (header?.["format"] !== indexFormat || header["version"] !== 1)
    fail(1, "it is no bundle index of version 1");
  const entries: BundleIndexEntry[] = [];
  let end = 0;
  for (let at = 1; at < lines.length; at += 1) {
    if (lines[at] === "") continue;
    const line = parseLine(lines[at]!) ?? fail(at + 1, "it is not JSON");
    const { path, type = "file", at: offset = 0, length = 0, modified, mode, target } = line;
    if (typeof path !== "string" || !isPathWithin(path)) fail(at + 1, "its path leaves its folder");
    if (type !== "file" && type !== "folder" && type !== "symlink") fail(at + 1, "its type is unknown");
    const valid =
      Number.isSafeInteger(offset) &&
      Number.isSafeInteger(length) &&
      (offset as number) >= (type === "file" ? end : 0) &&
      (length as number) >= 0;
    if (!valid) fail(at + 1, "its position is no position after the file before");
    const modifiedAtInMs = typeof modified === "string" ? parseTime(modified) : undefined;
    if (modifiedAtInMs === undefined) fail(at + 1, "its time is no RFC 3339 time");
    if (typeof mode !== "string" || !/^[0-7]{4,5}$/.test(mode)) fail(at + 1, "its mode is no octal number");
    if ((type === "symlink") !== (typeof target === "string")) fail(at + 1, "a link needs a target");
    if (type === "file") end = (offset as number) + (length as number);
    entries.push({
      path: path as string,
      type: type as TarMember["type"],
      offsetInBytes: offset as number,
      lengthInBytes: length as number,
      modifiedAtInMs: modifiedAtInMs as number,
      mode: Number.parseInt(mode as string, 8),
      target: target as string | undefined,
    });
  }
  return entries;
}

function parseLine(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

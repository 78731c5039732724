/**
 * One line of the catalog: a blob and where its bytes lie (docs/formats/seed-catalog.md). Lines from outside are hostile: every
 * field is checked before anything is opened.
 */
import { defaultRangeSizeInBytes, maximumPageBlobSizeInBytes, pageSizeInBytes } from "./blob-limits.js";
import { blobNameProblem } from "./blob-name.js";
import { rangeHashSizeInBytes } from "./content-hasher.js";
import { StagingError } from "./errors.js";
import type { SeedBlob, SeedBlobHeaders, SeedBlobKind, SeedBlobRange } from "./seed-catalog.js";

/** Where the bytes of a blob lie. */
export type StagedPlace =
  | { readonly type: "empty" }
  | { readonly type: "pack"; readonly pack: number; readonly offsetInBytes: number }
  | { readonly type: "file"; readonly file: number }
  | { readonly type: "adopted"; readonly root: number; readonly path: string };

/** A blob, its place, and where its range hashes lie when they are not simply its MD5. */
export interface CatalogEntry {
  readonly blob: SeedBlob;
  readonly place: StagedPlace;
  readonly hashesOffsetInBytes: number | undefined;
}

/** Stretches of one blob; more holes than this are filled. Keeps a line below the size a reader accepts. */
export const maximumStretches = 20_000;

interface CatalogLine {
  name: string;
  length: number;
  md5?: string;
  modified: number;
  kind?: SeedBlobKind;
  rangeSize?: number;
  stretches?: number[];
  pack?: number;
  at?: number;
  file?: number;
  root?: number;
  path?: string;
  hashesAt?: number;
  headers?: SeedBlobHeaders;
  metadata?: Readonly<Record<string, string>>;
}

/** The text of a line before the place of the bytes; for a block blob with ranges of the default size nothing follows these facts. */
export function catalogLineHead(
  name: string,
  lengthInBytes: number,
  modifiedAtInMs: number,
  md5: string | undefined,
): string {
  const hash = md5 === undefined ? "" : `,"md5":"${md5}"`;
  return `{"name":${JSON.stringify(name)},"length":${lengthInBytes},"modified":${modifiedAtInMs}${hash}`;
}

function uncommonFacts(blob: SeedBlob): string {
  let text = "";
  if (blob.kind !== "block") text += `,"kind":"${blob.kind}"`;
  if (blob.rangeSizeInBytes !== defaultRangeSizeInBytes) text += `,"rangeSize":${blob.rangeSizeInBytes}`;
  if (blob.dataStretches !== undefined) {
    const numbers = blob.dataStretches.map((stretch) => `${stretch.offsetInBytes},${stretch.lengthInBytes}`);
    text += `,"stretches":[${numbers.join(",")}]`;
  }
  return text;
}

/** The text of a line after the place of the bytes, with its line end. */
export function catalogLineTail(headers: SeedBlobHeaders, metadata: SeedBlob["metadata"]): string {
  let text = "";
  for (const _ in headers) {
    text += `,"headers":${JSON.stringify(headers)}`;
    break;
  }
  for (const _ in metadata) {
    text += `,"metadata":${JSON.stringify(metadata)}`;
    break;
  }
  return `${text}}\n`;
}

/** The text of a place in a pack. */
export function packPlaceText(pack: number, offsetInBytes: number): string {
  return `,"pack":${pack},"at":${offsetInBytes}`;
}

/** The text of the place. */
function catalogLinePlace(place: StagedPlace, hashesOffsetInBytes: number | undefined): string {
  const hashes = hashesOffsetInBytes === undefined ? "" : `,"hashesAt":${hashesOffsetInBytes}`;
  switch (place.type) {
    case "pack":
      return packPlaceText(place.pack, place.offsetInBytes) + hashes;
    case "file":
      return `,"file":${place.file}${hashes}`;
    case "adopted":
      return `,"root":${place.root},"path":${JSON.stringify(place.path)}${hashes}`;
    case "empty":
      return hashes;
  }
}

/** The text of a line, with its line end. */
export function formatCatalogLine({ blob, place, hashesOffsetInBytes }: CatalogEntry): string {
  return (
    catalogLineHead(blob.name, blob.lengthInBytes, blob.modifiedAtInMs, blob.md5) +
    uncommonFacts(blob) +
    catalogLinePlace(place, hashesOffsetInBytes) +
    catalogLineTail(blob.headers, blob.metadata)
  );
}

/**
 * Reads a line.
 *
 * @throws StagingError `catalog-damaged` naming the line and the field
 */
export function parseCatalogLine(text: string, index: number): CatalogEntry {
  const fail = (problem: string): never => {
    throw new StagingError(
      "catalog-damaged",
      `Entry ${index} of the catalog is not valid: ${problem}. Restore the catalog from a copy or stage the seed again.`,
      { details: { index } },
    );
  };
  let line: CatalogLine;
  try {
    line = JSON.parse(text) as CatalogLine;
  } catch {
    return fail("it is not JSON");
  }
  if (typeof line !== "object" || line === null) return fail("it is not an object");
  const integer = (value: unknown, field: string, maximum = Number.MAX_SAFE_INTEGER): number =>
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= maximum
      ? (value as number)
      : fail(`'${field}' is no number from 0 to ${maximum}`);
  const textOf = (value: unknown, field: string): string =>
    typeof value === "string" ? value : fail(`'${field}' is no text`);

  const name = textOf(line.name, "name");
  const nameProblem = blobNameProblem(name);
  if (nameProblem !== undefined) fail(`its name cannot be used: ${nameProblem}`);
  const lengthInBytes = integer(line.length, "length", maximumPageBlobSizeInBytes);
  const kind = line.kind ?? "block";
  if (kind !== "block" && kind !== "page") fail("'kind' is neither block nor page");
  if (kind === "page" && lengthInBytes % pageSizeInBytes !== 0) fail("a page blob must be a multiple of 512");
  if (line.md5 !== undefined && !/^[0-9a-f]{32}$/.test(textOf(line.md5, "md5")))
    fail("'md5' has not 32 digits");
  const rangeSizeInBytes = integer(line.rangeSize ?? defaultRangeSizeInBytes, "rangeSize");
  if (rangeSizeInBytes < pageSizeInBytes || rangeSizeInBytes % pageSizeInBytes !== 0)
    fail("'rangeSize' is odd");
  if (!Number.isSafeInteger(line.modified)) fail("'modified' is no whole number");
  const blob: SeedBlob = Object.freeze({
    index,
    name,
    kind,
    lengthInBytes,
    md5: line.md5,
    modifiedAtInMs: line.modified,
    headers: strings(line.headers, "headers", fail),
    metadata: strings(line.metadata, "metadata", fail),
    rangeSizeInBytes,
    dataStretches:
      line.stretches === undefined ? undefined : stretchesOf(line.stretches, lengthInBytes, fail),
  });
  const hashesOffsetInBytes = line.hashesAt === undefined ? undefined : integer(line.hashesAt, "hashesAt");
  if (hashesOffsetInBytes !== undefined && hashesOffsetInBytes % rangeHashSizeInBytes !== 0) {
    fail("'hashesAt' is no multiple of 16");
  }
  return { blob, place: placeOf(line, blob, integer, fail), hashesOffsetInBytes };
}

type Fail = (problem: string) => never;

const noStrings: Readonly<Record<string, string>> = Object.freeze({});

function strings(value: unknown, field: string, fail: Fail): Readonly<Record<string, string>> {
  if (value === undefined) return noStrings;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return fail(`'${field}' is no object`);
  for (const [key, text] of Object.entries(value)) {
    // JSON can bring an own property of this name; assigning it elsewhere would change a prototype.
    if (typeof text !== "string" || key === "__proto__") return fail(`'${field}.${key}' is no text`);
  }
  return Object.freeze(value as Record<string, string>);
}

function stretchesOf(value: unknown, lengthInBytes: number, fail: Fail): readonly SeedBlobRange[] {
  if (!Array.isArray(value) || value.length % 2 !== 0 || value.length > 2 * maximumStretches) {
    return fail("'stretches' is no list of offset and length pairs");
  }
  const stretches: SeedBlobRange[] = [];
  let previousEnd = -1;
  for (let at = 0; at < value.length; at += 2) {
    const offsetInBytes = value[at] as number;
    const stretchLength = value[at + 1] as number;
    const valid =
      Number.isSafeInteger(offsetInBytes) &&
      Number.isSafeInteger(stretchLength) &&
      offsetInBytes > previousEnd &&
      offsetInBytes % pageSizeInBytes === 0 &&
      stretchLength > 0 &&
      stretchLength % pageSizeInBytes === 0 &&
      offsetInBytes + stretchLength <= lengthInBytes;
    if (!valid) return fail("'stretches' overlap, touch, are not aligned to 512 or leave the blob");
    previousEnd = offsetInBytes + stretchLength;
    stretches.push(Object.freeze({ offsetInBytes, lengthInBytes: stretchLength }));
  }
  return Object.freeze(stretches);
}

function placeOf(
  line: CatalogLine,
  blob: SeedBlob,
  integer: (value: unknown, field: string, maximum?: number) => number,
  fail: Fail,
): StagedPlace {
  if (line.pack !== undefined) {
    return { type: "pack", pack: integer(line.pack, "pack", 1e9), offsetInBytes: integer(line.at, "at") };
  }
  if (line.file !== undefined) return { type: "file", file: integer(line.file, "file", 1e9) };
  if (line.root !== undefined) {
    const path = line.path;
    if (typeof path !== "string" || !isPathWithin(path)) return fail("'path' leaves its folder");
    return { type: "adopted", root: integer(line.root, "root", 1e6), path };
  }
  if (blob.lengthInBytes > 0) fail("it says nothing of where its bytes lie");
  return { type: "empty" };
}

/** Whether a relative path with forward slashes stays below its folder on every system. */
export function isPathWithin(path: string): boolean {
  return (
    path !== "" &&
    !path.includes("\0") &&
    path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..") &&
    (process.platform !== "win32" || !/[\\:]/.test(path))
  );
}

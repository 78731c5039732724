/**
 * What a blob keeps of the file it was made from, as blob metadata that survives the way through the datacentre. The names are
 * those other tools use for the same thing: `mtime` (rclone), `is_symlink` (AzCopy), `hdi_isfolder` (Data Lake).
 */
/** Metadata of a symbolic link; the content of the blob is its target. */
export const symlinkMetadataName = "is_symlink";
/** Metadata of an empty folder; the blob is empty. */
export const folderMetadataName = "hdi_isfolder";
/** Modification time, RFC 3339 with microseconds. */
export const modifiedMetadataName = "mtime";
/** The blob name is the path with escapes, see `blobNameFromPath`. */
export const escapedNameMetadataName = "escaped_name";
/** A further name of a file; the content of the blob is the path of the first name. */
export const hardLinkMetadataName = "is_hardlink";
/** POSIX permission bits, octal. */
export const modeMetadataName = "mode";

/** The metadata for a file, folder or link; times and permission bits only where they are to be kept. */
export function attributesOf(
  facts: { readonly modifiedAtInMs: number; readonly mode: number },
  kind: "file" | "folder" | "symlink",
  keepAttributes: boolean,
): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = {};
  if (keepAttributes) {
    metadata[modifiedMetadataName] = formatTime(facts.modifiedAtInMs);
    if (kind !== "symlink") metadata[modeMetadataName] = (facts.mode & 0o7777).toString(8).padStart(4, "0");
  }
  if (kind === "symlink") metadata[symlinkMetadataName] = "true";
  if (kind === "folder") metadata[folderMetadataName] = "true";
  return metadata;
}

/** RFC 3339, rounded to microseconds: the finest that can be set again, and what floating-point milliseconds can hold. */
export function formatTime(timeInMs: number): string {
  const microseconds = Math.round(timeInMs * 1000);
  const milliseconds = Math.floor(microseconds / 1000);
  const rest = microseconds - milliseconds * 1000;
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${String(1000 + rest).slice(1)}Z`;
}

/** Milliseconds since 1970 with their fraction, or undefined when the text is no RFC 3339 time. */
export function parseTime(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return undefined;
  const seconds = Date.parse(`${match[1]}${match[3]}`);
  if (Number.isNaN(seconds)) return undefined;
  return seconds + Number.parseInt((match[2] ?? "0").padEnd(9, "0"), 10) / 1e6;
}

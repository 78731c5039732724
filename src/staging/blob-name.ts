/**
 * Names of blobs: the rules of the Blob service ("Naming and referencing containers, blobs and metadata") and a reversible
 * way to turn any file path into such a name.
 */
import { StagingError } from "./errors.js";

/** Longest blob name in UTF-16 code units. */
export const maximumBlobNameLength = 1024;
const maximumSegments = 254;

// Control characters cannot travel in HTTP headers or XML, U+FFFE and U+FFFF are no characters at all.
const forbiddenCharacter = /[\u0000-\u001f\u007f-\u009f\ufffe\uffff\\]/;
const forbiddenCharacters = /[\u0000-\u001f\u007f-\u009f\ufffe\uffff\\]/g;

/** Why the service or the drive manifest could not carry this name; undefined when it can. */
export function blobNameProblem(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.length > maximumBlobNameLength) {
    return `it has ${name.length} characters, the service allows ${maximumBlobNameLength}`;
  }
  if (/\p{Surrogate}/u.test(name)) return "it is not valid Unicode (a surrogate stands alone)";
  const forbidden = forbiddenCharacter.exec(name)?.[0];
  if (forbidden === "\\") return "it contains a backslash, which clients of the service turn into a slash";
  if (forbidden !== undefined) {
    return `it contains the character U+${forbidden.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  }
  if (name.startsWith("/") || name.endsWith("/")) return "it begins or ends with a slash";
  // Splitting only where a short test cannot answer keeps this cheap for millions of names.
  if (name.includes("//")) return "it contains an empty path segment ('//')";
  if (/(^|\/)[^/]*\.(\/|$)/.test(name)) return "one of its path segments ends with a dot";
  let segments = 1;
  for (let index = name.indexOf("/"); index >= 0; index = name.indexOf("/", index + 1)) segments += 1;
  if (segments > maximumSegments) {
    return `it has ${segments} path segments, the service allows ${maximumSegments}`;
  }
  return undefined;
}

/**
 * Checks a blob name.
 *
 * @throws StagingError `blob-name-invalid` naming the broken rule
 */
export function checkBlobName(name: string): void {
  const problem = typeof name === "string" ? blobNameProblem(name) : "it is not a string";
  if (problem !== undefined) {
    throw new StagingError(
      "blob-name-invalid",
      `The blob name ${quoted(name)} cannot be used: ${problem}. Rename it, or let blobNameFromPath() escape it.`,
      { details: { name: String(name).slice(0, maximumBlobNameLength) } },
    );
  }
}

/**
 * A blob name for a relative file path with forward slashes. Characters that names may not contain, and dots at the end of a
 * segment, become `%XX`; a `%` that would read as such an escape becomes `%25`. All other paths stay as they are.
 * {@link pathFromBlobName} is the way back.
 */
export function blobNameFromPath(path: string): string {
  if (!/[\u0000-\u001f\u007f-\u009f\ufffe\uffff\\%]|\.(\/|$)/.test(path)) return path;
  return path
    .replace(/%(?=[0-9A-Fa-f]{2})/g, "%25")
    .replace(forbiddenCharacters, (character) => encodeURIComponent(character))
    .replace(/\.+(?=\/|$)/g, (dots) => "%2E".repeat(dots.length));
}

/** The path that {@link blobNameFromPath} was given. */
export function pathFromBlobName(name: string): string {
  return name.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}

function quoted(name: string): string {
  const text = JSON.stringify(String(name));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

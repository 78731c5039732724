/**
 * Reads metadata and properties files of a drive (public article "Azure Import/Export service metadata and properties
 * file format").
 */
import { createHash } from "node:crypto";
import { SaxesParser } from "saxes";
import type { DriveVolume } from "./drive-volume.js";
import type { SideFileReference, SideFileStatus } from "./import-outcome.js";

/** Names and values of a side file, or why there are none. */
export type SideFileContent =
  | { readonly status: "Completed"; readonly values: Readonly<Record<string, string>> }
  | { readonly status: Exclude<SideFileStatus, "Completed"> };

/** Children of a properties file that an import applies. */
export const importableProperties = [
  "Content-Type",
  "Content-MD5",
  "Content-Encoding",
  "Content-Language",
  "Cache-Control",
] as const;

const maximumSizeInBytes = 1024 * 1024;

/** Reads and checks one file. Never throws: what goes wrong is a status of the log. */
export async function readSideFile(
  volume: DriveVolume,
  root: "Metadata" | "Properties",
  reference: SideFileReference,
): Promise<SideFileContent> {
  const file = await volume.openFile(reference.path);
  if (typeof file === "string") return { status: file };
  if (file.sizeInBytes > maximumSizeInBytes) return { status: "XmlReadFailed" };
  const content = new Uint8Array(file.sizeInBytes);
  try {
    await file.read(0, content);
  } catch {
    return { status: "IOFailed" };
  }
  if (createHash("md5").update(content).digest("hex").toUpperCase() !== reference.hash) {
    return { status: "Corrupted" };
  }
  try {
    return { status: "Completed", values: parseSideFile(root, content) };
  } catch {
    return { status: "XmlReadFailed" };
  }
}

function parseSideFile(root: string, content: Uint8Array): Readonly<Record<string, string>> {
  const values = new Map<string, string>();
  const path: string[] = [];
  let text = "";
  const parser = new SaxesParser();
  const refuse = (reason: string): never => {
    throw new SyntaxError(reason);
  };
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("doctype", () => refuse("a document type declaration is not allowed"));
  parser.on("opentag", ({ name, attributes }) => {
    if (path.length > 1 || (path.length === 0 && name !== root)) refuse(`'${name}' is not allowed here`);
    if (path.length === 1 && Object.keys(attributes).length > 0) refuse(`'${name}' has attributes`);
    if (path.length === 1 && values.has(name)) refuse(`'${name}' appears twice`);
    path.push(name);
    text = "";
  });
  const collectText = (piece: string): void => {
    if (path.length < 2 && piece.trim() !== "") refuse("text is allowed in the values only");
    text += piece;
  };
  parser.on("text", collectText);
  parser.on("cdata", collectText);
  parser.on("closetag", () => {
    const name = path.pop()!;
    if (path.length === 1) values.set(name, text);
  });
  parser.write(new TextDecoder("utf-8", { fatal: true }).decode(content)).close();
  return Object.fromEntries(values);
}

/**
 * Streaming reader of drive manifests, strict about structure and bounds: the manifest may come from anywhere.
 *
 * Source: Microsoft, "Azure Import/Export service manifest file format".
 */
import type { SaxesParser } from "saxes";
import { isDriveError } from "./drive-error.js";
import type { ManifestBlob } from "./manifest-format.js";
import { invalidManifest } from "./manifest-invalid.js";
import { ManifestState } from "./manifest-state.js";

/** A manifest being read. */
export interface DriveManifest {
  readonly version: string;
  readonly driveId: string;
  /** The blobs in file order; can be iterated once. Rejects like {@link readDriveManifest}. */
  readonly blobs: AsyncIterable<ManifestBlob>;
}

/**
 * Reads a manifest piece by piece; memory depends on the largest single blob only.
 *
 * @param content the bytes of the file, UTF-8
 * @throws DriveError `manifest-invalid`: not XML, a DOCTYPE, an element or value that the format does not have
 */
export async function readDriveManifest(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<DriveManifest> {
  const state = new ManifestState();
  const pieces = parsePieces(content, state);
  const pending: ManifestBlob[] = [];
  // `DriveId` precedes every blob, so the head is complete as soon as the first blob is.
  let ended = false;
  while (!ended && !state.headIsComplete) {
    const next = await pieces.next();
    if (next.done) ended = true;
    else pending.push(...next.value);
  }
  if (state.driveId === undefined) throw invalidManifest("it names no DriveId");

  async function* blobs(): AsyncGenerator<ManifestBlob> {
    yield* pending;
    for await (const piece of pieces) yield* piece;
  }
  return { version: state.version, driveId: state.driveId, blobs: blobs() };
}

async function* parsePieces(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  state: ManifestState,
): AsyncGenerator<readonly ManifestBlob[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const parser = await createParser(state);
  const feed = (text: string | undefined): void => {
    try {
      if (text === undefined) parser.close();
      else parser.write(text);
    } catch (error) {
      if (isDriveError(error)) throw error;
      throw invalidManifest("it is not well-formed XML", error);
    }
  };
  const decode = (bytes: Uint8Array | undefined): string => {
    try {
      return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
    } catch (error) {
      throw invalidManifest("it is not valid UTF-8", error);
    }
  };
  for await (const bytes of content) {
    feed(decode(bytes));
    yield state.takeBlobs();
  }
  feed(decode(undefined));
  feed(undefined);
  yield state.takeBlobs();
}

async function createParser(state: ManifestState): Promise<SaxesParser> {
  // Loaded when needed: preparing a drive reads no manifest, and the start of its program is to be short.
  const { SaxesParser } = await import("saxes");
  const parser = new SaxesParser({ fragment: false, position: false });
  parser.on("error", (error) => {
    throw invalidManifest("it is not well-formed XML", error);
  });
  parser.on("doctype", () => {
    throw invalidManifest("it has a DOCTYPE, which a manifest never has");
  });
  parser.on("opentag", (tag) => state.open(tag.name, tag.attributes as Record<string, string>));
  parser.on("text", (text) => state.text(text));
  parser.on("cdata", (text) => state.text(text));
  parser.on("closetag", () => state.close());
  return parser;
}

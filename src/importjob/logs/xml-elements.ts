/**
 * A log's XML as completed elements, streamed.
 *
 * The newest logs have several roots and the others one, so the text is read as the content of one element of our own;
 * a declaration in front is dropped. No DTD, limits on depth and text, and a truncated log is an error.
 */
import { TextDecoder } from "node:util";
import { SaxesParser } from "saxes";
import { type AbortSignalLike, throwIfAborted } from "../../shared/index.js";
import { ImportJobError } from "../import-job-error.js";

/** One element: small ones are kept whole, big ones are handed out child by child. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
  readonly children: XmlElement[];
}

/** What to do with elements as they open and close. */
export interface XmlElementHandler {
  /** An element has opened; `path` names its ancestors from the log's root. */
  open(element: XmlElement, path: readonly string[]): void;
  /** An element is complete. Return true to keep it as a child of its parent. */
  close(element: XmlElement, path: readonly string[]): boolean;
}

const maximumDepth = 16;
const maximumTextLength = 1 << 20;
const wrapper = "offline-seed-log";
const headLength = 1024;

/** Bytes of a log: a file stream, a downloaded blob, or text already in memory. */
export type ImportLogSource = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/**
 * Feeds a log through the handler, and yields after every piece of input so that the caller can take what has come.
 *
 * @throws ImportJobError `invalid-log`
 */
export async function* readXmlElements(
  source: ImportLogSource,
  handler: XmlElementHandler,
  abortSignal: AbortSignalLike | undefined,
): AsyncGenerator<void> {
  const parser = new SaxesParser({ xmlns: false, position: true });
  const stack: XmlElement[] = [];
  let failure: ImportJobError | undefined;
  const fail = (reason: string): void => {
    failure ??= new ImportJobError("invalid-log", `The import log cannot be read: ${reason}`);
  };
  const addText = (text: string): void => {
    const element = stack.at(-1);
    if (!element) return;
    if (element.text.length + text.length > maximumTextLength)
      fail("it has a text of more than one million characters.");
    else element.text += text;
  };
  parser.on("error", (error) => fail(error.message));
  parser.on("doctype", () => fail("it has a document type declaration, which logs never have."));
  parser.on("text", addText);
  parser.on("cdata", addText);
  let lastTagAt = 0;
  parser.on("opentag", (tag) => {
    lastTagAt = parser.position;
    if (stack.length > maximumDepth) fail("its elements are nested too deeply.");
    const element: XmlElement = { name: tag.name, attributes: { ...tag.attributes }, text: "", children: [] };
    if (stack.length > 0 && !failure) handler.open(element, pathOf(stack));
    stack.push(element);
  });
  parser.on("closetag", () => {
    lastTagAt = parser.position;
    const element = stack.pop();
    const parent = stack.at(-1);
    if (!element || !parent || failure) return;
    if (handler.close(element, pathOf(stack))) parent.children.push(element);
  });

  const write = (text: string): void => {
    parser.write(text);
    // Text and tags are only reported once complete, so an endless one must be noticed by its distance.
    if (parser.position - lastTagAt > maximumTextLength + text.length)
      fail("a text or tag in it does not end.");
    if (failure) throw failure;
  };
  write(`<${wrapper}>`);
  let head: string | undefined = "";
  for await (const text of decode(source)) {
    throwIfAborted(abortSignal);
    if (head === undefined) write(text);
    else {
      head += text;
      if (head.length < headLength) continue;
      write(withoutDeclaration(head));
      head = undefined;
    }
    yield;
  }
  if (head !== undefined) write(withoutDeclaration(head));
  write(`</${wrapper}>`);
  parser.close();
  if (failure) throw failure;
  yield;
}

function pathOf(stack: readonly XmlElement[]): readonly string[] {
  return stack.slice(1).map((element) => element.name);
}

function withoutDeclaration(head: string): string {
  return head.replace(/^\uFEFF?\s*(?:<\?xml\s[^>]*\?>)?/, "");
}

/** UTF-8, or UTF-16 when a byte order mark says so. */
async function* decode(source: ImportLogSource): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  for await (const piece of source) {
    if (typeof piece === "string") yield piece;
    else {
      decoder ??= decoderFor(piece);
      yield decodePiece(decoder, piece);
    }
  }
  if (decoder) yield decodePiece(decoder, undefined);
}

function decoderFor(piece: Uint8Array): TextDecoder {
  const encoding =
    piece[0] === 0xff && piece[1] === 0xfe
      ? "utf-16le"
      : piece[0] === 0xfe && piece[1] === 0xff
        ? "utf-16be"
        : "utf-8";
  return new TextDecoder(encoding, { fatal: true });
}

function decodePiece(decoder: TextDecoder, piece: Uint8Array | undefined): string {
  try {
    return decoder.decode(piece, { stream: piece !== undefined });
  } catch (cause) {
    throw new ImportJobError("invalid-log", "The import log cannot be read: its bytes are not valid text.", {
      cause,
    });
  }
}

/** Characters, names and encodings of XML 1.0 (Fifth Edition) §2.2, §2.3, §4.3.3. */
import { XmlError } from "./xml-error.js";

/** Anything outside `Char` of XML 1.0 §2.2: control characters, lone surrogates, U+FFFE and U+FFFF. */
const forbiddenCharacter = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** A name without colon, restricted to ASCII: all formats of this library use no other. */
const asciiName = /^[A-Za-z_][A-Za-z0-9._-]*$/;

const encodingDeclaration = /^<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/;

/** Position (in UTF-16 units) of the first character XML 1.0 forbids, or -1. */
export function findForbiddenXmlCharacter(text: string): number {
  return text.search(forbiddenCharacter);
}

/** Whether the text may be the name of an element or attribute written by this library. */
export function isXmlName(text: string): boolean {
  return asciiName.test(text);
}

/**
 * The text of a document: UTF-8 with or without byte order mark, UTF-16 with one.
 *
 * @throws XmlError `unsupported-encoding` when the bytes are something else or contradict the declaration.
 */
export function decodeXmlBytes(bytes: Uint8Array): string {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : "utf-8";
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new XmlError(
      "unsupported-encoding",
      `The document is not valid ${encoding.toUpperCase()}. Save it as UTF-8 and try again.`,
      { cause, details: { encoding } },
    );
  }
  const declared = encodingDeclaration.exec(text)?.[1]?.toLowerCase();
  if (declared !== undefined && declared !== (encoding === "utf-8" ? "utf-8" : "utf-16")) {
    throw new XmlError(
      "unsupported-encoding",
      `The document declares the encoding '${declared}' but is stored as ${encoding.toUpperCase()}. Save it as UTF-8 and try again.`,
      { details: { declared, encoding } },
    );
  }
  return text;
}

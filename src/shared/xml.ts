/**
 * Reading small XML documents that come from outside: size and depth limits, no DTD, no entities of its own, exactly
 * one root with the expected name and namespace.
 *
 * Two libraries share the work. `saxes` decides whether the document is well-formed and namespace-well-formed (XML
 * 1.0 §2.1, Namespaces in XML §7): it is strict where `fast-xml-parser` repairs silently. Only what passed is given
 * to `fast-xml-parser`, which makes the tree. Values are text and stay text: nothing is trimmed or turned into numbers.
 */
import { XMLParser } from "fast-xml-parser";
import { SaxesParser } from "saxes";
import { XmlError } from "./xml-error.js";
import { decodeXmlBytes, findForbiddenXmlCharacter } from "./xml-text.js";

/** One element of a document. */
export interface XmlElement {
  /** As written, with its prefix. */
  readonly name: string;
  /** Decoded values by name as written; no inherited properties. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Elements and decoded text in document order; comments and processing instructions are left out. */
  readonly children: readonly (XmlElement | string)[];
}

/** What a document has to be, and how much of it is accepted. */
export interface ReadXmlOptions {
  /** Local name the root must have. */
  readonly rootName: string;
  /** Namespace the root must be in. Default: none, and then the root must have none. */
  readonly rootNamespace?: string;
  /** Default: 4 MiB. */
  readonly maxSizeInBytes?: number;
  /** Greatest nesting, the root counting as 1. Default: 32. */
  readonly maxDepth?: number;
}

/**
 * Reads a document into a tree.
 *
 * @throws XmlError `too-large`, `too-deep`, `unsupported-encoding`, `forbidden-doctype`, `not-well-formed`,
 * `unexpected-root`.
 */
export function readXml(source: string | Uint8Array, options: ReadXmlOptions): XmlElement {
  const maxSizeInBytes = options.maxSizeInBytes ?? 4 * 1024 * 1024;
  const sizeInBytes = typeof source === "string" ? Buffer.byteLength(source) : source.byteLength;
  if (sizeInBytes > maxSizeInBytes) {
    throw new XmlError(
      "too-large",
      `The document has ${sizeInBytes} bytes; at most ${maxSizeInBytes} are accepted for a <${options.rootName}> document.`,
      { details: { sizeInBytes, maxSizeInBytes } },
    );
  }
  const text = (typeof source === "string" ? source.replace(/^\uFEFF/, "") : decodeXmlBytes(source)).replace(
    /\r\n?/g,
    "\n",
  );
  checkDocument(text, options);
  return parseCheckedDocument(text);
}

/** Characters of a name that cannot be its first (XML 1.0 §2.3, NameChar without NameStartChar). */
// biome-ignore lint/suspicious/noMisleadingCharacterClass: single characters and a range, as the specification lists them
const wrongStart = /^[-.0-9\u00B7\u0300-\u036F\u203F\u2040]/;

/** Refuses everything that is not one well-formed document with the expected root. */
function checkDocument(text: string, options: ReadXmlOptions): void {
  const maxDepth = options.maxDepth ?? 32;
  const parser = new SaxesParser({ xmlns: true, position: true });
  let depth = 0;
  const position = (): { readonly line: number; readonly column: number } => ({
    line: parser.line,
    column: parser.column + 1,
  });

  const forbiddenAt = findForbiddenXmlCharacter(text);
  if (forbiddenAt >= 0) {
    const codePoint = text.codePointAt(forbiddenAt)!.toString(16).toUpperCase().padStart(4, "0");
    const line = text.slice(0, forbiddenAt).split("\n").length;
    throw new XmlError(
      "not-well-formed",
      `Line ${line} holds the character U+${codePoint}, which XML forbids.`,
      {
        details: { line },
      },
    );
  }
  parser.on("doctype", () => {
    throw new XmlError(
      "forbidden-doctype",
      `Line ${parser.line} has a document type declaration (<!DOCTYPE>). Such documents are refused; remove the declaration.`,
      { details: position() },
    );
  });
  parser.on("error", (error) => {
    throw new XmlError("not-well-formed", `The document is not well-formed XML: ${error.message}.`, {
      details: position(),
    });
  });
  // saxes looks at the first character of a whole name only, not at the one behind the prefix.
  const checkLocalName = (name: string): void => {
    if (wrongStart.test(name)) {
      throw new XmlError("not-well-formed", `Line ${parser.line}: '${name}' is not an XML name.`, {
        details: position(),
      });
    }
  };
  parser.on("opentag", (tag) => {
    checkLocalName(tag.local);
    for (const { local } of Object.values(tag.attributes)) checkLocalName(local);
    depth += 1;
    if (depth > maxDepth) {
      throw new XmlError(
        "too-deep",
        `Line ${parser.line}: elements are nested deeper than ${maxDepth} levels.`,
        {
          details: { ...position(), maxDepth },
        },
      );
    }
    if (depth === 1 && (tag.local !== options.rootName || tag.uri !== (options.rootNamespace ?? ""))) {
      throw new XmlError(
        "unexpected-root",
        `The document's root is <${tag.name}>${tag.uri === "" ? "" : ` in namespace '${tag.uri}'`}; expected <${options.rootName}>${options.rootNamespace === undefined ? " without a namespace" : ` in namespace '${options.rootNamespace}'`}.`,
        { details: { root: tag.name, namespace: tag.uri } },
      );
    }
  });
  parser.on("closetag", () => {
    depth -= 1;
  });
  parser.write(text).close();
}

const attributesKey = ":@";
const attributePrefix = "@";
const textKey = "#text";
const cdataKey = "#cdata";

type ParsedNode = Readonly<Record<string, unknown>>;

function parseCheckedDocument(text: string): XmlElement {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: attributePrefix,
    textNodeName: textKey,
    cdataPropName: cdataKey,
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    // Decoded below: only the five predefined entities and character references are left in a checked document.
    processEntities: false,
    maxNestedTags: Number.MAX_SAFE_INTEGER,
  });
  const content = withoutMarginalia(text);
  let nodes: readonly ParsedNode[];
  try {
    nodes = parser.parse(content) as readonly ParsedNode[];
  } catch (cause) {
    throw new XmlError("not-well-formed", "The document uses a name that this reader refuses.", { cause });
  }
  const root = nodes.map(toChild).find((child) => typeof child === "object");
  if (root === undefined) throw new XmlError("not-well-formed", "The document has no root element.");
  return root;
}

/**
 * The document without declaration, comments and processing instructions, which `fast-xml-parser` misreads when they
 * hold quotes. In a checked document the three openings occur nowhere else, CDATA sections apart.
 */
function withoutMarginalia(text: string): string {
  return text.replace(/<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>/gs, (part) => {
    if (part.startsWith("<![CDATA[")) return part;
    // saxes takes a question mark right behind the target for a part of it.
    if (part.startsWith("<?") && !/^<\?[^\s?]+(?:\s.*)?\?>$/s.test(part)) {
      throw new XmlError("not-well-formed", "The document holds a malformed processing instruction.");
    }
    return "";
  });
}

function toChild(node: ParsedNode): XmlElement | string {
  const name = Object.keys(node).find((key) => key !== attributesKey) ?? textKey;
  const content = node[name];
  if (name === textKey) return decodeReferences(String(content));
  if (name === cdataKey) {
    return (content as readonly ParsedNode[]).map((part) => String(part[textKey])).join("");
  }
  const attributes: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries((node[attributesKey] ?? {}) as ParsedNode)) {
    // XML 1.0 §3.3.3: literal white space in attribute values becomes a space; references keep theirs.
    attributes[key.slice(attributePrefix.length)] = decodeReferences(String(value).replace(/[\t\n]/g, " "));
  }
  return Object.freeze({
    name,
    attributes: Object.freeze(attributes),
    children: Object.freeze((content as readonly ParsedNode[]).map(toChild)),
  });
}

const predefinedEntities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function decodeReferences(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(\w+));/g, (_, hexadecimal, decimal, name) =>
    name !== undefined
      ? predefinedEntities[name as string]!
      : String.fromCodePoint(
          hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal as string, 16),
        ),
  );
}

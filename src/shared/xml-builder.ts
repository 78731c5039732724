/**
 * Writing small XML documents: UTF-8, two spaces of indentation, every name and character checked before anything is
 * returned. What it writes, {@link readXml} reads back unchanged.
 */
import builderExport from "fast-xml-builder";
import type { XmlElement } from "./xml.js";
import { XmlError } from "./xml-error.js";
import { findForbiddenXmlCharacter, isXmlName } from "./xml-text.js";

// Its CommonJS build hands out a module object where its ES module hands out the class.
const XMLBuilder =
  (builderExport as typeof builderExport & { readonly default?: typeof builderExport }).default ??
  builderExport;

/**
 * An element to be written. Attributes whose value is undefined are left out.
 *
 * An element holds either elements or one text: mixed content has no use in the formats of this library.
 */
export function xmlElement(
  name: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
  content: string | readonly XmlElement[] = [],
): XmlElement {
  const present: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) present[key] = value;
  }
  return Object.freeze({
    name,
    attributes: Object.freeze(present),
    children: Object.freeze(typeof content === "string" ? (content === "" ? [] : [content]) : [...content]),
  });
}

/**
 * The text of a document with XML declaration, ending in a line feed.
 *
 * @throws XmlError `invalid-name` for a name with markup or non-ASCII characters; `invalid-text` for characters that
 * XML forbids, for a carriage return (no XML reader gives it back) and for line breaks or tabs in attributes.
 */
export function writeXml(root: XmlElement): string {
  const builder = new XMLBuilder({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    textNodeName: "#text",
    format: true,
    suppressEmptyNode: true,
    suppressBooleanAttributes: false,
    processEntities: true,
  });
  return `<?xml version="1.0" encoding="utf-8"?>\n${builder.build([toNode(root)]).trim()}\n`;
}

function toNode(element: XmlElement): Record<string, unknown> {
  checkName(element.name);
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(element.attributes)) {
    checkName(name);
    checkText(value, /[\t\n\r]/, `attribute '${name}' of <${element.name}>`);
    attributes[`@${name}`] = value;
  }
  return {
    [element.name]: element.children.map((child) => {
      if (typeof child !== "string") return toNode(child);
      checkText(child, /\r/, `<${element.name}>`);
      return { "#text": child };
    }),
    ...(Object.keys(attributes).length > 0 ? { ":@": attributes } : {}),
  };
}

function checkName(name: string): void {
  if (!isXmlName(name)) {
    throw new XmlError("invalid-name", `'${name}' cannot be the name of an XML element or attribute.`, {
      details: { name },
    });
  }
}

function checkText(text: string, unwritable: RegExp, place: string): void {
  if (findForbiddenXmlCharacter(text) >= 0 || unwritable.test(text)) {
    // The text itself stays out of the message: it may be a secret.
    throw new XmlError(
      "invalid-text",
      `The text of ${place} holds a character that cannot be stored in XML.`,
    );
  }
}

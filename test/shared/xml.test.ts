import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readXml, readXmlFields, writeXml, type XmlElement, xmlElement } from "../../src/shared/index.js";

const read = (text: string | Uint8Array) => readXml(text, { rootName: "r" });

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
  return "accepted";
}

describe("readXml", () => {
  test("keeps text, attributes, order, white space and CDATA; decodes references once", () => {
    const text =
      '\uFEFF<?xml version="1.0" encoding="utf-8"?>\r\n<!-- c --><?pi x?>\r\n<r a="1 &amp;lt; &#x41;&#66; \t." b=""> x <c>007</c>' +
      "<![CDATA[<&amp;>]]>&lt;&#10;&quot;<d/><e>\r\n</e></r>\n<!-- end -->";
    expect(JSON.parse(JSON.stringify(read(text)))).toEqual({
      name: "r",
      attributes: { a: "1 &lt; AB  .", b: "" },
      children: [
        " x ",
        { name: "c", attributes: {}, children: ["007"] },
        "<&amp;>",
        '<\n"',
        { name: "d", attributes: {}, children: [] },
        { name: "e", attributes: {}, children: ["\n"] },
      ],
    });
  });

  test.each([
    ["", "not-well-formed"],
    ["   ", "not-well-formed"],
    ["text", "not-well-formed"],
    ["<r>", "not-well-formed"],
    ["<r></s>", "not-well-formed"],
    ["<r a='1' a='2'/>", "not-well-formed"],
    ["<r a=1/>", "not-well-formed"],
    ["<r>&</r>", "not-well-formed"],
    ["<r>&unknown;</r>", "not-well-formed"],
    ["<r>&nbsp;</r>", "not-well-formed"],
    ["<r>&#0;</r>", "not-well-formed"],
    ["<r>&#xD800;</r>", "not-well-formed"],
    ["<r a='<'/>", "not-well-formed"],
    ["<r>]]></r>", "not-well-formed"],
    ["<r><!-- a -- b --></r>", "not-well-formed"],
    ["<r/><r/>", "not-well-formed"],
    ["<r/>text", "not-well-formed"],
    [" <?xml version='1.0'?><r/>", "not-well-formed"],
    ["<r><x:y/></r>", "not-well-formed"],
    ["<r>\u0000</r>", "not-well-formed"],
    ["<r>\u000B</r>", "not-well-formed"],
    ["<r>\uFFFE</r>", "not-well-formed"],
    ["<r>\uD83D</r>", "not-well-formed"],
    ["<1r/>", "not-well-formed"],
    ["<r xmlns:p='urn:p'><p:-a/></r>", "not-well-formed"],
    ["<r xmlns:p='urn:p' p:1='x'/>", "not-well-formed"],
    ["<?pi?x?><r/>", "not-well-formed"],
    ["<?pi ?x?><r/>", "accepted"],
    ['<?pi data"?><r/>', "accepted"],
    ["<r><__proto__/></r>", "not-well-formed"],
    ["<r><constructor a='1'/></r>", "not-well-formed"],
    ["<!DOCTYPE r><r/>", "forbidden-doctype"],
    ['<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r>&b;</r>', "forbidden-doctype"],
    ['<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>', "forbidden-doctype"],
    ['<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>', "forbidden-doctype"],
    ["<s/>", "unexpected-root"],
    ["<r xmlns='urn:other'/>", "unexpected-root"],
    [`${"<r>".repeat(10_000)}${"</r>".repeat(10_000)}`, "too-deep"],
    ["<r>".repeat(10_000), "too-deep"],
  ])("%j: %s", (text, code) => {
    expect(codeOf(() => read(text))).toBe(code);
  });

  test("refuses 100 MB before looking into it", () => {
    const huge = Buffer.alloc(100 * 1024 * 1024, "<r>");
    expect(codeOf(() => read(huge))).toBe("too-large");
    expect(codeOf(() => read(`<r>${"x".repeat(5 * 1024 * 1024)}</r>`))).toBe("too-large");
  });

  test("reads UTF-16 with byte order mark and refuses bytes that contradict the declaration", () => {
    const declared = (encoding: string, bytes: BufferEncoding, mark = "\uFEFF") =>
      Buffer.from(`${mark}<?xml version="1.0" encoding="${encoding}"?><r>ä</r>`, bytes);
    expect(read(declared("utf-16", "utf16le")).children).toEqual(["ä"]);
    expect(read(declared("UTF-8", "utf8", "")).children).toEqual(["ä"]);
    expect(codeOf(() => read(declared("iso-8859-1", "utf8", "")))).toBe("unsupported-encoding");
    expect(codeOf(() => read(declared("utf-8", "utf16le")))).toBe("unsupported-encoding");
    expect(codeOf(() => read(declared("utf-8", "latin1", "")))).toBe("unsupported-encoding");
  });

  test("accepts the expected namespace only, with any prefix", () => {
    const options = { rootName: "r", rootNamespace: "urn:mine" };
    expect(readXml("<p:r xmlns:p='urn:mine'/>", options).name).toBe("p:r");
    expect(codeOf(() => readXml("<r/>", options))).toBe("unexpected-root");
  });
});

describe("readXmlFields", () => {
  const fieldsOf = (text: string) => readXmlFields(read(text), { required: ["a"], optional: ["b"] });
  test.each([
    ["<r><a/></r>", "accepted"],
    ["<r><b/> <a/></r>", "accepted"],
    ["<r><b/></r>", "missing-content"],
    ["<r><a/><a/></r>", "unexpected-content"],
    ["<r><a/><c/></r>", "unexpected-content"],
    ["<r><a/>text</r>", "unexpected-content"],
  ])("%s: %s", (text, code) => {
    expect(codeOf(() => fieldsOf(text))).toBe(code);
  });
});

describe("writeXml", () => {
  test("refuses markup in names and characters that no reader gives back", () => {
    expect(codeOf(() => writeXml(xmlElement("r><x")))).toBe("invalid-name");
    expect(codeOf(() => writeXml(xmlElement("r", { "a b": "" })))).toBe("invalid-name");
    expect(codeOf(() => writeXml(xmlElement("r", { a: "line\nbreak" })))).toBe("invalid-text");
    expect(codeOf(() => writeXml(xmlElement("r", {}, "nul\0")))).toBe("invalid-text");
    expect(codeOf(() => writeXml(xmlElement("r", {}, "carriage\rreturn")))).toBe("invalid-text");
  });

  const text = fc
    .string({ unit: "binary" })
    .filter((value) => !/[^\t\n\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(value));
  const name = fc.constantFrom("a", "B", "c-d", "_e", "f.1");
  const element: fc.Arbitrary<XmlElement> = fc.letrec<{ element: XmlElement }>((tie) => ({
    element: fc
      .tuple(
        name,
        fc.dictionary(
          name,
          text.map((value) => value.replace(/[\t\n]/g, "")),
        ),
        fc.oneof({ maxDepth: 3 }, text, fc.array(tie("element"), { maxLength: 3, minLength: 1 })),
      )
      .map(([elementName, attributes, content]) => xmlElement(elementName, attributes, content)),
  })).element;

  /** Indentation between elements is not content. */
  const withoutIndentation = (read: XmlElement): unknown => ({
    name: read.name,
    attributes: { ...read.attributes },
    children: read.children.some((child) => typeof child === "object")
      ? read.children
          .filter((child) => typeof child === "object")
          .map((child) => withoutIndentation(child as XmlElement))
      : read.children,
  });

  test("what it writes is read back unchanged", () => {
    fc.assert(
      fc.property(element, (content) => {
        const root = xmlElement("r", {}, [content]);
        expect(withoutIndentation(read(writeXml(root)))).toEqual(withoutIndentation(root));
      }),
      { numRuns: process.env["OFFLINE_SEED_LONG"] === "1" ? 20_000 : 500 },
    );
  });
});

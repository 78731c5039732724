/** Our XML reader and writer beside libxml2 (`xmllint`) and xmldom: the same verdicts, the same content. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DOMParser, type Element as DomElement, type Node as DomNode } from "@xmldom/xmldom";
import fc from "fast-check";
import {
  isXmlError,
  readXml,
  systemCommandRunner,
  writeXml,
  type XmlElement,
  xmlElement,
} from "../../src/shared/index.js";
import { isOracleMissing } from "../support/required-programs.js";

const runs = process.env["OFFLINE_SEED_LONG"] === "1" ? 5_000 : 400;
const seed = Number(process.env["OFFLINE_SEED_RANDOM"] ?? 20_260_203);

/** What our reader says; undefined when it stopped for a rule of ours before it knew whether the text is XML. */
function ourVerdict(text: string): "well-formed" | "malformed" | undefined {
  try {
    readXml(text, { rootName: "r" });
    return "well-formed";
  } catch (error) {
    if (!isXmlError(error)) throw error;
    return error.code === "not-well-formed" ? "malformed" : undefined;
  }
}

const base =
  '<?xml version="1.0"?>\n<r a="1" b=\'2\' xmlns:p="urn:p"><!-- note --><p:c d="&lt;x&#x41;"/>text &amp; more<e><![CDATA[<raw>]]></e><?pi data?></r>\n';

/** The base document with a few characters removed, doubled or put in. */
const damaged: fc.Arbitrary<string> = fc
  .array(
    fc.record({
      at: fc.nat(base.length),
      remove: fc.nat(3),
      insert: fc.constantFrom(
        "",
        "<",
        ">",
        "&",
        ";",
        "/",
        '"',
        "'",
        "=",
        "-",
        "--",
        "]]>",
        "?",
        "!",
        ":",
        "x",
        " ",
        "&#0;",
        "&#1;",
        "&#x10FFFF;",
        "&x;",
        "\u0001",
        "\uFFFF",
        "é",
        "<r>",
        "</r>",
        "<e/>",
        " a='3'",
      ),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((edits) =>
    edits.reduce(
      (text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove),
      base,
    ),
  );

const lacksXmllint = isOracleMissing("xmllint");

(lacksXmllint ? describe.skip : describe)("xmllint", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "offline-seed-xml-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The verdict on each text, in one run of the program. */
  async function theirVerdicts(texts: readonly string[]): Promise<readonly ("well-formed" | "malformed")[]> {
    const paths = texts.map((_, index) => join(folder, `${index}.xml`));
    await Promise.all(texts.map((text, index) => writeFile(paths[index]!, text)));
    const { stderr } = await systemCommandRunner("xmllint", ["--noout", "--nonet", ...paths]);
    const complaints = new Set(
      stderr.split("\n").flatMap((line) => {
        const match = /^(.+\/\d+\.xml):\d+: (?:parser|namespace) error/.exec(line);
        // Namespaces in XML does not ask a reader to check that a namespace name is a URI.
        return match === null || line.includes("is not a valid URI") ? [] : [match[1]!];
      }),
    );
    return paths.map((path) => (complaints.has(path) ? "malformed" : "well-formed"));
  }

  test(`agrees on ${runs} damaged documents (seed ${seed})`, async () => {
    const texts = [...new Set(fc.sample(damaged, { numRuns: runs, seed }))].filter(
      // libxml2 takes "1." for a version number; XML 1.0 §2.8 wants a digit behind the dot.
      (text) => ourVerdict(text) !== undefined && !text.includes('version="1."'),
    );
    const theirs = await theirVerdicts(texts);
    const disagreements = texts.flatMap((text, index) => {
      const ours = ourVerdict(text);
      return ours === theirs[index] ? [] : [{ text, ours, theirs: theirs[index] }];
    });
    const wellFormed = theirs.filter((verdict) => verdict === "well-formed").length;
    expect([disagreements, wellFormed > texts.length / 20, wellFormed < texts.length]).toEqual([
      [],
      true,
      true,
    ]);
  });

  test("accepts what we write and finds the same texts in it", async () => {
    const text = "é \" ' < & > ]]> 💾\n\ttab";
    const document = writeXml(
      xmlElement("r", { a: "é\"'<&>" }, [xmlElement("e", {}, text), xmlElement("f")]),
    );
    const path = join(folder, "ours.xml");
    await writeFile(path, document);
    const ask = async (expression: string): Promise<string> => {
      const result = await systemCommandRunner("xmllint", ["--nonet", "--xpath", expression, path]);
      expect(result.stderr).toBe("");
      return result.stdout.replace(/\n$/, "");
    };
    expect([await ask("string(/r/@a)"), await ask("string(/r/e)"), await ask("count(/r/*)")]).toEqual([
      "é\"'<&>",
      text,
      "2",
    ]);
    expect(await theirVerdicts([document])).toEqual(["well-formed"]);
  });
});

describe("xmldom", () => {
  const fromDom = (node: DomElement): XmlElement =>
    xmlTree(
      node.nodeName,
      Object.fromEntries(Array.from(node.attributes, ({ name, value }) => [name, value])),
      Array.from(node.childNodes, (child: DomNode) =>
        child.nodeType === 1
          ? fromDom(child as DomElement)
          : child.nodeType === 3 || child.nodeType === 4
            ? (child.nodeValue ?? "")
            : undefined,
      ).filter((child) => child !== undefined),
    );

  test(`sees the same elements, attributes and texts in ${runs} documents (seed ${seed})`, () => {
    const texts = fc
      .sample(damaged, { numRuns: runs, seed })
      .filter((text) => ourVerdict(text) === "well-formed");
    expect(texts.length).toBeGreaterThan(10);
    for (const text of [base, ...texts]) {
      const ours = readXml(text, { rootName: "r" });
      const theirs = new DOMParser({ onError: () => undefined }).parseFromString(text, "text/xml")
        .documentElement!;
      expect(normalized(ours)).toEqual(normalized(fromDom(theirs)));
    }
  });

  function xmlTree(
    name: string,
    attributes: Readonly<Record<string, string>>,
    children: readonly (XmlElement | string)[],
  ): XmlElement {
    return { name, attributes, children };
  }

  /** Neighbouring texts joined: readers differ in where they cut. */
  function normalized(element: XmlElement): unknown {
    const children: unknown[] = [];
    for (const child of element.children) {
      if (typeof child !== "string") children.push(normalized(child));
      else if (typeof children.at(-1) === "string")
        children[children.length - 1] = `${String(children.at(-1))}${child}`;
      else if (child !== "") children.push(child);
    }
    return { name: element.name, attributes: { ...element.attributes }, children };
  }
});

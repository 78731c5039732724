/** Taking values out of a read document: every field is named, nothing unknown is overlooked. */
import type { XmlElement } from "./xml.js";
import { XmlError } from "./xml-error.js";

/** The elements directly below an element, in order. @throws XmlError `unexpected-content` for text between them. */
export function childElements(element: XmlElement): readonly XmlElement[] {
  return element.children.filter((child): child is XmlElement => {
    if (typeof child !== "string") return true;
    if (child.trim() === "") return false;
    throw new XmlError(
      "unexpected-content",
      `<${element.name}> holds text where only elements are expected.`,
      {
        details: { element: element.name },
      },
    );
  });
}

/** The text of an element. @throws XmlError `unexpected-content` when it holds elements. */
export function elementText(element: XmlElement): string {
  const parts = element.children.map((child) => {
    if (typeof child === "string") return child;
    throw new XmlError(
      "unexpected-content",
      `<${element.name}> holds <${child.name}> where text is expected.`,
      {
        details: { element: element.name, child: child.name },
      },
    );
  });
  return parts.join("");
}

/** Which elements may occur below an element, each at most once. */
export interface XmlFieldNames<Required extends string, Optional extends string> {
  readonly required: readonly Required[];
  readonly optional?: readonly Optional[];
}

/**
 * The elements below an element by name, from a closed list.
 *
 * @throws XmlError `missing-content` for a required one that is absent, `unexpected-content` for an unknown or
 * repeated one.
 */
export function readXmlFields<Required extends string, Optional extends string = never>(
  element: XmlElement,
  names: XmlFieldNames<Required, Optional>,
): Readonly<Record<Required, XmlElement> & Partial<Record<Optional, XmlElement>>> {
  const allowed: readonly string[] = [...names.required, ...(names.optional ?? [])];
  const fields: Record<string, XmlElement> = Object.create(null) as Record<string, XmlElement>;
  for (const child of childElements(element)) {
    if (!allowed.includes(child.name) || fields[child.name] !== undefined) {
      const problem = allowed.includes(child.name) ? "is repeated" : "is not known here";
      throw new XmlError("unexpected-content", `<${child.name}> in <${element.name}> ${problem}.`, {
        details: { element: element.name, child: child.name },
      });
    }
    fields[child.name] = child;
  }
  for (const name of names.required) {
    if (fields[name] === undefined) {
      throw new XmlError("missing-content", `<${element.name}> has no <${name}>.`, {
        details: { element: element.name, child: name },
      });
    }
  }
  return fields as Record<Required, XmlElement> & Partial<Record<Optional, XmlElement>>;
}

/** The value of an attribute. @throws XmlError `missing-content` when it is absent. */
export function requiredAttribute(element: XmlElement, name: string): string {
  const value = element.attributes[name];
  if (value === undefined) {
    throw new XmlError("missing-content", `<${element.name}> has no attribute '${name}'.`, {
      details: { element: element.name, attribute: name },
    });
  }
  return value;
}

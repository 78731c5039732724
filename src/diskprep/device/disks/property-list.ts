/** Reading Apple's XML property lists (`-plist` output of system programs) into plain values. */
import { DeviceError } from "../device-error.js";

/** A value of a property list. Dates and data stay text. */
export type PropertyValue = string | number | boolean | readonly PropertyValue[] | PropertyDictionary;

/** A `dict`. */
export interface PropertyDictionary {
  readonly [key: string]: PropertyValue;
}

const longestInCharacters = 16 * 1024 * 1024;
const deepestNesting = 64;

interface Frame {
  readonly tag: string;
  text: string;
  key: string | undefined;
  readonly items: PropertyValue[];
  readonly entries: Record<string, PropertyValue>;
}

/**
 * Parses a property list. Entities other than XML's own five are refused, the document type is ignored.
 *
 * @throws DeviceError `bad-format`
 */
export async function parsePropertyList(text: string, program: string): Promise<PropertyValue> {
  // Loaded when needed: preparing a drive needs no XML parser, and the start of its program is to be short.
  const { SaxesParser } = await import("saxes");
  const refuse = (reason: string): DeviceError =>
    new DeviceError("bad-format", `'${program}' printed something that is not a property list: ${reason}.`, {
      details: { program, reason },
    });
  if (text.length > longestInCharacters) throw refuse("too long");
  const frames: Frame[] = [];
  let result: PropertyValue | undefined;

  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw refuse(error.message);
  });
  parser.on("opentag", ({ name }) => {
    if (frames.length >= deepestNesting) throw refuse("nested too deep");
    // No prototype: a key such as "__proto__" is a key like any other.
    const entries = Object.create(null) as Record<string, PropertyValue>;
    frames.push({ tag: name, text: "", key: undefined, items: [], entries });
  });
  parser.on("text", (piece) => {
    const frame = frames.at(-1);
    if (frame) frame.text += piece;
  });
  parser.on("closetag", () => {
    const frame = frames.pop()!;
    const parent = frames.at(-1);
    if (frame.tag === "key") {
      if (parent) parent.key = frame.text;
      return;
    }
    if (frame.tag === "plist") {
      result = frame.items[0];
      return;
    }
    const value = propertyValueOf(frame);
    if (value === undefined) throw refuse(`<${frame.tag}> is not a value`);
    if (parent?.tag === "dict") {
      if (parent.key === undefined) throw refuse("a value without a key");
      parent.entries[parent.key] = value;
      parent.key = undefined;
    } else {
      parent?.items.push(value);
    }
  });
  parser.write(text).close();
  if (result === undefined) throw refuse("no value");
  return result;
}

function propertyValueOf(frame: Frame): PropertyValue | undefined {
  switch (frame.tag) {
    case "dict":
      return frame.entries;
    case "array":
      return frame.items;
    case "string":
    case "date":
    case "data":
      return frame.text;
    case "integer":
    case "real":
      return Number(frame.text);
    case "true":
      return true;
    case "false":
      return false;
    default:
      return undefined;
  }
}

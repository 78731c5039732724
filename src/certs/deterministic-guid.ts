/** GUIDs that come out the same for the same text, so that a repeated request means the same object. */
import { createHash } from "node:crypto";

/** Namespace of this library's names; any fixed GUID does. */
const namespace = Buffer.from("6f1d3c1e5a0b4f0f9c7b0d6a52e8a4b1", "hex");

/** Version-5 GUID (RFC 9562 §5.5) of a text, in lower case with dashes. */
export function deterministicGuid(text: string): string {
  const bytes = createHash("sha1").update(namespace).update(text).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** JSON that is the same text for the same data, so that a hash over it can be checked later (RFC 8785). */

/**
 * The canonical text of plain data: members sorted by name, no white space, members with the value `undefined` left out.
 *
 * @throws TypeError for what JSON has no form for: functions, symbols, bigints, numbers that are not finite
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  const isJson =
    value === null ||
    typeof value === "string" ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value));
  if (!isJson) throw new TypeError(`JSON has no form for a ${typeof value}.`);
  return JSON.stringify(value);
}

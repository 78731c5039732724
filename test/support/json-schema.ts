/** Checks documents against the JSON Schemas that are published in `docs/formats`. */

/** A parsed schema document or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The part of JSON Schema 2020-12 that the published schemas use. Returns what is wrong, or nothing. */
export function jsonSchemaProblems(value: unknown, schema: JsonSchema, path = "$"): string[] {
  const found: string[] = [];
  const known = new Set(["$schema", "title", "format"]);
  const rules: Record<string, (rule: never) => boolean | string[]> = {
    const: (rule) => value === rule,
    enum: (rule: readonly unknown[]) => rule.includes(value),
    type: (rule: string) => typeMatches(value, rule),
    pattern: (rule: string) => typeof value !== "string" || new RegExp(rule, "u").test(value),
    minLength: (rule: number) => typeof value !== "string" || value.length >= rule,
    maxLength: (rule: number) => typeof value !== "string" || value.length <= rule,
    minimum: (rule: number) => typeof value !== "number" || value >= rule,
    maximum: (rule: number) => typeof value !== "number" || value <= rule,
    multipleOf: (rule: number) => typeof value !== "number" || value % rule === 0,
    minItems: (rule: number) => !Array.isArray(value) || value.length >= rule,
    maxItems: (rule: number) => !Array.isArray(value) || value.length <= rule,
    items: (rule: JsonSchema) =>
      Array.isArray(value)
        ? value.flatMap((item, at) => jsonSchemaProblems(item, rule, `${path}[${at}]`))
        : true,
    required: (rule: readonly string[]) => !isObject(value) || rule.every((key) => key in value),
    properties: (rule: Record<string, JsonSchema>) =>
      isObject(value)
        ? Object.entries(rule).flatMap(([key, inner]) =>
            key in value ? jsonSchemaProblems(value[key], inner, `${path}.${key}`) : [],
          )
        : true,
    additionalProperties: (rule: false | JsonSchema) => {
      if (!isObject(value)) return true;
      const properties = Object.keys((schema["properties"] as object | undefined) ?? {});
      const others = Object.keys(value).filter((key) => !properties.includes(key));
      return rule === false
        ? others.map((key) => `${path}.${key} is not known`)
        : others.flatMap((key) => jsonSchemaProblems(value[key], rule, `${path}.${key}`));
    },
    oneOf: (rule: readonly JsonSchema[]) =>
      rule.filter((inner) => jsonSchemaProblems(value, inner).length === 0).length === 1,
  };
  for (const [keyword, rule] of Object.entries(schema)) {
    if (known.has(keyword)) continue;
    const check = rules[keyword];
    if (check === undefined) throw new Error(`the schema uses '${keyword}', which this test does not know`);
    const result = check(rule as never);
    if (Array.isArray(result)) found.push(...result);
    else if (!result) found.push(`${path} breaks ${keyword}: ${JSON.stringify(value)}`);
  }
  return found;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeMatches(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  return type === "object" ? isObject(value) : typeof value === type;
}

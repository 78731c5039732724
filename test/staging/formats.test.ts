import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "@jest/globals";
import { adoptStagingFolder, openStagingLocation, stageDirectory } from "../../src/staging/index.js";
import { listBlobs, readStaged, seedSettings, withTemporaryFolder } from "./support.js";
import { makeAwkwardTree } from "./tree-support.js";

type Schema = Readonly<Record<string, unknown>>;

/** The part of JSON Schema 2020-12 that the published schemas use. Returns what is wrong, or nothing. */
function problems(value: unknown, schema: Schema, path = "$"): string[] {
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
    items: (rule: Schema) =>
      Array.isArray(value) ? value.flatMap((item, at) => problems(item, rule, `${path}[${at}]`)) : true,
    required: (rule: readonly string[]) => !isObject(value) || rule.every((key) => key in value),
    properties: (rule: Record<string, Schema>) =>
      isObject(value)
        ? Object.entries(rule).flatMap(([key, inner]) =>
            key in value ? problems(value[key], inner, `${path}.${key}`) : [],
          )
        : true,
    additionalProperties: (rule: false | Schema) => {
      if (!isObject(value)) return true;
      const properties = Object.keys((schema["properties"] as object | undefined) ?? {});
      const others = Object.keys(value).filter((key) => !properties.includes(key));
      return rule === false
        ? others.map((key) => `${path}.${key} is not known`)
        : others.flatMap((key) => problems(value[key], rule, `${path}.${key}`));
    },
    oneOf: (rule: readonly Schema[]) =>
      rule.filter((inner) => problems(value, inner).length === 0).length === 1,
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

async function schema(name: string): Promise<Schema> {
  return JSON.parse(await readFile(resolve("docs", "formats", `${name}.schema.json`), "utf8")) as Schema;
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
}

test("what is written fits the published schemas", async () => {
  await withTemporaryFolder(async (folder) => {
    await makeAwkwardTree(join(folder, "source"));
    const location = await openStagingLocation(join(folder, "staging"), { create: true });
    const writer = await location.createSeed({ ...seedSettings, publishSettingsPath: "x" });
    await stageDirectory(writer, join(folder, "source"), { bundle: { maxFileBytes: 1000 } });
    await writer.writeBlob("all", Buffer.alloc(2000, 1), {
      rangeSizeInBytes: 512,
      headers: { contentType: "a/b", contentLanguage: "de", cacheControl: "no-store", contentEncoding: "x" },
    });
    const unsealed = JSON.parse(
      await readFile(join(folder, "staging", "seed-one", "seed.json"), "utf8"),
    ) as unknown;
    const catalog = await writer.seal();
    const adopted = await adoptStagingFolder(location, {
      ...seedSettings,
      jobName: "seed-two",
      folder: join(folder, "source"),
      exclude: ["dangling link"],
    });
    const found: string[] = problems(unsealed, await schema("seed-descriptor"));
    const kinds = new Set<string>();
    for (const job of ["seed-one", "seed-two"]) {
      const seedFolder = join(folder, "staging", job);
      const parse = async (name: string): Promise<unknown> =>
        JSON.parse(await readFile(join(seedFolder, name), "utf8"));
      found.push(...problems(await parse("seed.json"), await schema("seed-descriptor")));
      found.push(...problems(await parse("catalog-index.json"), await schema("catalog-index")));
      const lineSchema = await schema("seed-catalog");
      for (const line of await linesOf(join(seedFolder, "catalog.ndjson"))) {
        const value = JSON.parse(line) as object;
        for (const key of Object.keys(value)) kinds.add(key);
        found.push(...problems(value, lineSchema));
      }
    }
    for (const blob of await listBlobs(catalog)) {
      if (blob.metadata["bundle_index"] === undefined) continue;
      const indexSchema = await schema("bundle-index");
      const lines = (await readStaged(catalog, blob)).toString("utf8").trimEnd().split("\n");
      for (const line of lines) found.push(...problems(JSON.parse(line), indexSchema));
    }
    await catalog.close();
    await adopted.catalog.close();
    expect(found).toEqual([]);
    // Every documented key of a line was really seen.
    const documented = ((await schema("seed-catalog"))["oneOf"] as Schema[]).flatMap((inner) =>
      Object.keys(inner["properties"] as object),
    );
    expect([...kinds].sort()).toEqual([...new Set(documented)].sort());
  });
});

test("the check finds what does not fit", async () => {
  const lineSchema = await schema("seed-catalog");
  expect(problems({ name: "a", length: 1, modified: 0, colour: "red" }, lineSchema)).toHaveLength(1);
  expect(problems({ name: "a", length: -1, modified: 0 }, lineSchema)).toHaveLength(1);
});

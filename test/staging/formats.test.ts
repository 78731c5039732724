import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "@jest/globals";
import { adoptStagingFolder, openStagingLocation, stageDirectory } from "../../src/staging/index.js";
import { type JsonSchema, jsonSchemaProblems as problems } from "../support/json-schema.js";
import { listBlobs, readStaged, seedSettings, withTemporaryFolder } from "./support.js";
import { makeAwkwardTree } from "./tree-support.js";

async function schema(name: string): Promise<JsonSchema> {
  return JSON.parse(await readFile(resolve("docs", "formats", `${name}.schema.json`), "utf8")) as JsonSchema;
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
    const documented = ((await schema("seed-catalog"))["oneOf"] as JsonSchema[]).flatMap((inner) =>
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

/** The pages lead where they say, and speak of functions that exist. */
import { access, readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "@jest/globals";

async function pages(): Promise<readonly string[]> {
  const inDocs = (await readdir("docs", { recursive: true })).filter((name) => name.endsWith(".md"));
  return ["README.md", "CONTRIBUTING.md", "examples/README.md", ...inDocs.map((name) => join("docs", name))];
}

/** The headings of a page as the parts of an address. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("every relative link of the pages exists", async () => {
  const broken: string[] = [];
  let links = 0;
  for (const page of await pages()) {
    const text = (await readFile(page, "utf8")).replace(/```[\s\S]*?```/g, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      links += 1;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : normalize(join(dirname(page), path));
      const exists = await access(file).then(
        () => true,
        () => false,
      );
      if (!exists) broken.push(`${page}: ${target}`);
      else if (anchor !== undefined && !anchorsOf(await readFile(file, "utf8")).includes(anchor)) {
        broken.push(`${page}: ${target} (no such heading)`);
      }
    }
  }
  expect(broken).toEqual([]);
  expect(links).toBeGreaterThan(40);
});

test("functions named in the guides are in the public interface", async () => {
  const interfaces = await Promise.all(
    ["review/core.api.md", "review/emulator.api.md"].map((path) => readFile(path, "utf8")),
  );
  const isPublic = (name: string) => interfaces.some((text) => new RegExp(`\\b${name}\\b`).test(text));
  const unknown: string[] = [];
  for (const page of ["concepts", "migration", "security", "README"]) {
    const text = await readFile(`docs/${page}.md`, "utf8");
    for (const [, name = ""] of text.matchAll(/`([a-z]+[A-Z][A-Za-z]+)`/g)) {
      if (!isPublic(name)) unknown.push(`${page}: ${name}`);
    }
  }
  expect(unknown).toEqual([]);
});

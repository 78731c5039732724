/** What the published package promises, as far as it can be seen without building it. */
import { readdir, readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "@jest/globals";

interface PackageJson {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
}
interface Listing {
  readonly files: readonly { readonly path: string }[];
  readonly size: number;
  readonly unpackedSize: number;
}
interface ContentsModule {
  entryFiles(packageJson: PackageJson): readonly string[];
  contentProblems(packageJson: PackageJson, listing: Listing): readonly string[];
}

let packageJson: PackageJson;
let contents: ContentsModule;

beforeAll(async () => {
  packageJson = JSON.parse(await readFile("package.json", "utf8"));
  contents = await import(pathToFileURL("scripts/package-contents.mjs").href);
});

describe("entries", () => {
  test("every room for users has one, with declarations first, for both kinds of modules", async () => {
    const folders = (await readdir("src", { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() && !["cli", "shared"].includes(entry.name))
      .map((entry) => `./${entry.name}`);
    expect(Object.keys(packageJson.exports).sort()).toEqual([".", "./package.json", ...folders].sort());
    for (const [entry, value] of Object.entries(packageJson.exports)) {
      if (entry === "./package.json") continue;
      const path = entry === "." ? "./dist/index" : `./dist${entry.slice(1)}/index`;
      expect(JSON.stringify(value)).toBe(
        JSON.stringify({
          import: { types: `${path}.d.ts`, default: `${path}.js` },
          require: { types: `${path}.d.cts`, default: `${path}.cjs` },
        }),
      );
    }
  });

  test("the build makes them", async () => {
    const config = await readFile("tsup.config.ts", "utf8");
    for (const entry of Object.keys(packageJson.exports)) {
      if (/^\.\/[a-z]+$/.test(entry)) expect(config).toContain(`"${entry.slice(2)}"`);
    }
    expect(packageJson.bin).toEqual({ "offline-seed": "./dist/cli/main.js" });
  });
});

describe("installing runs nothing", () => {
  test("the package has no install scripts", () => {
    const hooks = Object.keys(packageJson.scripts).filter((name) =>
      /^(pre|post)?(install|prepare|publish)$|^(prepack|postpack|prepublishOnly|dependencies)$/.test(name),
    );
    expect(hooks).toEqual([]);
  });

  test("no package that users get has one, and none comes from elsewhere than a registry", async () => {
    const { packages } = JSON.parse(await readFile("package-lock.json", "utf8")) as {
      packages: Record<
        string,
        { dev?: boolean; peer?: boolean; hasInstallScript?: boolean; resolved?: string }
      >;
    };
    const used = Object.entries(packages).filter(([path, entry]) => path !== "" && !entry.dev && !entry.peer);
    expect(used.length).toBeGreaterThan(20);
    expect(used.filter(([, entry]) => entry.hasInstallScript).map(([path]) => path)).toEqual([]);
    const elsewhere = used.filter(
      ([, { resolved }]) => !/^https:\/\/registry\.npmjs\.org\/|^$/.test(resolved ?? ""),
    );
    expect(elsewhere.map(([path]) => path)).toEqual([]);
  });
});

describe("contents of the package", () => {
  const listingOf = (paths: readonly string[], size = 1000, unpackedSize = 2000): Listing => ({
    files: paths.map((path) => ({ path })),
    size,
    unpackedSize,
  });

  test("entries, declarations, program, licence and shared chunks, nothing else", () => {
    expect(packageJson.files).toEqual(["dist"]);
    const files = contents.entryFiles(packageJson);
    expect(files).toEqual(
      [
        "LICENSE",
        "README.md",
        "dist/cli/main.js",
        "package.json",
        ...["", "certs/", "diskprep/", "emulator/", "importjob/", "registry/", "report/", "staging/"].flatMap(
          (folder) => ["cjs", "js", "d.cts", "d.ts"].map((ending) => `dist/${folder}index.${ending}`),
        ),
      ].sort(),
    );
    const chunks = ["dist/chunk-QPHU5RNS.cjs", "dist/seed-catalog-DERmjqYd.d.ts"];
    expect(contents.contentProblems(packageJson, listingOf([...files, ...chunks]))).toEqual([]);
  });

  test("strays, gaps and excess are found", () => {
    const files = contents.entryFiles(packageJson).filter((path) => path !== "LICENSE");
    const strays = [".env", "dist/index.js.map", "src/index.ts", "test/secret.pfx"];
    const problems = contents.contentProblems(packageJson, listingOf([...files, ...strays], 1e9, 1e9));
    expect(problems).toEqual([
      "LICENSE is missing",
      ...strays.map((path) => `${path} does not belong into the package`),
      expect.stringContaining("packed it has 1000000000 bytes"),
      expect.stringContaining("unpacked it has 1000000000 bytes"),
    ]);
  });
});

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "tsup";

/** The room as plain JavaScript for child processes. */
export interface BuiltRoom {
  /** URL to import. */
  readonly url: string;
  remove(): Promise<void>;
}

/** Builds the room within reach of node_modules. */
export async function buildRoom(): Promise<BuiltRoom> {
  await mkdir(resolve("build"), { recursive: true });
  const folder = await mkdtemp(resolve("build", "staging-child-"));
  await build({
    config: false,
    entry: { staging: "src/staging/index.ts" },
    outDir: folder,
    format: ["esm"],
    target: "node20",
    platform: "node",
    silent: true,
    dts: false,
    outExtension: () => ({ js: ".mjs" }),
  });
  return {
    url: pathToFileURL(join(folder, "staging.mjs")).href,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

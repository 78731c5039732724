/** The version of the package this program belongs to. */
import { createRequire } from "node:module";

/** Read from `package.json`, which lies two folders above the source and above the built program. */
export function programVersion(): string {
  const manifest = createRequire(import.meta.url)("../../package.json") as { readonly version: string };
  return manifest.version;
}

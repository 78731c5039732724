import { rmSync } from "node:fs";
import { defineConfig, type Options } from "tsup";

const rooms = ["certs", "registry", "staging", "diskprep", "importjob", "report", "emulator"];
const entry = {
  index: "src/index.ts",
  ...Object.fromEntries(rooms.map((room) => [`${room}/index`, `src/${room}/index.ts`])),
};

const common: Options = {
  target: "node20",
  platform: "node",
  // Shared chunks keep one copy of each class, whichever entries a program imports.
  splitting: true,
  // The code is not minified, so stack traces can be read as they are; maps would be two thirds of the package.
  sourcemap: false,
  // p-limit is published as an ES module only; bundling it keeps the CommonJS build loadable.
  noExternal: ["p-limit"],
  dts: { entry, compilerOptions: { ignoreDeprecations: "6.0" } },
};

// The two builds run at the same time, so neither may empty the folder that both write to.
rmSync("dist", { recursive: true, force: true });

export default defineConfig([
  { ...common, format: ["esm"], entry: { ...entry, "cli/main": "src/cli/main.ts" } },
  // CommonJS has no import.meta; the shim gives its url.
  { ...common, format: ["cjs"], entry, shims: true },
]);

import { rmSync } from "node:fs";
import { defineConfig } from "tsup";

const rooms = ["certs", "registry", "staging", "diskprep", "importjob", "report", "emulator"];

// The two builds run at the same time, so neither may empty the folder that both write to.
rmSync("dist", { recursive: true, force: true });

export default defineConfig([
  {
    entry: {
      index: "src/index.ts",
      ...Object.fromEntries(rooms.map((room) => [`${room}/index`, `src/${room}/index.ts`])),
    },
    format: ["esm", "cjs"],
    target: "node20",
    platform: "node",
    splitting: true,
    sourcemap: true,
    // p-limit is published as an ES module only; bundling it keeps the CommonJS build loadable.
    noExternal: ["p-limit"],
    dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
  },
  {
    entry: { "cli/main": "src/cli/main.ts" },
    format: ["esm"],
    target: "node20",
    platform: "node",
    sourcemap: true,
    noExternal: ["p-limit"],
    dts: false,
  },
]);

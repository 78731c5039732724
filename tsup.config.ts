import { defineConfig } from "tsup";

const rooms = ["certs", "registry", "staging", "diskprep", "importjob", "emulator"];

export default defineConfig({
  entry: {
    index: "src/index.ts",
    ...Object.fromEntries(rooms.map((room) => [`${room}/index`, `src/${room}/index.ts`])),
  },
  format: ["esm", "cjs"],
  target: "node20",
  platform: "node",
  splitting: true,
  sourcemap: true,
  clean: true,
  // p-limit is published as an ES module only; bundling it keeps the CommonJS build loadable.
  noExternal: ["p-limit"],
  dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
});

import { defineConfig } from "tsup";

export default defineConfig({
  entry: { main: "demo/main.ts" },
  outDir: "build/demo",
  format: ["esm"],
  target: "node20",
  platform: "node",
  sourcemap: true,
  clean: true,
  dts: false,
  skipNodeModulesBundle: true,
});

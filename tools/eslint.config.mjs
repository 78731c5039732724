import { resolve } from "node:path";
import tseslint from "typescript-eslint";
import roomBoundaries from "./room-boundaries.mjs";

/** Biome does the fast checks and the formatting; this file holds only the rules that need types or the room map. */
export default tseslint.config(
  { ignores: ["dist/", "build/", "node_modules/", "scripts/", "tools/", "**/*.mjs"] },
  {
    files: ["**/*.ts"],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: resolve(import.meta.dirname, "..") },
    },
    plugins: {
      "@typescript-eslint": tseslint.plugin,
      "offline-seed": { rules: { "room-boundaries": roomBoundaries } },
    },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/no-deprecated": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "offline-seed/room-boundaries": "error",
    },
  },
);

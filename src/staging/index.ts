export * from "./seed-catalog.js";

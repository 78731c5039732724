export * from "./add-registry-entries.js";
export * from "./agent-entries.js";
export * from "./memory-registry.js";
export * from "./reg-file-format.js";
export * from "./reg-file-registry.js";
export * from "./registry-error.js";
export * from "./registry-store.js";
export {
  type RawRegistryType,
  type RegistryValue,
  registryText,
} from "./registry-value.js";
export * from "./windows-registry.js";

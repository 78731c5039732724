/** A registry that is a `.reg` file: what one machine prepares, another one imports with a double click. */
import { readFile } from "node:fs/promises";
import { publishFile, systemErrorCode } from "../shared/index.js";
import { createMemoryRegistry, type MemoryRegistry } from "./memory-registry.js";
import { formatRegFile, parseRegFile, type RegFileKey } from "./reg-file-format.js";
import type { RegistryStore } from "./registry-store.js";
import { normalizeKeyPath, type RegistryValue } from "./registry-value.js";

/**
 * A `.reg` file as a store. Reading sees what the file sets; removing also notes a deletion in the file, so that the
 * import removes what the importing machine has.
 */
export interface RegFileRegistry extends RegistryStore {
  /** The file's bytes: removed keys first, then keys with their values and removed values. */
  toBytes(): Uint8Array;
  /** Replaces the file at `path` as a whole. */
  save(path: string): Promise<void>;
}

/**
 * A store with the content of the file at `path`, empty when there is none. Nothing is written before `save`.
 *
 * @throws RegistryError `reg-file-invalid`; the system's error when the file cannot be read.
 */
export async function openRegFile(path: string): Promise<RegFileRegistry> {
  let content: Uint8Array | undefined;
  try {
    content = await readFile(path);
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw error;
  }
  return createRegFileRegistry(content);
}

/** A store with the content of a `.reg` file, or empty. @throws RegistryError `reg-file-invalid`. */
export async function createRegFileRegistry(content?: Uint8Array): Promise<RegFileRegistry> {
  const present = createMemoryRegistry();
  /** Removed values, each kept as a value of no meaning under its name. */
  const removed = createMemoryRegistry();
  const removedKeys = new Map<string, string>();

  const registry: RegFileRegistry = {
    ...present,
    async setValue(keyPath, name, value, options) {
      await present.setValue(keyPath, name, value, options);
      await removed.deleteValue(keyPath, name);
    },
    async deleteValue(keyPath, name, options) {
      await present.deleteValue(keyPath, name, options);
      await removed.setValue(keyPath, name, removalMark);
    },
    async deleteKey(keyPath, options) {
      await present.deleteKey(keyPath, options);
      await removed.deleteKey(keyPath);
      const path = normalizeKeyPath(keyPath);
      removedKeys.set(path.toUpperCase(), path);
    },
    toBytes: () =>
      formatRegFile([
        ...removedKeySections(removedKeys.values()),
        ...removedValueSections(removed),
        ...presentSections(present),
      ]),
    save: (path) => publishFile(path, registry.toBytes()),
  };
  for (const { path, isDeleted, values } of content === undefined ? [] : parseRegFile(content)) {
    if (isDeleted) await registry.deleteKey(path);
    // A section of removals alone is about values, not about having the key.
    else if (values.length === 0) await registry.createKey(path);
    for (const { name, value } of values) {
      if (value === undefined) await registry.deleteValue(path, name);
      else await registry.setValue(path, name, value);
    }
  }
  return registry;
}

const removalMark: RegistryValue = Object.freeze({ type: "REG_NONE", data: new Uint8Array() });

function removedKeySections(paths: Iterable<string>): readonly RegFileKey[] {
  return Array.from(paths, (path) => ({ path, isDeleted: true, values: [] }));
}

/** Removed values. */
function removedValueSections(removed: MemoryRegistry): readonly RegFileKey[] {
  return removed
    .entries()
    .filter(({ values }) => values.length > 0)
    .map(({ path, values }) => ({
      path,
      isDeleted: false,
      values: values.map(({ name }) => ({ name, value: undefined })),
    }));
}

/** Keys that hold something or end a branch; the keys between come into being by themselves. */
function presentSections(present: MemoryRegistry): readonly RegFileKey[] {
  const keys = present.entries();
  return keys
    .filter(
      ({ path, values }) => values.length > 0 || !keys.some((other) => other.path.startsWith(`${path}\\`)),
    )
    .map(({ path, values }) => ({ path, isDeleted: false, values }));
}

/** A registry in memory: for tests, for dry runs, and as the content of a `.reg` file. */
import { throwIfAborted } from "../shared/index.js";
import type { RegistryEntry, RegistryStore } from "./registry-store.js";
import {
  checkRegistryValue,
  deletableKeyPath,
  normalizeKeyPath,
  type RegistryValue,
} from "./registry-value.js";

/** A registry in memory whose content can be listed as a whole. */
export interface MemoryRegistry extends RegistryStore {
  /** Every key with its values, in the order of creation. */
  entries(): readonly RegistryKeyContent[];
}

/** One key and its values. */
export interface RegistryKeyContent {
  readonly path: string;
  readonly values: readonly RegistryEntry[];
}

interface StoredKey {
  readonly path: string;
  readonly values: Map<string, RegistryEntry>;
}

/** An empty registry. */
export function createMemoryRegistry(): MemoryRegistry {
  const keys = new Map<string, StoredKey>();
  const find = (keyPath: string): StoredKey | undefined => keys.get(foldCase(normalizeKeyPath(keyPath)));
  const ensure = (keyPath: string): StoredKey => {
    const parts = normalizeKeyPath(keyPath).split("\\");
    let path = "";
    let key: StoredKey | undefined;
    for (const part of parts) {
      path = path === "" ? part : `${key!.path}\\${part}`;
      key = keys.get(foldCase(path));
      if (key === undefined) {
        key = { path, values: new Map() };
        keys.set(foldCase(path), key);
      }
    }
    return key!;
  };

  return {
    async getValue(keyPath, name, options = {}) {
      throwIfAborted(options.abortSignal);
      return find(keyPath)?.values.get(foldCase(name))?.value;
    },
    async listValues(keyPath, options = {}) {
      throwIfAborted(options.abortSignal);
      const key = find(keyPath);
      return key === undefined ? undefined : [...key.values.values()];
    },
    async listKeys(keyPath, options = {}) {
      throwIfAborted(options.abortSignal);
      const key = find(keyPath);
      if (key === undefined) return undefined;
      const prefix = foldCase(`${key.path}\\`);
      return [...keys.entries()]
        .filter(([folded]) => folded.startsWith(prefix) && !folded.slice(prefix.length).includes("\\"))
        .map(([, child]) => child.path.slice(prefix.length));
    },
    async setValue(keyPath, name, value, options = {}) {
      throwIfAborted(options.abortSignal);
      checkRegistryValue(name, value);
      const { values } = ensure(keyPath);
      const firstName = values.get(foldCase(name))?.name ?? name;
      values.set(foldCase(name), Object.freeze({ name: firstName, value: copyOf(value) }));
    },
    async deleteValue(keyPath, name, options = {}) {
      throwIfAborted(options.abortSignal);
      find(keyPath)?.values.delete(foldCase(name));
    },
    async createKey(keyPath, options = {}) {
      throwIfAborted(options.abortSignal);
      ensure(keyPath);
    },
    async deleteKey(keyPath, options = {}) {
      throwIfAborted(options.abortSignal);
      const folded = foldCase(deletableKeyPath(keyPath));
      for (const path of [...keys.keys()]) {
        if (path === folded || path.startsWith(`${folded}\\`)) keys.delete(path);
      }
    },
    entries: () => [...keys.values()].map(({ path, values }) => ({ path, values: [...values.values()] })),
  };
}

/** Upper case of one character to one character, as Windows compares names; "ß" stays as it is. */
function foldCase(text: string): string {
  return Array.from(text, (character) => {
    const upper = character.toUpperCase();
    return upper.length === character.length ? upper : character;
  }).join("");
}

/** So that a caller who goes on using a buffer does not change the registry. */
function copyOf(value: RegistryValue): RegistryValue {
  return Object.freeze(
    value.type === "REG_MULTI_SZ"
      ? { type: value.type, data: Object.freeze([...value.data]) }
      : typeof value.data === "object"
        ? ({ type: value.type, data: Uint8Array.from(value.data) } as RegistryValue)
        : value,
  );
}

/** What the library needs of a registry: a small interface that a server, a file and a test can each provide. */
import type { AbortOptions } from "../shared/index.js";
import type { RegistryValue } from "./registry-value.js";

/** One named value of a key. The name "" is the key's default value. */
export interface RegistryEntry {
  readonly name: string;
  readonly value: RegistryValue;
}

/**
 * A registry. Key paths and value names compare in any case and keep the case of the first writing.
 *
 * `runRegistryStoreSuite` in the test folder of this package checks an implementation.
 */
export interface RegistryStore {
  /** A value, or undefined when the key or the value is absent. @throws RegistryError `invalid-path`. */
  getValue(keyPath: string, name: string, options?: AbortOptions): Promise<RegistryValue | undefined>;
  /** All values of a key in no particular order; undefined when the key is absent. */
  listValues(keyPath: string, options?: AbortOptions): Promise<readonly RegistryEntry[] | undefined>;
  /** Names of the keys directly below a key; undefined when the key is absent. */
  listKeys(keyPath: string, options?: AbortOptions): Promise<readonly string[] | undefined>;
  /** Creates or replaces a value, and the keys above it. @throws RegistryError `invalid-path`, `invalid-value`. */
  setValue(keyPath: string, name: string, value: RegistryValue, options?: AbortOptions): Promise<void>;
  /** Removes a value. Fine when it is absent. */
  deleteValue(keyPath: string, name: string, options?: AbortOptions): Promise<void>;
  /** Creates a key and those above it. Fine when it is there. */
  createKey(keyPath: string, options?: AbortOptions): Promise<void>;
  /**
   * Removes a key with everything below it. Fine when it is absent.
   *
   * @throws RegistryError `invalid-path` also for hives and for the keys directly below `HKEY_LOCAL_MACHINE`
   */
  deleteKey(keyPath: string, options?: AbortOptions): Promise<void>;
}

/** A map that forgets what was not used for longest. */

/** Keeps at most a fixed number of values. */
export interface RecentMap<Key, Value> {
  /** The value, which becomes the youngest; undefined when it is not there. */
  get(key: Key): Value | undefined;
  /** Adds a value, forgetting the oldest one when there are too many. */
  set(key: Key, value: Value): void;
  delete(key: Key): void;
  clear(): void;
}

/** Creates an empty map for `capacity` values. */
export function createRecentMap<Key, Value>(capacity: number): RecentMap<Key, Value> {
  // A Map iterates in the order of insertion, so taking out and putting back makes a value the youngest.
  const values = new Map<Key, Value>();
  return {
    get(key) {
      const value = values.get(key);
      if (value === undefined) return undefined;
      values.delete(key);
      values.set(key, value);
      return value;
    },
    set(key, value) {
      values.delete(key);
      values.set(key, value);
      if (values.size > capacity) values.delete(values.keys().next().value as Key);
    },
    delete: (key) => {
      values.delete(key);
    },
    clear: () => values.clear(),
  };
}

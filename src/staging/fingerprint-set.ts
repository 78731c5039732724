/** Remembers millions of texts by 64 bits each; takes a text it never saw for a known one once in 10^12 tries or less. */

/** A set that only grows. */
export interface FingerprintSet {
  add(text: string): void;
  has(text: string): boolean;
  readonly size: number;
}

/** Creates an empty set. */
export function createFingerprintSet(): FingerprintSet {
  let slots = 1 << 10;
  let count = 0;
  let table = new Uint32Array(2 * slots);

  const find = (high: number, low: number): number => {
    let slot = low & (slots - 1);
    while (
      (table[2 * slot] !== 0 || table[2 * slot + 1] !== 0) &&
      (table[2 * slot] !== high || table[2 * slot + 1] !== low)
    ) {
      slot = (slot + 1) & (slots - 1);
    }
    return slot;
  };
  const put = (high: number, low: number): boolean => {
    const slot = find(high, low);
    if (table[2 * slot] !== 0 || table[2 * slot + 1] !== 0) return false;
    table[2 * slot] = high;
    table[2 * slot + 1] = low;
    return true;
  };
  const grow = (): void => {
    const old = table;
    slots *= 2;
    table = new Uint32Array(2 * slots);
    for (let at = 0; at < old.length; at += 2)
      if (old[at] !== 0 || old[at + 1] !== 0) put(old[at]!, old[at + 1]!);
  };

  return {
    add(text) {
      if (count * 10 >= slots * 6) grow();
      const [high, low] = fingerprint(text);
      if (put(high, low)) count += 1;
    },
    has(text) {
      const slot = find(...fingerprint(text));
      return table[2 * slot] !== 0 || table[2 * slot + 1] !== 0;
    },
    get size() {
      return count;
    },
  };
}

/** Two independent 32-bit hashes; the first is never zero, because zero means an empty slot. */
function fingerprint(text: string): readonly [number, number] {
  let high = 0x9747b28c;
  let low = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x5bd1e995);
    high ^= high >>> 15;
  }
  return [mix(high) || 1, mix(low)];
}

function mix(hash: number): number {
  let value = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

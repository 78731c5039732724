/**
 * A set of file names that costs 16 bytes a name at most, for drives with millions of files.
 *
 * Only a 53-bit hash of each name is kept. `has` never misses a name that was added; with a million names the chance
 * that it ever reports one that was not added is about one in ten thousand, which callers must be able to live with.
 */
export class NameSet {
  #slots = new Float64Array(1024);
  #size = 0;

  add(name: string): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    if (this.#insert(hashName(name))) this.#size += 1;
  }

  has(name: string): boolean {
    const hash = hashName(name);
    for (let slot = this.#firstSlot(hash); this.#slots[slot] !== 0; slot = this.#nextSlot(slot)) {
      if (this.#slots[slot] === hash) return true;
    }
    return false;
  }

  #insert(hash: number): boolean {
    let slot = this.#firstSlot(hash);
    for (; this.#slots[slot] !== 0; slot = this.#nextSlot(slot)) {
      if (this.#slots[slot] === hash) return false;
    }
    this.#slots[slot] = hash;
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Float64Array(old.length * 2);
    for (const hash of old) if (hash !== 0) this.#insert(hash);
  }

  #firstSlot(hash: number): number {
    return hash % this.#slots.length;
  }

  #nextSlot(slot: number): number {
    return slot + 1 === this.#slots.length ? 0 : slot + 1;
  }
}

/** Two independent 32-bit multiplicative hashes over the UTF-16 units, joined to 53 bits; never 0. */
function hashName(name: string): number {
  let high = 0x811c9dc5;
  let low = 0x2f0b4c47;
  for (let index = 0; index < name.length; index += 1) {
    const unit = name.charCodeAt(index);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x5bd1e995);
    low ^= low >>> 15;
  }
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0) || 1;
}

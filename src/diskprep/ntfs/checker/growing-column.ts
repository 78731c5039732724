/** A typed array that grows. */

/** A list of numbers in a Float64Array, Uint32Array or smaller. */
export class GrowingColumn<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array> {
  length = 0;
  private array: T;

  constructor(initial: T) {
    this.array = initial;
  }

  push(value: number): void {
    if (this.length === this.array.length) {
      const larger = new (this.array.constructor as new (length: number) => T)(Math.max(64, this.length * 2));
      larger.set(this.array);
      this.array = larger;
    }
    this.array[this.length++] = value;
  }

  at(index: number): number {
    return this.array[index]!;
  }

  set(index: number, value: number): void {
    this.array[index] = value;
  }
}

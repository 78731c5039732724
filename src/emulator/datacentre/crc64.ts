/**
 * CRC-64 as Azure Storage computes it for `x-ms-content-crc64` and as the verbose logs of Data Box print it: polynomial
 * 0xAD93D23594C93659, reflected, all ones before and after (also called CRC-64/NVME).
 */

const reflectedPolynomial = 0x9a6c9329ac4bc9b5n;

// Two tables of 32-bit halves: arithmetic on BigInt would be a hundred times slower.
const [tableLow, tableHigh] = makeTables();

/** A checksum being computed over pieces in order. */
export interface Crc64 {
  update(bytes: Uint8Array): void;
  /** The value over everything so far. */
  value(): bigint;
}

/** Begins a checksum. */
export function createCrc64(): Crc64 {
  let low = ~0;
  let high = ~0;
  return {
    update(bytes) {
      for (const byte of bytes) {
        const index = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ tableLow[index]!;
        high = (high >>> 8) ^ tableHigh[index]!;
      }
    },
    value: () => (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0),
  };
}

function makeTables(): readonly [Int32Array, Int32Array] {
  const lows = new Int32Array(256);
  const highs = new Int32Array(256);
  for (let index = 0; index < 256; index++) {
    let value = BigInt(index);
    for (let bit = 0; bit < 8; bit++) {
      value = value & 1n ? (value >> 1n) ^ reflectedPolynomial : value >> 1n;
    }
    lows[index] = Number(BigInt.asIntN(32, value));
    highs[index] = Number(BigInt.asIntN(32, value >> 32n));
  }
  return [lows, highs];
}

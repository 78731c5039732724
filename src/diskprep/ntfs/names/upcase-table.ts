/**
 * The upper-case table of NTFS volumes as Windows 7 and later write it into `$UpCase`: 65,536 UTF-16 code units.
 *
 * File names of one directory are ordered and compared through it. It is not `toUpperCase()`: the two differ in
 * hundreds of places, and Windows reports any deviating table as corruption.
 */

/** Size of the table on the volume. */
export const upcaseTableSizeInBytes = 131_072;

/** CRC-64/NVME of the table, as the two little-endian halves stored in `$UpCase:$Info`. */
export const upcaseTableCrc64: Readonly<{ low: number; high: number }> = Object.freeze({
  low: 0x6b1b690c,
  high: 0xdadc7e77,
});

/** Runs of code units that differ from themselves: `first(hex)*count/step±delta`, all other units map to themselves. */
const runs =
  "61*26/1-32 e0*23/1-32 f8*7/1-32 ff*1/1+121 101*24/2-1 133*3/2-1 13a*8/2-1 14b*23/2-1 17a*3/2-1 " +
  "180*1/1+195 183*2/2-1 188*1/1-1 18c*1/1-1 192*1/1-1 195*1/1+97 199*1/1-1 19a*1/1+163 19e*1/1+130 " +
  "1a1*3/2-1 1a8*1/1-1 1ad*1/1-1 1b0*1/1-1 1b4*2/2-1 1b9*1/1-1 1bd*1/1-1 1bf*1/1+56 1c6*1/1-2 1c9*1/1-2 " +
  "1cc*1/1-2 1ce*8/2-1 1dd*1/1-79 1df*9/2-1 1f3*1/1-2 1f5*1/1-1 1f9*20/2-1 223*9/2-1 23c*1/1-1 242*1/1-1 " +
  "247*5/2-1 250*1/1+10783 251*1/1+10780 253*1/1-210 254*1/1-206 256*2/1-205 259*1/1-202 25b*1/1-203 " +
  "260*1/1-205 263*1/1-207 268*1/1-209 269*1/1-211 26b*1/1+10743 26f*1/1-211 271*1/1+10749 272*1/1-213 " +
  "275*1/1-214 27d*1/1+10727 280*1/1-218 283*1/1-218 288*1/1-218 289*1/1-69 28a*2/1-217 28c*1/1-71 " +
  "292*1/1-219 371*2/2-1 377*1/1-1 37b*3/1+130 3ac*1/1-38 3ad*3/1-37 3b1*17/1-32 3c3*9/1-32 3cc*1/1-64 " +
  "3cd*2/1-63 3d7*1/1-8 3d9*12/2-1 3f2*1/1+7 3f8*1/1-1 3fb*1/1-1 430*32/1-32 450*16/1-80 461*17/2-1 " +
  "48b*27/2-1 4c2*7/2-1 4cf*1/1-15 4d1*42/2-1 561*38/1-48 1d79*1/1-30204 1d7d*1/1+3814 1e01*75/2-1 " +
  "1ea1*48/2-1 1f00*8/1+8 1f10*6/1+8 1f20*8/1+8 1f30*8/1+8 1f40*6/1+8 1f51*4/2+8 1f60*8/1+8 1f70*2/1+74 " +
  "1f72*4/1+86 1f76*2/1+100 1f78*2/1+128 1f7a*2/1+112 1f7c*2/1+126 1f80*8/1+8 1f90*8/1+8 1fa0*8/1+8 " +
  "1fb0*2/1+8 1fb3*1/1+9 1fc3*1/1+9 1fd0*2/1+8 1fe0*2/1+8 1fe5*1/1+7 1ff3*1/1+9 214e*1/1-28 2170*16/1-16 " +
  "2184*1/1-1 24d0*26/1-26 2c30*47/1-48 2c61*1/1-1 2c65*1/1-10795 2c66*1/1-10792 2c68*3/2-1 2c73*1/1-1 " +
  "2c76*1/1-1 2c81*50/2-1 2d00*38/1-7264 a641*16/2-1 a663*6/2-1 a681*12/2-1 a723*7/2-1 a733*31/2-1 " +
  "a77a*2/2-1 a77f*5/2-1 a78c*1/1-1 ff41*26/1-32";

let cachedTable: Uint16Array | undefined;

/** The table: index a UTF-16 code unit, get its upper-case unit. The array is shared; do not change it. */
export function ntfsUpcaseTable(): Uint16Array {
  cachedTable ??= buildTable();
  return cachedTable;
}

function buildTable(): Uint16Array {
  const table = new Uint16Array(65_536);
  for (let unit = 0; unit < table.length; unit++) table[unit] = unit;
  for (const run of runs.split(" ")) {
    const [, first = "", count = "", step = "", delta = ""] = /^(\w+)\*(\d+)\/(\d)([+-]\d+)$/.exec(run) ?? [];
    const firstUnit = Number.parseInt(first, 16);
    for (let index = 0; index < Number(count); index++) {
      const unit = firstUnit + index * Number(step);
      table[unit] = unit + Number(delta);
    }
  }
  return table;
}

/** The table as it lies on the volume: little-endian code units. */
export function encodeUpcaseTable(): Uint8Array {
  const bytes = new Uint8Array(upcaseTableSizeInBytes);
  const table = ntfsUpcaseTable();
  for (let unit = 0; unit < table.length; unit++) {
    bytes[2 * unit] = table[unit]! & 0xff;
    bytes[2 * unit + 1] = table[unit]! >>> 8;
  }
  return bytes;
}

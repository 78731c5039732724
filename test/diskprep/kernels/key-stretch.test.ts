import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Acceleration, createArena, stretchKeyInSlices } from "../../../src/diskprep/kernels/index.js";

/** The definition, written down once more. */
function stretchSlowly(initialHash: Uint8Array, salt: Uint8Array, roundCount: number): string {
  let last: Uint8Array = new Uint8Array(32);
  for (let round = 0; round < roundCount; round++) {
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(BigInt(round));
    last = createHash("sha256").update(last).update(initialHash).update(salt).update(number).digest();
  }
  return Buffer.from(last).toString("hex");
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const accelerations: readonly Acceleration[] = ["automatic", "none"];

describe.each(accelerations)("key stretching, acceleration %s", (acceleration) => {
  test("equals the definition, also in slices", async () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    await fc.assert(
      fc.asyncProperty(bytes(32), bytes(16), fc.nat(80), async (initialHash, salt, fours) => {
        const options = { acceleration, roundCount: fours * 4 };
        expect(hex(await stretchKeyInSlices(initialHash, salt, options))).toBe(
          stretchSlowly(initialHash, salt, fours * 4),
        );
      }),
      { numRuns: 40 },
    );
    const [initialHash, salt] = [randomBytes(32), randomBytes(16)];
    const roundCount = 8192 * 2 + 12;
    expect(hex(await stretchKeyInSlices(initialHash, salt, { acceleration, roundCount }))).toBe(
      stretchSlowly(initialHash, salt, roundCount),
    );
  });

  test("gives the published key and lets the event loop turn meanwhile", async () => {
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      ticker = setImmediate(turn);
    };
    let ticker = setImmediate(turn);
    const stretched = await stretchKeyInSlices(
      Buffer.from("5c041444bd1400ab4e0c5ae8e0da0f8bbb01f1065827cc6ef6f1bdf3d7249305", "hex"),
      Buffer.from("6a762f0a5eafb9f72f1445f1351d0406", "hex"),
      { acceleration },
    );
    clearImmediate(ticker);
    expect(hex(stretched)).toBe("d3bb066813b137043d0e20430beba4f52377e4172ba64a7e4aadde6be662ccd1");
    expect(turns).toBeGreaterThan(100);
  });

  test("stops when its caller aborts, while running and before", async () => {
    const controller = new AbortController();
    const options = { acceleration, abortSignal: controller.signal };
    const running = stretchKeyInSlices(new Uint8Array(32), new Uint8Array(16), options);
    setImmediate(() => controller.abort());
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    await expect(stretchKeyInSlices(new Uint8Array(32), new Uint8Array(16), options)).rejects.toMatchObject({
      name: "AbortError",
    });
  });

  test("refuses other lengths", async () => {
    await expect(
      stretchKeyInSlices(new Uint8Array(31), new Uint8Array(16), { acceleration }),
    ).rejects.toThrow(RangeError);
    await expect(
      stretchKeyInSlices(new Uint8Array(32), new Uint8Array(15), { acceleration }),
    ).rejects.toThrow(RangeError);
    await expect(
      stretchKeyInSlices(new Uint8Array(32), new Uint8Array(16), { acceleration, roundCount: 6 }),
    ).rejects.toThrow(RangeError);
  });
});

describe("key stretch kernel", () => {
  test("writes nothing beyond its state", () => {
    const arena = createArena(65_536);
    const kernel = arena.kernel("key-stretch")!;
    arena.bytes.fill(0x55);
    kernel.initialize(4096);
    kernel.stretch(4096, 0, 8);
    const outside = Buffer.concat([arena.bytes.subarray(0, 4096), arena.bytes.subarray(8192)]);
    expect(outside.equals(Buffer.alloc(outside.length, 0x55))).toBe(true);
  });
});

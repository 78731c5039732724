import { describe, expect, test } from "@jest/globals";
import {
  initialHashOfPassword,
  initialHashOfRecoveryKey,
  stretchKey,
} from "../../../src/diskprep/bitlocker/key-stretching.js";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const hexOf = (data: Uint8Array): string => Buffer.from(data).toString("hex");

describe("key stretching", () => {
  test("gives the published keys, side by side, and leaves the inputs alone", async () => {
    const initial = initialHashOfRecoveryKey(bytes("2965d7d3e2b6e6957beae75c804cd046"));
    expect(hexOf(initial)).toBe("5c041444bd1400ab4e0c5ae8e0da0f8bbb01f1065827cc6ef6f1bdf3d7249305");
    const own = initialHashOfRecoveryKey(Uint8Array.from({ length: 16 }, (_, index) => 0x50 + index));
    const ownSalt = Uint8Array.from({ length: 16 }, (_, index) => 0x40 + index);
    const stretched = await Promise.all([
      stretchKey(initial, bytes("6a762f0a5eafb9f72f1445f1351d0406")),
      stretchKey(own, ownSalt),
    ]);
    expect(stretched.map(hexOf)).toEqual([
      "d3bb066813b137043d0e20430beba4f52377e4172ba64a7e4aadde6be662ccd1",
      "77f3cff93cda73f2809b1463337e8fb755481e444ae67b4a5d022b3bd2189a48",
    ]);
    expect(hexOf(initial)).toBe("5c041444bd1400ab4e0c5ae8e0da0f8bbb01f1065827cc6ef6f1bdf3d7249305");
  });

  test("stops when its caller aborts, while running and before", async () => {
    const controller = new AbortController();
    const running = stretchKey(new Uint8Array(32), new Uint8Array(16), { abortSignal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    await expect(
      stretchKey(new Uint8Array(32), new Uint8Array(16), { abortSignal: controller.signal }),
    ).rejects.toMatchObject({ name: "AbortError" });
  });

  test("lets the event loop turn meanwhile", async () => {
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    count();
    await stretchKey(new Uint8Array(32), new Uint8Array(16));
    isDone = true;
    expect(turns).toBeGreaterThan(100);
  });

  test("refuses inputs of other lengths", async () => {
    await expect(stretchKey(new Uint8Array(31), new Uint8Array(16))).rejects.toMatchObject({
      name: "BitLockerError",
      code: "invalid-argument",
    });
  });

  test("a chosen password is hashed twice as UTF-16", () => {
    expect(hexOf(initialHashOfPassword("anaconda£"))).toMatch(/^[0-9a-f]{64}$/);
    expect(hexOf(initialHashOfPassword("a"))).not.toBe(hexOf(initialHashOfPassword("b")));
  });
});

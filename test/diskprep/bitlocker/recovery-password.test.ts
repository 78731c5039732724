import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  generateRecoveryPassword,
  parseRecoveryPassword,
  recoveryPasswordFromBytes,
} from "../../../src/diskprep/bitlocker/index.js";

const text = "284867-596541-514998-422114-660297-261613-215424-199408";
const hex = "2965d7d3e2b6e6957beae75c804cd046";

describe("recovery password", () => {
  test("has the published bytes", () => {
    expect(Buffer.from(parseRecoveryPassword(text).copyBytes()).toString("hex")).toBe(hex);
    expect(recoveryPasswordFromBytes(Buffer.from(hex, "hex")).format()).toBe(text);
  });

  test.each([
    ["plain digits", text.replaceAll("-", "")],
    ["spaces", text.replaceAll("-", " ")],
    ["line breaks and blanks around", `  ${text.replaceAll("-", "\r\n")}\n`],
    ["typographic dashes", text.replaceAll("-", " – ")],
    ["halves", `${text.slice(0, 27).replaceAll("-", "")} ${text.slice(28).replaceAll("-", "")}`],
  ])("is read with %s", (_, written) => {
    expect(parseRecoveryPassword(written).format()).toBe(text);
  });

  test.each<[string, string, string, number | undefined]>([
    ["nothing", "", "wrong-length", undefined],
    ["47 digits without groups", text.replaceAll("-", "").slice(1), "wrong-length", undefined],
    ["seven groups", text.slice(7), "wrong-length", undefined],
    ["nine groups", `${text}-000000`, "wrong-length", undefined],
    ["a short group", text.replace("422114", "42211"), "wrong-length", 4],
    ["a letter", text.replace("422114", "4221I4"), "not-digits", 4],
    ["a wrong digit", text.replace("261613", "261618"), "wrong-digit", 6],
    ["swapped digits", text.replace("284867", "824867"), "wrong-digit", 1],
    ["a group too large", text.replace("199408", "720896"), "wrong-digit", 8],
  ])("with %s is refused", (_, written, reason, group) => {
    let failure: unknown;
    try {
      parseRecoveryPassword(written);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({
      name: "BitLockerError",
      code: "invalid-recovery-password",
      details: { reason, group },
    });
    const shown = inspect(failure, { depth: 9, showHidden: true }).split("\n    at ")[0]!;
    expect(/[0-9]{5}/.test(shown) || shown.includes("4221I4")).toBe(false);
  });

  test("any single wrong digit names its group", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.nat(47),
        fc.integer({ min: 1, max: 9 }),
        (bytes, position, difference) => {
          const digits = [...recoveryPasswordFromBytes(bytes).format().replaceAll("-", "")];
          digits[position] = String((Number(digits[position]) + difference) % 10);
          expect(() => parseRecoveryPassword(digits.join(""))).toThrow(
            expect.objectContaining({
              details: { reason: "wrong-digit", group: Math.floor(position / 6) + 1 },
            }),
          );
        },
      ),
      { seed: 20_240_302, numRuns: 300 },
    );
  });

  test("survives a round trip for any 16 bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const password = generateRecoveryPassword((target) => target.set(bytes));
        expect(password.format()).toMatch(/^([0-9]{6}-){7}[0-9]{6}$/);
        expect(parseRecoveryPassword(password.format()).copyBytes()).toEqual(Uint8Array.from(bytes));
      }),
      { seed: 20_240_303 },
    );
  });

  test("does not show itself by accident and forgets when told to", () => {
    const password = parseRecoveryPassword(text);
    const shown = `${inspect(password, { showHidden: true, depth: 9 })} ${String(password)} ${JSON.stringify({ password })}`;
    expect(shown).toBe('[RecoveryPassword] [RecoveryPassword] {"password":"[RecoveryPassword]"}');
    const copy = password.copyBytes();
    copy.fill(0);
    expect(password.format()).toBe(text);
    password.dispose();
    expect(() => password.format()).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });

  test("needs 16 bytes", () => {
    expect(() => recoveryPasswordFromBytes(new Uint8Array(15))).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });
});

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  formatRegFile,
  parseRegFile,
  type RegFileKey,
  type RegistryValue,
} from "../../src/registry/index.js";

const numRuns = process.env["OFFLINE_SEED_LONG"] === "1" ? 20_000 : 500;
const seed = Number(process.env["OFFLINE_SEED_RANDOM"] ?? 20_260_203);

const text = fc
  .string({ unit: "binary", maxLength: 60 })
  .filter((value) => !/\0|[\uD800-\uDFFF]/u.test(value));
const bytes = fc.uint8Array({ maxLength: 100 });
const value: fc.Arbitrary<RegistryValue> = fc.oneof(
  fc.record({ type: fc.constantFrom("REG_SZ", "REG_EXPAND_SZ"), data: text }),
  fc.record({
    type: fc.constant("REG_MULTI_SZ" as const),
    data: fc.array(
      text.filter((item) => item !== ""),
      { maxLength: 4 },
    ),
  }),
  fc.record({ type: fc.constant("REG_DWORD" as const), data: fc.nat(0xffff_ffff) }),
  fc.record({ type: fc.constant("REG_QWORD" as const), data: fc.bigInt(0n, (1n << 64n) - 1n) }),
  fc.record({
    type: fc.constantFrom(
      "REG_NONE",
      "REG_BINARY",
      "REG_DWORD_BIG_ENDIAN",
      "REG_LINK",
      "REG_RESOURCE_LIST",
      "REG_FULL_RESOURCE_DESCRIPTOR",
      "REG_RESOURCE_REQUIREMENTS_LIST",
    ),
    data: bytes,
  }),
);
const name = text.filter((candidate) => !/[\r\n]/.test(candidate));
const keyName = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .filter((part) => part.trim() === part && !/[\\\]\u0000-\u001F]|[\uD800-\uDFFF]/u.test(part));
const keys: fc.Arbitrary<readonly RegFileKey[]> = fc.array(
  fc
    .tuple(
      fc.array(keyName, { maxLength: 3 }),
      fc.boolean(),
      fc.array(fc.record({ name, value: fc.option(value, { nil: undefined }) })),
    )
    .map(([parts, isDeleted, values]) => ({
      path: ["HKEY_LOCAL_MACHINE", ...parts].join("\\"),
      isDeleted,
      values: isDeleted ? [] : values,
    })),
);

describe(`.reg files (seed ${seed})`, () => {
  test("bring back every key, name and value", () => {
    fc.assert(
      fc.property(keys, (content) => {
        expect(parseRegFile(formatRegFile(content))).toEqual(content);
      }),
      { numRuns, seed },
    );
  });

  test("have no line longer than regedit's, names and texts apart", () => {
    const [line, ...rest] = new TextDecoder("utf-16le")
      .decode(
        formatRegFile([
          {
            path: "HKLM\\X",
            isDeleted: false,
            values: [{ name: "x", value: { type: "REG_BINARY", data: new Uint8Array(500) } }],
          },
        ]),
      )
      .split("\r\n")
      .filter((each) => each.includes(","));
    expect([line!.startsWith('"x"=hex:00,'), [line, ...rest].every((each) => each!.length <= 80)]).toEqual([
      true,
      true,
    ]);
  });

  test("that are damaged end in an error of this room, never in another", () => {
    const good = Buffer.from(
      formatRegFile([
        {
          path: "HKLM\\SOFTWARE\\X",
          isDeleted: false,
          values: [
            { name: "a", value: { type: "REG_SZ", data: 'q"\\' } },
            { name: "b", value: { type: "REG_MULTI_SZ", data: ["one", "two"] } },
            { name: "", value: { type: "REG_DWORD", data: 7 } },
          ],
        },
      ]),
    ).toString("utf16le");
    const edit = fc.record({
      at: fc.nat(good.length),
      remove: fc.nat(4),
      insert: fc.constantFrom("", '"', "\\", "[", "]", "=", "-", ",", "\r\n", "hex(99):", ";", "\0", "@"),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const damaged = edits.reduce(
          (content, { at, remove, insert }) => content.slice(0, at) + insert + content.slice(at + remove),
          good,
        );
        try {
          parseRegFile(Buffer.from(damaged, "utf16le"));
        } catch (error) {
          expect(error).toMatchObject({ name: "RegistryError", code: "reg-file-invalid" });
        }
      }),
      { numRuns, seed },
    );
  });
});

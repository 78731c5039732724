/** What every {@link RegistryStore} has to do, whoever writes it. */
import { describe, expect, test } from "@jest/globals";
import type { RegistryStore, RegistryValue } from "../../src/registry/index.js";

/** What a store that is tested cannot do, because the program behind it cannot. */
export interface RegistryStoreSuiteOptions {
  /** Types that the store refuses or does not know. Default: none. */
  readonly unsupportedTypes?: readonly RegistryValue["type"][];
  /** Checks the kinds of values in one test instead of one each, for stores whose calls take long. Default: false. */
  readonly isSlow?: boolean;
}

/** Runs the suite against stores made by `createStore`; `root` is an existing or absent key that tests may fill. */
export function runRegistryStoreSuite(
  name: string,
  root: string,
  createStore: () => Promise<RegistryStore>,
  options: RegistryStoreSuiteOptions = {},
): void {
  const values: readonly (readonly [string, RegistryValue])[] = [
    ["text", { type: "REG_SZ", data: "plain text" }],
    ["empty text", { type: "REG_SZ", data: "" }],
    ["quotes and backslashes", { type: "REG_SZ", data: 'C:\\Program Files\\"Agent"\\' }],
    ["spaces at the end", { type: "REG_SZ", data: "  two and three   " }],
    ["other scripts", { type: "REG_SZ", data: "Sicherung – 备份 – 💾" }],
    ["percent", { type: "REG_EXPAND_SZ", data: "%ProgramFiles%\\Agent" }],
    ["several", { type: "REG_MULTI_SZ", data: ["one", "two words", "three"] }],
    ["none of several", { type: "REG_MULTI_SZ", data: [] }],
    ["smallest number", { type: "REG_DWORD", data: 0 }],
    ["largest number", { type: "REG_DWORD", data: 0xffff_ffff }],
    ["long number", { type: "REG_QWORD", data: 0xfedc_ba98_7654_3210n }],
    ["bytes", { type: "REG_BINARY", data: Uint8Array.from({ length: 100 }, (_, index) => index * 5) }],
    ["no bytes", { type: "REG_BINARY", data: new Uint8Array() }],
    ["untyped", { type: "REG_NONE", data: Uint8Array.of(1, 2, 3) }],
    ["", { type: "REG_SZ", data: "the default value" }],
    ['name with "quotes" and \\', { type: "REG_SZ", data: "x" }],
  ];
  const supported = values.filter(([, value]) => !options.unsupportedTypes?.includes(value.type));

  describe(`${name} as a registry store`, () => {
    if (options.isSlow !== true) {
      test.each(supported)("keeps the value '%s'", async (valueName, value) => {
        const store = await createStore();
        const key = `${root}\\Values`;
        await store.setValue(key, valueName, value);
        expect(await store.getValue(key, valueName)).toEqual(value);
      });
    }

    test("lists all values of a key", async () => {
      const store = await createStore();
      const key = `${root}\\All`;
      for (const [valueName, value] of supported) await store.setValue(key, valueName, value);
      const listed = await store.listValues(key);
      expect(new Map(listed?.map((entry) => [entry.name, entry.value]))).toEqual(new Map(supported));
    });

    test("replaces a value of another type", async () => {
      const store = await createStore();
      const key = `${root}\\Replace`;
      await store.setValue(key, "value", { type: "REG_DWORD", data: 1 });
      await store.setValue(key, "value", { type: "REG_SZ", data: "now text" });
      expect(await store.listValues(key)).toEqual([
        { name: "value", value: { type: "REG_SZ", data: "now text" } },
      ]);
    });

    test("compares keys and names in any case", async () => {
      const store = await createStore();
      await store.setValue(`${root}\\Case\\Inner`, "Name", { type: "REG_SZ", data: "x" });
      expect(await store.getValue(`${root.toLowerCase()}\\CASE\\inner`, "nAME")).toEqual({
        type: "REG_SZ",
        data: "x",
      });
      await store.setValue(`${root}\\CASE\\INNER`, "NAME", { type: "REG_SZ", data: "y" });
      expect(await store.listValues(`${root}\\Case\\Inner`)).toHaveLength(1);
      expect(await store.listKeys(`${root}\\Case`)).toHaveLength(1);
    });

    test("tells absent from empty", async () => {
      const store = await createStore();
      const key = `${root}\\Empty`;
      expect([
        await store.listValues(key),
        await store.listKeys(key),
        await store.getValue(key, "x"),
      ]).toEqual([undefined, undefined, undefined]);
      await store.createKey(key);
      await store.createKey(key);
      expect([
        await store.listValues(key),
        await store.listKeys(key),
        await store.getValue(key, "x"),
      ]).toEqual([[], [], undefined]);
    });

    test("lists keys one level deep", async () => {
      const store = await createStore();
      for (const path of ["Levels\\One\\Deep", "Levels\\Two words", "Levels2"]) {
        await store.createKey(`${root}\\${path}`);
      }
      expect([...((await store.listKeys(`${root}\\Levels`)) ?? [])].sort()).toEqual(["One", "Two words"]);
    });

    test("removes values and whole branches, twice without complaint", async () => {
      const store = await createStore();
      await store.setValue(`${root}\\Gone\\Deep`, "a", { type: "REG_DWORD", data: 1 });
      await store.setValue(`${root}\\Gone`, "b", { type: "REG_DWORD", data: 2 });
      await store.setValue(`${root}\\Gone Not`, "c", { type: "REG_DWORD", data: 3 });
      for (let round = 0; round < 2; round += 1) await store.deleteValue(`${root}\\Gone`, "b");
      expect(await store.listValues(`${root}\\Gone`)).toEqual([]);
      for (let round = 0; round < 2; round += 1) await store.deleteKey(`${root}\\Gone`);
      expect([
        await store.listValues(`${root}\\Gone\\Deep`),
        await store.listValues(`${root}\\Gone`),
      ]).toEqual([undefined, undefined]);
      expect(await store.listValues(`${root}\\Gone Not`)).toHaveLength(1);
      await store.deleteValue(`${root}\\Never There`, "x");
      expect(await store.listValues(`${root}\\Never There`)).toBeUndefined();
    });

    test("refuses paths without a hive and values that no registry can hold", async () => {
      const store = await createStore();
      const expected = (code: string) => expect.objectContaining({ name: "RegistryError", code });
      await expect(store.getValue("SOFTWARE\\Vendor", "x")).rejects.toEqual(expected("invalid-path"));
      await expect(store.createKey(`${root}\\\\Twice`)).rejects.toEqual(expected("invalid-path"));
      await expect(store.setValue(root, "x", { type: "REG_SZ", data: "a\0b" })).rejects.toEqual(
        expected("invalid-value"),
      );
      await expect(store.setValue(root, "x", { type: "REG_DWORD", data: 2 ** 32 })).rejects.toEqual(
        expected("invalid-value"),
      );
      for (const value of [
        { type: "REG_QWORD", data: 5 },
        { type: "REG_BINARY", data: [1, 2] },
        { type: "REG_MULTI_SZ", data: "one" },
        { type: "REG_SZ", data: undefined },
        { type: "REG_NUMBER", data: 1 },
      ] as unknown as readonly RegistryValue[]) {
        await expect(store.setValue(root, "x", value)).rejects.toEqual(expected("invalid-value"));
      }
    });

    test("removes no hive, and nothing that Windows cannot be without", async () => {
      const store = await createStore();
      await store.setValue(`${root}\\Still`, "there", { type: "REG_DWORD", data: 1 });
      for (const path of ["HKLM", "HKEY_LOCAL_MACHINE\\", "hklm\\Software", "HKCU"]) {
        await expect(store.deleteKey(path)).rejects.toMatchObject({
          name: "RegistryError",
          code: "invalid-path",
        });
      }
      expect(await store.listValues(`${root}\\Still`)).toHaveLength(1);
    });

    test("stops when its caller has aborted", async () => {
      const store = await createStore();
      const abortSignal = AbortSignal.abort();
      await expect(store.getValue(root, "x", { abortSignal })).rejects.toMatchObject({ name: "AbortError" });
      await expect(store.createKey(`${root}\\Aborted`, { abortSignal })).rejects.toMatchObject({
        name: "AbortError",
      });
      expect(await store.listValues(`${root}\\Aborted`)).toBeUndefined();
    });
  });
}

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  createMemoryRegistry,
  createRegFileRegistry,
  createWindowsRegistry,
  openRegFile,
  type RegFileRegistry,
  type RegistryStore,
} from "../../src/registry/index.js";
import { runRegistryStoreSuite } from "../conformance/registry-store-suite.js";
import { createFakeRegProgram } from "./fake-reg-program.js";

const root = "HKLM\\SOFTWARE\\Seed Test";
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-registry-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

runRegistryStoreSuite("the memory registry", root, async () => createMemoryRegistry());
runRegistryStoreSuite("a .reg file", root, () => createRegFileRegistry());
runRegistryStoreSuite("a .reg file that is written and read again before every call", root, async () => {
  let file = await createRegFileRegistry();
  const reopened = async (): Promise<RegFileRegistry> => (file = await createRegFileRegistry(file.toBytes()));
  const store: RegistryStore = {
    getValue: async (...parameters) => (await reopened()).getValue(...parameters),
    listValues: async (...parameters) => (await reopened()).listValues(...parameters),
    listKeys: async (...parameters) => (await reopened()).listKeys(...parameters),
    setValue: async (...parameters) => (await reopened()).setValue(...parameters),
    deleteValue: async (...parameters) => (await reopened()).deleteValue(...parameters),
    createKey: async (...parameters) => (await reopened()).createKey(...parameters),
    deleteKey: async (...parameters) => (await reopened()).deleteKey(...parameters),
  };
  return store;
});
runRegistryStoreSuite("reg.exe in miniature", root, async () =>
  createWindowsRegistry({ runCommand: createFakeRegProgram(createMemoryRegistry()).runCommand }),
);

describe("the Windows registry", () => {
  test("passes argument arrays, asks for the 64-bit view and leaves no temporary file", async () => {
    const { runCommand, calls } = createFakeRegProgram(createMemoryRegistry());
    const registry = createWindowsRegistry({ runCommand, temporaryFolder: folder });
    await registry.setValue(root, "a & calc.exe", { type: "REG_SZ", data: '" & del *' });
    await registry.getValue(root, "a & calc.exe");
    expect(calls).toEqual([
      ["import", expect.stringMatching(/values\.reg$/), "/reg:64"],
      [
        "export",
        "HKEY_LOCAL_MACHINE\\SOFTWARE\\Seed Test",
        expect.stringMatching(/values\.reg$/),
        "/y",
        "/reg:64",
      ],
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  test.each(["english", "german"] as const)(
    "tells a missing right and a missing program apart when the system speaks %s",
    async (language) => {
      const value = { type: "REG_DWORD", data: 1 } as const;
      const denied = createFakeRegProgram(createMemoryRegistry(), { isElevated: false, language });
      await expect(createWindowsRegistry(denied).setValue(root, "x", value)).rejects.toMatchObject({
        name: "RegistryError",
        code: "access-denied",
      });
      await expect(
        createWindowsRegistry({ program: join(folder, "no-such-program") }).getValue(root, "x"),
      ).rejects.toMatchObject({ name: "RegistryError", code: "reg-tool-failed" });
    },
  );

  test.each(["english", "german"] as const)(
    "a key that may not be read is not taken for an absent one when the system speaks %s",
    async (language) => {
      const content = createMemoryRegistry();
      await content.setValue(`${root}\\Closed`, "x", { type: "REG_DWORD", data: 1 });
      const closed = createFakeRegProgram(content, {
        language,
        closedKey: `${root.replace("HKLM", "HKEY_LOCAL_MACHINE")}\\Closed`,
      });
      const registry = createWindowsRegistry(closed);
      await expect(registry.getValue(`${root}\\Closed`, "x")).rejects.toMatchObject({
        code: "access-denied",
      });
      expect(await registry.getValue(`${root}\\Absent`, "x")).toBeUndefined();
      expect(await registry.getValue("HKEY_LOCAL_MACHINE\\NoSuchRoot", "x")).toBeUndefined();
      const full = createWindowsRegistry(createFakeRegProgram(content, { language, cannotExport: true }));
      await expect(full.getValue(root, "x")).rejects.toMatchObject({ code: "reg-tool-failed" });
    },
  );
});

describe("a .reg file", () => {
  test("notes removals for the machine that imports it", async () => {
    const registry = await createRegFileRegistry();
    await registry.setValue(`${root}\\Kept`, "kept", { type: "REG_DWORD", data: 1 });
    await registry.deleteValue(`${root}\\Kept`, "gone");
    await registry.deleteKey(`${root}\\Gone`);
    await registry.setValue(`${root}\\Gone\\Again`, "new", { type: "REG_SZ", data: "x" });
    expect(new TextDecoder("utf-16le").decode(registry.toBytes())).toBe(
      [
        "Windows Registry Editor Version 5.00",
        "",
        "[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Seed Test\\Gone]",
        "",
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Seed Test\\Kept]",
        '"gone"=-',
        "",
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Seed Test\\Kept]",
        '"kept"=dword:00000001',
        "",
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Seed Test\\Gone\\Again]",
        '"new"="x"',
        "",
        "",
      ].join("\r\n"),
    );
  });

  test("is opened, changed and saved as a whole", async () => {
    const path = join(folder, "agent.reg");
    const first = await openRegFile(path);
    await first.setValue(root, "one", { type: "REG_SZ", data: "1" });
    await first.save(path);
    const second = await openRegFile(path);
    await second.setValue(root, "two", { type: "REG_SZ", data: "2" });
    await second.save(path);
    expect(await (await openRegFile(path)).listValues(root)).toHaveLength(2);
  });

  test("of other writers is read: continued lines, comments, escapes, version 4, UTF-8", async () => {
    const body = (header: string) =>
      [
        header,
        "; comment",
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Seed Test]",
        '@="default"',
        '"path"="C:\\\\Agent\\\\"',
        '"wine"="a\\nb"',
        '"lines"="first',
        'second"',
        '"long"=hex:01,02,\\',
        "  03,04,\\ ",
        "  05",
        '"removed"=-',
        "",
      ].join("\r\n");
    const expected = [
      { name: "", value: { type: "REG_SZ", data: "default" } },
      { name: "path", value: { type: "REG_SZ", data: "C:\\Agent\\" } },
      { name: "wine", value: { type: "REG_SZ", data: "a\nb" } },
      { name: "lines", value: { type: "REG_SZ", data: "first\r\nsecond" } },
      { name: "long", value: { type: "REG_BINARY", data: Uint8Array.of(1, 2, 3, 4, 5) } },
    ];
    const version5 = body("Windows Registry Editor Version 5.00");
    for (const content of [
      Buffer.from(`\uFEFF${version5}`, "utf16le"),
      Buffer.from(version5, "utf8"),
      Buffer.from(body("REGEDIT4"), "latin1"),
    ]) {
      expect(await (await createRegFileRegistry(content)).listValues(root)).toEqual(expected);
    }
    const version4 = Buffer.from(
      'REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Seed Test]\r\n"x"=hex(2):25,41,25,00\r\n',
    );
    expect(await (await createRegFileRegistry(version4)).getValue(root, "x")).toEqual({
      type: "REG_EXPAND_SZ",
      data: "%A%",
    });
  });

  test.each([
    "",
    "garbage",
    "REGEDIT5\r\n",
    "Windows Registry Editor Version 5.00\r\n[SOFTWARE\\X]\r\n",
    'Windows Registry Editor Version 5.00\r\n"x"="before any key"\r\n',
    "Windows Registry Editor Version 5.00\r\n[HKEY_LOCAL_MACHINE\\X]\r\nx=1\r\n",
    'Windows Registry Editor Version 5.00\r\n[HKEY_LOCAL_MACHINE\\X]\r\n"x"=dword:123456789\r\n',
    'Windows Registry Editor Version 5.00\r\n[HKEY_LOCAL_MACHINE\\X]\r\n"x"=hex(b):01,02\r\n',
    'Windows Registry Editor Version 5.00\r\n[HKEY_LOCAL_MACHINE\\X]\r\n"x"=hex(99):01\r\n',
    'Windows Registry Editor Version 5.00\r\n[HKEY_LOCAL_MACHINE\\X]\r\n"x"="open\r\n',
  ])("that is damaged is refused: %j", async (text) => {
    await expect(createRegFileRegistry(Buffer.from(text))).rejects.toMatchObject({
      code: "reg-file-invalid",
    });
  });
});

import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { DOMParser } from "@xmldom/xmldom";
import {
  formatClassicJournal,
  formatDriveInfo,
  writeClassicJournal,
  writeDriveInfo,
} from "../../src/importjob/index.js";
import { preparedDrive } from "./support/import-orders.js";

const createdAt = new Date(Date.UTC(2026, 2, 2, 8, 5, 9, 42));
const { bitLockerKey } = preparedDrive("X");

test("the journal has the public record syntax, word for word", () => {
  const drives = [preparedDrive("DISK0001", { manifestHash: "8d55706fd69595ea109df5c437188644" })];
  expect(formatClassicJournal(drives, { createdAt, logDirectory: "C:\\logs" })).toBe(
    [
      "[BeginUpdateRecord][2026/03/02 08:05:09.042][Type:NewJournalFile]",
      "VocabularyVersion: 2013-02-01",
      "[EndUpdateRecord]",
      "",
      "[BeginUpdateRecord][2026/03/02 08:05:09.042][Type:ActivityRecord]",
      "ActivityId: PrepImportDriveCommandContext",
      "LogDirectory: C:\\logs",
      "[EndUpdateRecord]",
      "",
      "[BeginUpdateRecord][2026/03/02 08:05:09.042][Type:ActivityRecord]",
      "ActivityId: DriveInfo",
      "DriveState: [BeginValue]",
      "<Drive>",
      "  <DriveId>DISK0001</DriveId>",
      `  <BitLockerKey>${bitLockerKey}</BitLockerKey>`,
      "  <ManifestFile>\\DriveManifest.xml</ManifestFile>",
      "  <ManifestHash>8D55706FD69595EA109DF5C437188644</ManifestHash>",
      "</Drive>",
      "[EndValue]",
      "[EndUpdateRecord]",
      "",
      "[BeginUpdateRecord][2026/03/02 08:05:09.042][Type:ActivityRecord]",
      "ActivityId: PrepImportDriveCommandContext",
      "SaveCommandOutput: Completed",
      "[EndUpdateRecord]",
      "",
      "",
    ].join("\r\n"),
  );
});

test("the drive info is XML another parser reads, with awkward values", () => {
  const drive = preparedDrive("A&B<C>", { manifestFile: '\\a "b" & c.xml' });
  const document = new DOMParser().parseFromString(formatDriveInfo(drive), "text/xml");
  const field = (name: string): string | null | undefined =>
    document.getElementsByTagName(name)[0]?.textContent;
  expect([field("DriveId"), field("BitLockerKey"), field("ManifestFile")]).toEqual([
    "A&B<C>",
    bitLockerKey,
    '\\a "b" & c.xml',
  ]);
});

test("values that would break a record are refused", () => {
  expect(() => formatClassicJournal([], { createdAt: new Date(Number.NaN) })).toThrow(
    expect.objectContaining({ code: "invalid-order" }),
  );
  expect(() => formatClassicJournal([preparedDrive("A\u0001")], { createdAt })).toThrow();
  expect(() => formatClassicJournal([], { createdAt, logDirectory: "a\r\n[EndUpdateRecord]" })).toThrow(
    expect.objectContaining({ code: "invalid-order" }),
  );
});

test("files with keys are readable by their owner only", async () => {
  const folder = await mkdtemp(join(tmpdir(), "offline-seed-journal-"));
  try {
    await writeClassicJournal(join(folder, "seed.jrn"), [preparedDrive("DISK0001")], { createdAt });
    await writeDriveInfo(join(folder, "DISK0001.xml"), preparedDrive("DISK0001"));
    for (const name of ["seed.jrn", "DISK0001.xml"]) {
      if (process.platform !== "win32") expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
      expect(await readFile(join(folder, name), "utf8")).toContain(bitLockerKey);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

import { mkdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import {
  adoptStagingFolder,
  openStagingLocation,
  parseDataSet,
  parseDriveSet,
  type SeedCatalog,
  seedBlobRanges,
  verifySeed,
} from "../../src/staging/index.js";
import {
  codeOf,
  listBlobs,
  pseudoRandomBytes,
  readStaged,
  seedSettings,
  withTemporaryFolder,
} from "./support.js";

/** What the backup agent leaves in its staging folder, as far as that is public, and some more. */
async function makeAgentFolder(folder: string): Promise<void> {
  await mkdir(join(folder, "server 1"), { recursive: true });
  const blob = join(folder, "server 1", "part0.AIBBlob");
  await writeFile(blob, pseudoRandomBytes(100_000, 1));
  await truncate(blob, 9 * 1024 * 1024);
  await writeFile(join(folder, "root.BaseBlob"), pseudoRandomBytes(5 * 1024 * 1024, 2));
  await writeFile(join(folder, "notes.txt"), "text");
}

async function summary(catalog: SeedCatalog): Promise<unknown[]> {
  return (await listBlobs(catalog))
    .map((blob) => [blob.name, blob.kind, blob.lengthInBytes, blob.dataStretches, blob.md5 !== undefined])
    .sort();
}

describe("adopting a folder in place", () => {
  test("makes page blobs of the agent's files and copies nothing", async () => {
    await withTemporaryFolder(async (folder) => {
      await makeAgentFolder(folder);
      const location = await openStagingLocation(folder);
      const { catalog } = await adoptStagingFolder(location, { ...seedSettings, namePrefix: "srv/" });
      expect(await summary(catalog)).toEqual([
        ["srv/notes.txt", "block", 4, undefined, true],
        ["srv/root.BaseBlob", "page", 5 * 1024 * 1024, undefined, true],
        [
          "srv/server 1/part0.AIBBlob",
          "page",
          9 * 1024 * 1024,
          [{ offsetInBytes: 0, lengthInBytes: 131_072 }],
          true,
        ],
      ]);
      const verified = await verifySeed(catalog);
      expect(verified).toMatchObject({ blobsEqual: 3, problemCount: 0 });
      const blobs = await listBlobs(catalog);
      expect(blobs.map((blob) => catalog.stagedFilePath(blob)).sort()).toEqual([
        join(folder, "notes.txt"),
        join(folder, "root.BaseBlob"),
        join(folder, "server 1", "part0.AIBBlob"),
      ]);
      await catalog.close();
      // A second seed of the same folder does not adopt the first one's files.
      const second = await adoptStagingFolder(location, { ...seedSettings, jobName: "seed-two" });
      expect(second.catalog.blobCount).toBe(3);
      await second.catalog.close();
    });
  });

  test("leaves hashing to the copy when asked", async () => {
    await withTemporaryFolder(async (folder) => {
      await makeAgentFolder(join(folder, "data"));
      const location = await openStagingLocation(join(folder, "staging"), { create: true });
      const { catalog } = await adoptStagingFolder(location, {
        ...seedSettings,
        folder: join(folder, "data"),
        hashing: "during-copy",
        exclude: ["*.txt"],
      });
      const blobs = await listBlobs(catalog);
      const hashes = await Promise.all(
        blobs.map((blob) => catalog.readRangeHashes(blob, 0, [...seedBlobRanges(blob)].length)),
      );
      expect([blobs.map((blob) => blob.md5), hashes]).toEqual([
        [undefined, undefined],
        [undefined, undefined],
      ]);
      expect(await verifySeed(catalog)).toMatchObject({ blobsWithoutHash: 2, problemCount: 0 });
      await catalog.close();
    });
  });

  test("files that vanish, shrink or change are found", async () => {
    await withTemporaryFolder(async (folder) => {
      await makeAgentFolder(folder);
      const location = await openStagingLocation(folder);
      const { catalog } = await adoptStagingFolder(location, seedSettings);
      await rm(join(folder, "notes.txt"));
      await truncate(join(folder, "root.BaseBlob"), 512);
      const agentFile = join(folder, "server 1", "part0.AIBBlob");
      await truncate(agentFile, 8 * 1024 * 1024);
      await truncate(agentFile, 9 * 1024 * 1024);
      await writeFile(agentFile, "flipped", { flag: "r+" });
      const report = await verifySeed(catalog);
      expect(
        report.problems
          .map(({ name, status, firstDifferentRange }) => [name, status, firstDifferentRange])
          .sort(),
      ).toEqual([
        ["notes.txt", "missing", undefined],
        ["root.BaseBlob", "different", undefined],
        ["server 1/part0.AIBBlob", "different", 0],
      ]);
      const [blob] = (await listBlobs(catalog)).filter(({ name }) => name === "root.BaseBlob");
      expect(await codeOf(readStaged(catalog, blob!))).toBe("staged-file-changed");
      await catalog.close();
    });
  });

  test("nothing is left behind when a file cannot be adopted", async () => {
    await withTemporaryFolder(async (folder) => {
      await makeAgentFolder(folder);
      await writeFile(join(folder, "odd.AIBBlob"), "odd");
      await symlink("nowhere", join(folder, "dangling"));
      const location = await openStagingLocation(folder);
      expect(await codeOf(adoptStagingFolder(location, seedSettings))).toBe("source-unreadable");
      expect(await location.listSeeds()).toEqual([]);
      const { catalog, failures } = await adoptStagingFolder(location, {
        ...seedSettings,
        allowFailures: true,
      });
      expect([catalog.blobCount, failures.map((failure) => failure.code).sort()]).toEqual([
        3,
        ["blob-not-aligned", "source-unreadable"],
      ]);
      await catalog.close();
    });
  });
});

describe("dataset.csv", () => {
  test.each([
    [
      "the blob columns",
      'BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile\r\n"F:\\50 M\\",seeds/in/,BlockBlob,rename,"None",None\r\nG:\\disk.vhd,seeds/disk.vhd,page,overwrite,F:\\m.xml,F:\\p.xml\r\n',
    ],
    [
      "the item columns",
      '\ufeffbasepath, DstItemPathOrPrefix ,ItemType,Disposition,MetadataFile,PropertiesFile\n"F:\\50 M\\",seeds/in/,block\n\nG:\\disk.vhd,seeds/disk.vhd,PageBlob,Overwrite,F:\\m.xml,F:\\p.xml',
    ],
  ])("%s", (_label, text) => {
    const common = { containerName: "seeds" };
    expect(parseDataSet(text).map(({ line: _line, ...row }) => row)).toEqual([
      {
        ...common,
        basePath: "F:\\50 M\\",
        isFolder: true,
        nameOrPrefix: "in/",
        kind: "block",
        disposition: "rename",
        metadataFile: undefined,
        propertiesFile: undefined,
      },
      {
        ...common,
        basePath: "G:\\disk.vhd",
        isFolder: false,
        nameOrPrefix: "disk.vhd",
        kind: "page",
        disposition: "overwrite",
        metadataFile: "F:\\m.xml",
        propertiesFile: "F:\\p.xml",
      },
    ]);
  });

  test.each([
    ["", "BasePath"],
    ["BasePath,BlobType\nF:\\x,block", "DstBlobPathOrPrefix"],
    ["BasePath,DstBlobPathOrPrefix\nrelative\\x,seeds/", "absolute"],
    ["BasePath,DstBlobPathOrPrefix\nF:\\*.vhd,seeds/", "wildcards"],
    ["BasePath,DstBlobPathOrPrefix,BlobType\nF:\\x,seeds/,tape", "tape"],
    ["BasePath,DstItemPathOrPrefix,ItemType\nF:\\x,share/,file", "share"],
    ["BasePath,DstBlobPathOrPrefix,Disposition\nF:\\x,seeds/,delete", "delete"],
    ['BasePath,DstBlobPathOrPrefix\n"F:\\x,seeds/', "line|Line"],
    ["BasePath,DstBlobPathOrPrefix\nF:\\x,seeds/,extra", "more values"],
    ["BasePath,BasePath,DstBlobPathOrPrefix\nF:\\x,F:\\y,seeds/", "twice"],
  ])("refuses %j", (text, message) => {
    expect(() => parseDataSet(text)).toThrow(new RegExp(message));
  });

  test("its rows become blobs with their headers and metadata", async () => {
    await withTemporaryFolder(async (folder) => {
      await makeAgentFolder(join(folder, "data"));
      await writeFile(join(folder, "m.xml"), "<Metadata><SeededBy>offline-seed</SeededBy></Metadata>");
      await writeFile(
        join(folder, "p.xml"),
        "<Properties><Content-Type>text/plain</Content-Type><Etag>x</Etag></Properties>",
      );
      const csv =
        "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile\n" +
        "F:\\data\\,seeds/all/,BlockBlob,overwrite,None,None\n" +
        "F:\\data\\notes.txt,seeds/renamed,BlockBlob,overwrite,F:\\m.xml,F:\\p.xml\n";
      await writeFile(join(folder, "dataset.csv"), csv);
      const location = await openStagingLocation(join(folder, "staging"), { create: true });
      const options = {
        ...seedSettings,
        dataSetFile: join(folder, "dataset.csv"),
        mapPath: (path: string) => path.replace("F:", folder).replaceAll("\\", "/"),
      };
      const { catalog } = await adoptStagingFolder(location, options);
      const blobs = await listBlobs(catalog);
      expect(
        blobs.map(({ name, kind, headers, metadata }) => [name, kind, headers, metadata]).sort(),
      ).toEqual([
        ["all/notes.txt", "block", {}, {}],
        ["all/root.BaseBlob", "block", {}, {}],
        ["all/server 1/part0.AIBBlob", "block", {}, {}],
        ["renamed", "block", { contentType: "text/plain" }, { SeededBy: "offline-seed" }],
      ]);
      expect(await verifySeed(catalog)).toMatchObject({ blobsEqual: 4 });
      await catalog.close();
      const other = { ...options, jobName: "seed-two", containerName: "elsewhere" };
      expect(await codeOf(adoptStagingFolder(location, other))).toBe("dataset-invalid");
    });
  });
});

describe("driveset.csv", () => {
  const header = "DriveLetter,FormatOption,SilentOrPromptOnFormat,Encryption,ExistingBitLockerKey\n";
  const key = "060456-014509-132033-080300-252615-584177-672089-411631";

  test("both kinds of drives; the key stays out of what is printed", () => {
    const rows = parseDriveSet(
      `${header}G,AlreadyFormatted,SilentMode,AlreadyEncrypted,${key}\nh:,Format,PromptOnFormat,Encrypt,`,
    );
    expect(
      rows.map(({ driveLetter, format, promptOnFormat, encrypt, existingBitLockerKey }) => [
        driveLetter,
        format,
        promptOnFormat,
        encrypt,
        existingBitLockerKey,
      ]),
    ).toEqual([
      ["G", false, false, false, key],
      ["H", true, true, true, undefined],
    ]);
    expect(JSON.stringify(rows)).not.toContain("060456");
  });

  test.each([
    "GH,Format,SilentMode,Encrypt,",
    "G,Format,SilentMode,AlreadyEncrypted,",
    "G,Format,,Encrypt,",
    `G,Format,SilentMode,Encrypt,${key}`,
    "G,AlreadyFormatted,SilentMode,AlreadyEncrypted,060456",
  ])("refuses %j without telling the key", (row) => {
    expect(() => parseDriveSet(header + row)).toThrow(/^(?!.*060456).*driveset\.csv/);
  });
});

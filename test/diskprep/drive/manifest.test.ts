import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { ManifestBlob } from "../../../src/diskprep/drive/manifest-format.js";
import { readDriveManifest } from "../../../src/diskprep/drive/manifest-reader.js";
import {
  type ManifestEntry,
  type ManifestHead,
  manifestBlobText,
  manifestHeadText,
  manifestTailText,
} from "../../../src/diskprep/drive/manifest-writer.js";

const head: ManifestHead = {
  version: "2014-11-01",
  driveId: "SEEDDISK0001",
  disposition: "overwrite",
  containerName: "seedcontainer",
};

/** The published vectors: MD5 of 512 zero bytes, of 512 bytes of one, of `alpha` and of `beta!`. */
const pageHashes = Buffer.from("BF619EAC0CDF3F68D496EA9344137E8B393A0FA0F348FB03871AB93726057DDC", "hex");
const blockHashes = Buffer.from("2C1743A391305FBF367DF8E4F069F9F95E6E75B0D24EBF2B4DDADDCD3A1888DB", "hex");

const pageBlob: ManifestEntry = {
  blobPath: "seedcontainer/srv01/part0.AIBBlob",
  filePath: "\\session1\\srv01\\part0.AIBBlob",
  lengthInBytes: 1024,
  kind: "page",
  ranges: [
    { offsetInBytes: 0, lengthInBytes: 512 },
    { offsetInBytes: 512, lengthInBytes: 512 },
  ],
  rangeHashes: pageHashes,
  metadataFile: { path: "\\seed-meta\\default.metadata.xml", hash: "9FE6F2DD8EB296B2845301C459EFA11B" },
  propertiesFile: undefined,
};

const blockBlob: ManifestEntry = {
  blobPath: "seedcontainer/<notes> & \"more\"\t'x'.txt",
  filePath: "\\session1\\notes.txt",
  lengthInBytes: 10,
  kind: "block",
  ranges: [
    { offsetInBytes: 0, lengthInBytes: 5 },
    { offsetInBytes: 5, lengthInBytes: 5 },
  ],
  rangeHashes: blockHashes,
  metadataFile: undefined,
  propertiesFile: undefined,
};

function manifestText(...entries: readonly ManifestEntry[]): string {
  return (
    manifestHeadText(head) +
    entries.flatMap((entry) => [...manifestBlobText(head, entry)]).join("") +
    manifestTailText
  );
}

async function read(text: string | Uint8Array, pieceLength = 7): Promise<readonly ManifestBlob[]> {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceLength) }, (_, index) =>
    bytes.subarray(index * pieceLength, (index + 1) * pieceLength),
  );
  const manifest = await readDriveManifest(pieces);
  const blobs: ManifestBlob[] = [];
  for await (const blob of manifest.blobs) blobs.push(blob);
  return blobs;
}

describe("drive manifest", () => {
  test("is written in the documented form", () => {
    expect(manifestText(pageBlob)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<DriveManifest Version="2014-11-01">
  <Drive>
    <DriveId>SEEDDISK0001</DriveId>
    <ClientCreator>offline-seed</ClientCreator>
    <BlobList>
      <Blob>
        <BlobPath>seedcontainer/srv01/part0.AIBBlob</BlobPath>
        <FilePath>\\session1\\srv01\\part0.AIBBlob</FilePath>
        <Length>1024</Length>
        <ImportDisposition>overwrite</ImportDisposition>
        <PageRangeList>
          <PageRange Offset="0" Length="512" Hash="BF619EAC0CDF3F68D496EA9344137E8B"/>
          <PageRange Offset="512" Length="512" Hash="393A0FA0F348FB03871AB93726057DDC"/>
        </PageRangeList>
        <MetadataPath Hash="9FE6F2DD8EB296B2845301C459EFA11B">\\seed-meta\\default.metadata.xml</MetadataPath>
      </Blob>
    </BlobList>
  </Drive>
</DriveManifest>
`);
  });

  test("reads back what was written, whatever the pieces", async () => {
    const text = manifestText(pageBlob, blockBlob);
    const expected = [
      {
        blobPath: pageBlob.blobPath,
        filePath: pageBlob.filePath,
        lengthInBytes: 1024,
        disposition: "overwrite",
        kind: "page",
        rangeOffsets: Float64Array.of(0, 512),
        rangeLengths: Float64Array.of(512, 512),
        rangeHashes: new Uint8Array(pageHashes),
        blockIds: undefined,
        metadataFile: pageBlob.metadataFile,
        propertiesFile: undefined,
      },
      {
        blobPath: blockBlob.blobPath,
        filePath: blockBlob.filePath,
        lengthInBytes: 10,
        disposition: "overwrite",
        kind: "block",
        rangeOffsets: Float64Array.of(0, 5),
        rangeLengths: Float64Array.of(5, 5),
        rangeHashes: new Uint8Array(blockHashes),
        blockIds: ["AAAAAA==", "AQAAAA=="],
        metadataFile: undefined,
        propertiesFile: undefined,
      },
    ];
    expect(await read(text, 7)).toEqual(expected);
    expect(await read(text, 100_000)).toEqual(expected);
  });

  test("measures exactly what it writes", () => {
    const measured = [...manifestBlobText(head, { ...blockBlob, rangeHashes: undefined })].join("");
    const written = [...manifestBlobText(head, blockBlob)].join("");
    expect(Buffer.byteLength(measured)).toBe(Buffer.byteLength(written));
  });

  test("carries any XML text as a blob name", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", minLength: 1, maxLength: 60 }), async (name) => {
        fc.pre(!/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u.test(name));
        const blobs = await read(manifestText({ ...blockBlob, blobPath: `c/${name}` }));
        expect(blobs[0]?.blobPath).toBe(`c/${name}`);
      }),
      { numRuns: 200, seed: 20261 },
    );
  });

  test.each([
    ["not XML", "<DriveManifest><Drive>", "well-formed"],
    ["a DOCTYPE", '<!DOCTYPE x [<!ENTITY a "b">]><DriveManifest/>', "DOCTYPE"],
    ["another root", "<Manifest/>", "root element"],
    ["no drive", '<DriveManifest Version="1"/>', "no DriveId"],
    [
      "a blob list before the drive id",
      manifestText(blockBlob).replace(/<DriveId>.*<\/DriveId>/, ""),
      "before DriveId",
    ],
    ["an unknown element", manifestText(blockBlob).replaceAll("ClientCreator", "Creator"), "must not stand"],
    ["a gap between blocks", manifestText(blockBlob).replace('Offset="5"', 'Offset="6"'), "overlaps"],
    ["blocks that end early", manifestText(blockBlob).replace("<Length>10<", "<Length>11<"), "cover"],
    [
      "an odd page range",
      manifestText(pageBlob).replaceAll('Length="512"', 'Length="500"'),
      "multiple of 512",
    ],
    ["a short hash", manifestText(blockBlob).replace(/Hash="2C/, 'Hash="'), "MD5"],
    [
      "a negative length",
      manifestText(blockBlob).replace("<Length>10<", "<Length>-1<"),
      "not a valid Length",
    ],
    ["ids on some blocks only", manifestText(blockBlob).replace(' Id="AAAAAA=="', ""), "ids of some"],
    ["an unknown disposition", manifestText(blockBlob).replace(">overwrite<", ">Overwrite<"), "disposition"],
    ["a blob without ranges", manifestText(blockBlob).replace(/<BlockList>.*<\/BlockList>/s, ""), "neither"],
    ["a wrong encoding", Buffer.from("<DriveManifest>\xff</DriveManifest>", "latin1"), "UTF-8"],
  ])("refuses %s", async (_, text, reason) => {
    await expect(read(text)).rejects.toMatchObject({
      name: "DriveError",
      code: "manifest-invalid",
      message: expect.stringContaining(reason),
    });
  });
});

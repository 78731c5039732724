/** Manifest and journals from anywhere: no hang, no unbounded work, and no errors but DriveError. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readDriveJournal, readDriveManifest } from "../../../src/diskprep/drive/index.js";
import { fuzz } from "../../support/fuzz.js";

const isLong = process.env["OFFLINE_SEED_LONG"] === "1";
/** Cases of each of the two tests. */
const usualCases = 500;
const timeoutInMs = isLong ? 1_200_000 : 120_000;
const seed = Number(process.env["OFFLINE_SEED_RANDOM_SEED"] ?? 20_260_103);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drive-fuzz-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const hash = "0123456789ABCDEF0123456789ABCDEF";
const manifest = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>
<DriveManifest Version="2014-11-01">
  <Drive>
    <DriveId>DRIVE1</DriveId>
    <ClientCreator>offline-seed</ClientCreator>
    <BlobList>
      <Blob>
        <BlobPath>container/a &amp; b.bin</BlobPath>
        <FilePath>\\seed\\a &amp; b.bin</FilePath>
        <Length>5000</Length>
        <ImportDisposition>overwrite</ImportDisposition>
        <BlockList>
          <Block Offset="0" Length="4096" Id="AAAAAA==" Hash="${hash}"/>
          <Block Offset="4096" Length="904" Id="AQAAAA==" Hash="${hash}"/>
        </BlockList>
        <MetadataPath Hash="${hash}">\\seed-meta\\0000\\00000000.metadata.xml</MetadataPath>
      </Blob>
      <Blob>
        <BlobPath>container/disk.vhd</BlobPath>
        <FilePath>\\seed\\disk.vhd</FilePath>
        <Length>8192</Length>
        <PageRangeList><PageRange Offset="512" Length="1024" Hash="${hash}"/></PageRangeList>
      </Blob>
    </BlobList>
  </Drive>
</DriveManifest>
`);

const journal = Buffer.from(
  `${[
    {
      type: "drive",
      formatVersion: 2,
      plan: { driveId: "D", sizeInBytes: 1e9 },
      keyMaterial: { recoveryPassword: "1", randomBytes: "AAAA" },
    },
    { type: "checkpoint", durableOffsetInBytes: 1_048_576, rangeHashes: "AAAA" },
    { type: "finished", preparedDrive: { driveId: "D" } },
  ]
    .map((record) => JSON.stringify(record))
    .join("\n")}\n`,
);

/** A change of a text: bytes replaced, removed, repeated or put in, some of them with a meaning of their own. */
const tokens = [
  "<",
  ">",
  "&",
  "</Blob>",
  "<Blob>",
  "<!DOCTYPE x>",
  "<![CDATA[",
  "]]>",
  '"',
  "\n",
  "{",
  "null",
  "[]",
  "1e999",
  "-1",
  "\0",
  "\ud800",
  "99999999999999999999",
];
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.oneof({ weight: 5, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(400) }),
  insert: fc.oneof(
    fc.constantFrom(...tokens).map((token) => Buffer.from(token)),
    fc.uint8Array({ maxLength: 8 }),
    fc.stringMatching(/^[a-z0-9]{0,3}$/).map((text) => Buffer.from(text)),
  ),
  times: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat(2000) }),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(original: Uint8Array, mutations: readonly Mutation[]): Buffer {
  let bytes = Buffer.from(original);
  for (const { at, remove, insert, times } of mutations) {
    const offset = Math.floor(at * bytes.length);
    bytes = Buffer.concat([
      bytes.subarray(0, offset),
      ...Array.from({ length: times }, () => insert),
      bytes.subarray(offset + remove),
    ]);
  }
  return bytes;
}

/** "ok", or the name of what was thrown. */
const outcomeOf = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => "ok",
    (error) => error.name,
  );

async function check(
  name: string,
  original: Uint8Array,
  read: (bytes: Buffer) => Promise<unknown>,
): Promise<void> {
  expect(await outcomeOf(read(Buffer.from(original)))).toBe("ok");
  const seen = new Set<string>();
  const property = fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
    const outcome = await outcomeOf(read(mutate(original, mutations)));
    seen.add(outcome);
    expect(["ok", "DriveError"]).toContain(outcome);
  });
  await fuzz(name, property, { usualCases, seed });
  expect([...seen].sort()).toEqual(["DriveError", "ok"]);
}

test(
  `changed manifests, seed ${seed}`,
  () =>
    check("drive manifest", manifest, async (bytes) => {
      // Pieces of odd lengths, so that they end inside of elements and characters.
      const pieces = Array.from({ length: Math.ceil(bytes.length / 777) }, (_, index) =>
        bytes.subarray(index * 777, index * 777 + 777),
      );
      let ranges = 0;
      for await (const blob of (await readDriveManifest(pieces)).blobs) ranges += blob.rangeOffsets.length;
      expect(ranges).toBeLessThan(10_000);
    }),
  timeoutInMs,
);

test(
  `changed journals, seed ${seed}`,
  () =>
    check("drive journal", journal, async (bytes) => {
      const path = join(folder, "journal");
      await writeFile(path, bytes);
      const state = await readDriveJournal(path);
      // What is given out has the types it promises, whatever the file said.
      expect(Number.isSafeInteger(state.durableOffsetInBytes)).toBe(true);
      expect(state.durableOffsetInBytes).toBeGreaterThanOrEqual(0);
      expect(typeof state.plan).toBe("object");
    }),
  timeoutInMs,
);

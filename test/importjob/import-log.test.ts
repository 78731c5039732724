import { describe, expect, test } from "@jest/globals";
import {
  blobLogStatuses,
  copyLogCategories,
  dispositionLogStatuses,
  driveLogStatuses,
  metadataLogStatuses,
  rangeLogStatuses,
  readImportLog,
  readImportLogEvents,
} from "../../src/importjob/index.js";

const classic = `<?xml version="1.0" encoding="utf-8"?>
<DriveLog Version="2014-11-01">
  <DriveId>WD-WMATV123456</DriveId>
  <Blob Status="CompletedWithErrors">
    <BlobPath>seed/srv01/part0.AIBBlob</BlobPath>
    <FilePath>\\session1\\srv01\\part0.AIBBlob</FilePath>
    <Length>20971520</Length>
    <ImportDisposition Status="Created">overwrite</ImportDisposition>
    <PageRangeList>
      <PageRange Offset="0" Length="4194304" Hash=" D42A78D6565E442DCBCB4C4F3D4B7C00" Status="Completed" />
      <PageRange Offset="4194304" Length="4194304" Hash="D42A78D6565E442DCBCB4C4F3D4B7C00" Status="Corrupted" />
      <PageRange Offset="8388608" Length="4194304" Status="Cancelled" />
      <PageRange Offset="12582912" Length="4194304" Status="Cancelled" />
      <PageRange Offset="16777216" Length="4194304" Status="Completed" />
    </PageRangeList>
    <Metadata Status="Corrupted"><GlobalPath Hash="00">\\seed-meta\\default.xml</GlobalPath></Metadata>
  </Blob>
  <Blob Status="Completed">
    <BlobPath>seed/notes &amp; more.txt</BlobPath>
    <FilePath>\\session1\\notes.txt</FilePath>
    <LastModified>Wed, 08 Oct 2014 00:00:00 GMT</LastModified>
    <Length>10</Length>
    <ImportDisposition Status="Renamed">rename</ImportDisposition>
    <BlockList><Block Offset="0" Length="10" Id="AAAAAA==" Hash="00" Status="Completed"/></BlockList>
  </Blob>
  <Blob Status="Completed">
    <BlobPath>seed/equal.bin</BlobPath>
    <FilePath>\\equal.bin</FilePath>
    <Length>0</Length>
    <ImportDisposition Status="Created">no-overwrite</ImportDisposition>
  </Blob>
  <Status>CompletedWithErrors</Status>
</DriveLog>
`;

const diskErrors = `<?xml version="1.0" encoding="utf-8"?>
<DriveLog Version="2018-10-01">
  <DriveId>184020D95632</DriveId>
  <Summary>
    <ValidationErrors>
      <None Count="3" />
    </ValidationErrors>
    <CopyErrors>
      <InvalidPageBlobUploadAsBlockBlob Count="2" Description="Moved" />
      <StorageRequestForbidden Count="1" />
    </CopyErrors>
  </Summary>
  <Blob Status="StorageRequestForbidden">
    <BlobPath>seed/a.bin</BlobPath>
    <OriginalFilePath>\\BlockBlob\\seed\\a.bin</OriginalFilePath>
    <SizeInBytes>1234</SizeInBytes>
  </Blob>
  <Status>CompletedWithErrors</Status>
</DriveLog>`;

const copyLog = `<ErroredEntity CloudFormat="BlockBlob" Path="seed/first.bin">
  <Category>UploadErrorCloudHttp</Category>
  <ErrorCode>409</ErrorCode>
  <ErrorMessage>The blob type is invalid for this operation.</ErrorMessage>
  <Type>File</Type>
</ErroredEntity><ErroredEntity Path="\\seed\\second.bin">
  <Category>UploadErrorDataValidationError</Category>
  <ErrorCode>1</ErrorCode>
</ErroredEntity>
<CopyLog Summary="Summary">
  <DriveLogVersion>2021-08-01</DriveLogVersion>
  <DriveId>72a2914a</DriveId>
  <Status>Failed</Status>
  <TotalFiles_Blobs>72</TotalFiles_Blobs>
  <FilesErrored>12</FilesErrored>
  <Summary>
    <ValidationErrors><None Count="3" /></ValidationErrors>
    <CopyErrors><ContainerRenamed Count="10" Description="Renamed the container as the original name does not follow conventions." /></CopyErrors>
  </Summary>
</CopyLog>`;

const verboseCopyLog = `<File CloudFormat="BlockBlob" Path="seed/one.txt" Size="5742" crc64="3340897139906425340"></File>
<File CloudFormat="PageBlob" Path="seed/two.vhd" Size="512" crc64="1" />`;

describe("readImportLog", () => {
  test("classic drive log: failed ranges are joined, successes are counted and not kept", async () => {
    const log = await readImportLog([classic]);
    expect(log).toMatchObject({
      generation: "2014-11-01",
      version: "2014-11-01",
      driveId: "WD-WMATV123456",
      driveStatus: "CompletedWithErrors",
      driveFinding: { outcome: "failed", remedy: "upload" },
      entryCount: 3,
      failedCount: 1,
    });
    expect(log.entries).toMatchObject([
      {
        blobPath: "seed/srv01/part0.AIBBlob",
        filePath: "\\session1\\srv01\\part0.AIBBlob",
        lengthInBytes: 20971520,
        status: "CompletedWithErrors",
        dispositionStatus: "Created",
        metadataStatus: "Corrupted",
        failedRanges: [
          { offsetInBytes: 4194304, lengthInBytes: 4194304, status: "Corrupted" },
          { offsetInBytes: 8388608, lengthInBytes: 8388608, status: "Cancelled" },
        ],
      },
      { blobPath: "seed/notes & more.txt", dispositionStatus: "Renamed", finding: { outcome: "changed" } },
    ]);
    expect((await readImportLog([classic], { keep: "all" })).entries).toHaveLength(3);
    expect(await readImportLog([classic], { keep: "all", maximumEntries: 1 })).toMatchObject({
      entryCount: 3,
      entries: [{}],
    });
  });

  test("a drive log without a version is classic", async () => {
    const log = await readImportLog([
      "<DriveLog><DriveId>X</DriveId><Status>DiskNotFound</Status></DriveLog>",
    ]);
    expect(log).toMatchObject({
      generation: "2014-11-01",
      version: undefined,
      driveStatus: "DiskNotFound",
      driveFinding: { remedy: "ship-again-or-upload" },
    });
  });

  test("a drive log of a version nobody has published is refused, not guessed", async () => {
    const log = (version: string) =>
      readImportLog([classic.replace('Version="2014-11-01"', `Version="${version}"`)]);
    await expect(log("2030-01-01")).rejects.toMatchObject({ code: "invalid-log" });
    await expect(log("2016-01-01")).rejects.toMatchObject({ code: "invalid-log" });
    expect((await log("2011-10-01")).generation).toBe("2014-11-01");
  });

  test("disk log of 2018-10-01", async () => {
    expect(await readImportLog([diskErrors])).toMatchObject({
      generation: "2018-10-01",
      driveStatus: "CompletedWithErrors",
      counts: [
        { status: "None", count: 3 },
        {
          status: "InvalidPageBlobUploadAsBlockBlob",
          count: 2,
          description: "Moved",
          finding: { outcome: "changed" },
        },
        { status: "StorageRequestForbidden", count: 1, finding: { remedy: "mend-account-then-upload" } },
      ],
      entries: [{ blobPath: "seed/a.bin", filePath: "\\BlockBlob\\seed\\a.bin", lengthInBytes: 1234 }],
    });
  });

  test("copy log of 2021-08-01 with several roots", async () => {
    expect(await readImportLog([copyLog])).toMatchObject({
      generation: "2021-08-01",
      version: "2021-08-01",
      driveId: "72a2914a",
      driveStatus: "Failed",
      driveFinding: { outcome: "failed", remedy: "ship-again-or-upload" },
      totalItems: 72,
      erroredItems: 12,
      counts: [{ status: "None" }, { status: "ContainerRenamed", count: 10 }],
      entries: [
        {
          blobPath: "seed/first.bin",
          status: "UploadErrorCloudHttp",
          errorCode: "409",
          finding: { outcome: "failed" },
        },
        { blobPath: "seed/second.bin", status: "UploadErrorDataValidationError" },
      ],
    });
  });

  test("verbose copy log without a summary", async () => {
    expect(await readImportLog([verboseCopyLog], { keep: "all" })).toMatchObject({
      generation: "2021-08-01",
      driveStatus: undefined,
      entryCount: 2,
      failedCount: 0,
      entries: [{ blobPath: "seed/one.txt", lengthInBytes: 5742 }, { blobPath: "seed/two.vhd" }],
    });
  });

  test.each([classic, diskErrors, copyLog, verboseCopyLog])(
    "reads the same however the bytes are cut",
    async (text) => {
      const whole = await readImportLog([text], { keep: "all" });
      const bytes = Buffer.from(text, "utf8");
      for (const size of [1, 7, 1000]) {
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
          bytes.subarray(at * size, (at + 1) * size),
        );
        expect(await readImportLog(pieces, { keep: "all" })).toEqual(whole);
      }
      const utf16 = Buffer.from(`\uFEFF${text}`, "utf16le");
      expect(await readImportLog([utf16], { keep: "all" })).toEqual(whole);
    },
  );

  test.each([
    ["cut off", classic.slice(0, 700)],
    ["without a drive status", "<DriveLog><DriveId>X</DriveId></DriveLog>"],
    ["empty", ""],
    ["another document", "<html></html>"],
    ["with a DTD", `<!DOCTYPE a [<!ENTITY b "c">]>${classic}`],
    ["with an entity", "<DriveLog><DriveId>&b;</DriveId><Status>Completed</Status></DriveLog>"],
    ["two drive logs", "<DriveLog><Status>Completed</Status></DriveLog><DriveLog></DriveLog>"],
    ["two generations", "<File Path='a'/><DriveLog></DriveLog>"],
    ["too deep", `<DriveLog>${"<a>".repeat(40)}`],
    ["an endless text", `<DriveLog><Status>${"x".repeat(3 << 20)}`],
    ["bytes that are no text", Buffer.from([0x3c, 0xff, 0xff])],
  ])("refuses a log that is %s", async (_what, text) => {
    await expect(readImportLog([text])).rejects.toMatchObject({
      name: "ImportJobError",
      code: "invalid-log",
    });
  });

  test("a status no document has is a failure, not an arrival", async () => {
    const text = classic.replace('<Blob Status="Completed">', '<Blob Status="constructor">');
    const log = await readImportLog([text]);
    expect(log.entries[1]).toMatchObject({
      status: "constructor",
      finding: { outcome: "failed", remedy: "ask-support" },
    });
  });

  test("a log of many entries is streamed", async () => {
    const count = 20_000;
    async function* source(): AsyncGenerator<string> {
      yield '<DriveLog Version="2014-11-01"><DriveId>X</DriveId>';
      for (let at = 0; at < count; at += 1) {
        yield `<Blob Status="FileNotFound"><BlobPath>seed/${at}</BlobPath><FilePath>\\${at}</FilePath><Length>1</Length></Blob>`;
      }
      yield "<Status>CompletedWithErrors</Status></DriveLog>";
    }
    let entries = 0;
    for await (const event of readImportLogEvents(source())) if (event.type === "entry") entries += 1;
    expect(entries).toBe(count);
    expect(await readImportLog(source(), { maximumEntries: 5 })).toMatchObject({
      entryCount: count,
      failedCount: count,
    });
  });
});

test("every documented status has an explanation and something to do", () => {
  const tables = {
    driveLogStatuses,
    blobLogStatuses,
    dispositionLogStatuses,
    rangeLogStatuses,
    metadataLogStatuses,
    copyLogCategories,
  };
  expect(Object.values(tables).map((table) => Object.keys(table).length)).toEqual([23, 13, 5, 10, 12, 13]);
  for (const finding of Object.values(tables).flatMap((table) => Object.values(table))) {
    expect(finding.explanation.length).toBeGreaterThan(5);
    expect(finding.whatToDo.length).toBeGreaterThan(5);
    expect(finding.outcome === "succeeded").toBe(finding.remedy === "none");
  }
});

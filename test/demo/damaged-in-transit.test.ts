/** A drive is damaged on its way; the demo must notice, name the blob and say so in log and report. */
import { cp, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobServiceClient } from "@azure/storage-blob";
import { expect, test } from "@jest/globals";
import { type DriveImage, runDemo } from "../../demo/run-demo.js";
import { openImageFile, verifyDrive } from "../../src/diskprep/index.js";

const quiet: NodeJS.WriteStream = Object.create(process.stderr, {
  write: { value: () => true },
  isTTY: { value: false },
});

async function flipBit(path: string, offset: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, offset);
    byte[0]! ^= 1;
    await file.write(byte, 0, 1, offset);
  } finally {
    await file.close();
  }
}

/** Flips one bit in the content of a blob and returns the blob's path; file data begins behind some 2.5 MiB of metadata. */
async function damageOneBlob({ path, plan, prepared }: DriveImage): Promise<string> {
  const start = plan.partitionOffsetInBytes + 2.5 * 1024 * 1024;
  for (let offset = start; offset < start + 4 * 1024 * 1024; offset += 16 * 1024) {
    await flipBit(path, offset + 100);
    await using image = await openImageFile(path);
    const report = await verifyDrive(image, prepared).catch(() => undefined);
    if (report?.findingCount === 1 && report.findings[0]?.code === "range-differs") {
      return report.findings[0].subject;
    }
    await flipBit(path, offset + 100);
  }
  throw new Error("no file data was found");
}

async function errorLogs(storage: BlobServiceClient): Promise<string> {
  const container = storage.getContainerClient("waimportexport");
  let text = "";
  for await (const blob of container.listBlobsFlat()) {
    if (blob.name.endsWith("_error.xml")) {
      text += (await container.getBlobClient(blob.name).downloadToBuffer()).toString();
    }
  }
  return text;
}

test("a bit flipped in transit is in the log of the service and in the report", async () => {
  const source = await mkdtemp(join(tmpdir(), "damaged-in-transit-"));
  try {
    await cp("src/shared", source, { recursive: true });
    let damagedBlob = "";
    let log = "";
    const { report } = await runDemo(
      { source, service: "import-export", json: true, keep: undefined, help: false },
      quiet,
      {
        duringTransit: async (images) => {
          damagedBlob = await damageOneBlob(images[0]!);
        },
        afterImport: async (storage) => {
          log = await errorLogs(storage);
        },
      },
    );
    expect(log).toContain(`<BlobPath>${damagedBlob}</BlobPath>`);
    expect(log).toContain('Status="Corrupted"');
    expect(log).toContain("<Status>CompletedWithErrors</Status>");
    const notEqual = report.findings.map((finding) => `seed/${finding.name}`);
    expect({ notEqual, equal: report.arrivedEqual, wrong: report.missing + report.different }).toEqual({
      notEqual: [damagedBlob],
      equal: report.blobs - 1,
      wrong: 1,
    });
  } finally {
    await rm(source, { recursive: true, force: true });
  }
}, 180_000);

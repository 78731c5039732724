import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { describe, expect, test } from "@jest/globals";
import { azuriteArguments } from "../../src/emulator/azurite.js";
import { startAzurite } from "../../src/emulator/index.js";

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

describe("startAzurite", () => {
  test("serves blobs on a port of its own, checks MD5, and ends with close", async () => {
    const [first, second] = await Promise.all([startAzurite(), startAzurite()]);
    const service = new BlobServiceClient(
      first.endpoint,
      new StorageSharedKeyCredential(first.accountName, first.accountKey),
    );
    const container = service.getContainerClient("launcher");
    await container.create();
    await container.getBlockBlobClient("a").upload("hello", 5);
    await expect(
      container
        .getBlockBlobClient("b")
        .stageBlock("AAAA", "hello", 5, { transactionalContentMD5: new Uint8Array(16) }),
    ).rejects.toMatchObject({ statusCode: 400 });
    expect((await container.getBlobClient("a").downloadToBuffer()).toString()).toBe("hello");
    expect(new URL(first.endpoint).port).not.toBe(new URL(second.endpoint).port);
    await Promise.all([first.close(), second.close()]);
    await first.close();
    expect([isRunning(first.processId), isRunning(second.processId)]).toEqual([false, false]);
  });

  test("says what to do when the package is missing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "no-azurite-"));
    await expect(startAzurite({ resolveFrom: folder })).rejects.toMatchObject({
      code: "azurite-missing",
      message: expect.stringContaining("npm install"),
    });
    await rm(folder, { recursive: true });
  });

  test("dies with its parent, even one that is killed", async () => {
    const parent = spawn(
      process.execPath,
      [
        "-e",
        `require("node:child_process").spawn(process.execPath, ${JSON.stringify(azuriteArguments({}))},
           { stdio: ["pipe", "inherit", "inherit"] });`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    parent.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("successfully listens")) parent.kill("SIGKILL");
    });
    // Both processes hold the pipe, so it ends only when both are gone.
    await new Promise((resolve) => parent.stdout.once("end", resolve));
    expect(output).toContain("successfully listens");
  });
});

import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SubscriptionAccessClient } from "../../../src/certs/index.js";
import {
  type AzureEmulator,
  connectEmulator,
  emulatorAccessOf,
  parseEmulatorAccess,
  saveEmulatorAccess,
  startAzureEmulator,
} from "../../../src/emulator/index.js";

let work: string;
let emulator: AzureEmulator;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "offline-seed-control-"));
  const blobService = { endpoint: "http://127.0.0.1:1/account", accountName: "account", accountKey: "a2V5" };
  emulator = await startAzureEmulator({ blobService });
});

afterAll(async () => {
  await emulator.close();
  await rm(work, { recursive: true, force: true });
});

describe("control door of the emulator", () => {
  test("another process signs in as the administrator and posts a package", async () => {
    const path = join(work, "emulator.json");
    await saveEmulatorAccess(path, emulatorAccessOf(emulator));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const connected = connectEmulator(parseEmulatorAccess(await readFile(path, "utf8")));
    const access = new SubscriptionAccessClient(connected.cloud, connected.adminCredential, {
      tlsOptions: connected.tlsOptions,
    });
    expect(await access.getProviderState(emulator.subscriptionId, "Microsoft.DataBox")).toBe("Registered");
    await connected.postPackage({ carrierName: "DHL", trackingNumber: "1", images: ["drive.img"] });
    await emulator.settle();
    expect(emulator.datacentre.heldPackages()).toEqual([
      { carrierName: "DHL", trackingNumber: "1", drives: [{ image: join(process.cwd(), "drive.img") }] },
    ]);
    await expect(
      connected.postPackage({ carrierName: "DHL", trackingNumber: "", images: [] }),
    ).rejects.toMatchObject({ code: "package-invalid" });
  });

  test("refuses a wrong key, and says when nobody answers", async () => {
    const access = emulatorAccessOf(emulator);
    const stranger = connectEmulator({ ...access, controlKey: "guessed" });
    await expect(stranger.adminCredential.getToken("scope")).rejects.toMatchObject({ code: "not-reachable" });
    await expect(
      stranger.postPackage({ carrierName: "DHL", trackingNumber: "1", images: [] }),
    ).rejects.toMatchObject({ code: "package-invalid" });
    const gone = connectEmulator({ ...access, resourceManagerEndpoint: "https://localhost:1" });
    await expect(gone.adminCredential.getToken("scope")).rejects.toMatchObject({ code: "not-reachable" });
  });

  test.each([
    ["text", "hello"],
    ["another file", "{}"],
    ["a later version", JSON.stringify({ format: "offline-seed-emulator", version: 2 })],
    ["a shortened one", JSON.stringify({ format: "offline-seed-emulator", version: 1, authorityHost: "x" })],
  ])("refuses %s as its file", (_, text) => {
    expect(() => parseEmulatorAccess(text)).toThrow(expect.objectContaining({ code: "access-file-invalid" }));
  });
});

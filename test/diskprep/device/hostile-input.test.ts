/** Footers and listings of any content: this library's errors only. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeVhdFooter, encodeVhdFooter, listDisks } from "../../../src/diskprep/device/index.js";

import { fuzz } from "../../support/fuzz.js";

const footer = encodeVhdFooter({
  sizeInBytes: 2 ** 30,
  createdAtInMs: Date.now(),
  uniqueId: "ab".repeat(16),
});

test("footers of virtual hard disks, with right and wrong checksums", async () => {
  await fuzz(
    "VHD footer",
    fc.property(
      fc.array(fc.tuple(fc.nat(511), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      (list, isMended) => {
        const bytes = Buffer.from(footer);
        for (const [at, value] of list) bytes[at] = value;
        if (isMended) {
          bytes.writeUInt32BE(0, 64);
          bytes.writeUInt32BE(~bytes.reduce((sum, byte) => sum + byte, 0) >>> 0, 64);
        }
        try {
          expect(decodeVhdFooter(bytes, "x").sizeInBytes).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toMatchObject({
            name: "DeviceError",
            code: expect.stringMatching(/bad-format|unsupported/),
          });
        }
      },
    ),
    { usualCases: 200, seed: 20_240_405 },
  );
});

describe("listings", () => {
  const pieces = fc.constantFrom(
    "<dict>",
    "</dict>",
    "<array>",
    "</array>",
    "<key>WholeDisks</key>",
    "<key>a</key>",
    "<string>disk0</string>",
    "<integer>9e99</integer>",
    "<true/>",
    "&amp;",
    "&x;",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE plist [",
    "]>",
    "<?xml?>",
    "text",
    "<",
  );
  test.each<[NodeJS.Platform, fc.Arbitrary<string>]>([
    ["darwin", fc.array(pieces, { maxLength: 12 }).map((list) => `<plist>${list.join("")}</plist>`)],
    ["linux", fc.json()],
    [
      "linux",
      fc
        .array(fc.json(), { maxLength: 4 })
        .map((list) => `{"blockdevices":[${list.join()},{"type":"disk","name":"sda"}]}`),
    ],
    ["win32", fc.json()],
    ["win32", fc.string()],
  ])("%s", async (platform, output) => {
    await fuzz(
      `disk listing of ${platform}`,
      fc.asyncProperty(output, async (stdout) => {
        try {
          const disks = await listDisks({
            platform,
            runCommand: async () => ({ exitCode: 0, stdout, stderr: "" }),
          });
          for (const disk of disks) expect(Number.isSafeInteger(disk.sizeInBytes)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ name: "DeviceError" });
        }
      }),
      { usualCases: 50, seed: 20_240_406 },
    );
  });
});

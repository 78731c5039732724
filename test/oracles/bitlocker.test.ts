/**
 * BitLocker volumes between this library and others: ours read by cryptsetup, libbde and dislocker; volumes that real
 * Windows made read by ours.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  type BitLockerMethod,
  type BitLockerUnlock,
  bitLockerMethods,
  buildBitLockerMetadata,
  createBitLockerSecrets,
  createBitLockerVolume,
  generateRecoveryPassword,
  openBitLockerVolume,
  planBitLockerLayout,
} from "../../src/diskprep/bitlocker/index.js";
import {
  type BlockDevice,
  createImageFile,
  openImageFile,
  openLinuxDisk,
  sliceDevice,
} from "../../src/diskprep/device/index.js";
import { writeGpt } from "../../src/diskprep/partition/index.js";
import { systemCommandRunner } from "../../src/shared/command-runner.js";
import { systemRandomSource } from "../../src/shared/random-source.js";
import { judgeBySgdisk } from "../support/partition-judge.js";
import { isFileMissing, isOracleMissing, isRootMissing } from "../support/required-programs.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-bitlocker-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function digestOf(device: BlockDevice): Promise<string> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(4 * 2 ** 20);
  for (let offset = 0; offset < device.sizeInBytes; offset += buffer.length) {
    const part = buffer.subarray(0, Math.min(buffer.length, device.sizeInBytes - offset));
    await device.read(offset, part);
    hash.update(part);
  }
  return hash.digest("hex");
}

const volumeSizeInBytes = 64 * 2 ** 20;
const expectedCipher: Record<BitLockerMethod, readonly [string, string, string]> = {
  "aes-cbc-128": ["cbc-eboiv", "128", "AES-CBC 128-bit"],
  "aes-cbc-256": ["cbc-eboiv", "256", "AES-CBC 256-bit"],
  "xts-aes-128": ["xts-plain64", "256", "AES-XTS 128-bit"],
  "xts-aes-256": ["xts-plain64", "512", "AES-XTS 256-bit"],
};

const lacksReaders = isOracleMissing(
  "cryptsetup",
  "bdeinfo",
  "dislocker-file",
  "dislocker-metadata",
  "blkid",
);
const cases = bitLockerMethods.flatMap((method) => [
  { method, sectorSizeInBytes: 512 as const },
  { method, sectorSizeInBytes: 4096 as const },
]);

(lacksReaders ? describe.skip : describe).each(cases)(
  "our volume, $method, $sectorSizeInBytes-byte sectors",
  ({ method, sectorSizeInBytes }) => {
    let path = "";
    let password = "";
    let plainDigest = "";

    beforeAll(async () => {
      path = join(folder, `${method}-${sectorSizeInBytes}.img`);
      await using image = await createImageFile(path, { sizeInBytes: volumeSizeInBytes, sectorSizeInBytes });
      const layout = planBitLockerLayout({ volumeSizeInBytes, sectorSizeInBytes, clusterSizeInBytes: 4096 });
      using secrets = createBitLockerSecrets(method);
      password = secrets.recoveryPassword.format();
      const metadata = await buildBitLockerMetadata(layout, secrets, {
        createdAtInMs: Date.UTC(2025, 0, 31),
        label: "SEED",
      });
      await using volume = await createBitLockerVolume(image, layout, secrets, metadata);
      // What a boot sector must say for dislocker to know the volume's size; the rest may be anything.
      const plain = new Uint8Array(volumeSizeInBytes);
      systemRandomSource(plain);
      const view = new DataView(plain.buffer);
      plain.set(Buffer.from("\xebR\x90NTFS    ", "latin1"));
      view.setUint16(11, sectorSizeInBytes, true);
      view.setBigUint64(40, BigInt(volumeSizeInBytes / sectorSizeInBytes - 1), true);
      for (const offset of layout.metadataRegionOffsetsInBytes) plain.fill(0, offset, offset + 65_536);
      plain.fill(0, layout.bootAreaOffsetInBytes, layout.bootAreaOffsetInBytes + 8192);
      await volume.write(0, plain);
      await volume.finish();
      plainDigest = createHash("sha256").update(plain).digest("hex");
    });
    afterAll(() => rm(path, { force: true }));

    test("cryptsetup and blkid recognise it, and the password opens it", async () => {
      const dump = await systemCommandRunner("cryptsetup", ["bitlkDump", path]);
      const [mode, keyBits] = expectedCipher[method];
      expect(dump).toMatchObject({ exitCode: 0, stderr: "" });
      expect(dump.stdout).toMatch(new RegExp(`Cipher mode:\\s+${mode}\\n\\s*Cipher key:\\s+${keyBits} bits`));
      expect(dump.stdout).toMatch(/Sector size:\s+(512|4096)/);
      expect(dump.stdout).toMatch(/VMK protected with recovery passphrase/);
      expect(dump.stdout).toMatch(/DiskPassword/);

      const open = (key: string) =>
        systemCommandRunner(
          "cryptsetup",
          ["open", "--type", "bitlk", "--test-passphrase", "--key-file", "-", path],
          {
            stdin: key,
          },
        );
      expect(await open(password)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      if (method === "aes-cbc-256") {
        const other = generateRecoveryPassword(systemRandomSource).format();
        expect((await open(other)).exitCode).not.toBe(0);
      }

      const { stdout } = await systemCommandRunner("blkid", ["-p", path]);
      expect(stdout).toMatch(/TYPE="BitLocker"/);
      expect(stdout).not.toMatch(/PTTYPE/);
    });

    test("libbde opens it", async () => {
      const { stdout, exitCode } = await systemCommandRunner("bdeinfo", ["-r", password, path]);
      if (method === "xts-aes-256") {
        // The packaged version cannot open any XTS-256 volume, nor those that Windows made.
        expect(exitCode).not.toBe(0);
        return;
      }
      expect({ exitCode, isUnlocked: !stdout.includes("Unable to unlock volume") }).toEqual({
        exitCode: 0,
        isUnlocked: true,
      });
      expect(stdout).toContain(expectedCipher[method][2]);
      expect(stdout).toMatch(/Number of key protectors\s*:\s*1\n/);
      expect(stdout).toMatch(/Recovery password/i);
    });

    test("dislocker decrypts every byte, from each of the three metadata copies", async () => {
      const copies = method === "aes-cbc-256" ? ["-F1", "-F2", "-F3"] : ["-F1"];
      const output = join(folder, "decrypted");
      for (const copy of copies) {
        await rm(output, { force: true });
        const result = await systemCommandRunner("dislocker-file", [
          copy,
          "-V",
          path,
          `-p${password}`,
          "-r",
          "--",
          output,
        ]);
        expect(result).toMatchObject({ exitCode: 0 });
        await using decrypted = await openImageFile(output);
        expect(decrypted.sizeInBytes).toBe(volumeSizeInBytes);
        expect(await digestOf(decrypted)).toBe(plainDigest);
      }
      const { stdout } = await systemCommandRunner("dislocker-metadata", ["-V", path]);
      expect(stdout).toMatch(/ENCRYPTED \(4\)/);
    });
  },
);

const lacksLoopDevices =
  isOracleMissing("losetup", "cryptsetup", "dislocker-file", "sgdisk") ||
  isRootMissing() ||
  isFileMissing("/dev/loop-control");

(lacksLoopDevices ? describe.skip : describe).each([512, 4096] as const)(
  "a whole disk with %p-byte sectors, written past the page cache",
  (sectorSizeInBytes) => {
    test("has a valid table and a volume that cryptsetup opens and dislocker decrypts", async () => {
      const path = join(folder, `disk-${sectorSizeInBytes}.img`);
      const run = async (program: string, ...programArguments: string[]): Promise<string> => {
        const result = await systemCommandRunner(program, programArguments);
        expect({ program, ...result }).toMatchObject({ program, exitCode: 0 });
        return result.stdout.trim();
      };
      await (await createImageFile(path, { sizeInBytes: volumeSizeInBytes + 2 ** 21 })).close();
      const sectorSize = ["--sector-size", String(sectorSizeInBytes)];
      const loop = await run("losetup", "--find", "--show", ...sectorSize, path);
      const plain = new Uint8Array(100_000).map((_, index) => index >> 3);
      let password = "";
      try {
        let offsetInBytes = 0;
        {
          await using disk = await openLinuxDisk(loop, { canWrite: true });
          const plan = await writeGpt(disk, {
            diskGuid: "11111111-2222-4333-8444-555555555555",
            partitionGuid: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
          });
          offsetInBytes = plan.partitionOffsetInBytes;
          const partition = sliceDevice(disk, offsetInBytes, plan.partitionLengthInBytes);
          const layout = planBitLockerLayout({
            volumeSizeInBytes: partition.sizeInBytes,
            sectorSizeInBytes,
            clusterSizeInBytes: 4096,
          });
          using secrets = createBitLockerSecrets("aes-cbc-256");
          password = secrets.recoveryPassword.format();
          const metadata = await buildBitLockerMetadata(layout, secrets, { createdAtInMs: 0, label: "DISK" });
          await using volume = await createBitLockerVolume(partition, layout, secrets, metadata);
          await volume.write(0, plain);
          await volume.finish();
          expect(volume.bypassesCache).toBe(true);
        }
        await judgeBySgdisk(loop);
        const part = await run(
          "losetup",
          "--find",
          "--show",
          ...sectorSize,
          "--offset",
          String(offsetInBytes),
          path,
        );
        try {
          const opened = await systemCommandRunner(
            "cryptsetup",
            ["open", "--type", "bitlk", "--test-passphrase", "--key-file", "-", part],
            { stdin: password },
          );
          expect(opened).toMatchObject({ exitCode: 0 });
          const output = join(folder, `decrypted-${sectorSizeInBytes}`);
          await run("dislocker-file", "-V", part, `-p${password}`, "-r", "--", output);
          await using decrypted = await openImageFile(output);
          const seen = new Uint8Array(plain.length);
          await decrypted.read(0, seen);
          expect(Buffer.compare(seen, plain)).toBe(0);
        } finally {
          await run("losetup", "--detach", part);
        }
      } finally {
        await run("losetup", "--detach", loop);
        await rm(path);
      }
    });
  },
);

const lacksMounts =
  isOracleMissing("dislocker-fuse", "umount") || isRootMissing() || isFileMissing("/dev/fuse");

(lacksMounts ? describe.skip : describe).each(["aes-cbc-256", "xts-aes-128"] as const)(
  "a volume of 12 TiB, %s",
  (method) => {
    test("dislocker reads what lies beyond 1 TiB, beyond 2^31 sectors and at the end", async () => {
      const path = join(folder, "large.img");
      const mountPoint = await mkdtemp(join(folder, "mount-"));
      const sizeInBytes = 12 * 2 ** 40;
      const places = [0, 2 ** 40 + 8192, 1.5 * 2 ** 40, 6 * 2 ** 40, sizeInBytes - 70_000 * 512];
      const dataFor = (index: number): Uint8Array =>
        Uint8Array.from({ length: 70_000 }, (_, at) => (at * (index + 3)) >> 4);
      let password = "";
      {
        await using image = await createImageFile(path, { sizeInBytes });
        const layout = planBitLockerLayout({
          volumeSizeInBytes: sizeInBytes,
          sectorSizeInBytes: 512,
          clusterSizeInBytes: 4096,
        });
        using secrets = createBitLockerSecrets(method);
        password = secrets.recoveryPassword.format();
        const metadata = await buildBitLockerMetadata(layout, secrets, { createdAtInMs: 0, label: "LARGE" });
        await using volume = await createBitLockerVolume(image, layout, secrets, metadata);
        for (const [index, offset] of places.entries()) await volume.write(offset, dataFor(index));
        await volume.finish();
      }
      const mounted = await systemCommandRunner("dislocker-fuse", [
        "-V",
        path,
        `-p${password}`,
        "-r",
        "--",
        mountPoint,
      ]);
      expect(mounted).toMatchObject({ exitCode: 0 });
      try {
        await using plain = await openImageFile(join(mountPoint, "dislocker-file"));
        expect(plain.sizeInBytes).toBe(sizeInBytes);
        for (const [index, offset] of places.entries()) {
          const seen = new Uint8Array(70_000);
          await plain.read(offset, seen);
          expect({ offset, order: Buffer.compare(seen, dataFor(index)) }).toEqual({ offset, order: 0 });
        }
      } finally {
        await systemCommandRunner("umount", [mountPoint]);
        await rm(path, { force: true });
      }
    });
  },
);

const fixtures = join(import.meta.dirname, "../../../shared/fixtures/bitlocker");
const hasFixtures = existsSync(join(fixtures, "README.md"));
if (!hasFixtures)
  console.warn(`SKIPPED: no sample volumes in ${fixtures}; reading Windows-made volumes is not tested here`);
const lacksUnpacker = hasFixtures && isOracleMissing("xz");

interface Sample {
  readonly name: string;
  readonly passwords: readonly string[];
  readonly recoveryPasswords: readonly string[];
  readonly sha256: string;
}

/** The rows of the table that describes the samples: name, cipher, sector, bytes, password, recovery, SHA-256. */
async function readSampleTable(): Promise<ReadonlyMap<string, Sample>> {
  const readme = await readFile(join(fixtures, "README.md"), "utf8");
  const rows = readme.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  const given = (cell: string | undefined): string[] =>
    (cell ?? "-").split(" / ").filter((one) => one !== "-" && one !== "");
  return new Map(
    rows
      .filter(([, name]) => name?.startsWith("bitlk-"))
      .map((row) => [
        row[1]!,
        { name: row[1]!, passwords: given(row[5]), recoveryPasswords: given(row[6]), sha256: row[7]! },
      ]),
  );
}

/** Kind of key to use; by default the first recovery password, and each other kind somewhere. */
const readable: readonly (readonly [string, string])[] = [
  ["bitlk-aes-cbc-128", "recovery"],
  ["bitlk-aes-cbc-128-4k", "recovery"],
  ["bitlk-aes-cbc-256", "recovery"],
  ["bitlk-aes-xts-128", "password"],
  ["bitlk-aes-xts-128-4k", "recovery"],
  ["bitlk-aes-xts-128-clearkey-only", "clear"],
  ["bitlk-aes-xts-128-crc", "recovery"],
  ["bitlk-aes-xts-128-first-recovery", "recovery"],
  ["bitlk-aes-xts-128-new-entry", "recovery"],
  ["bitlk-aes-xts-128-smart-card", "recovery"],
  ["bitlk-aes-xts-128-startup-key", "4381F759-C4F8-4DE0-BB61-FC33A831BDA5.BEK"],
  ["bitlk-aes-xts-128-startup-key-win11", "AA80A52B-9B66-47AE-B097-33F536FFBB07.BEK"],
  ["bitlk-aes-xts-128-two-recovery", "last recovery"],
  ["bitlk-aes-xts-128-unicode", "password"],
  ["bitlk-aes-xts-256", "recovery"],
  ["bitlk-togo-aes-cbc-128", "recovery"],
  ["bitlk-togo-aes-xts-128", "password"],
];

(hasFixtures && !lacksUnpacker ? describe : describe.skip)("volumes that Windows made", () => {
  let samples: ReadonlyMap<string, Sample> = new Map();
  beforeAll(async () => {
    samples = await readSampleTable();
  });

  async function unpack(name: string): Promise<string> {
    const path = join(folder, `${name}.img`);
    const packed = join(fixtures, "windows-bitlk", `${name}.img.xz`);
    const result = await systemCommandRunner("sh", ["-c", 'exec xz -dc "$1" > "$2"', "sh", packed, path]);
    expect(result).toMatchObject({ exitCode: 0 });
    return path;
  }

  async function keyFor(sample: Sample, kind: string): Promise<BitLockerUnlock> {
    if (kind === "clear") return { clearKey: true };
    if (kind === "password") return { password: sample.passwords[0]! };
    if (kind.endsWith(".BEK")) return { externalKey: await readFile(join(fixtures, "windows-bitlk", kind)) };
    return { recoveryPassword: sample.recoveryPasswords.at(kind === "last recovery" ? -1 : 0)! };
  }

  test.each(readable)("%s decrypts to the published SHA-256 with its %s", async (name, kind) => {
    const sample = samples.get(name)!;
    const path = await unpack(name);
    try {
      await using image = await openImageFile(path);
      const { device, info } = await openBitLockerVolume(image, await keyFor(sample, kind));
      expect(await digestOf(device)).toBe(sample.sha256);
      await device.close();
      expect(info.copies.map((copy) => copy.state)).toEqual(
        name.endsWith("-crc") ? ["damaged", "damaged", "intact"] : ["intact", "intact", "intact"],
      );
    } finally {
      await rm(path, { force: true });
    }
  });

  if (process.env["OFFLINE_SEED_LONG"] === "1") {
    test.each(readable)("%s opens with every key it has", async (name) => {
      const sample = samples.get(name)!;
      const path = await unpack(name);
      const keys: BitLockerUnlock[] = [
        ...sample.passwords.map((password) => ({ password })),
        ...sample.recoveryPasswords.map((recoveryPassword) => ({ recoveryPassword })),
      ];
      try {
        await using image = await openImageFile(path);
        for (const key of keys) {
          const { device } = await openBitLockerVolume(image, key);
          await device.close();
        }
        if (sample.passwords.length > 0) {
          await expect(openBitLockerVolume(image, { password: "Anaconda" })).rejects.toMatchObject({
            code: "wrong-key",
          });
        }
      } finally {
        await rm(path, { force: true });
      }
    });
  }

  test.each([
    ["bitlk-aes-cbc-elephant-128", "unsupported-method"],
    ["bitlk-aes-cbc-elephant-256", "unsupported-method"],
    ["bitlk-aes-xts-128-eow", "conversion-running"],
    ["bitlk-partially-encrypted-aes-cbc-128", "conversion-running"],
  ])("%s is refused as %s", async (name, code) => {
    const path = await unpack(name);
    try {
      await using image = await openImageFile(path);
      await expect(
        openBitLockerVolume(image, await keyFor(samples.get(name)!, "recovery")),
      ).rejects.toMatchObject({ name: "BitLockerError", code });
    } finally {
      await rm(path, { force: true });
    }
  });
});

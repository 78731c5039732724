/** The independent programs of the matrix: what each is asked, and what it has to say of a good drive. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import {
  type BitLockerMethod,
  type BlockDevice,
  openDrive,
  openImageFile,
  verifyDriveImage,
} from "../../../src/diskprep/index.js";
import { forEachConcurrently } from "../../../src/shared/for-each-concurrently.js";
import { createRandom } from "../../diskprep/drive/small-drive.js";
import {
  judgeByNtfsfix,
  judgeByNtfsresize,
  judgeByNtfssecaudit,
  withNtfsMount,
} from "../../support/ntfs-judges.js";
import { judgeBySgdisk } from "../../support/partition-judge.js";
import { runProgram } from "../../support/run-program.js";
import type { Cell, MadeDrive } from "./made-drive.js";
import { shapes } from "./shapes.js";

/** One column of the matrix. */
export interface Judge {
  readonly name: string;
  readonly programs: readonly string[];
  /** What it needs besides the programs. */
  readonly needs?: "root" | "root and FUSE";
  /** Whether it sees the decrypted volume only. What it says then holds for every drive with the same bytes. */
  readonly seesPlainOnly?: true;
  /** Why it has nothing to say about a cell; undefined when it has. */
  readonly silence?: (cell: Cell) => string | undefined;
  /** @throws Error with what is wrong */
  readonly judge: (drive: MadeDrive) => Promise<void>;
}

/** Everyone who judges, in the order in which they are asked: dislocker makes the plain volume that the later ones read. */
export const judges: readonly Judge[] = [
  {
    name: "sgdisk",
    programs: ["sgdisk"],
    silence: only512("it takes the sectors of a file for 512 bytes; see sgdisk-4K"),
    judge: async ({ imagePath }) => judgeBySgdisk(imagePath),
  },
  {
    name: "sgdisk-4K",
    programs: ["sgdisk", "losetup"],
    needs: "root",
    silence: ({ sectorSizeInBytes }) => (sectorSizeInBytes === 4096 ? undefined : "see sgdisk"),
    judge: ({ imagePath }) => withLoopDevice(imagePath, 4096, judgeBySgdisk),
  },
  {
    name: "blkid",
    programs: ["blkid"],
    judge: async ({ imagePath, plan }) => {
      const offset = String(plan.partitionOffsetInBytes);
      const output = await runProgram("blkid", ["-p", "-O", offset, imagePath]);
      contains(output, 'VERSION="2" TYPE="BitLocker"');
      if (output.includes("PTTYPE")) throw new Error(`taken for a partition table: ${output}`);
    },
  },
  {
    name: "bitlkDump",
    programs: ["cryptsetup"],
    judge: async ({ volumePath, cell }) => {
      const output = await runProgram("cryptsetup", ["bitlkDump", volumePath]);
      const { mode, keyBits } = cipherNames[cell.method];
      matches(output, new RegExp(`Cipher mode:\\s+${mode}\\n`));
      matches(output, new RegExp(`Cipher key:\\s+${keyBits} bits`));
      matches(output, new RegExp(`Sector size:\\s+${cell.sectorSizeInBytes}\\b`));
      matches(output, /VMK protected with recovery passphrase/);
    },
  },
  {
    name: "cryptsetup",
    programs: ["cryptsetup"],
    judge: async ({ volumePath, prepared }) => {
      const options = ["open", "--type", "bitlk", "--test-passphrase", "--key-file", "-"];
      const output = await runProgram("cryptsetup", [...options, volumePath], {
        stdin: prepared.bitLockerKey,
      });
      if (output !== "") throw new Error(output);
    },
  },
  {
    name: "libbde",
    programs: ["bdeinfo"],
    silence: ({ method }) =>
      method === "xts-aes-256"
        ? "the packaged version opens no XTS-256 volume, not even Windows' own"
        : undefined,
    judge: async ({ volumePath, prepared, cell }) => {
      const output = await runProgram("bdeinfo", ["-r", prepared.bitLockerKey, volumePath]);
      contains(output, cipherNames[cell.method].ofLibbde);
      matches(output, /Number of key protectors\s*:\s*1\n/);
      if (output.includes("Unable to unlock")) throw new Error(output.replaceAll(prepared.bitLockerKey, "…"));
    },
  },
  {
    name: "dislocker",
    programs: ["dislocker-file", "dislocker-metadata"],
    judge: async (drive) => {
      const { volumePath, plainPath, prepared, cell } = drive;
      await rm(plainPath, { force: true });
      // Every shape from another of the three metadata copies.
      const copy = `-F${shapes.indexOf(cell.shape) + 1}`;
      const options = [copy, "-V", volumePath, `-p${prepared.bitLockerKey}`, "-r", "--", plainPath];
      await runProgram("dislocker-file", options);
      contains(await runProgram("dislocker-metadata", ["-V", volumePath]), "ENCRYPTED (4)");
      if ((await digestOfFile(plainPath)) !== (await digestOfOwnView(drive)))
        throw new Error("what it decrypts is not what this library decrypts");
    },
  },
  {
    name: "ntfsfix",
    seesPlainOnly: true,
    programs: ["ntfsfix"],
    judge: ({ plainPath }) => judgeByNtfsfix(plainPath),
  },
  {
    name: "ntfsresize",
    seesPlainOnly: true,
    programs: ["ntfsresize"],
    judge: ({ plainPath }) => judgeByNtfsresize(plainPath),
  },
  {
    name: "secaudit",
    seesPlainOnly: true,
    programs: ["ntfssecaudit"],
    judge: ({ plainPath }) => judgeByNtfssecaudit(plainPath),
  },
  {
    name: "ntfsinfo",
    seesPlainOnly: true,
    programs: ["ntfsinfo"],
    judge: async ({ plainPath, plan }) => {
      const output = await runProgram("ntfsinfo", ["-m", plainPath]);
      matches(output, /Volume Version:\s+3\.1\n/);
      matches(output, new RegExp(`Volume Name:\\s+${plan.volumeLabel}\\n`));
      matches(output, new RegExp(`Sector Size:\\s+${plan.sectorSizeInBytes}\\n`));
      matches(output, new RegExp(`Cluster Size:\\s+${plan.clusterSizeInBytes}\\n`));
      matches(output, new RegExp(`Free Clusters:\\s+${plan.freeBytes / plan.clusterSizeInBytes} `));
    },
  },
  {
    name: "ntfscluster",
    seesPlainOnly: true,
    programs: ["ntfscluster"],
    judge: async ({ plainPath, plan }) => {
      const output = await runProgram("ntfscluster", ["-i", plainPath]);
      matches(output, new RegExp(`bytes per cluster\\s*:\\s*${plan.clusterSizeInBytes}\\n`));
      if (/error|failed/i.test(output)) throw new Error(output);
    },
  },
  {
    name: "7-Zip",
    seesPlainOnly: true,
    programs: ["7zz"],
    silence: only512("it opens no NTFS on 4096-byte sectors"),
    judge: async ({ plainPath, seed }) => {
      const output = await runProgram("7zz", ["t", "-tntfs", "-scrcMD5", plainPath, "seed/*"]);
      contains(output, "Everything is Ok");
      if (/warning|lost files/i.test(output)) throw new Error(output);
      matches(output, new RegExp(`Files: ${seed.md5ByPath.size}\\n`));
      contains(
        output.toLowerCase(),
        `md5    for data:              ${sumOfDigests([...seed.md5ByPath.values()])}`,
      );
    },
  },
  {
    name: "Sleuth Kit",
    seesPlainOnly: true,
    programs: ["fiwalk"],
    judge: async (drive) =>
      expectFiles(
        await filesOfFiwalk(drive),
        new Map([...drive.seed.md5ByPath].filter(([, md5]) => md5 !== md5OfNothing)),
      ),
  },
  {
    name: "ntfs-3g",
    seesPlainOnly: true,
    programs: ["ntfs-3g", "umount", "find", "xargs", "md5sum"],
    needs: "root and FUSE",
    judge: ({ plainPath, seed, prepared }) =>
      withNtfsMount(plainPath, "ro", async (root) => {
        expectFiles(await md5SumsBelow(join(root, "seed")), seed.md5ByPath);
        const manifest = await readFile(join(root, prepared.manifestFile.slice(1)));
        const md5 = createHash("md5").update(manifest).digest("hex");
        if (md5.toUpperCase() !== prepared.manifestHash) throw new Error(`the manifest has the MD5 ${md5}`);
      }),
  },
  {
    name: "look-up",
    seesPlainOnly: true,
    programs: ["ntfs-3g", "umount"],
    needs: "root and FUSE",
    // ntfs-3g remembers names while listing, so this asks without ever listing: only the B-tree can answer.
    judge: ({ plainPath, seed }) =>
      withNtfsMount(plainPath, "ro", async (root) => {
        const missing: string[] = [];
        await forEachConcurrently(shuffled([...seed.md5ByPath.keys()]), 16, async (path) => {
          const isThere = await stat(join(root, "seed", path)).then(
            (found) => found.isFile(),
            () => false,
          );
          if (!isThere) missing.push(path);
        });
        if (missing.length > 0) throw new Error(`${missing.length} not found, such as ${missing[0]}`);
      }),
  },
  {
    name: "own",
    programs: [],
    judge: async ({ imagePath, prepared, cell }) => {
      const { sectorSizeInBytes } = cell;
      const report = await verifyDriveImage(imagePath, prepared, {
        sectorSizeInBytes,
        checkFileSystem: true,
      });
      if (!report.passed || report.ranges.notRead > 0)
        throw new Error(JSON.stringify(report.findings.slice(0, 3)));
    },
  },
];

const md5OfNothing = createHash("md5").digest("hex");

interface CipherNames {
  readonly mode: string;
  readonly keyBits: number;
  readonly ofLibbde: string;
}

const cipherNames: Readonly<Record<BitLockerMethod, CipherNames>> = {
  "aes-cbc-128": { mode: "cbc-eboiv", keyBits: 128, ofLibbde: "AES-CBC 128-bit" },
  "aes-cbc-256": { mode: "cbc-eboiv", keyBits: 256, ofLibbde: "AES-CBC 256-bit" },
  "xts-aes-128": { mode: "xts-plain64", keyBits: 256, ofLibbde: "AES-XTS 128-bit" },
  "xts-aes-256": { mode: "xts-plain64", keyBits: 512, ofLibbde: "AES-XTS 256-bit" },
};

function only512(reason: string): (cell: Cell) => string | undefined {
  return ({ sectorSizeInBytes }) => (sectorSizeInBytes === 512 ? undefined : reason);
}

/** Hashes of all files below `seed` as The Sleuth Kit reads them. It gives empty files none. */
async function filesOfFiwalk({ plainPath, folder, cell }: MadeDrive): Promise<ReadonlyMap<string, string>> {
  const report = join(folder, "fiwalk.xml");
  await rm(report, { force: true });
  await runProgram("fiwalk", ["-O", "-I", "-b", String(cell.sectorSizeInBytes), "-X", report, plainPath]);
  const files = new Map<string, string>();
  let path = "";
  for await (const line of createInterface({ input: createReadStream(report) })) {
    path = /<filename>seed\/([^<]*)</.exec(line)?.[1] ?? (line.includes("<fileobject") ? "" : path);
    if (line.includes("<name_type>d<")) path = "";
    const [, md5] = /<hashdigest type='md5'>([0-9a-f]{32})</.exec(line) ?? [];
    if (md5 && path !== "") files.set(path, md5);
  }
  await rm(report);
  return files;
}

/** Hashes of all files below a folder by their path, made by md5sum. */
async function md5SumsBelow(root: string): Promise<ReadonlyMap<string, string>> {
  const command = 'cd "$1" && find . -type f -print0 | xargs -0 md5sum';
  const output = await runProgram("sh", ["-c", command, "sh", root]);
  const lines = output.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => [line.slice("0".repeat(32).length + "  ./".length), line.slice(0, 32)]));
}

function expectFiles(found: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): void {
  const wrong = [...expected].filter(([path, md5]) => found.get(path) !== md5);
  if (wrong.length === 0 && found.size === expected.size) return;
  throw new Error(
    `${found.size} files instead of ${expected.size}, ${wrong.length} missing or different, such as ${wrong[0]?.[0]}`,
  );
}

/** 7-Zip's hash of several files: their digests added as little-endian numbers, and the carry behind a dash. */
function sumOfDigests(digests: readonly string[]): string {
  const reversed = (hex: string): string => Buffer.from(hex, "hex").reverse().toString("hex");
  const sum = digests.reduce((total, digest) => total + BigInt(`0x${reversed(digest)}`), 0n);
  const low = (sum & ((1n << 128n) - 1n)).toString(16).padStart(32, "0");
  return `${reversed(low)}-${(sum >> 128n).toString(16).padStart(8, "0")}`;
}

/** SHA-256 of a file. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}

async function digestOfOwnView({ imagePath, prepared, cell }: MadeDrive): Promise<string> {
  const { sectorSizeInBytes } = cell;
  await using image = await openImageFile(imagePath, { sectorSizeInBytes });
  const opened = await openDrive(image, prepared.bitLockerKey);
  try {
    return await digestOfDevice(opened.volumeDevice);
  } finally {
    await opened.close();
  }
}

async function digestOfDevice(device: BlockDevice): Promise<string> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(4 * 1024 * 1024);
  for (let offset = 0; offset < device.sizeInBytes; offset += buffer.length) {
    const part = buffer.subarray(0, Math.min(buffer.length, device.sizeInBytes - offset));
    await device.read(offset, part);
    hash.update(part);
  }
  return hash.digest("hex");
}

async function withLoopDevice(
  path: string,
  sectorSizeInBytes: number,
  use: (device: string) => Promise<void>,
): Promise<void> {
  const options = ["--find", "--show", "--read-only", "--sector-size", String(sectorSizeInBytes)];
  const device = (await runProgram("losetup", [...options, path])).trim();
  try {
    await use(device);
  } finally {
    await runProgram("losetup", ["--detach", device]);
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  const random = createRandom(1);
  const result = [...items];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = random(index + 1);
    [result[index], result[other]] = [result[other]!, result[index]!];
  }
  return result;
}

function contains(output: string, expected: string): void {
  if (!output.includes(expected)) throw new Error(`'${expected}' is missing in: ${output.slice(0, 1000)}`);
}

function matches(output: string, expected: RegExp): void {
  if (!expected.test(output)) throw new Error(`${String(expected)} is missing in: ${output.slice(0, 1000)}`);
}

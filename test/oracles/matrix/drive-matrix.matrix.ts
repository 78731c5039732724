/**
 * The oracle matrix: every cipher × sector size × shape of seed, made by `prepareDrive` and judged by every program that
 * can. Run by `npm run test:matrix`, not by `npm test`; prints one table, rows drives, columns judges.
 *
 * Root and FUSE are needed for the columns sgdisk-4K, ntfs-3g and look-up, nothing but files for the others.
 * `OFFLINE_SEED_MATRIX` restricts it to drives whose name holds that text, for example `xts-aes-128 4096 few`.
 */
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { bitLockerMethods } from "../../../src/diskprep/index.js";
import { errorMessageOf } from "../../../src/shared/error-message.js";
import { forEachConcurrently } from "../../../src/shared/for-each-concurrently.js";
import { isFileMissing, isOracleMissing, isRootMissing } from "../../support/required-programs.js";
import { digestOfFile, type Judge, judges } from "./judges.js";
import { type Cell, type MadeDrive, makeDrive } from "./made-drive.js";
import { type Shape, type StagedShape, shapes, stageShape } from "./shapes.js";

/** When no further drive is begun; those that were left out fail. Two idle cores need less than half of it. */
const timeoutInMs = 15 * 60 * 1000;
const filter = process.env["OFFLINE_SEED_MATRIX"] ?? "";

const titleOf = ({ method, sectorSizeInBytes, shape }: Cell): string =>
  `${method} ${sectorSizeInBytes} ${shape.name}`;

const cells = shapes
  .flatMap((shape) =>
    bitLockerMethods.flatMap((method) =>
      ([512, 4096] as const).map((sectorSizeInBytes): Cell => ({ method, sectorSizeInBytes, shape })),
    ),
  )
  .filter((cell) => titleOf(cell).includes(filter));

/** Judges that can work here. With `OFFLINE_SEED_REQUIRE_ORACLES=1` all have to. */
const present = new Set(
  judges.filter(
    ({ programs, needs }) =>
      !isOracleMissing(...programs) &&
      !(needs && isRootMissing()) &&
      !(needs === "root and FUSE" && isFileMissing("/dev/fuse")),
  ),
);

type Verdict = "ok" | "same" | "FAIL" | "-" | "absent";
/** What all drives together took of each judge, to see where the time goes. */
const secondsByJudge = new Map<string, number>();
const noteTime = (name: string, beganAtInMs: number): void => {
  secondsByJudge.set(name, (secondsByJudge.get(name) ?? 0) + (Date.now() - beganAtInMs) / 1000);
};

interface Row {
  readonly cell: Cell;
  readonly verdicts: ReadonlyMap<Judge, Verdict>;
  readonly failures: readonly string[];
  readonly seconds: number;
}

/** Decrypted volumes that a judge has found good, by judge and SHA-256. The cipher of a drive does not change them. */
const goodVolumes = new Set<string>();

let folder = "";
const rows = new Map<Cell, Row>();
const stagedShapes = new Map<Shape, StagedShape>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-matrix-"));
  const beganAtInMs = Date.now();
  for (const shape of shapes) {
    if (!cells.some((cell) => cell.shape === shape)) continue;
    await mkdir(join(folder, shape.name));
    stagedShapes.set(shape, await stageShape(shape, join(folder, shape.name)));
  }
  try {
    await forEachConcurrently(cells, 2, async (cell) => {
      if (Date.now() - beganAtInMs > timeoutInMs) return;
      const row = await judgeCell(cell);
      rows.set(cell, row);
      const verdict = row.failures.length === 0 ? "ok" : row.failures.join("; ");
      const title = `${rows.size} of ${cells.length}: ${titleOf(cell)}`;
      process.stderr.write(`${title}, ${row.seconds.toFixed(0)} s: ${verdict}\n`);
    });
  } finally {
    process.stderr.write(`${tableOf([...rows.values()])}\n`);
    process.stderr.write(`${rows.size} drives in ${Math.round((Date.now() - beganAtInMs) / 1000)} s\n`);
  }
}, 2 * timeoutInMs);

afterAll(async () => {
  for (const { catalog } of stagedShapes.values()) await catalog.close();
  await rm(folder, { recursive: true, force: true });
});

async function withDrive<T>(cell: Cell, use: (drive: MadeDrive) => Promise<T>): Promise<T> {
  const cellFolder = await mkdtemp(join(folder, "drive-"));
  try {
    return await use(await makeDrive(cell, stagedShapes.get(cell.shape)!, cellFolder));
  } finally {
    await rm(cellFolder, { recursive: true, force: true });
  }
}

async function judgeCell(cell: Cell): Promise<Row> {
  const beganAtInMs = Date.now();
  const verdicts = new Map<Judge, Verdict>();
  const failures: string[] = [];
  await withDrive(cell, async (drive) => {
    noteTime("drive", beganAtInMs);
    let digest = "";
    for (const judge of judges) {
      if (judge.seesPlainOnly && digest === "")
        digest = await digestOfFile(drive.plainPath).catch(() => "none");
      const volume = `${judge.name} ${digest}`;
      if (judge.silence?.(cell) !== undefined) verdicts.set(judge, "-");
      else if (!present.has(judge)) verdicts.set(judge, "absent");
      else if (judge.seesPlainOnly && goodVolumes.has(volume)) verdicts.set(judge, "same");
      else {
        const askedAtInMs = Date.now();
        const problem = await problemOf(judge, drive);
        noteTime(judge.name, askedAtInMs);
        verdicts.set(judge, problem === undefined ? "ok" : "FAIL");
        if (problem === undefined && judge.seesPlainOnly) goodVolumes.add(volume);
        if (problem !== undefined) failures.push(`${judge.name}: ${problem}`);
      }
    }
  });
  return { cell, verdicts, failures, seconds: (Date.now() - beganAtInMs) / 1000 };
}

async function problemOf(judge: Judge, drive: MadeDrive): Promise<string | undefined> {
  try {
    await judge.judge(drive);
    return undefined;
  } catch (error) {
    return errorMessageOf(error);
  }
}

function tableOf(table: readonly Row[]): string {
  const lines = [
    ["drive", ...judges.map(({ name }) => name), "seconds"],
    [
      "seconds, all drives",
      ...judges.map(({ name }) => (secondsByJudge.get(name) ?? 0).toFixed(0)),
      `${(secondsByJudge.get("drive") ?? 0).toFixed(0)} to make`,
    ],
    ...table
      .toSorted((left, right) => cells.indexOf(left.cell) - cells.indexOf(right.cell))
      .map(({ cell, verdicts, seconds }) => [
        titleOf(cell),
        ...judges.map((judge) => verdicts.get(judge) ?? ""),
        seconds.toFixed(0),
      ]),
  ];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const text = lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column]!)).join("  "));
  const silences = judges.flatMap(({ name, silence }) => {
    const reasons = new Set(cells.map((cell) => silence?.(cell)).filter((reason) => reason !== undefined));
    return [...reasons].map((reason) => `- ${name}: ${reason}`);
  });
  const same = "- same: dislocker decrypts the very bytes that this judge has found good on another drive";
  return ["", ...text, ...silences, same].join("\n");
}

describe("every drive", () => {
  test.each(cells.map((cell) => [titleOf(cell), cell] as const))("%s", (_, cell) => {
    const row = rows.get(cell);
    expect(row?.failures).toEqual([]);
    expect([...row!.verdicts.values()].filter((verdict) => verdict === "ok").length).toBeGreaterThan(0);
  });
});

describe("a damaged drive", () => {
  const cell = cells.find(({ shape, sectorSizeInBytes }) => shape === shapes[0] && sectorSizeInBytes === 512);

  (cell ? test : test.skip)(
    "is not good for those who look at what was damaged",
    async () => {
      await withDrive(cell!, async (drive) => {
        const objectors = async (...names: readonly string[]): Promise<readonly string[]> => {
          const asked = judges.filter((judge) => names.includes(judge.name) && present.has(judge));
          const found: string[] = [];
          for (const judge of asked)
            if ((await problemOf(judge, drive)) !== undefined) found.push(judge.name);
          return [...found, ...names.filter((name) => !asked.some((judge) => judge.name === name))];
        };
        expect(await objectors("dislocker", "ntfsfix", "7-Zip")).toEqual(
          ["dislocker", "ntfsfix", "7-Zip"].filter(
            (name) => !judges.some((judge) => judge.name === name && present.has(judge)),
          ),
        );
        const { plan, plainPath, imagePath, volumePath } = drive;
        // Somewhere in the first file, the backup boot sector, the backup partition table, a metadata copy.
        await flipByte(plainPath, 10 * 1024 * 1024);
        const content = ["7-Zip", "Sleuth Kit", "ntfs-3g"];
        expect(await objectors(...content)).toEqual(content);
        await flipByte(plainPath, plan.partitionLengthInBytes - 100);
        expect(await objectors("ntfsfix")).toEqual(["ntfsfix"]);
        await flipByte(imagePath, plan.sizeInBytes - 512 + 20);
        expect(await objectors("sgdisk", "own")).toEqual(["sgdisk", "own"]);
        await flipByte(volumePath, 3);
        const openers = ["bitlkDump", "cryptsetup", "libbde", "dislocker"];
        expect(await objectors(...openers)).toEqual(openers);
      });
    },
    timeoutInMs,
  );
});

async function flipByte(path: string, offsetInBytes: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    const byte = new Uint8Array(1);
    await file.read(byte, 0, 1, offsetInBytes);
    await file.write(Uint8Array.of(byte[0]! ^ 0x20), 0, 1, offsetInBytes);
  } finally {
    await file.close();
  }
}

/** One drive of the matrix: made by the public API on an image file, and cut up for programs that want parts of it. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type BitLockerMethod,
  createImageFile,
  type DrivePlan,
  type PreparedDrive,
  planDrives,
  prepareDrive,
  type SectorSizeInBytes,
} from "../../../src/diskprep/index.js";
import { runProgram } from "../../support/run-program.js";
import type { Shape, StagedShape } from "./shapes.js";

/** What distinguishes a drive from the others. */
export interface Cell {
  readonly method: BitLockerMethod;
  readonly sectorSizeInBytes: SectorSizeInBytes;
  readonly shape: Shape;
}

/** A drive, and what must be found on it. */
export interface MadeDrive {
  readonly cell: Cell;
  readonly seed: StagedShape;
  readonly plan: DrivePlan;
  readonly prepared: PreparedDrive;
  /** For scratch files of the judges. */
  readonly folder: string;
  /** The whole drive. */
  readonly imagePath: string;
  /** Its partition alone, as it is on the drive. */
  readonly volumePath: string;
  /** The volume as dislocker decrypts it; written by the judge of that name. */
  readonly plainPath: string;
}

/** Makes the drive of a cell. */
export async function makeDrive(cell: Cell, seed: StagedShape, folder: string): Promise<MadeDrive> {
  await mkdir(folder, { recursive: true });
  const { sectorSizeInBytes } = cell;
  const sizeInBytes = cell.shape.driveSizeInBytes[sectorSizeInBytes];
  const target = { driveId: "MATRIX", sizeInBytes, sectorSizeInBytes };
  const seedPlan = await planDrives(seed.catalog, [target], {
    encryptionMethod: cell.method,
    createdAtInMs: Date.UTC(2026, 0, 2),
  });
  const plan = seedPlan.drives[0]!;
  if (seedPlan.unplaced) throw new Error(`the drive of '${cell.shape.name}' is too small for its seed`);
  const imagePath = join(folder, "drive.img");
  const volumePath = join(folder, "volume.img");
  let prepared: PreparedDrive;
  {
    await using image = await createImageFile(imagePath, { sizeInBytes, sectorSizeInBytes });
    prepared = await prepareDrive(plan, seed.catalog, image, {
      confirm: { driveId: plan.driveId, sizeInBytes },
      journalPath: join(folder, "journal"),
    });
  }
  await runProgram("dd", [
    `if=${imagePath}`,
    `of=${volumePath}`,
    "bs=1M",
    "iflag=skip_bytes,count_bytes",
    `skip=${plan.partitionOffsetInBytes}`,
    `count=${plan.partitionLengthInBytes}`,
    "conv=sparse",
    "status=none",
  ]);
  return { cell, seed, plan, prepared, folder, imagePath, volumePath, plainPath: join(folder, "plain.img") };
}

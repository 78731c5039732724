/** One drive prepared or verified in a process of its own, so that start-up and peak memory are counted. */
import { readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import {
  type BlockDevice,
  type DrivePlan,
  openImageFile,
  openLinuxDisk,
  type PreparedDrive,
  prepareDrive,
  verifyDrive,
} from "../../src/diskprep/index.js";
import { openStagingLocation } from "../../src/staging/index.js";
import { peakMemoryInMiB } from "./peak-memory.js";

/** What the process does. */
export interface DriveTask {
  readonly kind: "prepare" | "verify";
  readonly stagingFolder: string;
  readonly seedName: string;
  /** The plan that is carried out. */
  readonly planFile: string;
  /** An existing image file, or a block device. */
  readonly target: string;
  /** File for the result of preparing, read again for verifying. */
  readonly resultFile: string;
  readonly threadCount?: number;
}

/** What the process tells at its end. */
export interface DriveTaskReport {
  readonly processorInMs: number;
  readonly peakInMiB: number;
  readonly bypassesCache: boolean;
  /** Speed from the first report of progress in writing to the end of the preparation; 0 when there was none. */
  readonly steadyBytesPerMs: number;
}

/** Does the task that this process was started for, and prints its report. */
export async function runDriveTask(task: DriveTask): Promise<void> {
  await using device = await openTarget(task.target, task.kind === "prepare");
  let steadyBytesPerMs = 0;
  if (task.kind === "prepare") steadyBytesPerMs = await prepare(task, device);
  else await verify(task, device);
  const { user, system } = process.cpuUsage();
  const report: DriveTaskReport = {
    processorInMs: (user + system) / 1000,
    peakInMiB: peakMemoryInMiB(),
    bypassesCache: device.bypassesCache ?? false,
    steadyBytesPerMs,
  };
  process.stdout.write(JSON.stringify(report));
}

async function openTarget(path: string, canWrite: boolean): Promise<BlockDevice> {
  return path.startsWith("/dev/")
    ? await openLinuxDisk(path, { canWrite })
    : await openImageFile(path, { canWrite, bypassCache: true });
}

/** Returns the steady speed. */
async function prepare(task: DriveTask, device: BlockDevice): Promise<number> {
  const location = await openStagingLocation(task.stagingFolder);
  const catalog = await location.openSeed(task.seedName);
  const plan = JSON.parse(readFileSync(task.planFile, "utf8")) as DrivePlan;
  const journalPath = `${task.resultFile}.journal`;
  await rm(journalPath, { force: true });
  let first: { readonly atInMs: number; readonly bytes: number } | undefined;
  const prepared = await prepareDrive(plan, catalog, device, {
    onProgress: ({ phase, bytesDone: bytes }) => {
      if (phase === "writing" && bytes > 0) first ??= { atInMs: performance.now(), bytes };
    },
    confirm: { driveId: plan.driveId, sizeInBytes: plan.sizeInBytes },
    journalPath,
    ...(task.threadCount === undefined ? {} : { threadCount: task.threadCount }),
  });
  const steadyBytesPerMs = first ? (plan.blobBytes - first.bytes) / (performance.now() - first.atInMs) : 0;
  await catalog.close();
  writeFileSync(task.resultFile, JSON.stringify(prepared));
  return steadyBytesPerMs;
}

async function verify(task: DriveTask, device: BlockDevice): Promise<void> {
  const prepared = JSON.parse(readFileSync(task.resultFile, "utf8")) as PreparedDrive;
  const report = await verifyDrive(device, prepared);
  if (!report.passed) throw new Error("the drive does not verify");
}

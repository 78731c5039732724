/** A disk of a given speed: a loop device over a file, limited by the kernel. Needs Linux and root. */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const megabyte = 1_000_000;
const limitsFolder = "/sys/fs/cgroup/blkio";

/** Block device over an existing file, and what ends it. */
export interface LoopDisk extends Disposable {
  readonly path: string;
  /** Limits what processes of this one's group write and read, in MB/s; 0 lifts the limit. */
  limit(megabytesPerSecond: number): void;
}

/** Whether speeds can be limited here. */
export function canLimitDisks(): boolean {
  return process.getuid?.() === 0 && existsSync(join(limitsFolder, "blkio.throttle.write_bps_device"));
}

/** Makes the device; the file below it is used directly, past the page cache. */
export function openLoopDisk(file: string): LoopDisk {
  const path = execFileSync("losetup", ["--find", "--show", "--direct-io=on", file], {
    encoding: "utf8",
  }).trim();
  const number = execFileSync("lsblk", ["-ndo", "MAJ:MIN", path], { encoding: "utf8" }).trim();
  const limit = (megabytesPerSecond: number): void => {
    for (const direction of ["write", "read"]) {
      const control = join(limitsFolder, `blkio.throttle.${direction}_bps_device`);
      writeFileSync(control, `${number} ${megabytesPerSecond * megabyte}`);
    }
  };
  return {
    path,
    limit,
    [Symbol.dispose]() {
      limit(0);
      execFileSync("losetup", ["--detach", path]);
    },
  };
}

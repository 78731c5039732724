/** What the programs of ntfs-3g say about a volume that nobody has written to since it was made. */
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "./run-program.js";

/** The boot sectors, the mirror of the MFT, the upcase table and the dirty flag. @throws Error with the program's words */
export async function judgeByNtfsfix(image: string): Promise<void> {
  expectText(await runProgram("ntfsfix", ["-n", image]), "Checking the alternate boot sector... OK");
}

/** Every run list and every cluster. @throws Error with the program's words */
export async function judgeByNtfsresize(image: string): Promise<void> {
  const output = await runProgram("ntfsresize", ["--info", "--force", "--no-progress-bar", image]);
  expectText(output, "Space in use");
}

/** `$Secure`: the descriptors, their copies, hashes and indexes. @throws Error with the program's words */
export async function judgeByNtfssecaudit(image: string): Promise<void> {
  const audit = await runProgram("ntfssecaudit", ["-a", image]);
  const passes = audit.match(/No errors were found/g)?.length;
  if (passes !== 2 || /^[1-9]\d* errors/m.test(audit)) throw new Error(`ntfssecaudit: ${audit}`);
}

/** Mounts a volume with ntfs-3g (root and FUSE are needed), lets `use` look at it and unmounts it on every path. */
export async function withNtfsMount<T>(
  image: string,
  access: string,
  use: (root: string) => Promise<T>,
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), "offline-seed-mount-"));
  try {
    await runProgram("ntfs-3g", ["-o", access, image, root]);
    try {
      return await use(root);
    } finally {
      await runProgram("umount", [root]);
    }
  } finally {
    await rmdir(root);
  }
}

function expectText(output: string, expected: string): void {
  if (!output.includes(expected)) throw new Error(`'${expected}' is missing in: ${output}`);
}

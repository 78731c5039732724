import { createHash } from "node:crypto";
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { pseudoRandomBytes } from "./support.js";

/** Names that have broken backup programs before. */
export const awkwardNames: readonly string[] = [
  "plain.txt",
  "ünïcode 名前 🎉.txt",
  "e\u0301 decomposed",
  "trailing space ",
  " leading space",
  "trailing.dots...",
  "..hidden",
  "...",
  "-dash",
  "100% %41 %5C",
  "quote'\"quote",
  "semi;colon&amp;<tag>",
  "back\\slash",
  "new\nline",
  "tab\there",
  "CON",
  "nul.txt",
  "COM1.log",
  "a:b",
  "star*question?",
  "#hash?query",
  "$(touch x)`y`",
];

/** Makes a small tree with every kind of thing that staging keeps. */
export async function makeAwkwardTree(root: string, longestPath = 1024): Promise<void> {
  await mkdir(join(root, "names"), { recursive: true });
  for (const [at, name] of awkwardNames.entries()) {
    const path = join(root, "names", name);
    await writeFile(path, `content of ${at}`);
    await utimes(path, 1_500_000_000 + at, 1_500_000_000.123456 + at);
  }
  // 1,024 characters as blob name, with parts that no file system refuses.
  const parts = Array.from({ length: 8 }, (_, at) => String(at).repeat(115));
  await mkdir(join(root, ...parts), { recursive: true });
  await writeFile(join(root, ...parts, "x".repeat(longestPath - parts.join("/").length - 1)), "long name");
  await mkdir(join(root, "empty", "deeper"), { recursive: true });
  await utimes(join(root, "empty", "deeper"), 1_400_000_000, 1_400_000_000.5);
  await writeFile(join(root, "empty file"), "");
  await writeFile(join(root, "large.bin"), pseudoRandomBytes(9 * 1024 * 1024 + 13, 11));
  await writeFile(join(root, "compressible.log"), "the same line again and again\n".repeat(50_000));
  const disk = join(root, "disk.vhd");
  await writeFile(disk, pseudoRandomBytes(70_000, 3));
  await truncate(disk, 6 * 1024 * 1024);
  await writeFile(join(root, "not a disk.vhd"), "text");
  await mkdir(join(root, "many"));
  const manyFiles = process.env["OFFLINE_SEED_LONG"] === "1" ? 3000 : 60;
  for (let at = 0; at < manyFiles; at += 1) {
    await writeFile(
      join(root, "many", `file-${at}.json`),
      JSON.stringify({ at, text: "x".repeat((at % 300) * 40) }),
    );
  }
  await symlink("../plain", join(root, "names", "dangling link"));
  await symlink("ünïcode 名前 🎉.txt", join(root, "names", "good link"));
  await symlink("many", join(root, "folder link"));
  await chmod(join(root, "large.bin"), 0o600);
  await chmod(join(root, "compressible.log"), 0o755);
}

/** Everything in a tree that must survive: type, content, time in microseconds, permission bits. */
export async function describeTree(root: string, path = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(join(root, path), { withFileTypes: true })) {
    const itemPath = path === "" ? entry.name : `${path}/${entry.name}`;
    const fullPath = join(root, itemPath);
    const stats = await lstat(fullPath);
    const time = Math.round(stats.mtimeMs * 1000);
    if (entry.isSymbolicLink()) found[itemPath] = `link to ${await readlink(fullPath)}`;
    else if (entry.isDirectory()) {
      const inside = await describeTree(root, itemPath);
      if (Object.keys(inside).length === 0) found[itemPath] = `empty folder of ${time}`;
      else Object.assign(found, inside);
    } else {
      const md5 = createHash("md5")
        .update(await readFile(fullPath))
        .digest("hex");
      found[itemPath] = `${stats.size} bytes ${md5} of ${time} mode ${(stats.mode & 0o777).toString(8)}`;
    }
  }
  return found;
}

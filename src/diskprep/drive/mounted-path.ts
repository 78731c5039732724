/** Paths of the drive in the terms of the operating system that has it mounted. */
import { join } from "node:path";

/** Where a file of the drive lies below the mount path. */
export function mountedPath(mountPath: string, filePath: string): string {
  return join(mountPath, ...filePath.split("\\").slice(1));
}

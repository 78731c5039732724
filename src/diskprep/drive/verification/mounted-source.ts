/** The files of a drive as the operating system shows them below a mount path. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { systemErrorCode } from "../../../shared/room-error.js";
import { DeviceError, deviceErrorFrom } from "../../device/index.js";
import { mountedPath } from "../mounted-path.js";
import type { DriveSource } from "./drive-source.js";

/** Files below a mount path. The system may answer from memory, so `bypassesCache` is false. */
export function mountedSourceOf(mountPath: string): DriveSource {
  const readFile = async (path: string, offsetInBytes: number, target: Uint8Array): Promise<void> => {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, "r");
      for (let done = 0; done < target.length; ) {
        const { bytesRead } = await handle.read(target, done, target.length - done, offsetInBytes + done);
        if (bytesRead === 0) throw endsEarly(path, offsetInBytes + done, target.length - done);
        done += bytesRead;
      }
    } catch (cause) {
      const access = { deviceName: path, operation: "read", offsetInBytes, lengthInBytes: target.length };
      throw deviceErrorFrom(cause, access);
    } finally {
      await handle?.close();
    }
  };
  return {
    kind: "mounted-volume",
    name: mountPath,
    bypassesCache: false,
    async openFile(pathOnDrive) {
      // The manifest may come from anywhere; it must not lead out of the volume.
      const segments = pathOnDrive.split("\\").slice(1);
      const leadsOut = segments.some((segment) => ["", ".", ".."].includes(segment) || /[/\0]/.test(segment));
      if (leadsOut || !pathOnDrive.startsWith("\\")) return undefined;
      const path = mountedPath(mountPath, pathOnDrive);
      try {
        const found = await stat(path);
        if (!found.isFile()) return undefined;
        return {
          sizeInBytes: found.size,
          read: (offsetInBytes, target) => readFile(path, offsetInBytes, target),
        };
      } catch (cause) {
        const code = systemErrorCode(cause);
        if (code === "ENOENT" || code === "ENOTDIR") return undefined;
        throw deviceErrorFrom(cause, { deviceName: path, operation: "open" });
      }
    },
  };
}

function endsEarly(deviceName: string, offsetInBytes: number, lengthInBytes: number): DeviceError {
  return new DeviceError("short-transfer", `'${deviceName}' ends at ${offsetInBytes}.`, {
    details: { deviceName, offsetInBytes, lengthInBytes },
  });
}

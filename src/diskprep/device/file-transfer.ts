/** Moving exactly as many bytes as asked through a file handle, whatever portions the system moves them in. */
import type { FileHandle } from "node:fs/promises";
import type { BlockTransport } from "./aligned-device.js";
import { DeviceError, deviceErrorFrom } from "./device-error.js";

/** The two calls of a file handle that transfers need; narrow so that tests can supply short transfers. */
export interface TransferHandle {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
}

/** Reads and writes a file or device of the system, with its failures as errors of this room. */
export function transportOf(handle: FileHandle, deviceName: string): BlockTransport {
  return {
    read: (offsetInBytes, target) => readExactly(handle, deviceName, offsetInBytes, target),
    write: (offsetInBytes, data) => writeExactly(handle, deviceName, offsetInBytes, data),
    async flush() {
      try {
        await handle.sync();
      } catch (error) {
        throw deviceErrorFrom(error, { deviceName, operation: "flush" });
      }
    },
    // The handle itself waits for accesses in flight.
    close: () => handle.close(),
  };
}

/** Fills `target`. @throws DeviceError `short-transfer` when the file ends too early, or the system's reason. */
export function readExactly(
  handle: TransferHandle,
  deviceName: string,
  offsetInBytes: number,
  target: Uint8Array,
): Promise<void> {
  return transferExactly(deviceName, "read", offsetInBytes, target.length, async (done) => {
    const { bytesRead } = await handle.read(target, done, target.length - done, offsetInBytes + done);
    return bytesRead;
  });
}

/** Stores all of `data`. @throws DeviceError `short-transfer`, or the system's reason. */
export function writeExactly(
  handle: TransferHandle,
  deviceName: string,
  offsetInBytes: number,
  data: Uint8Array,
): Promise<void> {
  return transferExactly(deviceName, "write", offsetInBytes, data.length, async (done) => {
    const { bytesWritten } = await handle.write(data, done, data.length - done, offsetInBytes + done);
    return bytesWritten;
  });
}

async function transferExactly(
  deviceName: string,
  operation: "read" | "write",
  offsetInBytes: number,
  lengthInBytes: number,
  transfer: (done: number) => Promise<number>,
): Promise<void> {
  let done = 0;
  while (done < lengthInBytes) {
    let moved: number;
    try {
      moved = await transfer(done);
    } catch (error) {
      throw deviceErrorFrom(error, { deviceName, operation, offsetInBytes, lengthInBytes });
    }
    if (moved <= 0) {
      throw new DeviceError(
        "short-transfer",
        `Only ${done} of ${lengthInBytes} bytes could be ${operation === "read" ? "read from" : "written to"} '${deviceName}' at offset ${offsetInBytes}; it is shorter than when it was opened.`,
        { details: { deviceName, offsetInBytes, lengthInBytes, transferredBytes: done } },
      );
    }
    done += moved;
  }
}

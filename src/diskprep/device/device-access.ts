/** The checks that every block device makes before it touches its medium, in one place so that all agree. */
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import type { SectorSizeInBytes } from "./block-device.js";
import { DeviceError } from "./device-error.js";

/** The facts an access is checked against. */
export interface AccessTarget {
  readonly name: string;
  readonly sizeInBytes: number;
  readonly canWrite: boolean;
}

/**
 * Checks one access against the rules of the block-device contract.
 *
 * @throws DeviceError `closed`, `read-only`, `out-of-range`; AbortError when the caller has aborted.
 */
export function checkDeviceAccess(
  target: AccessTarget,
  isClosed: boolean,
  operation: "read" | "write",
  offsetInBytes: number,
  lengthInBytes: number,
  options: AbortOptions | undefined,
): void {
  checkDeviceOpen(target, isClosed, operation);
  if (operation === "write" && !target.canWrite) {
    throw new DeviceError(
      "read-only",
      `'${target.name}' was opened for reading only; open it for writing first.`,
      {
        details: { deviceName: target.name, offsetInBytes, lengthInBytes },
      },
    );
  }
  if (
    !Number.isSafeInteger(offsetInBytes) ||
    offsetInBytes < 0 ||
    offsetInBytes + lengthInBytes > target.sizeInBytes
  ) {
    throw new DeviceError(
      "out-of-range",
      `Cannot ${operation} ${lengthInBytes} bytes at offset ${offsetInBytes} of '${target.name}': it has ${target.sizeInBytes} bytes.`,
      { details: { deviceName: target.name, offsetInBytes, lengthInBytes, sizeInBytes: target.sizeInBytes } },
    );
  }
  throwIfAborted(options?.abortSignal);
}

/**
 * Refuses an operation on a device that was closed.
 *
 * @throws DeviceError `closed`
 */
export function checkDeviceOpen(target: AccessTarget, isClosed: boolean, operation: string): void {
  if (!isClosed) return;
  throw new DeviceError("closed", `Cannot ${operation} '${target.name}': it has been closed.`, {
    details: { deviceName: target.name },
  });
}

/** @throws DeviceError `invalid-argument` unless the size is a positive whole number of sectors. */
export function checkGeometry(
  name: string,
  sizeInBytes: number,
  sectorSizeInBytes: number,
): SectorSizeInBytes {
  if (sectorSizeInBytes !== 512 && sectorSizeInBytes !== 4096) {
    throw new DeviceError(
      "invalid-argument",
      `'${name}': the sector size must be 512 or 4096 bytes, not ${sectorSizeInBytes}.`,
      { details: { deviceName: name, sectorSizeInBytes } },
    );
  }
  if (!Number.isSafeInteger(sizeInBytes) || sizeInBytes <= 0 || sizeInBytes % sectorSizeInBytes !== 0) {
    throw new DeviceError(
      "invalid-argument",
      `'${name}': the size must be a positive multiple of ${sectorSizeInBytes} bytes, not ${sizeInBytes}.`,
      { details: { deviceName: name, sizeInBytes, sectorSizeInBytes } },
    );
  }
  return sectorSizeInBytes;
}

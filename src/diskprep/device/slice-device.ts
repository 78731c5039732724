/** A window of another device, for example a partition of a disk. */
import type { BlockDevice } from "./block-device.js";
import { checkDeviceAccess, checkDeviceOpen, checkGeometry } from "./device-access.js";
import { DeviceError } from "./device-error.js";

/** Options of {@link sliceDevice}. */
export interface SliceDeviceOptions {
  /** Default: the name of the device and the window. */
  readonly name?: string;
  /** Default: what the device allows. True does not lift a restriction of the device. */
  readonly canWrite?: boolean;
}

/**
 * A device that is `lengthInBytes` long and begins at `offsetInBytes` of another one. An access outside the window is
 * refused even where the device below goes on. Touches nothing.
 *
 * Closing the slice does not close the device below: that belongs to who opened it. `flush` flushes the device below.
 *
 * @throws DeviceError `out-of-range` when the window is not inside the device; `invalid-argument` when it is not on
 * sector boundaries.
 */
export function sliceDevice(
  device: BlockDevice,
  offsetInBytes: number,
  lengthInBytes: number,
  options: SliceDeviceOptions = {},
): BlockDevice {
  const { sectorSizeInBytes } = device;
  const name = options.name ?? `${device.name} [${offsetInBytes}, +${lengthInBytes}]`;
  checkGeometry(name, lengthInBytes, sectorSizeInBytes);
  const details = { deviceName: device.name, offsetInBytes, lengthInBytes, sizeInBytes: device.sizeInBytes };
  if (
    !Number.isSafeInteger(offsetInBytes) ||
    offsetInBytes < 0 ||
    offsetInBytes + lengthInBytes > device.sizeInBytes
  ) {
    throw new DeviceError(
      "out-of-range",
      `The window of ${lengthInBytes} bytes at offset ${offsetInBytes} is not inside '${device.name}' (${device.sizeInBytes} bytes).`,
      { details },
    );
  }
  if (offsetInBytes % sectorSizeInBytes !== 0) {
    throw new DeviceError(
      "invalid-argument",
      `A window of '${device.name}' must begin on a sector boundary (${sectorSizeInBytes} bytes), not at ${offsetInBytes}.`,
      { details },
    );
  }

  const target = {
    name,
    sizeInBytes: lengthInBytes,
    canWrite: device.canWrite && (options.canWrite ?? true),
  };
  let isClosed = false;
  return Object.freeze({
    ...target,
    sectorSizeInBytes,
    preferredAlignmentInBytes: commonAlignment(device.preferredAlignmentInBytes, offsetInBytes),
    bypassesCache: device.bypassesCache,
    async read(offset, buffer, accessOptions) {
      checkDeviceAccess(target, isClosed, "read", offset, buffer.length, accessOptions);
      await device.read(offsetInBytes + offset, buffer, accessOptions);
    },
    async write(offset, data, accessOptions) {
      checkDeviceAccess(target, isClosed, "write", offset, data.length, accessOptions);
      await device.write(offsetInBytes + offset, data, accessOptions);
    },
    async flush(accessOptions) {
      checkDeviceOpen(target, isClosed, "flush");
      await device.flush(accessOptions);
    },
    async close() {
      isClosed = true;
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
    },
  } satisfies BlockDevice);
}

/** Offsets count from the window: when it begins off the device's alignment, no offset in it is aligned below. */
function commonAlignment(alignmentInBytes: number, offsetInBytes: number): number {
  return offsetInBytes % alignmentInBytes === 0 ? alignmentInBytes : 1;
}

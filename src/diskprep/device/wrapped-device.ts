/** The common part of devices that watch or disturb another device: same facts, changed accesses. */
import type { BlockDevice } from "./block-device.js";

/** The accesses a wrapper may replace. */
export type DeviceAccesses = Partial<Pick<BlockDevice, "read" | "write" | "flush" | "close">>;

/** A device with the facts of `device` that sends every access not replaced straight to it. */
export function wrapDevice(device: BlockDevice, accesses: DeviceAccesses): BlockDevice {
  return Object.freeze({
    name: device.name,
    sizeInBytes: device.sizeInBytes,
    sectorSizeInBytes: device.sectorSizeInBytes,
    canWrite: device.canWrite,
    preferredAlignmentInBytes: device.preferredAlignmentInBytes,
    bypassesCache: device.bypassesCache,
    read: accesses.read ?? ((offsetInBytes, target, options) => device.read(offsetInBytes, target, options)),
    write: accesses.write ?? ((offsetInBytes, data, options) => device.write(offsetInBytes, data, options)),
    flush: accesses.flush ?? ((options) => device.flush(options)),
    close: accesses.close ?? (() => device.close()),
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  } satisfies BlockDevice);
}

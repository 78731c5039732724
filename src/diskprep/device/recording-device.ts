/** Watching what is done to a device: for tests that check order, amount and whether everything was closed. */
import type { BlockDevice } from "./block-device.js";
import { wrapDevice } from "./wrapped-device.js";

/** One access, in the order in which it was started. */
export interface RecordedOperation {
  readonly kind: "read" | "write" | "flush" | "close";
  /** 0 for `flush` and `close`. */
  readonly offsetInBytes: number;
  /** 0 for `flush` and `close`. */
  readonly lengthInBytes: number;
}

/** A device together with the list of what was done to it. */
export interface DeviceRecording {
  readonly device: BlockDevice;
  /** Grows while the device is used. */
  readonly operations: readonly RecordedOperation[];
}

/** Wraps a device so that every access is noted when it starts, whether it succeeds or not. */
export function recordDevice(device: BlockDevice): DeviceRecording {
  const operations: RecordedOperation[] = [];
  const note = (kind: RecordedOperation["kind"], offsetInBytes = 0, lengthInBytes = 0): void => {
    operations.push(Object.freeze({ kind, offsetInBytes, lengthInBytes }));
  };
  return {
    operations,
    device: wrapDevice(device, {
      read(offsetInBytes, target, options) {
        note("read", offsetInBytes, target.length);
        return device.read(offsetInBytes, target, options);
      },
      write(offsetInBytes, data, options) {
        note("write", offsetInBytes, data.length);
        return device.write(offsetInBytes, data, options);
      },
      flush(options) {
        note("flush");
        return device.flush(options);
      },
      close() {
        note("close");
        return device.close();
      },
    }),
  };
}

/** Counts devices that were opened and not closed yet. */
export interface OpenDeviceCounter {
  /** Devices tracked and not closed. */
  readonly openCount: number;
  /** Counts a device from now until its first `close`. */
  track(device: BlockDevice): BlockDevice;
}

/** A counter for tests that prove every path closes what it opened. */
export function createOpenDeviceCounter(): OpenDeviceCounter {
  let openCount = 0;
  return {
    get openCount() {
      return openCount;
    },
    track(device) {
      let isOpen = true;
      openCount += 1;
      return wrapDevice(device, {
        async close() {
          if (isOpen) openCount -= 1;
          isOpen = false;
          await device.close();
        },
      });
    },
  };
}

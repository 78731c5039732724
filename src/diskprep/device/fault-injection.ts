/**
 * A device that goes wrong on purpose: for tests that let the n-th access fail, with n counted up until the work
 * under test runs through.
 */
import type { BlockDevice } from "./block-device.js";
import { DeviceError, deviceErrorFrom } from "./device-error.js";
import { wrapDevice } from "./wrapped-device.js";

/**
 * How an access goes wrong.
 *
 * - `fail`: nothing is moved; rejects.
 * - `tear`: the first half, in whole sectors, is moved; rejects with the system code.
 * - `shorten`: the first half, in whole sectors, is moved; rejects with `short-transfer`.
 * - `lose`: a write or flush resolves and does nothing, as a lying drive does; a read gives zeros.
 * - `corrupt`: one bit of the middle byte is flipped on its way; resolves.
 */
export type FaultKind = "fail" | "tear" | "shorten" | "lose" | "corrupt";

/** Options of {@link createFaultyDevice}. */
export interface FaultOptions {
  /** Which access goes wrong, counted from 1 over the accesses named by `operations`. */
  readonly atOperation: number;
  readonly kind: FaultKind;
  /** Accesses that are counted. Default: reads, writes and flushes. */
  readonly operations?: readonly ("read" | "write" | "flush")[];
  /** What the system is said to have reported for `fail` and `tear`. Default: `"EIO"`. */
  readonly systemCode?: string;
  /** Whether every access after the faulty one fails as well, as after pulling the cable. Default: false. */
  readonly staysBroken?: boolean;
}

/** A faulty device and what became of the fault. */
export interface FaultyDevice {
  readonly device: BlockDevice;
  /** Counted accesses so far. */
  readonly operationCount: number;
  /** False means that the work ended before the fault's turn came. */
  readonly hasFaultHappened: boolean;
}

/** Wraps a device so that one of its accesses goes wrong. */
export function createFaultyDevice(device: BlockDevice, fault: FaultOptions): FaultyDevice {
  const counted = fault.operations ?? ["read", "write", "flush"];
  const systemCode = fault.systemCode ?? "EIO";
  let operationCount = 0;

  const systemFailure = (operation: string, offsetInBytes?: number, lengthInBytes?: number): unknown =>
    deviceErrorFrom(Object.assign(new Error(`injected ${systemCode}`), { code: systemCode }), {
      deviceName: device.name,
      operation,
      ...(offsetInBytes === undefined ? {} : { offsetInBytes }),
      ...(lengthInBytes === undefined ? {} : { lengthInBytes }),
    });

  /** What this access has to do: nothing special, the fault, or to fail because the device is broken. */
  const next = (operation: "read" | "write" | "flush"): FaultKind | undefined => {
    if (!counted.includes(operation)) return undefined;
    operationCount += 1;
    if (operationCount === fault.atOperation) return fault.kind;
    return operationCount > fault.atOperation && fault.staysBroken ? "fail" : undefined;
  };

  const halfOf = (lengthInBytes: number): number =>
    Math.floor(lengthInBytes / 2 / device.sectorSizeInBytes) * device.sectorSizeInBytes;

  const transfer = async (
    operation: "read" | "write",
    offsetInBytes: number,
    buffer: Uint8Array,
    move: (piece: Uint8Array) => Promise<void>,
  ): Promise<void> => {
    const kind = next(operation);
    switch (kind) {
      case undefined:
        return await move(buffer);
      case "fail":
        throw systemFailure(operation, offsetInBytes, buffer.length);
      case "tear":
        await move(buffer.subarray(0, halfOf(buffer.length)));
        throw systemFailure(operation, offsetInBytes, buffer.length);
      case "shorten":
        await move(buffer.subarray(0, halfOf(buffer.length)));
        throw new DeviceError(
          "short-transfer",
          `Only ${halfOf(buffer.length)} of ${buffer.length} bytes were moved at offset ${offsetInBytes} of '${device.name}'.`,
          { details: { deviceName: device.name, offsetInBytes, lengthInBytes: buffer.length } },
        );
      case "lose":
        if (operation === "read") buffer.fill(0);
        return;
      case "corrupt": {
        const middle = buffer.length >> 1;
        if (operation === "read") {
          await move(buffer);
          if (buffer.length > 0) buffer[middle] = buffer[middle]! ^ 0x10;
        } else {
          const copy = Uint8Array.from(buffer);
          if (copy.length > 0) copy[middle] = copy[middle]! ^ 0x10;
          await move(copy);
        }
      }
    }
  };

  return {
    get operationCount() {
      return operationCount;
    },
    get hasFaultHappened() {
      return operationCount >= fault.atOperation;
    },
    device: wrapDevice(device, {
      read: (offsetInBytes, target, options) =>
        transfer("read", offsetInBytes, target, (piece) => device.read(offsetInBytes, piece, options)),
      write: (offsetInBytes, data, options) =>
        transfer("write", offsetInBytes, data, (piece) => device.write(offsetInBytes, piece, options)),
      async flush(options) {
        const kind = next("flush");
        if (kind === undefined || kind === "corrupt") await device.flush(options);
        else if (kind !== "lose") throw systemFailure("flush");
      },
    }),
  };
}

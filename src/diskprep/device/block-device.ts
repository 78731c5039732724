/**
 * The contract of everything that holds bytes at offsets: memory, an image file, a disk, a window of another device,
 * an encrypting layer. Every implementation must pass the suite in `conformance.ts`.
 */
import type { AbortOptions } from "../../shared/abort.js";

/** Logical sector sizes a drive can have. */
export type SectorSizeInBytes = 512 | 4096;

/**
 * Bytes at offsets.
 *
 * Rules every implementation MUST keep:
 * - `read` and `write` transfer exactly the length of the buffer, or reject; a short transfer is an error.
 * - An access outside `0 … sizeInBytes` rejects with {@link DeviceError} `out-of-range` and touches nothing.
 * - Any offset and length is accepted. An implementation that can only transfer whole blocks widens the access itself
 *   and keeps concurrent neighbours in one block from overwriting each other.
 * - Opening, reading and closing never change the medium.
 * - The buffer belongs to the caller again as soon as the promise settles; implementations keep no reference.
 * - Calls may overlap; overlapping ranges in flight at the same time have no defined order.
 * - `flush` resolves only when everything written before the call is durable.
 * - `close` is idempotent; every other call after it rejects with `closed`.
 */
export interface BlockDevice extends AsyncDisposable {
  /** How messages call this device: a path or a short description. Never a secret. */
  readonly name: string;
  /** Fixed while the device is open. */
  readonly sizeInBytes: number;
  readonly sectorSizeInBytes: SectorSizeInBytes;
  /** Whether this object was opened for writing. */
  readonly canWrite: boolean;
  /**
   * Offsets, lengths and buffers that are multiples of this are transferred without copying. A power of two; 1 when
   * alignment does not matter.
   */
  readonly preferredAlignmentInBytes: number;
  /**
   * True when reads come from the medium itself and not from the system's memory of what was written. False or absent
   * when they may come from either.
   */
  readonly bypassesCache?: boolean | undefined;

  /** Fills `target` with the bytes at `offsetInBytes`. @throws DeviceError */
  read(offsetInBytes: number, target: Uint8Array, options?: AbortOptions): Promise<void>;
  /** Stores all of `data` at `offsetInBytes`. @throws DeviceError (`read-only` when `canWrite` is false) */
  write(offsetInBytes: number, data: Uint8Array, options?: AbortOptions): Promise<void>;
  /** Makes everything written so far durable. @throws DeviceError */
  flush(options?: AbortOptions): Promise<void>;
  /** Releases handles without flushing. May be repeated. */
  close(): Promise<void>;
}

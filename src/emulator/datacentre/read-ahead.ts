/**
 * Reads small files and file records in larger windows and keeps the latest ones: tens of thousands of small files lie
 * side by side on a seed drive, and decrypting a mebibyte costs little more than decrypting a sector.
 */
import type { BlockDevice } from "../../diskprep/index.js";
import type { AbortOptions } from "../../shared/index.js";

const windowSizeInBytes = 1024 * 1024;
const maximumWindows = 32;

/** A view of `device` for reading. Closing it leaves the device open. */
export function createReadAhead(device: BlockDevice): BlockDevice {
  const windows = new Map<number, Promise<Uint8Array>>();
  const load = (index: number): Promise<Uint8Array> => {
    const known = windows.get(index);
    if (known !== undefined) {
      windows.delete(index);
      windows.set(index, known);
      return known;
    }
    const start = index * windowSizeInBytes;
    const bytes = new Uint8Array(Math.min(windowSizeInBytes, device.sizeInBytes - start));
    const loading = device.read(start, bytes).then(() => bytes);
    windows.set(index, loading);
    loading.catch(() => windows.delete(index));
    if (windows.size > maximumWindows) windows.delete(windows.keys().next().value!);
    return loading;
  };
  const read = async (
    offsetInBytes: number,
    target: Uint8Array,
    options: AbortOptions = {},
  ): Promise<void> => {
    const end = offsetInBytes + target.byteLength;
    if (target.byteLength >= windowSizeInBytes / 2 || offsetInBytes < 0 || end > device.sizeInBytes) {
      await device.read(offsetInBytes, target, options);
      return;
    }
    try {
      for (let position = offsetInBytes; position < end; ) {
        const index = Math.floor(position / windowSizeInBytes);
        const start = index * windowSizeInBytes;
        const piece = (await load(index)).subarray(position - start, end - start);
        target.set(piece, position - offsetInBytes);
        position += piece.byteLength;
      }
    } catch {
      // A damaged sector elsewhere in the window must not cost the bytes that were asked for.
      await device.read(offsetInBytes, target, options);
    }
  };
  return Object.freeze({
    name: device.name,
    sizeInBytes: device.sizeInBytes,
    sectorSizeInBytes: device.sectorSizeInBytes,
    canWrite: false,
    preferredAlignmentInBytes: device.preferredAlignmentInBytes,
    read,
    write: (offsetInBytes, data, options) => device.write(offsetInBytes, data, options),
    flush: (options) => device.flush(options),
    close: async () => windows.clear(),
    [Symbol.asyncDispose]: async () => windows.clear(),
  } satisfies BlockDevice);
}

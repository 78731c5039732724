/** Writes a planned volume to any device: ascending, once, the boot area last. */
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import { createProgressReporter, type ProgressOptions } from "../../shared/progress.js";
import type { BlockDevice } from "../device/index.js";
import { bootFileSizeInBytes } from "./encode/boot-sector.js";
import type { NtfsLayout } from "./layout/ntfs-layout.js";
import { NtfsError } from "./ntfs-error.js";

/**
 * Fills `target` with the bytes of file `node` from `offsetInBytes` on. Must fill all of it; `target` is valid only
 * until the returned promise settles.
 */
export type NtfsContentReader = (
  node: number,
  offsetInBytes: number,
  target: Uint8Array,
) => Promise<void> | void;

/** Options of {@link writeNtfsVolume}. */
export interface WriteNtfsVolumeOptions extends AbortOptions, ProgressOptions {
  /** Bytes per write. Default: 4 MiB. */
  readonly groupSizeInBytes?: number;
}

/**
 * Writes the whole volume: everything in ascending order, then a flush, then the first 8 KiB, which make the volume
 * recognisable, then another flush. Free and reserved clusters are not touched. When it fails or is aborted, the
 * device holds no valid boot sector of the new volume; it may be repeated from the start.
 *
 * @throws NtfsError `device-too-small`, `content-mismatch`; DeviceError; whatever `readContent` throws; AbortError
 */
export async function writeNtfsVolume(
  device: BlockDevice,
  layout: NtfsLayout,
  readContent: NtfsContentReader,
  options: WriteNtfsVolumeOptions = {},
): Promise<void> {
  const { geometry } = layout;
  if (device.sizeInBytes < geometry.volumeSizeInBytes) {
    throw new NtfsError(
      "device-too-small",
      `The volume was planned with ${geometry.volumeSizeInBytes} bytes; ${device.name} has ${device.sizeInBytes}.`,
      { details: { volumeSizeInBytes: geometry.volumeSizeInBytes, deviceSizeInBytes: device.sizeInBytes } },
    );
  }
  const { abortSignal } = options;
  const group = new Uint8Array(options.groupSizeInBytes ?? 4 * 1024 * 1024);
  const progress = createProgressReporter(options.onProgress);
  const boot = new Uint8Array(bootFileSizeInBytes);
  const total = layout.occupiedExtents.reduce((sum, extent) => sum + extent.lengthInBytes, 0);
  progress.begin("writing volume", { bytes: total });
  // The old boot sector, should there be one, must not describe half-written data.
  await device.write(0, boot, { abortSignal });
  for (const extent of layout.occupiedExtents) {
    const end = extent.offsetInBytes + extent.lengthInBytes;
    for (let offset = Math.max(extent.offsetInBytes, bootFileSizeInBytes); offset < end; ) {
      throwIfAborted(abortSignal);
      const part = group.subarray(0, Math.min(group.length, end - offset));
      await fillPart(layout, offset, part, readContent);
      await device.write(offset, part, { abortSignal });
      offset += part.length;
      progress.advance(part.length, 0);
    }
  }
  await device.flush({ abortSignal });
  layout.render(0, boot);
  await device.write(0, boot, { abortSignal });
  await device.flush({ abortSignal });
  progress.advance(boot.length, 0);
  progress.flush();
}

/** Makes one contiguous part of the volume, metadata and file data. */
async function fillPart(
  layout: NtfsLayout,
  offset: number,
  target: Uint8Array,
  readContent: NtfsContentReader,
): Promise<void> {
  const { dataExtents } = layout;
  const rows = layout.dataExtentsIn(offset, target.length);
  for (let row = rows.first; row < rows.end; row++) {
    const start = dataExtents.volumeOffsetInBytes[row]!;
    const from = Math.max(start, offset);
    const to = Math.min(start + dataExtents.lengthInBytes[row]!, offset + target.length);
    const fileOffset = dataExtents.fileOffsetInBytes[row]! + from - start;
    await readContent(dataExtents.node[row]!, fileOffset, target.subarray(from - offset, to - offset));
  }
  const contents = new Map<number, Uint8Array>();
  for (const node of layout.residentNodesIn(offset, target.length)) {
    if (contents.has(node)) continue;
    const content = new Uint8Array(layout.lengthOf(node));
    await readContent(node, 0, content);
    contents.set(node, content);
  }
  layout.render(offset, target, (node) => contents.get(node)!);
}

/** Making a BitLocker volume: the plain view to write a file system through, and the publishing of the metadata. */
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import type { BlockDevice, SectorSizeInBytes } from "../device/index.js";
import { bootAreaLengthInBytes } from "./areas.js";
import { BitLockerError } from "./bitlocker-error.js";
import type { BitLockerMetadata } from "./build-metadata.js";
import type { BitLockerLayout } from "./layout.js";
import type { SectorCipher } from "./sector-cipher.js";
import { volumeDeviceOf } from "./volume-device.js";
import { volumeHeaderLengthInBytes } from "./volume-header.js";

/**
 * What a volume is encrypted with: new secrets, or those of an interrupted run, unlocked again from its metadata.
 * `BitLockerSecrets` and `UnlockedBitLocker` are both such keys.
 */
export interface BitLockerKeys {
  /** A cipher for whole sectors of this size, with the full volume encryption key. */
  createSectorCipher(sectorSizeInBytes: SectorSizeInBytes): SectorCipher;
}

/** The plain view of a volume that is being made. */
export interface NewBitLockerVolume extends BlockDevice {
  /**
   * Makes the volume a BitLocker volume: filler, metadata regions 3, 2, 1, flush, header, flush. To be called after
   * the file system is written. May be repeated.
   *
   * @throws DeviceError; AbortError between the steps.
   */
  finish(options?: AbortOptions): Promise<void>;
}

/**
 * Begins a BitLocker volume on a device (a partition, usually). What is written through the result is stored
 * encrypted; nothing recognises the volume before {@link NewBitLockerVolume.finish}.
 *
 * DESTRUCTIVE: overwrites the first 8 KiB with zeros, so that an interrupted run is not taken for the volume that was
 * there before. The device below stays open when the volume is closed.
 *
 * @throws BitLockerError `invalid-argument` when layout, metadata and device do not belong together; DeviceError.
 */
export async function createBitLockerVolume(
  device: BlockDevice,
  layout: BitLockerLayout,
  keys: BitLockerKeys,
  metadata: BitLockerMetadata,
  options: AbortOptions = {},
): Promise<NewBitLockerVolume> {
  checkFit(device, layout, metadata);
  throwIfAborted(options.abortSignal);
  const cipher = keys.createSectorCipher(layout.sectorSizeInBytes);
  try {
    await device.write(0, new Uint8Array(bootAreaLengthInBytes), options);
    await device.flush(options);
  } catch (error) {
    cipher.dispose();
    throw error;
  }
  const volume = volumeDeviceOf(device, layout, cipher, true);
  return Object.freeze({
    ...volume,
    finish: (finishOptions: AbortOptions = {}) =>
      writeBitLockerMetadata(device, layout, metadata, finishOptions),
  });
}

/**
 * Writes the plain-text parts of a volume in the order that leaves an interrupted run unrecognised: filler, metadata
 * regions 3, 2, 1, flush, header, flush. May be repeated.
 *
 * @throws BitLockerError `invalid-argument`; DeviceError; AbortError between the steps.
 */
export async function writeBitLockerMetadata(
  device: BlockDevice,
  layout: BitLockerLayout,
  metadata: BitLockerMetadata,
  options: AbortOptions = {},
): Promise<void> {
  checkFit(device, layout, metadata);
  await device.write(volumeHeaderLengthInBytes, metadata.filler, options);
  for (const offsetInBytes of layout.metadataRegionOffsetsInBytes.toReversed()) {
    await device.write(offsetInBytes, metadata.region, options);
  }
  await device.flush(options);
  await device.write(0, metadata.volumeHeader, options);
  await device.flush(options);
}

function checkFit(device: BlockDevice, layout: BitLockerLayout, metadata: BitLockerMetadata): void {
  if (
    device.sizeInBytes !== layout.volumeSizeInBytes ||
    device.sectorSizeInBytes !== layout.sectorSizeInBytes ||
    metadata.volumeHeader.length !== volumeHeaderLengthInBytes ||
    metadata.filler.length !== bootAreaLengthInBytes - volumeHeaderLengthInBytes ||
    metadata.region.length !== layout.metadataRegionLengthInBytes
  ) {
    throw new BitLockerError(
      "invalid-argument",
      `The BitLocker layout for ${layout.volumeSizeInBytes} bytes with sectors of ${layout.sectorSizeInBytes} does not fit '${device.name}' with ${device.sizeInBytes} bytes and sectors of ${device.sectorSizeInBytes}.`,
      { details: { deviceName: device.name, sizeInBytes: device.sizeInBytes } },
    );
  }
}

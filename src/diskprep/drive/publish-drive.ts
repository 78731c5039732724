/** The last step of a preparation: until then no system takes the drive for anything. */

import { writeBitLockerMetadata } from "../bitlocker/index.js";
import { sliceDevice } from "../device/index.js";
import { buildGpt, planGptDisk } from "../partition/index.js";
import { derivedGuid } from "./drive-layout.js";
import type { DriveRun } from "./write-volume.js";

/** Makes the drive valid. */
export async function publishDrive({
  plan,
  device,
  layout,
  keys,
  metadata,
  options,
}: DriveRun): Promise<void> {
  const { abortSignal } = options;
  const volume = sliceDevice(device, plan.partitionOffsetInBytes, plan.partitionLengthInBytes);
  const { bitLocker } = layout;
  const bootArea = new Uint8Array(bitLocker.bootAreaLengthInBytes);
  layout.ntfs.render(0, bootArea);
  keys.cipher.encrypt(bootArea, bitLocker.bootAreaOffsetInBytes);
  await volume.write(bitLocker.bootAreaOffsetInBytes, bootArea, { abortSignal });
  const spareArea = new Uint8Array(bitLocker.spareAreaLengthInBytes);
  keys.cipher.encrypt(spareArea, bitLocker.spareAreaOffsetInBytes);
  await volume.write(bitLocker.spareAreaOffsetInBytes, spareArea, { abortSignal });
  const table = buildGpt(
    planGptDisk({ diskSizeInBytes: plan.sizeInBytes, sectorSizeInBytes: plan.sectorSizeInBytes }),
    { diskGuid: derivedGuid(plan, "disk"), partitionGuid: derivedGuid(plan, "partition") },
  );
  for (const piece of table) await device.write(piece.offsetInBytes, piece.data, { abortSignal });
  await device.flush({ abortSignal });
  await writeBitLockerMetadata(volume, bitLocker, await metadata.result(), { abortSignal });
}

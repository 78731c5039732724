/** The last step of a preparation: until then no system takes the drive for anything. */

import { writeBitLockerMetadata } from "../bitlocker/index.js";
import { type BlockDevice, sliceDevice } from "../device/index.js";
import { buildGpt, planGptDisk } from "../partition/index.js";
import { derivedGuid } from "./drive-layout.js";
import type { DriveRun } from "./write-volume.js";

/** Makes the drive valid. */
export async function publishDrive(run: DriveRun): Promise<void> {
  const { plan, device, layout, metadata } = run;
  const { abortSignal } = run.options;
  const volume = sliceDevice(device, plan.partitionOffsetInBytes, plan.partitionLengthInBytes);
  const { bitLocker } = layout;
  const bootArea = new Uint8Array(bitLocker.bootAreaLengthInBytes);
  layout.ntfs.render(0, bootArea);
  await writeEncrypted(run, volume, bitLocker.bootAreaOffsetInBytes, bootArea);
  const spareArea = new Uint8Array(bitLocker.spareAreaLengthInBytes);
  await writeEncrypted(run, volume, bitLocker.spareAreaOffsetInBytes, spareArea);
  const table = buildGpt(
    planGptDisk({ diskSizeInBytes: plan.sizeInBytes, sectorSizeInBytes: plan.sectorSizeInBytes }),
    { diskGuid: derivedGuid(plan, "disk"), partitionGuid: derivedGuid(plan, "partition") },
  );
  for (const piece of table) await device.write(piece.offsetInBytes, piece.data, { abortSignal });
  await device.flush({ abortSignal });
  await writeBitLockerMetadata(volume, bitLocker, await metadata.result(), { abortSignal });
}

async function writeEncrypted(
  { workers, cipherNumber, options: { abortSignal } }: DriveRun,
  volume: BlockDevice,
  positionInBytes: number,
  plain: Uint8Array,
): Promise<void> {
  const lengthInBytes = plain.length;
  const slot = await workers.acquireSlot();
  try {
    slot.bytes.set(plain);
    const encrypt = { offsets: [0], lengths: [lengthInBytes], positionsInBytes: [positionInBytes] };
    await workers.run({ slotOffset: slot.offset, lengthInBytes, cipherNumber, encrypt });
    await volume.write(positionInBytes, slot.bytes.subarray(0, lengthInBytes), { abortSignal });
  } finally {
    slot.release();
  }
}

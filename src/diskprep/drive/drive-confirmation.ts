/** Nothing is written to a drive before somebody has named it, and it is the one that was planned. */
import type { SeedCatalog } from "../../staging/index.js";
import type { BlockDevice } from "../device/index.js";
import { DriveError } from "./drive-error.js";
import type { DriveLayout } from "./drive-layout.js";
import type { DrivePlan } from "./drive-plan.js";

/** Names the drive whose content may be destroyed, as the plan read it. */
export interface DriveConfirmation {
  readonly driveId: string;
  readonly sizeInBytes: number;
}

/** Refuses a device that is not the planned and confirmed drive. @throws DriveError */
export function checkConfirmation(
  plan: DrivePlan,
  catalog: SeedCatalog,
  device: BlockDevice,
  confirm: DriveConfirmation,
): void {
  if (confirm.driveId !== plan.driveId || confirm.sizeInBytes !== plan.sizeInBytes) {
    throw new DriveError(
      "not-confirmed",
      `Drive ${plan.driveId} (${plan.sizeInBytes} bytes) was not confirmed: the confirmation names ${confirm.driveId} (${confirm.sizeInBytes} bytes). Nothing was written.`,
      {
        details: { driveId: plan.driveId, sizeInBytes: plan.sizeInBytes, confirmedDriveId: confirm.driveId },
      },
    );
  }
  const change =
    device.sizeInBytes !== plan.sizeInBytes
      ? `it has ${device.sizeInBytes} bytes instead of ${plan.sizeInBytes}`
      : device.sectorSizeInBytes !== plan.sectorSizeInBytes
        ? `its sectors have ${device.sectorSizeInBytes} bytes instead of ${plan.sectorSizeInBytes}`
        : device.canWrite
          ? undefined
          : "it was opened for reading only";
  if (change) {
    throw new DriveError(
      "drive-changed",
      `${device.name} is not the drive ${plan.driveId} that was planned: ${change}. Nothing was written. Plan again.`,
      { details: { driveId: plan.driveId, device: device.name, change } },
    );
  }
  if (catalog.seedId !== plan.seedId) {
    throw new DriveError(
      "plan-mismatch",
      `The plan of drive ${plan.driveId} was made for seed ${plan.seedId}, not for seed ${catalog.seedId}. Nothing was written. Plan again with this catalog.`,
      { details: { driveId: plan.driveId, plannedSeedId: plan.seedId, seedId: catalog.seedId } },
    );
  }
}

/** Refuses a catalog that gives another layout than the planned one. @throws DriveError `plan-mismatch` */
export function checkLayout(plan: DrivePlan, layout: DriveLayout): void {
  if (
    layout.blobBytes !== plan.blobBytes ||
    layout.manifestLengthInBytes !== plan.manifestLengthInBytes ||
    layout.ntfs.freeBytes !== plan.freeBytes
  ) {
    throw new DriveError(
      "plan-mismatch",
      `The plan of drive ${plan.driveId} does not fit the catalog any more. Nothing was written. Plan again.`,
      { details: { driveId: plan.driveId } },
    );
  }
}

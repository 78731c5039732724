/** The files of a drive as the NTFS reader finds them on the medium. */
import { isNtfsError, type NtfsVolume } from "../../ntfs/index.js";
import type { DriveSource, StoredVolume } from "./drive-source.js";

/** Files of an unlocked volume; `bypassesCache` is what its device says of itself. */
export function volumeSourceOf(
  volume: NtfsVolume,
  device: { readonly name: string; readonly bypassesCache?: boolean | undefined },
  stored?: StoredVolume,
): DriveSource {
  return {
    kind: "device",
    name: device.name,
    bypassesCache: device.bypassesCache ?? false,
    stored,
    async openFile(path, options) {
      try {
        return await volume.openFile(path, options);
      } catch (error) {
        if (isNtfsError(error) && (error.code === "not-found" || error.code === "not-a-file"))
          return undefined;
        throw error;
      }
    },
  };
}

/** The files every NTFS volume has: names by MFT record. */

/** Names of records 0–11; "." is the root directory itself. */
export const systemFileNames: readonly string[] = Object.freeze([
  "$MFT",
  "$MFTMirr",
  "$LogFile",
  "$Volume",
  "$AttrDef",
  ".",
  "$Bitmap",
  "$Boot",
  "$BadClus",
  "$Secure",
  "$UpCase",
  "$Extend",
]);

/** Directory in the root in which Windows keeps what belongs to the volume; ours holds the reserved extents. */
export const systemVolumeDirectoryName = "System Volume Information";

/** Records 24–26, which live in `$Extend`. */
export const extendFileNames: readonly string[] = Object.freeze(["$Quota", "$ObjId", "$Reparse"]);
export const firstExtendRecord = 24;

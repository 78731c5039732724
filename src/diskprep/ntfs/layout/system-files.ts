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

/** Records 24–26, which live in `$Extend`. */
export const extendFileNames: readonly string[] = Object.freeze(["$Quota", "$ObjId", "$Reparse"]);
export const firstExtendRecord = 24;

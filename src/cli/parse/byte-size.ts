/** Sizes on the command line: `500GB` as drive makers count, `512MiB` as computers do. */

const units: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};
/** Drives consist of whole sectors, and of whole mebibytes in practice. */
const granularityInBytes = 1024 * 1024;

/** Bytes of `4TB`, `512 MiB`, `1.5gb`. @throws RangeError for anything else */
export function parseByteSize(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = units[(match?.[2] ?? "?").toUpperCase()];
  const sizeInBytes = unit === undefined ? Number.NaN : Math.round(Number(match![1]) * unit);
  if (Number.isSafeInteger(sizeInBytes) && sizeInBytes > 0) return sizeInBytes;
  throw new RangeError(`'${text}' is not a size. Write it as 4TB, 500GB or 512MiB.`);
}

/** The size of a drive: rounded down to whole mebibytes. @throws RangeError */
export function parseDriveSize(text: string): number {
  const sizeInBytes = Math.floor(parseByteSize(text) / granularityInBytes) * granularityInBytes;
  if (sizeInBytes > 0) return sizeInBytes;
  throw new RangeError(`'${text}' is too small for a drive.`);
}

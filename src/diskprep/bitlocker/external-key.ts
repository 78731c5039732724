/** External keys: the 32 bytes in a `.BEK` file that Windows writes to a USB stick. */
import { guidFromBytes } from "../../shared/guid.js";
import { BitLockerError } from "./bitlocker-error.js";
import { datumRole, datumType, decodeDatums, decodeKey, keyType, viewOf } from "./datum.js";
import { datasetHeaderInBytes } from "./metadata-format.js";

const keyLengthInBytes = 32;
const externalInfoHeaderInBytes = 24;
const largestFileInBytes = 65_536;

/** The key of a `.BEK` file. SECRET. */
export interface ExternalKey {
  readonly key: Uint8Array;
  /** The protector it belongs to; undefined for a bare key. */
  readonly protectorGuid: string | undefined;
}

/**
 * Reads the content of a `.BEK` file, or takes 32 bare bytes as the key itself.
 *
 * @throws BitLockerError `invalid-argument` when it is neither.
 */
export function decodeExternalKey(content: Uint8Array): ExternalKey {
  if (content.length === keyLengthInBytes) return { key: content, protectorGuid: undefined };
  const refused = new BitLockerError(
    "invalid-argument",
    "The external key is neither the content of a .BEK file nor a key of 32 bytes.",
    { details: { lengthInBytes: content.length } },
  );
  if (content.length < datasetHeaderInBytes || content.length > largestFileInBytes) throw refused;
  const size = viewOf(content).getUint32(0, true);
  if (size < datasetHeaderInBytes || size > content.length) throw refused;
  const info = decodeDatums(content.subarray(datasetHeaderInBytes, size))?.find(
    (datum) => datum.role === datumRole.externalKey && datum.type === datumType.externalInfo,
  );
  if (!info || info.body.length < externalInfoHeaderInBytes) throw refused;
  const nested = decodeDatums(info.body.subarray(externalInfoHeaderInBytes));
  const keyDatum = nested?.find((datum) => datum.type === datumType.key);
  const found = keyDatum && decodeKey(keyDatum.body);
  if (found?.keyType !== keyType.externalKey || found.key.length !== keyLengthInBytes) throw refused;
  return { key: found.key, protectorGuid: guidFromBytes(info.body) };
}

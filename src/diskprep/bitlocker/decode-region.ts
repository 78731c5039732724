/** Reading one copy of the metadata region, of which nothing is believed until its bounds and checksum are right. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { unixMsFromFileTime } from "../../shared/file-time.js";
import { guidFromBytes } from "../../shared/guid.js";
import {
  type Datum,
  datumHeaderInBytes,
  datumRole,
  datumType,
  decodeDatums,
  decodeText,
  keyType,
  openSealedKey,
  viewOf,
} from "./datum.js";
import {
  datasetHeaderInBytes,
  informationHeaderInBytes,
  metadataSignature,
  validationLengthInBytes,
} from "./metadata-format.js";

/** A protector: one way to get at the master key (VMK). */
export interface ProtectorDatum {
  readonly guid: string;
  /** See `protectorKind`. */
  readonly kind: number;
  readonly nested: readonly Datum[];
}

/** The content of an intact copy. Numbers are as stored and not judged yet. */
export interface DecodedRegion {
  readonly version: number;
  readonly state: number;
  readonly nextState: number;
  readonly volumeSizeInBytes: number;
  readonly bootSectorCount: number;
  readonly metadataRegionOffsetsInBytes: readonly [number, number, number];
  readonly bootAreaOffsetInBytes: number;
  readonly methodCode: number;
  readonly volumeGuid: string;
  readonly createdAtInMs: number;
  readonly description: string | undefined;
  readonly protectors: readonly ProtectorDatum[];
  /** Body of the datum that holds the volume key (FVEK) sealed under the master key. */
  readonly sealedVolumeKey: Uint8Array | undefined;
  /** SHA-256 of the information block. */
  readonly infoHash: Uint8Array;
  /** Body of the datum that holds the same hash sealed under the master key. */
  readonly sealedInfoHash: Uint8Array | undefined;
}

const smallestInfoInBytes = informationHeaderInBytes + datasetHeaderInBytes;
const protectorHeaderInBytes = 28;

/** The copy in these 64 KiB, or undefined when signature, sizes, datums or CRC-32 are wrong. */
export function decodeRegion(region: Uint8Array): DecodedRegion | undefined {
  if (region.length < smallestInfoInBytes) return undefined;
  if (Buffer.from(region.subarray(0, 8)).toString("latin1") !== metadataSignature) return undefined;
  const view = viewOf(region);
  const infoSize = view.getUint16(0x08, true) * 16;
  const datasetSize = view.getUint32(0x40, true);
  if (
    infoSize < smallestInfoInBytes ||
    infoSize + validationLengthInBytes > region.length ||
    view.getUint32(0x48, true) !== datasetHeaderInBytes ||
    datasetSize < datasetHeaderInBytes ||
    datasetSize > infoSize - informationHeaderInBytes
  ) {
    return undefined;
  }
  const info = region.subarray(0, infoSize);
  if (crc32(info) !== view.getUint32(infoSize + 4, true)) return undefined;
  const datums = decodeDatums(info.subarray(smallestInfoInBytes, informationHeaderInBytes + datasetSize));
  if (!datums) return undefined;

  const find = (role: number, type: number): Datum | undefined =>
    datums.find((datum) => datum.role === role && datum.type === type);
  const protectors = datums
    .filter((datum) => datum.role === datumRole.protector && datum.type === datumType.protector)
    .map((datum) => decodeProtector(datum.body));
  if (protectors.includes(undefined)) return undefined;
  const description = find(datumRole.description, datumType.text);
  const [offset1, offset2, offset3, bootAreaOffsetInBytes] = [0x20, 0x28, 0x30, 0x38].map((at) =>
    Number(view.getBigUint64(at, true)),
  );
  return {
    version: view.getUint16(0x0a, true),
    state: view.getUint16(0x0c, true),
    nextState: view.getUint16(0x0e, true),
    volumeSizeInBytes: Number(view.getBigUint64(0x10, true)),
    bootSectorCount: view.getUint32(0x1c, true),
    metadataRegionOffsetsInBytes: [offset1!, offset2!, offset3!],
    bootAreaOffsetInBytes: bootAreaOffsetInBytes!,
    methodCode: view.getUint16(0x64, true),
    volumeGuid: guidFromBytes(region, 0x50),
    createdAtInMs: unixMsFromFileTime(view.getBigUint64(0x68, true)),
    description: description && decodeText(description.body),
    protectors: protectors.filter((protector) => protector !== undefined),
    sealedVolumeKey: find(datumRole.volumeKey, datumType.sealed)?.body,
    infoHash: createHash("sha256").update(info).digest(),
    sealedInfoHash: decodeValidation(region, infoSize),
  };
}

/** Whether the copy is what the owner of the master key wrote. */
export function isRegionGenuine(region: DecodedRegion, masterKey: Uint8Array): boolean {
  if (!region.sealedInfoHash) return false;
  const sealed = openSealedKey(region.sealedInfoHash, masterKey);
  return sealed?.keyType === keyType.hash && Buffer.compare(sealed.key, region.infoHash) === 0;
}

function decodeProtector(body: Uint8Array): ProtectorDatum | undefined {
  if (body.length < protectorHeaderInBytes) return undefined;
  const nested = decodeDatums(body.subarray(protectorHeaderInBytes));
  return nested && { guid: guidFromBytes(body), kind: viewOf(body).getUint16(26, true), nested };
}

function decodeValidation(region: Uint8Array, infoSize: number): Uint8Array | undefined {
  const view = viewOf(region);
  const size = view.getUint16(infoSize, true);
  if (size < validationLengthInBytes + datumHeaderInBytes || infoSize + size > region.length)
    return undefined;
  const datums = decodeDatums(region.subarray(infoSize + validationLengthInBytes, infoSize + size));
  const first = datums?.[0];
  return first?.type === datumType.sealed ? first.body : undefined;
}

/**
 * The plain-text part of a new volume: header, filler and the metadata region that is stored three times. The fields
 * and their order are those of volumes that Windows 10 made with a recovery password as only protector.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { fileTimeFromUnixMs } from "../../shared/file-time.js";
import { guidToBytes } from "../../shared/guid.js";
import { type RandomSource, randomBytesFrom, systemRandomSource } from "../../shared/random-source.js";
import { bootAreaLengthInBytes } from "./areas.js";
import { BitLockerError } from "./bitlocker-error.js";
import {
  datumRole,
  datumType,
  encodeDatum,
  encodeSealedKey,
  encodeText,
  keyType,
  numbers16,
  numbers64,
  viewOf,
} from "./datum.js";
import { factsOfMethod } from "./encryption-method.js";
import { initialHashOfRecoveryKey, type StretchOptions, stretchKey } from "./key-stretching.js";
import type { BitLockerLayout } from "./layout.js";
import {
  datasetHeaderInBytes,
  informationHeaderInBytes,
  metadataSignature,
  protectorKind,
  stateEncrypted,
  validationLengthInBytes,
} from "./metadata-format.js";
import { type BitLockerSecrets, secretKeysOf } from "./secrets.js";
import { encodeVolumeHeader, volumeHeaderLengthInBytes } from "./volume-header.js";

/** Options of {@link buildBitLockerMetadata}. */
export interface BuildMetadataOptions extends StretchOptions {
  /** Time of creation, in milliseconds since 1970-01-01 UTC. */
  readonly createdAtInMs: number;
  /** Label of the file system; part of the description that Windows shows while the volume is locked. */
  readonly label: string;
  /** First word of the description. Default: `"OFFLINE-SEED"`; Windows writes the name of the computer. */
  readonly computerName?: string;
  /** Where the partition begins on its disk, for the header's copy of that number. Default: 1 MiB. */
  readonly partitionOffsetInBytes?: number;
  /** Fills the unused bytes behind the header. Default: the system's generator. */
  readonly random?: RandomSource;
}

/** The plain-text bytes of a volume. Not secret: they open nothing without the recovery password. */
export interface BitLockerMetadata {
  /** Bytes 0 to 511 of the volume; to be written last. */
  readonly volumeHeader: Uint8Array;
  /** Bytes 512 to 8191 of the volume: noise nobody reads. */
  readonly filler: Uint8Array;
  /** 65,536 bytes for each of the three metadata regions. */
  readonly region: Uint8Array;
}

/** Windows build that the metadata names as its writer's system. */
const windowsBuild = 18_363;
const mostDescriptionUnits = 200;

/**
 * Builds header, filler and metadata region of a new volume. Stretching the key takes up to a second and
 * does not block the event loop; touches no disk. The same layout, secrets and options give the same bytes.
 *
 * @throws BitLockerError `invalid-argument`; AbortError.
 */
export async function buildBitLockerMetadata(
  layout: BitLockerLayout,
  secrets: BitLockerSecrets,
  options: BuildMetadataOptions,
): Promise<BitLockerMetadata> {
  const description = `${options.computerName ?? "OFFLINE-SEED"} ${options.label} ${dateText(options.createdAtInMs)}`;
  if (description.length > mostDescriptionUnits || description.includes("\0")) {
    throw new BitLockerError(
      "invalid-argument",
      `The description '${description}' is not usable: at most ${mostDescriptionUnits} characters and no NUL.`,
    );
  }
  const hiddenSectors = (options.partitionOffsetInBytes ?? 1024 * 1024) / layout.sectorSizeInBytes;
  if (!Number.isSafeInteger(options.createdAtInMs) || options.createdAtInMs < 0) {
    throw new BitLockerError("invalid-argument", `${options.createdAtInMs} is not a time of creation.`);
  }
  if (!Number.isInteger(hiddenSectors) || hiddenSectors < 0 || hiddenSectors > 0xffff_ffff) {
    throw new BitLockerError(
      "invalid-argument",
      `A partition cannot begin at ${options.partitionOffsetInBytes} on sectors of ${layout.sectorSizeInBytes} bytes.`,
    );
  }
  const passwordBytes = secrets.recoveryPassword.copyBytes();
  const initialHash = initialHashOfRecoveryKey(passwordBytes);
  const { stretch = stretchKey } = options;
  const stretchedKey = await stretch(initialHash, secretKeysOf(secrets).salt, options);
  try {
    const region = buildRegion(layout, secrets, {
      passwordBytes,
      stretchedKey,
      description,
      createdAt: fileTimeFromUnixMs(options.createdAtInMs),
    });
    const fillerLength = bootAreaLengthInBytes - volumeHeaderLengthInBytes;
    return Object.freeze({
      volumeHeader: encodeVolumeHeader(layout, {
        hiddenSectors,
        sectorsPerTrack: 63,
        headCount: 255,
      }),
      filler: randomBytesFrom(options.random ?? systemRandomSource, fillerLength),
      region,
    });
  } finally {
    for (const secret of [passwordBytes, initialHash, stretchedKey]) secret.fill(0);
  }
}

/** What {@link buildRegion} needs beside layout and secrets. */
export interface RegionInputs {
  readonly passwordBytes: Uint8Array;
  readonly stretchedKey: Uint8Array;
  readonly description: string;
  /** FILETIME. */
  readonly createdAt: bigint;
}

/** The 64 KiB metadata region; a pure function of its inputs. */
export function buildRegion(
  layout: BitLockerLayout,
  secrets: BitLockerSecrets,
  inputs: RegionInputs,
): Uint8Array {
  const { masterKey, encryptionKey, salt } = secretKeysOf(secrets);
  const { createdAt, stretchedKey } = inputs;
  const methodCode = factsOfMethod(secrets.method).code;
  // Nonces are time and counter; Windows begins with 2 as well.
  let counter = 2;

  const stretchDatum = encodeDatum(
    datumRole.nested,
    datumType.stretchKey,
    numbers16(keyType.recoveryStretch, 0),
    salt,
    // Both let Windows show the recovery password of an unlocked volume.
    encodeSealedKey(
      datumRole.escrowedPassword,
      masterKey,
      createdAt,
      counter++,
      keyType.recoveryStretch,
      inputs.passwordBytes,
    ),
    encodeSealedKey(
      datumRole.escrowedStretchedKey,
      masterKey,
      createdAt,
      counter++,
      keyType.stretchedRecoveryKey,
      stretchedKey,
    ),
  );
  const protector = encodeDatum(
    datumRole.protector,
    datumType.protector,
    guidToBytes(secrets.protectorGuid),
    numbers64(createdAt),
    numbers16(0, protectorKind.recoveryPassword),
    encodeDatum(datumRole.nested, datumType.text, encodeText("DiskPassword")),
    stretchDatum,
    encodeSealedKey(datumRole.nested, stretchedKey, createdAt, counter++, keyType.masterKey, masterKey),
  );
  const datums = Buffer.concat([
    encodeDatum(datumRole.description, datumType.text, encodeText(inputs.description)),
    protector,
    encodeSealedKey(datumRole.volumeKey, masterKey, createdAt, counter++, methodCode, encryptionKey),
    encodeDatum(datumRole.virtualization, datumType.virtualization, virtualizationBody(layout)),
  ]);

  const region = new Uint8Array(layout.metadataRegionLengthInBytes);
  const view = viewOf(region);
  const datasetSize = datasetHeaderInBytes + datums.length;
  const infoSize = Math.ceil((informationHeaderInBytes + datasetSize) / 16) * 16;
  region.set(Buffer.from(metadataSignature, "latin1"));
  view.setUint16(0x08, infoSize / 16, true);
  view.setUint16(0x0a, 2, true);
  view.setUint16(0x0c, stateEncrypted, true);
  view.setUint16(0x0e, stateEncrypted, true);
  region.set(numbers64(layout.volumeSizeInBytes), 0x10);
  view.setUint32(0x1c, layout.bootAreaLengthInBytes / layout.sectorSizeInBytes, true);
  region.set(numbers64(...layout.metadataRegionOffsetsInBytes, layout.bootAreaOffsetInBytes), 0x20);

  view.setUint32(0x40, datasetSize, true);
  view.setUint32(0x44, 1, true);
  view.setUint32(0x48, datasetHeaderInBytes, true);
  view.setUint32(0x4c, datasetSize, true);
  region.set(guidToBytes(secrets.volumeGuid), 0x50);
  view.setUint32(0x60, counter + 1, true);
  view.setUint16(0x64, methodCode, true);
  view.setUint16(0x66, methodCode, true);
  region.set(numbers64(createdAt), 0x68);
  region.set(datums, informationHeaderInBytes + datasetHeaderInBytes);

  const info = region.subarray(0, infoSize);
  view.setUint16(infoSize, region.length - infoSize, true);
  view.setUint16(infoSize + 2, 2, true);
  view.setUint32(infoSize + 4, crc32(info), true);
  // Windows marks the nonce of this datum with the top bit of the time.
  const validationTime = (createdAt + 1n) | (0x80n << 56n);
  const infoHash = createHash("sha256").update(info).digest();
  const validation = encodeSealedKey(
    datumRole.nested,
    masterKey,
    validationTime,
    counter,
    keyType.hash,
    infoHash,
  );
  region.set(validation, infoSize + validationLengthInBytes);
  return region;
}

/** Where the boot sectors went, then a block of constants with the system's version and the spare area. */
function virtualizationBody(layout: BitLockerLayout): Uint8Array {
  const body = new Uint8Array(16 + 76);
  const view = viewOf(body);
  body.set(numbers64(layout.bootAreaOffsetInBytes, layout.bootAreaLengthInBytes));
  const extra = 16;
  view.setUint16(extra, 5, true);
  view.setUint16(extra + 2, 76, true);
  // Seen on every fully encrypted fixed NTFS volume with sectors of 512 and of 4096 bytes respectively.
  body[extra + 8] = layout.sectorSizeInBytes === 512 ? 0x0a : 0x0b;
  view.setUint32(extra + 28, layout.sectorSizeInBytes, true);
  view.setUint32(extra + 32, layout.sectorSizeInBytes, true);
  view.setUint32(extra + 36, 10, true);
  view.setUint32(extra + 44, windowsBuild, true);
  view.setUint32(extra + 48, 2, true);
  view.setUint16(extra + 56, 0x0110, true);
  body.set([1, 2], extra + 58);
  body.set(numbers64(layout.spareAreaOffsetInBytes), extra + 60);
  view.setUint32(extra + 68, layout.spareAreaLengthInBytes, true);
  return body;
}

/** Month/day/year as Windows writes it in the description. */
function dateText(timeInMs: number): string {
  const date = new Date(timeInMs);
  return `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()}`;
}

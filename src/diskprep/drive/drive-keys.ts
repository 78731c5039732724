/** The keys of one drive while it is written, and the form in which the journal keeps them. */
import type { AbortSignalLike } from "../../shared/abort.js";
import type { RandomSource } from "../../shared/random-source.js";
import {
  type BitLockerMetadata,
  buildBitLockerMetadata,
  createBitLockerSecrets,
  type SectorCipher,
  unlockBitLockerMetadata,
} from "../bitlocker/index.js";
import type { DriveKeyMaterial } from "./drive-journal.js";
import { bitLockerLayoutOf } from "./drive-layout.js";
import type { DrivePlan } from "./drive-plan.js";

/** SECRET: everything needed to encrypt and publish one drive. */
export interface DriveKeys {
  readonly recoveryPassword: string;
  readonly cipher: SectorCipher;
  /** A copy of the volume key (FVEK); the caller zeroes it after use. */
  copyEncryptionKey(): Uint8Array;
  /** Header, filler and metadata region of the volume. */
  readonly metadata: BitLockerMetadata;
  /** Zeroes the keys. May be repeated. */
  dispose(): void;
}

/** Makes new keys. Takes about a second, without blocking the event loop. */
export async function createKeyMaterial(
  plan: DrivePlan,
  random: RandomSource,
  abortSignal: AbortSignalLike | undefined,
): Promise<{ readonly keyMaterial: DriveKeyMaterial; readonly keys: DriveKeys }> {
  using secrets = createBitLockerSecrets(plan.encryptionMethod, random);
  const metadata = await buildBitLockerMetadata(bitLockerLayoutOf(plan), secrets, {
    createdAtInMs: plan.createdAtInMs,
    label: plan.volumeLabel,
    partitionOffsetInBytes: plan.partitionOffsetInBytes,
    random,
    abortSignal,
  });
  const recoveryPassword = secrets.recoveryPassword.format();
  return {
    keyMaterial: {
      recoveryPassword,
      volumeHeader: toBase64(metadata.volumeHeader),
      filler: toBase64(metadata.filler),
      metadataRegion: toBase64(metadata.region),
    },
    keys: driveKeys(
      recoveryPassword,
      secrets.createSectorCipher(plan.sectorSizeInBytes),
      secrets.copyEncryptionKey(),
      metadata,
    ),
  };
}

/** Opens the keys an earlier run had made, by unlocking its metadata with the recovery password. */
export async function openKeyMaterial(
  keyMaterial: DriveKeyMaterial,
  plan: DrivePlan,
  abortSignal: AbortSignalLike | undefined,
): Promise<DriveKeys> {
  const metadata = {
    volumeHeader: Buffer.from(keyMaterial.volumeHeader, "base64"),
    filler: Buffer.from(keyMaterial.filler, "base64"),
    region: Buffer.from(keyMaterial.metadataRegion, "base64"),
  };
  const { recoveryPassword } = keyMaterial;
  const options = { abortSignal, volumeName: `drive ${plan.driveId}` };
  using unlocked = await unlockBitLockerMetadata(metadata, { recoveryPassword }, options);
  return driveKeys(recoveryPassword, unlocked.createSectorCipher(), unlocked.copyEncryptionKey(), metadata);
}

function driveKeys(
  recoveryPassword: string,
  cipher: SectorCipher,
  encryptionKey: Uint8Array,
  metadata: BitLockerMetadata,
): DriveKeys {
  return {
    recoveryPassword,
    cipher,
    copyEncryptionKey: () => Uint8Array.from(encryptionKey),
    metadata,
    dispose: () => {
      cipher.dispose();
      encryptionKey.fill(0);
    },
  };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

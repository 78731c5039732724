/** The keys of one drive while it is written, and the form in which the journal keeps them. */
import type { AbortSignalLike } from "../../shared/abort.js";
import { type RandomSource, randomBytesFrom } from "../../shared/random-source.js";
import { replayedRandomSource } from "../../shared/replayed-random-source.js";
import {
  type BitLockerMetadata,
  buildBitLockerMetadata,
  createBitLockerSecrets,
  type StretchOptions,
} from "../bitlocker/index.js";
import { bitLockerLayoutOf } from "./drive-layout.js";
import type { DrivePlan } from "./drive-plan.js";

/** Keys, identifiers and the noise behind the volume header take 7,872 bytes at most. */
const randomLengthInBytes = 8192;

/** SECRET: what makes the keys of a drive, and the password that opens it. */
export interface DriveKeyMaterial {
  readonly recoveryPassword: string;
  /** The random bytes from which keys, identifiers and noise are taken, in a fixed order; Base64. */
  readonly randomBytes: string;
}

/** SECRET: everything needed to encrypt and publish one drive. */
export interface DriveKeys {
  readonly material: DriveKeyMaterial;
  /** A copy of the volume key (FVEK); the caller zeroes it after use. */
  copyEncryptionKey(): Uint8Array;
  /**
   * Header, filler and metadata region of the volume. Stretches the recovery password, which takes about half a second
   * of a processor; the keys must live until then.
   */
  buildMetadata(
    abortSignal: AbortSignalLike | undefined,
    stretch: StretchOptions["stretch"],
  ): Promise<BitLockerMetadata>;
  /** Zeroes the keys. May be repeated. */
  dispose(): void;
}

/** Makes new keys. */
export function createDriveKeys(plan: DrivePlan, random: RandomSource): DriveKeys {
  return keysOf(plan, randomBytesFrom(random, randomLengthInBytes));
}

/**
 * The keys that an earlier run had made; undefined when the material is not what {@link createDriveKeys} makes for this
 * plan.
 */
export function openDriveKeys(plan: DrivePlan, material: DriveKeyMaterial): DriveKeys | undefined {
  const randomBytes = Uint8Array.from(Buffer.from(String(material.randomBytes), "base64"));
  if (randomBytes.length !== randomLengthInBytes) return undefined;
  const keys = keysOf(plan, randomBytes);
  if (keys.material.recoveryPassword === material.recoveryPassword) return keys;
  keys.dispose();
  return undefined;
}

/** The order in which the bytes are used is part of the journal's format. @param randomBytes owned from now on */
function keysOf(plan: DrivePlan, randomBytes: Uint8Array): DriveKeys {
  const random = replayedRandomSource(randomBytes);
  const secrets = createBitLockerSecrets(plan.encryptionMethod, random);
  return {
    material: {
      recoveryPassword: secrets.recoveryPassword.format(),
      randomBytes: Buffer.from(randomBytes).toString("base64"),
    },
    copyEncryptionKey: () => secrets.copyEncryptionKey(),
    buildMetadata: (abortSignal, stretch) =>
      buildBitLockerMetadata(bitLockerLayoutOf(plan), secrets, {
        createdAtInMs: plan.createdAtInMs,
        label: plan.volumeLabel,
        partitionOffsetInBytes: plan.partitionOffsetInBytes,
        random,
        abortSignal,
        stretch,
      }),
    dispose: () => {
      secrets.dispose();
      randomBytes.fill(0);
    },
  };
}

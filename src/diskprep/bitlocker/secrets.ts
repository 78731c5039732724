/** The random secrets of a new volume, held where neither a log nor a debugger's object view shows them. */
import { inspect } from "node:util";
import { createGuid } from "../../shared/guid.js";
import { type RandomSource, randomBytesFrom, systemRandomSource } from "../../shared/random-source.js";
import type { SectorSizeInBytes } from "../device/index.js";
import { BitLockerError } from "./bitlocker-error.js";
import { type BitLockerMethod, factsOfMethod } from "./encryption-method.js";
import { generateRecoveryPassword, type RecoveryPassword } from "./recovery-password.js";
import { createSectorCipher, type SectorCipher } from "./sector-cipher.js";

/** Keys and identifiers of one new volume. SECRET, but shows nothing by accident. */
export interface BitLockerSecrets extends Disposable {
  readonly method: BitLockerMethod;
  /** Identifiers that Windows shows for the volume and for its recovery password; no secrets. */
  readonly volumeGuid: string;
  readonly protectorGuid: string;
  /** The recovery password that opens the volume. */
  readonly recoveryPassword: RecoveryPassword;
  /** A cipher for the sectors of the volume; the caller disposes it. */
  createSectorCipher(sectorSizeInBytes: SectorSizeInBytes): SectorCipher;
  /** A copy of the volume key (FVEK), for a worker thread that encrypts; the caller zeroes it after use. */
  copyEncryptionKey(): Uint8Array;
  /** Zeroes every key and the recovery password. May be repeated. */
  dispose(): void;
}

/** The keys behind {@link BitLockerSecrets}. */
export interface SecretKeys {
  readonly masterKey: Uint8Array;
  readonly encryptionKey: Uint8Array;
  readonly salt: Uint8Array;
}

const keysOf = new WeakMap<BitLockerSecrets, SecretKeys>();

/**
 * Makes the secrets of a new volume: master key (VMK), volume key (FVEK), salt, recovery password, two GUIDs.
 *
 * @param random Default: the system's secure generator. Another one is for tests only: the same bytes make the same
 * volume.
 * @throws BitLockerError `invalid-argument` for an unknown method.
 */
export function createBitLockerSecrets(
  method: BitLockerMethod,
  random: RandomSource = systemRandomSource,
): BitLockerSecrets {
  const facts = factsOfMethod(method) as ReturnType<typeof factsOfMethod> | undefined;
  if (!facts) throw new BitLockerError("invalid-argument", `'${method}' is not a BitLocker method.`);
  const keys: SecretKeys = {
    masterKey: randomBytesFrom(random, 32),
    encryptionKey: randomBytesFrom(random, facts.keyLengthInBytes),
    salt: randomBytesFrom(random, 16),
  };
  const recoveryPassword = generateRecoveryPassword(random);
  return secretsOf(method, keys, recoveryPassword, createGuid(random), createGuid(random));
}

/** Secrets made of given parts, which they own from now on. */
export function secretsOf(
  method: BitLockerMethod,
  keys: SecretKeys,
  recoveryPassword: RecoveryPassword,
  volumeGuid: string,
  protectorGuid: string,
): BitLockerSecrets {
  const dispose = (): void => {
    for (const key of [keys.masterKey, keys.encryptionKey, keys.salt]) key.fill(0);
    recoveryPassword.dispose();
    keysOf.delete(secrets);
  };
  const secrets: BitLockerSecrets = Object.freeze(
    Object.defineProperty(
      {
        method,
        volumeGuid,
        protectorGuid,
        recoveryPassword,
        createSectorCipher: (sectorSizeInBytes: SectorSizeInBytes) =>
          createSectorCipher(method, secretKeysOf(secrets).encryptionKey, sectorSizeInBytes),
        copyEncryptionKey: () => Uint8Array.from(secretKeysOf(secrets).encryptionKey),
        dispose,
        [Symbol.dispose]: dispose,
      },
      inspect.custom,
      { value: () => `[BitLockerSecrets of ${volumeGuid}]` },
    ),
  );
  keysOf.set(secrets, keys);
  return secrets;
}

/** The keys of secrets that were not disposed. @throws BitLockerError `invalid-argument` */
export function secretKeysOf(secrets: BitLockerSecrets): SecretKeys {
  const keys = keysOf.get(secrets);
  if (!keys) throw new BitLockerError("invalid-argument", "These BitLocker secrets were already disposed.");
  return keys;
}

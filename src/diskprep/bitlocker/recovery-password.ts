/**
 * The numerical recovery password: 16 bytes written as eight groups of six digits, each group a 16-bit number times
 * 11, so that a wrong digit shows in its group.
 */
import { inspect } from "node:util";
import { type RandomSource, randomBytesFrom } from "../../shared/random-source.js";
import { BitLockerError } from "./bitlocker-error.js";

const groupCount = 8;
const digitsInGroup = 6;
const groupFactor = 11;
const keyLengthInBytes = 16;
/** What people and word processors put between groups. */
const separators = /[\s\u00a0\u2010-\u2015\u2212_.,;:-]+/u;

/** A checked recovery password. SECRET: shows its digits only to who asks with {@link RecoveryPassword.format}. */
export interface RecoveryPassword extends Disposable {
  /** The 48 digits in eight groups joined by dashes, as every BitLocker program shows and accepts them. */
  format(): string;
  /** A copy of the 16 bytes behind the digits; the caller zeroes it after use. */
  copyBytes(): Uint8Array;
  /** Zeroes the bytes. Afterwards the other methods throw. May be repeated. */
  dispose(): void;
}

/**
 * Reads a recovery password as people write it: 48 digits with dashes, spaces or nothing between the groups.
 *
 * @throws BitLockerError `invalid-recovery-password`; `details.group` (1 to 8) names the wrong group where one can be
 * named, `details.reason` is `not-digits`, `wrong-length` or `wrong-digit`. Neither holds any digits.
 */
export function parseRecoveryPassword(text: string): RecoveryPassword {
  const written = text.split(separators).filter((group) => group !== "");
  const digits = written.join("");
  if (!/^[0-9]*$/.test(digits)) {
    const index = written.findIndex((group) => !/^[0-9]*$/.test(group));
    throw invalid("not-digits", written.length === groupCount ? index + 1 : undefined, "digits only");
  }
  if (digits.length !== groupCount * digitsInGroup) {
    const index = written.findIndex((group) => group.length !== digitsInGroup);
    throw invalid(
      "wrong-length",
      written.length === groupCount ? index + 1 : undefined,
      `48 digits in 8 groups of 6, not ${digits.length} digits in ${written.length}`,
    );
  }
  const bytes = new Uint8Array(keyLengthInBytes);
  for (let index = 0; index < groupCount; index++) {
    const value = Number(digits.slice(index * digitsInGroup, (index + 1) * digitsInGroup));
    if (value % groupFactor !== 0 || value >= 0x1_0000 * groupFactor) {
      bytes.fill(0);
      throw invalid("wrong-digit", index + 1, "different digits there; compare this group with the original");
    }
    const word = value / groupFactor;
    bytes[index * 2] = word & 0xff;
    bytes[index * 2 + 1] = word >> 8;
  }
  return recoveryPasswordOwning(bytes);
}

/** The recovery password of 16 bytes. Every 16 bytes are one. @throws BitLockerError `invalid-argument` */
export function recoveryPasswordFromBytes(bytes: Uint8Array): RecoveryPassword {
  if (bytes.length !== keyLengthInBytes) {
    throw new BitLockerError("invalid-argument", `A recovery password has 16 bytes, not ${bytes.length}.`);
  }
  return recoveryPasswordOwning(Uint8Array.from(bytes));
}

/** A new recovery password. `random` must be cryptographically secure for anything but tests. */
export function generateRecoveryPassword(random: RandomSource): RecoveryPassword {
  return recoveryPasswordOwning(randomBytesFrom(random, keyLengthInBytes));
}

function recoveryPasswordOwning(bytes: Uint8Array): RecoveryPassword {
  let isDisposed = false;
  const checkUsable = (): void => {
    if (isDisposed)
      throw new BitLockerError("invalid-argument", "The recovery password was already disposed.");
  };
  const dispose = (): void => {
    bytes.fill(0);
    isDisposed = true;
  };
  const password: RecoveryPassword = {
    format() {
      checkUsable();
      return Array.from({ length: groupCount }, (_, index) => {
        const word = bytes[index * 2]! | (bytes[index * 2 + 1]! << 8);
        return String(word * groupFactor).padStart(digitsInGroup, "0");
      }).join("-");
    },
    copyBytes() {
      checkUsable();
      return Uint8Array.from(bytes);
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
  const hidden = (): string => "[RecoveryPassword]";
  Object.defineProperties(password, {
    toString: { value: hidden },
    toJSON: { value: hidden },
    [inspect.custom]: { value: hidden },
  });
  return Object.freeze(password);
}

function invalid(reason: string, group: number | undefined, expected: string): BitLockerError {
  const where = group === undefined ? "The recovery password" : `Group ${group} of the recovery password`;
  return new BitLockerError("invalid-recovery-password", `${where} is not right: it needs ${expected}.`, {
    details: { reason, group },
  });
}

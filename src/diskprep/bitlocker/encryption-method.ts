/** The ciphers of BitLocker volumes that Windows 7 and later read, and their numbers on disk. */

/**
 * How sectors are encrypted. `aes-cbc-256` is read by every Windows since 7 and Server 2008 R2; the XTS methods need
 * Windows 10 version 1511 or Server 2016.
 */
export type BitLockerMethod = "aes-cbc-128" | "aes-cbc-256" | "xts-aes-128" | "xts-aes-256";

/** What is known of a method. */
export interface MethodFacts {
  /** Value in the metadata and key type of the volume key. */
  readonly code: number;
  /** Length of the volume key (FVEK); XTS has a data key and a tweak key of half that each. */
  readonly keyLengthInBytes: number;
}

const factsByMethod: Readonly<Record<BitLockerMethod, MethodFacts>> = {
  "aes-cbc-128": { code: 0x8002, keyLengthInBytes: 16 },
  "aes-cbc-256": { code: 0x8003, keyLengthInBytes: 32 },
  "xts-aes-128": { code: 0x8004, keyLengthInBytes: 32 },
  "xts-aes-256": { code: 0x8005, keyLengthInBytes: 64 },
};

/** All methods, in the order of their numbers. */
export const bitLockerMethods: readonly BitLockerMethod[] = [
  "aes-cbc-128",
  "aes-cbc-256",
  "xts-aes-128",
  "xts-aes-256",
];

/** Number and key length of a method; undefined for a name that is none. */
export function factsOfMethod(method: BitLockerMethod): MethodFacts {
  return factsByMethod[method];
}

/** The method with this number on disk, or undefined when it is not one of the four. */
export function methodOfCode(code: number): BitLockerMethod | undefined {
  return bitLockerMethods.find((method) => factsByMethod[method].code === code);
}

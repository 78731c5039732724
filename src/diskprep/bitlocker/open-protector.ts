/** Getting at the master key (VMK) through one of a volume's protectors. */
import { BitLockerError } from "./bitlocker-error.js";
import { type Datum, datumType, decodeKey, keyType, openSealedKey, viewOf } from "./datum.js";
import type { DecodedRegion, ProtectorDatum } from "./decode-region.js";
import { decodeExternalKey } from "./external-key.js";
import {
  initialHashOfPassword,
  initialHashOfRecoveryKey,
  type StretchOptions,
  stretchKey,
} from "./key-stretching.js";
import { protectorKind } from "./metadata-format.js";
import { parseRecoveryPassword, type RecoveryPassword } from "./recovery-password.js";

/** What a volume is opened with. */
export type BitLockerUnlock =
  | { readonly recoveryPassword: string | RecoveryPassword }
  | { readonly password: string }
  /** Content of a `.BEK` file, or its 32-byte key. */
  | { readonly externalKey: Uint8Array }
  /** The key that lies open in the metadata while protection is suspended. */
  | { readonly clearKey: true };

/** Tries one kind of key on any number of protectors, stretching it once per salt. */
export interface ProtectorOpener extends Disposable {
  /** Whether a volume has a protector that this kind of key could open. */
  hasMatch(region: DecodedRegion): boolean;
  /** The master key, or undefined when the key opens no protector of this copy. */
  open(region: DecodedRegion, options: StretchOptions): Promise<Uint8Array | undefined>;
}

const masterKeyLengthInBytes = 32;
const saltLengthInBytes = 16;

/**
 * Prepares a key for use.
 *
 * @throws BitLockerError `invalid-recovery-password`, `invalid-argument` (external key).
 */
export function createProtectorOpener(unlock: BitLockerUnlock): ProtectorOpener {
  if ("recoveryPassword" in unlock) {
    const given = unlock.recoveryPassword;
    const password = typeof given === "string" ? parseRecoveryPassword(given) : given;
    const bytes = password.copyBytes();
    if (typeof given === "string") password.dispose();
    const opener = stretchingOpener(
      protectorKind.recoveryPassword,
      keyType.recoveryStretch,
      initialHashOfRecoveryKey(bytes),
    );
    bytes.fill(0);
    return opener;
  }
  if ("password" in unlock) {
    return stretchingOpener(
      protectorKind.password,
      keyType.passwordStretch,
      initialHashOfPassword(unlock.password),
    );
  }
  if ("externalKey" in unlock) {
    const external = decodeExternalKey(unlock.externalKey);
    return openerOf(protectorKind.externalKey, async (protector) =>
      external.protectorGuid === undefined || external.protectorGuid === protector.guid
        ? masterKeyIn(protector, external.key)
        : undefined,
    );
  }
  if ("clearKey" in unlock) {
    return openerOf(protectorKind.clearKey, async (protector) => {
      const keys = protector.nested.filter((datum) => datum.type === datumType.key);
      const clearKey = keys
        .map((datum) => decodeKey(datum.body))
        .find((key) => key?.keyType === keyType.clearKey);
      return clearKey && masterKeyIn(protector, clearKey.key);
    });
  }
  throw new BitLockerError(
    "invalid-argument",
    "A BitLocker volume is opened with a recoveryPassword, a password, an externalKey or the clearKey.",
  );
}

function openerOf(
  kind: number,
  openOne: (protector: ProtectorDatum, options: StretchOptions) => Promise<Uint8Array | undefined>,
  dispose: () => void = () => undefined,
): ProtectorOpener {
  return {
    hasMatch: (region) => region.protectors.some((protector) => protector.kind === kind),
    async open(region, options) {
      for (const protector of region.protectors) {
        if (protector.kind !== kind) continue;
        const masterKey = await openOne(protector, options);
        if (masterKey) return masterKey;
      }
      return undefined;
    },
    [Symbol.dispose]: dispose,
  };
}

function stretchingOpener(kind: number, stretchKeyType: number, initialHash: Uint8Array): ProtectorOpener {
  const stretchedBySalt = new Map<string, Uint8Array>();
  return openerOf(
    kind,
    async (protector, { abortSignal, stretch = stretchKey }) => {
      const salt = saltIn(protector.nested, stretchKeyType);
      if (!salt) return undefined;
      const saltText = Buffer.from(salt).toString("hex");
      const stretched = stretchedBySalt.get(saltText) ?? (await stretch(initialHash, salt, { abortSignal }));
      stretchedBySalt.set(saltText, stretched);
      return masterKeyIn(protector, stretched);
    },
    () => {
      initialHash.fill(0);
      for (const stretched of stretchedBySalt.values()) stretched.fill(0);
    },
  );
}

function saltIn(nested: readonly Datum[], stretchKeyType: number): Uint8Array | undefined {
  const body = nested.find(
    (datum) =>
      datum.type === datumType.stretchKey &&
      datum.body.length >= 4 + saltLengthInBytes &&
      viewOf(datum.body).getUint16(0, true) === stretchKeyType,
  )?.body;
  return body?.subarray(4, 4 + saltLengthInBytes);
}

function masterKeyIn(protector: ProtectorDatum, key: Uint8Array): Uint8Array | undefined {
  if (key.length !== masterKeyLengthInBytes) return undefined;
  for (const datum of protector.nested) {
    if (datum.type !== datumType.sealed) continue;
    const sealed = openSealedKey(datum.body, key);
    if (sealed?.keyType === keyType.masterKey && sealed.key.length === masterKeyLengthInBytes)
      return sealed.key;
  }
  return undefined;
}

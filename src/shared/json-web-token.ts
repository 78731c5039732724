/** JSON Web Tokens in compact form (RFC 7519, RFC 7515 §7.1), signed with RSA or P-256 (RFC 7518 §3.3 to §3.5). */
import { constants, type KeyObject, sign, verify } from "node:crypto";

/** Signature algorithms in use. */
export type JsonWebTokenAlgorithm = "ES256" | "PS256" | "RS256";

/** A token taken apart. Nothing about it has been verified. */
export interface DecodedJsonWebToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** What the signature covers. */
  readonly signedText: string;
  readonly signature: Uint8Array;
}

/** Makes a signed token. `alg` and `typ` are added to the header. */
export function signJsonWebToken(
  algorithm: JsonWebTokenAlgorithm,
  privateKey: KeyObject,
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
): string {
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  const signedText = `${encode({ alg: algorithm, typ: "JWT", ...header })}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(signedText), {
    key: privateKey,
    ...signatureOptions[algorithm],
  });
  return `${signedText}.${signature.toString("base64url")}`;
}

/** Takes a token apart, or returns undefined when it is none: base64url without padding, two JSON objects. */
export function decodeJsonWebToken(token: string): DecodedJsonWebToken | undefined {
  const match = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/.exec(token);
  if (match === null) return undefined;
  const [, headerText, claimsText, signatureText] = match;
  const header = parseObject(headerText!);
  const claims = parseObject(claimsText!);
  if (header === undefined || claims === undefined) return undefined;
  return {
    header,
    claims,
    signedText: `${headerText}.${claimsText}`,
    signature: Buffer.from(signatureText!, "base64url"),
  };
}

/** Whether the signature was made with the private half of `publicKey`. False for an algorithm not in use here. */
export function verifyJsonWebToken(token: DecodedJsonWebToken, publicKey: KeyObject): boolean {
  const algorithm = token.header["alg"];
  if (algorithm !== "ES256" && algorithm !== "PS256" && algorithm !== "RS256") return false;
  // The key decides what kind of signature is acceptable, not the token.
  if (publicKey.asymmetricKeyType !== (algorithm === "ES256" ? "ec" : "rsa")) return false;
  return verify(
    "sha256",
    Buffer.from(token.signedText),
    { key: publicKey, ...signatureOptions[algorithm] },
    token.signature,
  );
}

const signatureOptions = {
  ES256: { dsaEncoding: "ieee-p1363" },
  PS256: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
  RS256: { padding: constants.RSA_PKCS1_PADDING },
} as const;

function parseObject(encoded: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

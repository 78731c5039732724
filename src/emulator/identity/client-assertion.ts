/**
 * Checking a client assertion ("Microsoft identity platform application authentication certificate credentials"):
 * signature against the certificates of the application, thumbprint header, issuer, subject, audience, validity.
 */
import { createHash, X509Certificate } from "node:crypto";
import { type DecodedJsonWebToken, decodeJsonWebToken, verifyJsonWebToken } from "../../shared/index.js";
import type { DirectoryApplication, KeyCredential } from "./directory.js";
import { type EntraRefusal, entraRefusals } from "./entra-error.js";

/** Tolerated difference between the clocks of client and service. */
const clockSkewInMs = 300_000;

/** What the assertion is checked against. */
export interface ClientAssertionExpectations {
  readonly clientId: string;
  /** Values of `aud` that name this token endpoint. */
  readonly audiences: readonly string[];
  readonly nowInMs: number;
}

/** The reason for refusing the assertion, or undefined when it proves possession of a valid key of the application. */
export function checkClientAssertion(
  assertion: string,
  application: DirectoryApplication,
  expected: ClientAssertionExpectations,
): EntraRefusal | undefined {
  const token = decodeJsonWebToken(assertion);
  if (token === undefined) return entraRefusals.assertionMalformed();
  const { claims } = token;
  if (claims["iss"] !== expected.clientId || claims["sub"] !== expected.clientId) {
    return entraRefusals.assertionIdentifierMismatch();
  }
  if (typeof claims["aud"] !== "string" || !expected.audiences.includes(claims["aud"])) {
    return entraRefusals.assertionAudienceMismatch();
  }
  const thumbprint = thumbprintOf(token);
  if (thumbprint === undefined) return entraRefusals.thumbprintHeaderMissing();
  return checkKey(token, thumbprint, application, expected) ?? checkValidity(token, expected);
}

interface Thumbprint {
  readonly algorithm: "sha1" | "sha256";
  readonly digest: Buffer;
}

function thumbprintOf(token: DecodedJsonWebToken): Thumbprint | undefined {
  const { "x5t#S256": sha256, x5t: sha1 } = token.header;
  if (typeof sha256 === "string") return { algorithm: "sha256", digest: Buffer.from(sha256, "base64url") };
  if (typeof sha1 === "string") return { algorithm: "sha1", digest: Buffer.from(sha1, "base64url") };
  return undefined;
}

function checkKey(
  token: DecodedJsonWebToken,
  thumbprint: Thumbprint,
  application: DirectoryApplication,
  { clientId, nowInMs }: ClientAssertionExpectations,
): EntraRefusal | undefined {
  const shownThumbprint = thumbprint.digest.toString("hex").toUpperCase();
  const credential = application.keyCredentials.find((candidate) =>
    createHash(thumbprint.algorithm).update(candidate.certificateDer).digest().equals(thumbprint.digest),
  );
  if (credential === undefined) return entraRefusals.keyNotFound(clientId, shownThumbprint);
  const [start, end] = [new Date(credential.startInMs), new Date(credential.endInMs)];
  if (!isCurrent(credential, nowInMs)) return entraRefusals.keyExpired(clientId, shownThumbprint, start, end);
  const { publicKey } = new X509Certificate(credential.certificateDer);
  return verifyJsonWebToken(token, publicKey)
    ? undefined
    : entraRefusals.signatureMismatch(clientId, shownThumbprint, start, end);
}

/** Whether the time lies in the validity of the credential. */
export function isCurrent(credential: KeyCredential, nowInMs: number): boolean {
  return credential.startInMs <= nowInMs && nowInMs < credential.endInMs;
}

function checkValidity(
  token: DecodedJsonWebToken,
  { nowInMs }: ClientAssertionExpectations,
): EntraRefusal | undefined {
  const validFromInMs = typeof token.claims["nbf"] === "number" ? token.claims["nbf"] * 1000 : 0;
  const expiresInMs = typeof token.claims["exp"] === "number" ? token.claims["exp"] * 1000 : 0;
  return validFromInMs <= nowInMs + clockSkewInMs && nowInMs < expiresInMs + clockSkewInMs
    ? undefined
    : entraRefusals.assertionOutsideValidity(
        new Date(nowInMs),
        new Date(validFromInMs),
        new Date(expiresInMs),
      );
}

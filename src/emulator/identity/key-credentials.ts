/** `keyCredential` of Microsoft Graph: reading what a client sends, replacing the collection, proof of possession. */
import { createHash, X509Certificate } from "node:crypto";
import { decodeJsonWebToken, verifyJsonWebToken } from "../../shared/index.js";
import { isCurrent } from "./client-assertion.js";
import type { DirectoryApplication, KeyCredential } from "./directory.js";
import { type GraphRefusal, graphRefusals } from "./graph-response.js";

/** The audience of a proof of possession: the application id of Azure AD Graph. */
const proofAudience = "00000002-0000-0000-c000-000000000000";
const longestProofInSeconds = 600;

/** Whether a value read or made is a refusal. */
export function isRefusal(value: unknown): value is GraphRefusal {
  return typeof value === "object" && value !== null && "status" in value && "message" in value;
}

/** A credential as Graph shows it. `key` is null unless the collection of one application was selected. */
export function showKeyCredential(
  credential: KeyCredential,
  withKey: boolean,
): Readonly<Record<string, unknown>> {
  return {
    customKeyIdentifier: credential.customKeyIdentifier,
    displayName: credential.displayName,
    endDateTime: secondsText(credential.endInMs),
    key: withKey ? Buffer.from(credential.certificateDer).toString("base64") : null,
    keyId: credential.keyId,
    startDateTime: secondsText(credential.startInMs),
    type: credential.type,
    usage: credential.usage,
  };
}

/**
 * The collection after a PATCH, which replaces all: entries whose `keyId` is known must be sent unchanged, with their
 * key; entries without are added; those left out are gone.
 */
export function replaceKeyCredentials(
  existing: readonly KeyCredential[],
  sent: unknown,
  createGuid: () => string,
): readonly KeyCredential[] | GraphRefusal {
  if (!Array.isArray(sent))
    return graphRefusals.badRequest("Invalid value specified for property 'keyCredentials'.");
  const result: KeyCredential[] = [];
  for (const entry of sent as readonly unknown[]) {
    const fields = (typeof entry === "object" && entry !== null ? entry : {}) as Readonly<
      Record<string, unknown>
    >;
    const known = existing.find(({ keyId }) => keyId === fields["keyId"]);
    const credential =
      known === undefined ? readNewKeyCredential(fields, createGuid) : keepIfUnchanged(known, fields);
    if (isRefusal(credential)) return credential;
    result.push(credential);
  }
  return result;
}

/** A credential that a client adds. */
export function readNewKeyCredential(
  fields: Readonly<Record<string, unknown>>,
  createGuid: () => string,
): KeyCredential | GraphRefusal {
  if (fields["type"] !== "AsymmetricX509Cert" || fields["usage"] !== "Verify") {
    return graphRefusals.badRequest(
      "Invalid combination of 'type' and 'usage' specified for property 'keyCredentials'.",
    );
  }
  const key = fields["key"];
  const x509 = typeof key === "string" ? readCertificate(key) : undefined;
  if (x509 === undefined) return graphRefusals.badRequest("Key value is invalid certificate.");
  const certificateStartInMs = Date.parse(x509.validFrom);
  const certificateEndInMs = Date.parse(x509.validTo);
  const startInMs =
    fields["startDateTime"] === undefined
      ? certificateStartInMs
      : Date.parse(String(fields["startDateTime"]));
  const endInMs =
    fields["endDateTime"] === undefined ? certificateEndInMs : Date.parse(String(fields["endDateTime"]));
  if (!(startInMs >= certificateStartInMs))
    return graphRefusals.badRequest("Key credential start date is invalid.");
  if (!(endInMs <= certificateEndInMs && endInMs > startInMs)) {
    return graphRefusals.badRequest("Key credential end date is invalid.");
  }
  const displayName = typeof fields["displayName"] === "string" ? fields["displayName"].slice(0, 90) : null;
  return Object.freeze({
    keyId: createGuid(),
    type: "AsymmetricX509Cert",
    usage: "Verify",
    displayName: displayName ?? x509.subject.replaceAll("\n", ", "),
    customKeyIdentifier:
      typeof fields["customKeyIdentifier"] === "string"
        ? fields["customKeyIdentifier"]
        : createHash("sha1").update(x509.raw).digest("base64"),
    startInMs,
    endInMs,
    certificateDer: x509.raw,
  });
}

/** The refusal of a proof of possession for `addKey` and `removeKey`, or undefined when it holds. */
export function checkProofOfPossession(
  proof: unknown,
  application: DirectoryApplication,
  nowInMs: number,
): GraphRefusal | undefined {
  const token = typeof proof === "string" ? decodeJsonWebToken(proof) : undefined;
  if (token === undefined) return graphRefusals.proofMalformed();
  const { aud, iss, nbf, exp } = token.claims;
  const nowInSeconds = nowInMs / 1000;
  const isTimely =
    typeof nbf === "number" &&
    typeof exp === "number" &&
    exp - nbf <= longestProofInSeconds &&
    nbf <= nowInSeconds + 300 &&
    nowInSeconds < exp;
  const isSigned = application.keyCredentials.some(
    (credential) =>
      isCurrent(credential, nowInMs) &&
      verifyJsonWebToken(token, new X509Certificate(credential.certificateDer).publicKey),
  );
  return aud === proofAudience && iss === application.id && isTimely && isSigned
    ? undefined
    : graphRefusals.proofMalformed();
}

function keepIfUnchanged(
  known: KeyCredential,
  fields: Readonly<Record<string, unknown>>,
): KeyCredential | GraphRefusal {
  const shown = showKeyCredential(known, true);
  const isUnchanged = Object.entries(shown).every(([name, value]) =>
    name.endsWith("DateTime")
      ? Date.parse(String(fields[name])) === Date.parse(String(value))
      : (fields[name] ?? null) === value,
  );
  return isUnchanged ? known : graphRefusals.credentialNotUpdatable(known.keyId);
}

function readCertificate(base64: string): X509Certificate | undefined {
  try {
    return new X509Certificate(Buffer.from(base64, "base64"));
  } catch {
    return undefined;
  }
}

function secondsText(timeInMs: number): string {
  return `${new Date(timeInMs).toISOString().slice(0, 19)}Z`;
}

/** What Microsoft Graph says of applications, taken from its JSON with every assumption checked. */
import { X509Certificate } from "node:crypto";
import type { JsonObject } from "./azure-json-client.js";
import { CertsError } from "./certs-error.js";
import type { SeedCertificate } from "./seed-certificate.js";

/** An application registration as found. */
export interface FoundApplication {
  readonly objectId: string;
  /** Client id. */
  readonly applicationId: string;
  readonly displayName: string;
  readonly createdAt: Date | undefined;
  /** Whether the signed-in user is an owner. */
  readonly isOwned: boolean;
}

/** A certificate registered on an application. */
export interface RegisteredCertificate {
  readonly keyId: string;
  readonly displayName: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  /** SHA-1 as upper-case hexadecimal; undefined for a key that is no certificate. */
  readonly thumbprint: string | undefined;
}

/** The elements of the `value` array of a collection. */
export function collectionOf(body: JsonObject): readonly JsonObject[] {
  const value = body["value"];
  if (!Array.isArray(value)) throw unexpected("a collection without 'value'");
  return value as readonly JsonObject[];
}

/** Reads an application. */
export function readApplication(json: JsonObject, ownedIds: ReadonlySet<string>): FoundApplication {
  const created = json["createdDateTime"];
  const objectId = requiredText(json, "id");
  return Object.freeze({
    objectId,
    applicationId: requiredText(json, "appId"),
    displayName: requiredText(json, "displayName"),
    createdAt: typeof created === "string" ? new Date(created) : undefined,
    isOwned: ownedIds.has(objectId),
  });
}

/** Owned ones first, then the oldest, then by id: the same order on every server. */
export function compareApplications(one: FoundApplication, other: FoundApplication): number {
  return (
    Number(other.isOwned) - Number(one.isOwned) ||
    (one.createdAt?.getTime() ?? 0) - (other.createdAt?.getTime() ?? 0) ||
    (one.objectId < other.objectId ? -1 : 1)
  );
}

/** Raw key credentials of an application, kept as sent so that they can be written back unchanged. */
export function keyCredentialsOf(json: JsonObject): readonly JsonObject[] {
  const value = json["keyCredentials"];
  if (!Array.isArray(value)) throw unexpected("an application without 'keyCredentials'");
  return value as readonly JsonObject[];
}

/** What a raw key credential says. */
export function readKeyCredential(json: JsonObject): RegisteredCertificate {
  const x509 = certificateOf(json);
  const displayName = json["displayName"];
  return Object.freeze({
    keyId: requiredText(json, "keyId"),
    displayName: typeof displayName === "string" ? displayName : "",
    validFrom: new Date(requiredText(json, "startDateTime")),
    validTo: new Date(requiredText(json, "endDateTime")),
    thumbprint: x509?.fingerprint.replaceAll(":", ""),
  });
}

/** Whether a raw key credential holds this certificate. */
export function holdsCertificate(json: JsonObject, certificate: SeedCertificate): boolean {
  return certificateOf(json)?.fingerprint256.replaceAll(":", "") === certificate.thumbprintSha256;
}

/** A certificate as a new key credential: its public part only. */
export function newKeyCredential(certificate: SeedCertificate): JsonObject {
  return {
    type: "AsymmetricX509Cert",
    usage: "Verify",
    key: Buffer.from(certificate.certificateDer).toString("base64"),
    displayName: certificate.name.slice(0, 90),
    startDateTime: secondsText(certificate.validFrom),
    endDateTime: secondsText(certificate.validTo),
  };
}

/** A property that has to be there. @throws CertsError `unexpected-answer`. */
export function requiredText(json: JsonObject, name: string): string {
  const value = json[name];
  if (typeof value !== "string" || value === "") throw unexpected(`an object without '${name}'`);
  return value;
}

function certificateOf(json: JsonObject): X509Certificate | undefined {
  const key = json["key"];
  if (typeof key !== "string") return undefined;
  try {
    return new X509Certificate(Buffer.from(key, "base64"));
  } catch {
    return undefined;
  }
}

function secondsText(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

function unexpected(what: string): CertsError {
  return new CertsError("unexpected-answer", `Microsoft Graph answered with ${what}.`);
}

/** Access tokens of the emulated tenant: issued with a key of the emulator's own, checked by all its services. */
import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { type Clock, decodeJsonWebToken, signJsonWebToken, verifyJsonWebToken } from "../../shared/index.js";

/** Who sent a request, as its access token says. */
export interface Caller {
  readonly kind: "application" | "user";
  readonly tenantId: string;
  /** Object id of the user or of the service principal. */
  readonly objectId: string;
  /** Client id of the application that asked for the token. */
  readonly applicationId: string;
  /** Delegated scopes (users) or application permissions (applications) in the token. */
  readonly permissions: readonly string[];
  readonly audience: string;
}

/** An issued token. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresOnInMs: number;
}

/** Issues and checks tokens. */
export interface TokenIssuer {
  issue(caller: Caller): Promise<IssuedToken>;
  /** The caller of a valid, unexpired token of this issuer; undefined for anything else. */
  verify(token: string): Caller | undefined;
}

/** What an issuer needs. */
export interface TokenIssuerOptions {
  readonly clock: Pick<Clock, "nowInMs">;
  /** The `iss` claim. */
  readonly issuer: string;
  /** Default: one hour. */
  readonly lifetimeInMs?: number;
}

/** Makes an issuer. Its key pair is made when the first token is asked for. */
export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  const { clock, issuer, lifetimeInMs = 3_600_000 } = options;
  let keyPair: Promise<{ readonly publicKey: KeyObject; readonly privateKey: KeyObject }> | undefined;
  let publicKey: KeyObject | undefined;

  return {
    async issue(caller) {
      keyPair ??= promisify(generateKeyPair)("ec", { namedCurve: "P-256" });
      const keys = await keyPair;
      publicKey = keys.publicKey;
      const issuedAtInSeconds = Math.floor(clock.nowInMs() / 1000);
      const expiresAtInSeconds = issuedAtInSeconds + Math.floor(lifetimeInMs / 1000);
      const token = signJsonWebToken(
        "ES256",
        keys.privateKey,
        {},
        {
          aud: caller.audience,
          iss: issuer,
          iat: issuedAtInSeconds,
          nbf: issuedAtInSeconds,
          exp: expiresAtInSeconds,
          appid: caller.applicationId,
          idtyp: caller.kind === "application" ? "app" : "user",
          oid: caller.objectId,
          sub: caller.objectId,
          tid: caller.tenantId,
          ver: "1.0",
          ...(caller.kind === "user" ? { scp: caller.permissions.join(" ") } : { roles: caller.permissions }),
        },
      );
      return { token, expiresOnInMs: expiresAtInSeconds * 1000 };
    },

    verify(token) {
      const decoded = decodeJsonWebToken(token);
      if (decoded === undefined || publicKey === undefined || !verifyJsonWebToken(decoded, publicKey)) {
        return undefined;
      }
      const { claims } = decoded;
      const nowInSeconds = clock.nowInMs() / 1000;
      if (
        claims["iss"] !== issuer ||
        Number(claims["exp"]) <= nowInSeconds ||
        Number(claims["nbf"]) > nowInSeconds
      ) {
        return undefined;
      }
      const kind = claims["idtyp"] === "app" ? "application" : "user";
      return Object.freeze({
        kind,
        tenantId: String(claims["tid"]),
        objectId: String(claims["oid"]),
        applicationId: String(claims["appid"]),
        permissions:
          kind === "user"
            ? String(claims["scp"]).split(" ").filter(Boolean)
            : (claims["roles"] as readonly string[]),
        audience: String(claims["aud"]),
      });
    },
  };
}

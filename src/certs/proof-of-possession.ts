/** The proof that `addKey` and `removeKey` of Microsoft Graph ask for ("Generate proof of possession tokens"). */
import { signJsonWebToken } from "../shared/index.js";
import { CertsError } from "./certs-error.js";
import type { SeedCertificate } from "./seed-certificate.js";

const proofAudience = "00000002-0000-0000-c000-000000000000";
const proofLifetimeInSeconds = 600;

/**
 * A token of ten minutes, signed with a certificate that the application already has and that is still valid.
 *
 * @throws CertsError `private-key-missing`.
 */
export function createProofOfPossession(
  certificate: SeedCertificate,
  applicationObjectId: string,
  nowInMs: number,
): string {
  if (certificate.privateKey === undefined) {
    throw new CertsError(
      "private-key-missing",
      `The private key of '${certificate.name}' is needed to prove possession of it, but only the certificate is at hand.`,
      { details: { name: certificate.name } },
    );
  }
  const nowInSeconds = Math.floor(nowInMs / 1000);
  return signJsonWebToken(
    "RS256",
    certificate.privateKey,
    { x5t: Buffer.from(certificate.thumbprint, "hex").toString("base64url") },
    {
      aud: proofAudience,
      iss: applicationObjectId,
      nbf: nowInSeconds,
      exp: nowInSeconds + proofLifetimeInSeconds,
    },
  );
}

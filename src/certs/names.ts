/** The names by which the agent, the portal and the original tool know the parts of a seed identity. */
import { CertsError } from "./certs-error.js";

const certificateNamePrefix = "CB_AzureADCertforOfflineSeeding_";
const applicationNamePrefix = "AzureOfflineBackup_";

/**
 * Name of the seed certificate, used as subject common name and as friendly name.
 *
 * A GUID is written without its dashes: X.520 allows 64 characters in a common name and 32 of them are the prefix.
 *
 * @throws CertsError `invalid-argument` when the id is empty, longer than 32 characters or holds other characters
 * than letters, digits, dot, dash and underscore.
 */
export function seedCertificateName(resourceId: string): string {
  const suffix = isGuid(resourceId) ? resourceId.replaceAll("-", "") : resourceId;
  if (!/^[A-Za-z0-9._-]{1,32}$/.test(suffix)) {
    throw new CertsError(
      "invalid-argument",
      `'${resourceId}' cannot be the resource id in the name of a certificate: 1 to 32 letters, digits, dots, dashes and underscores, or a GUID, are needed.`,
      { details: { resourceId } },
    );
  }
  return certificateNamePrefix + suffix;
}

/** Whether a certificate name is one that this library or the original tool gives. */
export function isSeedCertificateName(name: string): boolean {
  return name.replace(/^CN=/, "").startsWith(certificateNamePrefix);
}

/**
 * Display name of the application registration that belongs to an Azure user.
 *
 * @throws CertsError `invalid-argument` when the id is not a GUID.
 */
export function seedApplicationName(azureUserId: string): string {
  if (!isGuid(azureUserId)) {
    throw new CertsError(
      "invalid-argument",
      `'${azureUserId}' is not the object id of an Azure user; it is a GUID, shown in the portal at the user's profile.`,
      { details: { azureUserId } },
    );
  }
  return applicationNamePrefix + azureUserId;
}

/** Whether the text is a GUID with dashes, in either case. */
export function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
}

/** The id itself, when it is a GUID and can be put into a path. @throws CertsError `invalid-argument`. */
export function requireGuid(id: string): string {
  if (isGuid(id)) return id;
  throw new CertsError("invalid-argument", `'${id}' is not a GUID.`, { details: { id } });
}

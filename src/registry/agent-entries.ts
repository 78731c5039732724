/**
 * The registry entries of the Microsoft Azure Recovery Services agent that offline seeding uses, by path, name and
 * type ("Offline backup workflow for DPM and Azure Backup Server (previous versions)"; for the scratch folder "Back up
 * with the MARS agent: FAQ, change the cache location").
 */
import { seedApplicationName } from "../certs/index.js";
import type { RegistryValue } from "./registry-value.js";

/** A place in the registry and the type its value has. */
export interface AgentRegistryEntry {
  readonly keyPath: string;
  readonly name: string;
  readonly type: RegistryValue["type"];
}

const agentKey = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Azure Backup";
const cloudBackupProviderKey = `${agentKey}\\Config\\CloudBackupProvider`;

/**
 * SHA-1 thumbprint, in upper-case hexadecimal, of the seed certificate that belongs to an Azure user.
 *
 * @throws CertsError `invalid-argument` when the id is not a GUID.
 */
export function certificateThumbprintEntry(azureUserId: string): AgentRegistryEntry {
  // Checks the id in the same way as for the application's name: it becomes part of a name here, too.
  seedApplicationName(azureUserId);
  return { keyPath: cloudBackupProviderKey, name: `AzureADAppCertThumbprint_${azureUserId}`, type: "REG_SZ" };
}

/** Object id of the Azure user that the agent works for. */
export const currentUserIdEntry: AgentRegistryEntry = Object.freeze({
  keyPath: `${agentKey}\\DbgSettings\\OnlineBackup`,
  name: "CurrentUserId",
  type: "REG_SZ",
});

/** The agent's scratch folder, where it is not the standard one. */
export const scratchFolderEntry: AgentRegistryEntry = Object.freeze({
  keyPath: cloudBackupProviderKey,
  name: "ScratchLocation",
  type: "REG_SZ",
});

/** Key whose subkeys are named after the thumbprints of the certificates in Local Computer, Personal. */
export const installedCertificatesKey =
  "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SystemCertificates\\MY\\Certificates";

/**
 * The manual way, for people without the rights to let a program do it: upload of the certificate in the portal and
 * the registry entries on the server, with all names, thumbprints and paths filled in.
 */
import type { AzureCloud } from "./azure-clouds.js";
import { seedApplicationName } from "./names.js";
import type { SeedCertificate } from "./seed-certificate.js";

/** What the steps are filled in with. */
export interface ManualStepsOptions {
  readonly cloud: AzureCloud;
  readonly subscriptionId: string;
  readonly azureUserId: string;
  readonly certificate: SeedCertificate;
  /** Where the `.cer` file (certificate without private key) lies. */
  readonly cerFilePath: string;
  /** Where the `.pfx` file lies that is to be imported on the server. */
  readonly pfxFilePath: string;
  /** Client id of the application, when it exists already. */
  readonly applicationId?: string;
}

/** One step. */
export interface ManualStep {
  readonly title: string;
  /** Where it is done. */
  readonly place: "portal" | "server";
  readonly instructions: readonly string[];
}

/**
 * The exact steps, in order. Touches nothing and holds no secret.
 *
 * Source: "Offline backup with Azure Backup (previous versions)", section on manually uploading the certificate.
 *
 * @throws CertsError `invalid-argument` when the user id is not a GUID.
 */
export function manualSteps(options: ManualStepsOptions): readonly ManualStep[] {
  const { cloud, subscriptionId, azureUserId, certificate, cerFilePath, pfxFilePath, applicationId } =
    options;
  const displayName = seedApplicationName(azureUserId);
  const until = certificate.validTo.toISOString().slice(0, 10);
  const steps: readonly ManualStep[] = [
    {
      title: applicationId === undefined ? "Find or create the application" : "Open the application",
      place: "portal",
      instructions: [
        `Sign in to ${cloud.portalUrl} and open "Microsoft Entra ID" > "App registrations" > "All applications".`,
        applicationId === undefined
          ? `Search for "${displayName}". If it is not there: "New registration", name "${displayName}", "Accounts in this organizational directory only", "Register".`
          : `Search for "${displayName}" and open the one whose Application (client) ID is ${applicationId}.`,
        `If you do not see it, ask its owner or an Application Administrator to do this and the next step.`,
      ],
    },
    {
      title: "Upload the certificate",
      place: "portal",
      instructions: [
        `In the application open "Certificates & secrets" > "Certificates" > "Upload certificate".`,
        `Choose ${cerFilePath}. Description: ${certificate.name}. "Add". Leave the certificates that are already there.`,
        `Check that the list shows the thumbprint ${certificate.thumbprint}, valid until ${until}.`,
      ],
    },
    {
      title: "Give the application access to the subscription",
      place: "portal",
      instructions: [
        `Open "Subscriptions" > ${subscriptionId} > "Access control (IAM)" > "Add role assignment".`,
        `Role: "Contributor" on the resource group of the import job (or "Data Box Contributor" when Azure Data Box receives the drives). Member: "${displayName}". "Review + assign". You need to be Owner or User Access Administrator for this.`,
        `Under "Resource providers" see that Microsoft.DataBox and Microsoft.ImportExport are registered.`,
      ],
    },
    {
      title: "Install the certificate on the server",
      place: "server",
      instructions: [
        `Open an elevated prompt and run: certutil -f -importpfx My "${pfxFilePath}"`,
        `Check with: certutil -store My ${certificate.thumbprint}`,
        `Then delete the .pfx file, or lock it away: it holds the private key.`,
      ],
    },
    {
      title: "Write the registry entries",
      place: "server",
      instructions: [
        `Run regedit and open HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Azure Backup\\DbgSettings\\OnlineBackup. "CurrentUserId" has to be ${azureUserId}; if it is absent, create it as a string value.`,
        `Open HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Azure Backup\\Config\\CloudBackupProvider and create the string value "AzureADAppCertThumbprint_${azureUserId}" with the data ${certificate.thumbprint}. If it is there, replace its data.`,
      ],
    },
  ];
  return Object.freeze(
    steps.map((step) => Object.freeze({ ...step, instructions: Object.freeze(step.instructions) })),
  );
}

/** The steps as plain text, numbered. */
export function formatManualSteps(steps: readonly ManualStep[]): string {
  return steps
    .map(({ title, place, instructions }, index) =>
      [`${index + 1}. ${title} (${place})`, ...instructions.map((line) => `   - ${line}`)].join("\n"),
    )
    .join("\n\n")
    .concat("\n");
}

/** What a waiting source computer shows, word for word as the seed workflow of Azure Backup writes it. */
import type { ImportServiceKind } from "../service/import-job-status.js";

const texts: Readonly<Record<ImportServiceKind, string>> = {
  "import-export":
    "Waiting for Azure Import Job to complete. Please check on Azure Management portal for more information on job status",
  // The words of the Data Box article; the import article has the other text.
  "data-box": "Waiting for Azure Data Box job to be completed",
};

/** The status text of a source whose seed is under way. */
export function waitingText(kind: ImportServiceKind): string {
  return texts[kind];
}

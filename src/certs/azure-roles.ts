/** Azure roles that a seed application can be given, and what each back end needs of them. */

/** Ids of built-in roles ("Azure built-in roles"), the same in every subscription and cloud. */
export const azureRoleIds = Object.freeze({
  contributor: "b24988ac-6180-42a0-ab88-20f7382dd24c",
  dataBoxContributor: "add466c9-e687-43fc-8d98-dfcf8d720be5",
  storageAccountContributor: "17d1049b-9a84-46fb-8f53-869881c3d3ab",
  storageBlobDataReader: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
} as const);

/** Services that can receive the drives. */
export type ImportServiceName = "import-export" | "data-box";

/** Resource provider of each service, to be registered in the subscription. */
export const importServiceNamespaces: Readonly<Record<ImportServiceName, string>> = Object.freeze({
  "import-export": "Microsoft.ImportExport",
  "data-box": "Microsoft.DataBox",
});

/**
 * The actions of the Azure Import/Export service, which no built-in role names: for a custom role in place of
 * Contributor.
 */
export const importExportActions: readonly string[] = Object.freeze([
  "Microsoft.ImportExport/locations/read",
  "Microsoft.ImportExport/jobs/read",
  "Microsoft.ImportExport/jobs/write",
  "Microsoft.ImportExport/jobs/delete",
  "Microsoft.ImportExport/jobs/listBitLockerKeys/action",
  "Microsoft.ImportExport/register/action",
]);

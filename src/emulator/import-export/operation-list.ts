/** What `Microsoft.ImportExport/operations` lists: the provider's RBAC actions. */

const operation = (name: string, resource: string, verb: string): object => ({
  name: `Microsoft.ImportExport/${name}`,
  display: {
    provider: "Microsoft Azure Import/Export Service",
    resource,
    operation: verb,
    description: `${verb} (${resource}).`,
  },
});

/** The provider's operations. */
export const importExportOperationList: readonly object[] = Object.freeze([
  operation("register/action", "Import/Export", "Register the provider"),
  operation("locations/read", "Locations", "Get and list locations"),
  operation("jobs/read", "Jobs", "Get and list jobs"),
  operation("jobs/write", "Jobs", "Create or update a job"),
  operation("jobs/delete", "Jobs", "Delete a job"),
  operation("jobs/listBitLockerKeys/action", "Jobs", "Get the BitLocker keys of a job"),
]);

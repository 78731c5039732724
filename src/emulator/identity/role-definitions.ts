/**
 * Azure roles: the built-in ones that seeding needs, with the actions that matter here, and matching of actions
 * ("Understand Azure role definitions": wildcards in Actions, NotActions subtracted).
 */

/** A role as Azure Resource Manager knows it. */
export interface RoleDefinition {
  /** The GUID at the end of its resource id. */
  readonly id: string;
  readonly roleName: string;
  readonly type: "BuiltInRole" | "CustomRole";
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly assignableScopes: readonly string[];
}

function builtIn(
  id: string,
  roleName: string,
  actions: readonly string[],
  notActions: readonly string[] = [],
  dataActions: readonly string[] = [],
): RoleDefinition {
  return Object.freeze({
    id,
    roleName,
    type: "BuiltInRole",
    actions,
    notActions,
    dataActions,
    assignableScopes: ["/"],
  });
}

/** Built-in roles by their published ids. */
export const builtInRoles: readonly RoleDefinition[] = Object.freeze([
  builtIn("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ["*"]),
  builtIn(
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Contributor",
    ["*"],
    [
      "Microsoft.Authorization/*/Delete",
      "Microsoft.Authorization/*/Write",
      "Microsoft.Authorization/elevateAccess/Action",
    ],
  ),
  builtIn("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ["*/read"]),
  builtIn("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator", [
    "*/read",
    "Microsoft.Authorization/*",
    "Microsoft.Support/*",
  ]),
  builtIn("add466c9-e687-43fc-8d98-dfcf8d720be5", "Data Box Contributor", [
    "Microsoft.Authorization/*/read",
    "Microsoft.ResourceHealth/availabilityStatuses/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
    "Microsoft.Databox/*",
  ]),
  builtIn("028f4ed7-e2a9-465e-a8f4-9c0ffdfdc027", "Data Box Reader", [
    "Microsoft.Authorization/*/read",
    "Microsoft.Databox/*/read",
    "Microsoft.Databox/jobs/listsecrets/action",
    "Microsoft.Databox/jobs/listcredentials/action",
    "Microsoft.Support/*",
  ]),
  builtIn("17d1049b-9a84-46fb-8f53-869881c3d3ab", "Storage Account Contributor", [
    "Microsoft.Authorization/*/read",
    "Microsoft.ResourceHealth/availabilityStatuses/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Storage/storageAccounts/*",
    "Microsoft.Support/*",
  ]),
  builtIn(
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Data Reader",
    [
      "Microsoft.Storage/storageAccounts/blobServices/containers/read",
      "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
    ],
    [],
    ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"],
  ),
]);

/** Whether the role permits the action. */
export function roleAllows(role: RoleDefinition, action: string): boolean {
  const matches = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => actionMatches(pattern, action));
  return (matches(role.actions) && !matches(role.notActions)) || matches(role.dataActions);
}

function actionMatches(pattern: string, action: string): boolean {
  const expression = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${expression}$`, "i").test(action);
}

/**
 * Who may do what with applications: delegated scopes together with directory roles and ownership for users,
 * application permissions for applications ("Microsoft Graph permissions reference", Application resource).
 */
import type { Directory, DirectoryApplication } from "./directory.js";
import type { Caller } from "./token-issuer.js";

const writePermissions = [
  "Application.ReadWrite.All",
  "Directory.ReadWrite.All",
  "Directory.AccessAsUser.All",
];
const readPermissions = [...writePermissions, "Application.Read.All", "Directory.Read.All"];
const ownedPermission = "Application.ReadWrite.OwnedBy";

/** Whether the caller may read applications and service principals. */
export function mayReadApplications(caller: Caller): boolean {
  return (
    hasAny(caller, readPermissions) || (caller.kind === "application" && hasAny(caller, [ownedPermission]))
  );
}

/** Whether the caller may register an application or create a service principal. */
export function mayCreateApplication(caller: Caller, directory: Directory): boolean {
  if (caller.kind === "application") return hasAny(caller, ["Application.ReadWrite.All", ownedPermission]);
  if (!hasAny(caller, writePermissions)) return false;
  return directory.usersCanRegisterApplications || rolesOf(caller, directory).length > 0;
}

/** Whether the caller may change the application. */
export function mayUpdateApplication(
  caller: Caller,
  application: DirectoryApplication,
  directory: Directory,
): boolean {
  const owns = application.ownerIds.includes(caller.objectId);
  if (caller.kind === "application") {
    return hasAny(caller, ["Application.ReadWrite.All"]) || (owns && hasAny(caller, [ownedPermission]));
  }
  const isAdministrator = rolesOf(caller, directory).some((role) => role !== "Application Developer");
  return hasAny(caller, writePermissions) && (owns || isAdministrator);
}

function rolesOf(caller: Caller, directory: Directory): readonly string[] {
  return directory.users().find(({ id }) => id === caller.objectId)?.directoryRoles ?? [];
}

function hasAny(caller: Caller, permissions: readonly string[]): boolean {
  return permissions.some((permission) => caller.permissions.includes(permission));
}

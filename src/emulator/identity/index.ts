export { authorizationFailed } from "./authorization-service.js";
export type {
  Directory,
  DirectoryApplication,
  DirectoryRole,
  DirectoryServicePrincipal,
  DirectoryUser,
  KeyCredential,
} from "./directory.js";
export * from "./identity-service.js";
export type { AccessControl, RoleAssignment } from "./role-assignments.js";
export type { RoleDefinition } from "./role-definitions.js";
export type { Caller } from "./token-issuer.js";

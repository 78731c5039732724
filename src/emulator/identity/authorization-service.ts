/**
 * `Microsoft.Authorization` of the emulated Resource Manager: role definitions and role assignments on any scope
 * (api-version 2022-04-01).
 */
import type { EmulatorRequest, EmulatorResponse, RequestHandler } from "../http.js";
import type { Directory } from "./directory.js";
import {
  type AccessControl,
  isScopeWithin,
  normalizeScope,
  type RoleAssignment,
} from "./role-assignments.js";
import type { RoleDefinition } from "./role-definitions.js";
import type { Caller } from "./token-issuer.js";

/** What the service stands on. */
export interface AuthorizationServiceOptions {
  readonly accessControl: AccessControl;
  readonly directory: Directory;
  readonly tenantId: string;
  /** The caller of a Resource Manager token, or undefined. */
  readonly authenticate: (request: EmulatorRequest) => Caller | undefined;
}

const apiVersion = "2022-04-01";
const pathPattern =
  /^(?<scope>.*)\/providers\/Microsoft\.Authorization\/(?<kind>roleAssignments|roleDefinitions)(?:\/(?<name>[^/]+))?\/?$/i;

/** Makes the handler. */
export function createAuthorizationService(options: AuthorizationServiceOptions): RequestHandler {
  const { accessControl, directory, tenantId, authenticate } = options;

  const findRole = (id: string): RoleDefinition | undefined =>
    accessControl.roles().find((role) => role.id === id.split("/").at(-1)?.toLowerCase());

  const putAssignment = async (
    request: EmulatorRequest,
    scope: string,
    name: string,
    caller: Caller,
  ): Promise<EmulatorResponse> => {
    const properties = await readProperties(request);
    const principalId = String(properties["principalId"]);
    const principalType = properties["principalType"];
    const role = findRole(String(properties["roleDefinitionId"]));
    if (role === undefined || !role.assignableScopes.some((assignable) => isScopeWithin(scope, assignable))) {
      return armError(
        400,
        "RoleDefinitionDoesNotExist",
        `The specified role definition with ID '${String(properties["roleDefinitionId"])}' does not exist.`,
      );
    }
    const exists =
      directory.servicePrincipals().some(({ id }) => id === principalId) ||
      directory.users().some(({ id }) => id === principalId);
    if (!exists && principalType !== "ServicePrincipal") {
      return armError(
        400,
        "PrincipalNotFound",
        `Principal ${principalId} does not exist in the directory ${tenantId}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.`,
      );
    }
    const assignment: RoleAssignment = Object.freeze({
      id: name.toLowerCase(),
      scope: scope.replace(/\/+$/, ""),
      roleDefinitionId: role.id,
      principalId,
      principalType: typeof principalType === "string" ? principalType : "User",
    });
    const sameName = accessControl.assignments().find(({ id }) => id === assignment.id);
    if (sameName !== undefined && !isSameAssignment(sameName, assignment)) {
      return armError(
        409,
        "RoleAssignmentUpdateNotPermitted",
        "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
      );
    }
    const twin = accessControl.assignments().find((candidate) => isSameAssignment(candidate, assignment));
    if (twin !== undefined && sameName === undefined) {
      return armError(409, "RoleAssignmentExists", "The role assignment already exists.");
    }
    accessControl.assign(assignment);
    return { status: 201, body: showAssignment(assignment, caller.objectId) };
  };

  const putRole = async (
    request: EmulatorRequest,
    scope: string,
    name: string,
  ): Promise<EmulatorResponse> => {
    const properties = await readProperties(request);
    const permissions =
      ((properties["permissions"] ?? []) as readonly Readonly<Record<string, unknown>>[])[0] ?? {};
    const list = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
    const roleName = String(properties["roleName"] ?? "");
    const id = name.toLowerCase();
    if (accessControl.roles().some((role) => role.roleName === roleName && role.id !== id)) {
      return armError(
        409,
        "RoleDefinitionWithSameNameExists",
        `A custom role with the same name already exists in this directory. Use a different name.`,
      );
    }
    const role: RoleDefinition = Object.freeze({
      id,
      roleName,
      type: "CustomRole",
      actions: list(permissions["actions"]),
      notActions: list(permissions["notActions"]),
      dataActions: list(permissions["dataActions"]),
      assignableScopes: list(properties["assignableScopes"]),
    });
    accessControl.putRole(role);
    return { status: 201, body: showRole(role, scope) };
  };

  return async (request) => {
    const groups = pathPattern.exec(decodeURIComponent(request.path))?.groups;
    if (groups === undefined) return undefined;
    const { scope = "", name } = groups;
    const kind = groups["kind"]!.toLowerCase() === "roleassignments" ? "roleAssignments" : "roleDefinitions";
    const caller = authenticate(request);
    if (caller === undefined) {
      return armError(
        401,
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing or invalid.",
      );
    }
    if (request.query.get("api-version") !== apiVersion) {
      return armError(
        400,
        request.query.has("api-version") ? "InvalidApiVersionParameter" : "MissingApiVersionParameter",
        `The api-version query parameter (?api-version=) is required for all requests; emulated here: ${apiVersion}.`,
      );
    }
    const verb = request.method === "GET" ? "read" : request.method === "DELETE" ? "delete" : "write";
    const action = `Microsoft.Authorization/${kind}/${verb}`;
    if (!accessControl.isAllowed(caller.objectId, action, scope))
      return authorizationFailed(caller, action, scope);

    if (kind === "roleAssignments") {
      if (request.method === "PUT" && name !== undefined) return putAssignment(request, scope, name, caller);
      if (request.method === "GET" && name === undefined) {
        const principalId = /^\s*principalId eq '([^']+)'\s*$/i.exec(request.query.get("$filter") ?? "")?.[1];
        const matching = accessControl
          .assignments()
          .filter(
            (assignment) =>
              (isScopeWithin(scope, assignment.scope) || isScopeWithin(assignment.scope, scope)) &&
              (principalId === undefined || assignment.principalId === principalId),
          );
        return { status: 200, body: { value: matching.map((assignment) => showAssignment(assignment)) } };
      }
      const assignment = accessControl.assignments().find(({ id }) => id === name?.toLowerCase());
      if (request.method === "DELETE") {
        if (assignment === undefined) return { status: 204 };
        accessControl.unassign(assignment.id);
        return { status: 200, body: showAssignment(assignment) };
      }
      return assignment === undefined
        ? armError(404, "RoleAssignmentNotFound", `The role assignment '${name}' is not found.`)
        : { status: 200, body: showAssignment(assignment) };
    }
    if (request.method === "PUT" && name !== undefined) return putRole(request, scope, name);
    if (name === undefined) {
      const roleName = /^\s*roleName eq '([^']+)'\s*$/i.exec(request.query.get("$filter") ?? "")?.[1];
      const matching = accessControl
        .roles()
        .filter((role) => roleName === undefined || role.roleName === roleName);
      return { status: 200, body: { value: matching.map((role) => showRole(role, scope)) } };
    }
    const role = findRole(name);
    return role === undefined
      ? armError(
          404,
          "RoleDefinitionDoesNotExist",
          `The specified role definition with ID '${name}' does not exist.`,
        )
      : { status: 200, body: showRole(role, scope) };
  };
}

/** The 403 that Resource Manager gives when no role permits an action. */
export function authorizationFailed(caller: Caller, action: string, scope: string): EmulatorResponse {
  return armError(
    403,
    "AuthorizationFailed",
    `The client '${caller.applicationId}' with object id '${caller.objectId}' does not have authorization to perform action '${action}' over scope '${scope === "" ? "/" : scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

function armError(status: number, code: string, message: string): EmulatorResponse {
  return { status, body: { error: { code, message } } };
}

async function readProperties(request: EmulatorRequest): Promise<Readonly<Record<string, unknown>>> {
  const body = (await request.json()) as
    | { readonly properties?: Readonly<Record<string, unknown>> }
    | undefined;
  return body?.properties ?? {};
}

function isSameAssignment(one: RoleAssignment, other: RoleAssignment): boolean {
  return (
    normalizeScope(one.scope) === normalizeScope(other.scope) &&
    one.roleDefinitionId === other.roleDefinitionId &&
    one.principalId === other.principalId
  );
}

function showAssignment(assignment: RoleAssignment, createdBy?: string): Readonly<Record<string, unknown>> {
  const { id, scope, roleDefinitionId, principalId, principalType } = assignment;
  return {
    id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${id}`,
    name: id,
    type: "Microsoft.Authorization/roleAssignments",
    properties: {
      scope: scope === "" ? "/" : scope,
      roleDefinitionId: `${subscriptionOf(scope)}/providers/Microsoft.Authorization/roleDefinitions/${roleDefinitionId}`,
      principalId,
      principalType,
      ...(createdBy === undefined ? {} : { createdBy }),
    },
  };
}

function showRole(role: RoleDefinition, scope: string): Readonly<Record<string, unknown>> {
  const { id, roleName, type, actions, notActions, dataActions, assignableScopes } = role;
  return {
    id: `${subscriptionOf(scope)}/providers/Microsoft.Authorization/roleDefinitions/${id}`,
    name: id,
    type: "Microsoft.Authorization/roleDefinitions",
    properties: {
      roleName,
      type,
      assignableScopes,
      permissions: [{ actions, notActions, dataActions, notDataActions: [] }],
    },
  };
}

function subscriptionOf(scope: string): string {
  return /^\/subscriptions\/[^/]+/i.exec(scope)?.[0] ?? "";
}

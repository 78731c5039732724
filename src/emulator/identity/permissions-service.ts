/** `Microsoft.Authorization/permissions` of the emulated Resource Manager: what the caller's roles permit on a scope. */
import type { EmulatorRequest, EmulatorResponse, RequestHandler } from "../http.js";
import { type AccessControl, isScopeWithin } from "./role-assignments.js";
import type { Caller } from "./token-issuer.js";

/** What the service stands on. */
export interface PermissionsServiceOptions {
  readonly accessControl: AccessControl;
  /** The caller of a Resource Manager token, or undefined. */
  readonly authenticate: (request: EmulatorRequest) => Caller | undefined;
}

const apiVersion = "2022-04-01";
const pathPattern = /^(?<scope>.*)\/providers\/Microsoft\.Authorization\/permissions\/?$/i;

/** Makes the handler. Everybody who is signed in may ask for the own permissions. */
export function createPermissionsService(options: PermissionsServiceOptions): RequestHandler {
  const { accessControl, authenticate } = options;
  return async (request) => {
    const scope = pathPattern.exec(decodeURIComponent(request.path))?.groups?.["scope"];
    if (scope === undefined || request.method !== "GET") return undefined;
    const caller = authenticate(request);
    if (!caller) return refusal(401, "AuthenticationFailed", "Authentication failed.");
    if (request.query.get("api-version") !== apiVersion) {
      return refusal(400, "InvalidApiVersionParameter", `Emulated here: api-version ${apiVersion}.`);
    }
    const value = accessControl
      .assignments()
      .filter(
        (assignment) => assignment.principalId === caller.objectId && isScopeWithin(scope, assignment.scope),
      )
      .flatMap(({ roleDefinitionId }) => accessControl.roles().filter(({ id }) => id === roleDefinitionId))
      .map(({ actions, notActions, dataActions }) => ({
        actions,
        notActions,
        dataActions,
        notDataActions: [],
      }));
    return { status: 200, body: { value } };
  };
}

function refusal(status: number, code: string, message: string): EmulatorResponse {
  return { status, body: { error: { code, message } } };
}

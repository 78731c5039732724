/** Who holds which role where, and the question every Resource Manager call asks of it. */
import { builtInRoles, type RoleDefinition, roleAllows } from "./role-definitions.js";

/** One role of one principal on one scope. */
export interface RoleAssignment {
  /** The GUID at the end of its resource id. */
  readonly id: string;
  /** Resource id without slash at its end; "" is the root. */
  readonly scope: string;
  readonly roleDefinitionId: string;
  readonly principalId: string;
  readonly principalType: string;
}

/** The state of access control. */
export interface AccessControl {
  /** Built-in roles and those put here. */
  roles(): readonly RoleDefinition[];
  /** Adds or replaces a role by its id. */
  putRole(role: RoleDefinition): void;
  /** Who has which role where. */
  assignments(): readonly RoleAssignment[];
  /** Adds or replaces an assignment by its id. */
  assign(assignment: RoleAssignment): void;
  /** Takes an assignment back; fine when there is none. */
  unassign(id: string): void;
  /** Whether one of the principal's roles on the scope or above permits the action. */
  isAllowed(principalId: string, action: string, scope: string): boolean;
}

/** Access control with the built-in roles and no assignments. */
export function createAccessControl(): AccessControl {
  const roles = new Map<string, RoleDefinition>(builtInRoles.map((role) => [role.id, role]));
  const assignments = new Map<string, RoleAssignment>();
  return {
    roles: () => [...roles.values()],
    putRole: (role) => void roles.set(role.id, role),
    assignments: () => [...assignments.values()],
    assign: (assignment) => void assignments.set(assignment.id, assignment),
    unassign: (id) => void assignments.delete(id),
    isAllowed: (principalId, action, scope) =>
      [...assignments.values()].some((assignment) => {
        const role = roles.get(assignment.roleDefinitionId);
        return (
          assignment.principalId === principalId &&
          isScopeWithin(scope, assignment.scope) &&
          role !== undefined &&
          roleAllows(role, action)
        );
      }),
  };
}

/** Whether `scope` is `outer` or lies below it. Scopes compare in any case. */
export function isScopeWithin(scope: string, outer: string): boolean {
  const [inner, limit] = [normalizeScope(scope), normalizeScope(outer)];
  return inner === limit || inner.startsWith(`${limit}/`);
}

/** A scope for comparing: lower case, no slash at its end. */
export function normalizeScope(scope: string): string {
  return scope.toLowerCase().replace(/\/+$/, "");
}

/** Reading what Azure says about rights: lists of actions with wildcards, and exceptions from them. */

/** One permission of an identity on a scope. */
export interface AzurePermission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

/** The permissions in an answer of `Microsoft.Authorization/permissions`; what is no list counts as none. */
export function asPermissions(value: unknown): readonly AzurePermission[] {
  const texts = (list: unknown): readonly string[] =>
    Array.isArray(list) ? list.filter((entry) => typeof entry === "string") : [];
  return Array.isArray(value)
    ? value.map((entry: { actions?: unknown; notActions?: unknown }) => ({
        actions: texts(entry?.actions),
        notActions: texts(entry?.notActions),
      }))
    : [];
}

/** Whether one of the permissions allows an action and does not take it back. */
export function isActionPermitted(permissions: readonly AzurePermission[], action: string): boolean {
  return permissions.some(
    ({ actions, notActions }) =>
      actions.some((pattern) => matches(pattern, action)) &&
      !notActions.some((pattern) => matches(pattern, action)),
  );
}

/** A star stands for any text, slashes included; case does not matter. */
function matches(pattern: string, action: string): boolean {
  const source = pattern
    .split("*")
    .map((part) => part.replaceAll(/[.\\+?^${}()|[\]]/g, "\\$&"))
    .join(".*");
  return new RegExp(`^${source}$`, "i").test(action);
}

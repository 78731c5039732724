/** Answers of the emulated Microsoft Graph: error body ("Microsoft Graph error responses"), collections, `$select`. */
import type { EmulatorResponse } from "../http.js";
import type { Directory } from "./directory.js";

/** A refusal thrown inside the Graph service and turned into an answer at its edge. */
export interface GraphRefusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Property errors, such as `KeyNotUpdatable` on `keyCredentials`. */
  readonly details?: readonly { readonly code: string; readonly message: string; readonly target: string }[];
}

/** The answer that carries a refusal. */
export function graphErrorResponse(refusal: GraphRefusal, directory: Directory): EmulatorResponse {
  const requestId = directory.createGuid();
  return {
    status: refusal.status,
    headers: { "request-id": requestId },
    body: {
      error: {
        code: refusal.code,
        message: refusal.message,
        ...(refusal.details === undefined ? {} : { details: refusal.details }),
        innerError: {
          date: new Date(directory.nowInMs()).toISOString().slice(0, 19),
          "request-id": requestId,
          "client-request-id": requestId,
        },
      },
    },
  };
}

/** The refusals that several parts give. */
export const graphRefusals = Object.freeze({
  badRequest: (message: string): GraphRefusal => ({ status: 400, code: "Request_BadRequest", message }),
  tokenMissing: (): GraphRefusal => ({
    status: 401,
    code: "InvalidAuthenticationToken",
    message: "Access token is empty or invalid.",
  }),
  proofMalformed: (): GraphRefusal => ({
    status: 401,
    code: "Authentication_MissingOrMalformed",
    message: "Access Token missing or malformed.",
  }),
  denied: (): GraphRefusal => ({
    status: 403,
    code: "Authorization_RequestDenied",
    message: "Insufficient privileges to complete the operation.",
  }),
  notFound: (id: string): GraphRefusal => ({
    status: 404,
    code: "Request_ResourceNotFound",
    message: `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  }),
  credentialNotUpdatable: (keyId: string): GraphRefusal => {
    const message = `Update to existing credential with KeyId '${keyId}' is not allowed.`;
    return {
      status: 400,
      code: "Request_BadRequest",
      message,
      details: [{ code: "KeyNotUpdatable", message, target: "keyCredentials" }],
    };
  },
});

/** Keeps the selected properties, all of them when nothing is selected; `@odata` annotations always stay. */
export function selectProperties(
  entity: Readonly<Record<string, unknown>>,
  select: string | null,
): Readonly<Record<string, unknown>> {
  if (select === null) return entity;
  const wanted = select.split(",").map((name) => name.trim());
  return Object.fromEntries(
    Object.entries(entity).filter(([name]) => wanted.includes(name) || name.startsWith("@odata")),
  );
}

/**
 * The property and value of an `eq` filter, the only kind that is emulated; undefined without a filter.
 *
 * Quotes inside the value are doubled (OData 4.01 URL conventions §5.1.1.6.1).
 */
export function parseEqualsFilter(
  filter: string | null,
): { readonly property: string; readonly value: string } | undefined | "unsupported" {
  if (filter === null) return undefined;
  const match = /^\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*$/.exec(filter);
  return match === null ? "unsupported" : { property: match[1]!, value: match[2]!.replaceAll("''", "'") };
}

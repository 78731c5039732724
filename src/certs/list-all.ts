/** Collections of Microsoft Graph, all pages of them. */
import type { AbortOptions } from "../shared/index.js";
import type { AzureJsonClient, JsonObject } from "./azure-json-client.js";
import { collectionOf } from "./graph-applications.js";
import { readPermission } from "./graph-permissions.js";

/** Options of {@link listAll}. */
export interface ListAllOptions extends AbortOptions {
  readonly query: Readonly<Record<string, string>>;
  /** Takes 400 for an empty collection, as Graph answers an application that asks for what is mine. Default: false. */
  readonly isEmptyOnBadRequest?: boolean;
}

/** The entries of all pages. */
export async function listAll(
  graph: AzureJsonClient,
  path: string,
  { abortSignal, query, isEmptyOnBadRequest = false }: ListAllOptions,
): Promise<readonly JsonObject[]> {
  const entries: JsonObject[] = [];
  let next: string | undefined = path;
  while (next !== undefined) {
    const answer = await graph.send("GET", next, {
      abortSignal,
      // The link to the next page has the query in it.
      query: next === path ? query : {},
      permission: readPermission,
      alsoAccept: isEmptyOnBadRequest ? [400] : [],
    });
    if (answer.status === 400) return [];
    entries.push(...collectionOf(answer.body));
    const link = answer.body["@odata.nextLink"];
    next = typeof link === "string" ? link : undefined;
  }
  return entries;
}

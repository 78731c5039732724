/** Lists in pages: `$top`, `$skipToken` and `nextLink` as Resource Manager providers use them. */
import type { EmulatorRequest, EmulatorResponse } from "../http.js";
import { armError } from "./arm-error.js";

const maximumPageSize = 100;

/**
 * One page of `items`. A link to the rest is given until everything was listed; it keeps the other query parameters.
 */
export function pageOf<Item>(
  request: EmulatorRequest,
  endpoint: string,
  items: readonly Item[],
  toResource: (item: Item) => object,
): EmulatorResponse {
  const top = request.query.get("$top");
  const pageSize = top === null ? maximumPageSize : Number(top);
  if (!Number.isSafeInteger(pageSize) || pageSize < 1 || pageSize > maximumPageSize) {
    return armError(400, "InvalidTop", `The value of $top must be 1 to ${maximumPageSize}.`, {
      target: "$top",
    });
  }
  const skip = Number(request.query.get("$skipToken") ?? "0");
  if (!Number.isSafeInteger(skip) || skip < 0) {
    return armError(400, "InvalidSkipToken", "The skip token is not one that this service gave.", {
      target: "$skipToken",
    });
  }
  const next = new URLSearchParams(request.query);
  next.set("$skipToken", String(skip + pageSize));
  return {
    status: 200,
    body: {
      value: items.slice(skip, skip + pageSize).map(toResource),
      ...(skip + pageSize < items.length ? { nextLink: `${endpoint}${request.path}?${next}` } : {}),
    },
  };
}

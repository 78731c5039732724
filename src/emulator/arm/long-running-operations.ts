/**
 * Long-running operations the way Resource Manager does them with a `Location` header: 202 until done, then the result
 * (public article "Track asynchronous Azure operations").
 */
import { createGuid, type RandomSource } from "../../shared/index.js";
import type { EmulatorResponse } from "../http.js";
import { armError } from "./arm-error.js";
import type { ArmOperation } from "./arm-gateway.js";

/** Operations under way. */
export interface LongRunningOperations {
  /** Starts an operation at a location and answers 202. `finish` is called once, when a client finds it done. */
  begin(location: string, finish: () => EmulatorResponse): EmulatorResponse;
  /** The path that clients poll. */
  readonly operation: ArmOperation;
}

/** What {@link createLongRunningOperations} needs. */
export interface LongRunningOperationsOptions {
  readonly namespace: string;
  readonly apiVersions: readonly string[];
  readonly subscriptionId: string;
  readonly endpoint: string;
  readonly random: RandomSource;
  /** How many polls find the operation still running. */
  readonly runningPolls: number;
}

/** Makes the store. */
export function createLongRunningOperations(options: LongRunningOperationsOptions): LongRunningOperations {
  const { namespace, apiVersions, subscriptionId, endpoint, random } = options;
  const running = new Map<string, { remainingPolls: number; finish: () => EmulatorResponse }>();
  const accepted = (location: string, id: string): EmulatorResponse => ({
    status: 202,
    headers: {
      Location: `${endpoint}/subscriptions/${subscriptionId}/providers/${namespace}/locations/${location}/operationResults/${id}?api-version=${apiVersions.at(-1)}`,
      "Retry-After": "0",
    },
  });
  return {
    begin(location, finish) {
      const id = createGuid(random);
      running.set(id, { remainingPolls: options.runningPolls, finish });
      return accepted(location, id);
    },
    operation: {
      method: "GET",
      path: `/subscriptions/{subscriptionId}/providers/${namespace}/locations/{location}/operationResults/{operationId}`,
      // The operation's own id is the permission: callers with rights on one resource group only must be able to poll.
      action: undefined,
      apiVersions,
      handle({ parameters }) {
        const id = parameters["operationId"] ?? "";
        const entry = running.get(id);
        if (entry === undefined) {
          return armError(404, "OperationNotFound", `The operation '${id}' was not found.`);
        }
        if (entry.remainingPolls > 0) {
          entry.remainingPolls -= 1;
          return accepted(parameters["location"] ?? "", id);
        }
        running.delete(id);
        return entry.finish();
      },
    },
  };
}

/** Trouble on request: throttling, forbidden containers, a blob service that stumbles. */
import { armError } from "./arm/arm-error.js";
import type { EmulatorRequest, EmulatorResponse } from "./http.js";

/** Which Resource Manager requests a fault hits. */
export interface ThrottlingFault {
  /** How many requests are refused. Default: 1. */
  readonly count?: number;
  /** Value of `Retry-After`. Default: 1. */
  readonly retryAfterInSeconds?: number;
  /** Only requests with this method. Default: all. */
  readonly method?: string;
  /** Only paths that contain this text, in any case. Default: all. */
  readonly pathContains?: string;
}

/** Where tests and demonstrations ask for trouble. */
export interface FaultInjector {
  /** Refuses the next matching Resource Manager requests with 429 and `Retry-After`. */
  throttleResourceManager(fault?: ThrottlingFault): void;
  /** The storage account answers everything the datacentre wants in this container with 403. */
  forbidContainer(containerName: string): void;
  /** The storage account answers everything the datacentre wants with 403, as with a revoked key. */
  forbidStorageAccount(): void;
  /** The storage account answers the datacentre's next `count` requests with 503 ServerBusy. */
  throttleStorage(count: number): void;
  /** Takes back every fault. */
  clear(): void;
  /** The refusal of this request, if a fault hits it. */
  takeArmFault(request: EmulatorRequest): EmulatorResponse | undefined;
  /** Whether any fault of the storage account is set. */
  hasStorageFaults(): boolean;
  /** Status with which a request of the datacentre to this container is refused, if a fault hits it. */
  takeStorageFault(containerName: string): 403 | 503 | undefined;
}

/** Makes an injector without faults. */
export function createFaultInjector(): FaultInjector {
  const throttles: { fault: ThrottlingFault; remaining: number }[] = [];
  const forbiddenContainers = new Set<string>();
  let isAccountForbidden = false;
  let busyRequests = 0;
  return {
    throttleResourceManager(fault = {}) {
      throttles.push({ fault, remaining: fault.count ?? 1 });
    },
    forbidContainer(containerName) {
      forbiddenContainers.add(containerName);
    },
    forbidStorageAccount() {
      isAccountForbidden = true;
    },
    throttleStorage(count) {
      busyRequests += count;
    },
    clear() {
      throttles.length = 0;
      forbiddenContainers.clear();
      isAccountForbidden = false;
      busyRequests = 0;
    },
    takeArmFault(request) {
      const throttle = throttles.find(
        ({ fault, remaining }) =>
          remaining > 0 &&
          (fault.method === undefined || fault.method.toUpperCase() === request.method) &&
          request.path.toLowerCase().includes((fault.pathContains ?? "").toLowerCase()),
      );
      if (throttle === undefined) return undefined;
      throttle.remaining -= 1;
      const seconds = throttle.fault.retryAfterInSeconds ?? 1;
      return armError(
        429,
        "TooManyRequests",
        `The request is being throttled as the limit has been reached. Please try again after '${seconds}' seconds.`,
        { headers: { "Retry-After": String(seconds) } },
      );
    },
    hasStorageFaults: () => isAccountForbidden || forbiddenContainers.size > 0 || busyRequests > 0,
    takeStorageFault(containerName) {
      if (busyRequests > 0) {
        busyRequests -= 1;
        return 503;
      }
      return isAccountForbidden || forbiddenContainers.has(containerName) ? 403 : undefined;
    },
  };
}

/**
 * The storage account as the datacentre uses it, through the unmodified `@azure/storage-blob` client: what is asked of
 * it, and its refusals in the words of the import log.
 */
import {
  BlobServiceClient,
  type ContainerClient,
  newPipeline,
  type RequestPolicyFactory,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { BlobServiceAccess } from "../azurite.js";
import type { FaultInjector } from "../fault-injector.js";
import type { BlobStatus, RangeStatus } from "./import-outcome.js";

/** The account. */
export interface BlobAccount {
  /** The container, made when it does not exist. @throws RestError */
  container(name: string): Promise<ContainerClient>;
}

/** A refusal of the blob service in the words of the log. */
export interface BlobRefusal {
  readonly blobStatus: BlobStatus;
  readonly rangeStatus: RangeStatus;
  readonly httpStatus: number | undefined;
}

/** Connects to the account. Nothing is sent before the first use. */
export function createBlobAccount(access: BlobServiceAccess, faults: FaultInjector): BlobAccount {
  const sound = containersOf(connect(access));
  // The extra layer costs a quarter of a millisecond a request, so it is used only while there is something to inject.
  const faulty = containersOf(connect(access, new InjectorPolicyFactory(access.endpoint, faults)));
  return { container: (name) => (faults.hasStorageFaults() ? faulty(name) : sound(name)) };
}

function connect(access: BlobServiceAccess, injector?: RequestPolicyFactory): BlobServiceClient {
  const pipeline = newPipeline(new StorageSharedKeyCredential(access.accountName, access.accountKey), {
    retryOptions: { maxTries: 4, retryDelayInMs: 50, maxRetryDelayInMs: 400 },
  });
  if (injector !== undefined) pipeline.factories.push(injector);
  return new BlobServiceClient(access.endpoint, pipeline);
}

function containersOf(service: BlobServiceClient): (name: string) => Promise<ContainerClient> {
  const containers = new Map<string, Promise<ContainerClient>>();
  return (name) => {
    let container = containers.get(name);
    if (container === undefined) {
      const client = service.getContainerClient(name);
      container = client.createIfNotExists().then(() => client);
      containers.set(name, container);
      // A refusal of today, such as a revoked key, may be lifted tomorrow.
      container.catch(() => containers.delete(name));
    }
    return container;
  };
}

/** Puts a refusal into the words of the log. */
export function refusalOf(error: unknown): BlobRefusal {
  const { statusCode, code } = (error ?? {}) as { statusCode?: unknown; code?: unknown };
  if (typeof statusCode !== "number") {
    return { blobStatus: "IOFailed", rangeStatus: "IOFailed", httpStatus: undefined };
  }
  if (statusCode === 412 && typeof code === "string" && code.startsWith("LeaseIdM")) {
    return { blobStatus: "LeasePresent", rangeStatus: "Cancelled", httpStatus: statusCode };
  }
  if (code === "RenameFailed") {
    return { blobStatus: "RenameFailed", rangeStatus: "Cancelled", httpStatus: statusCode };
  }
  if (statusCode === 401 || statusCode === 403) {
    return { blobStatus: "BlobRequestForbidden", rangeStatus: "Cancelled", httpStatus: statusCode };
  }
  return { blobStatus: "BlobRequestFailed", rangeStatus: "BlobRequestFailed", httpStatus: statusCode };
}

/** Whether a request with `If-None-Match: *` failed because the blob exists already; a leased one certainly does. */
export function isBlobThere(error: unknown): boolean {
  const { statusCode, code } = (error ?? {}) as { statusCode?: unknown; code?: unknown };
  return (
    (statusCode === 409 && code === "BlobAlreadyExists") ||
    (statusCode === 412 && (code === "ConditionNotMet" || code === "LeaseIdMissing"))
  );
}

/**
 * Answers requests that a fault hits without sending them. The client runs a factory of exactly this class name inside
 * its retries, so that a busy account is tried again as a real one would be.
 */
class InjectorPolicyFactory implements RequestPolicyFactory {
  // Written out, so that no bundler changes it; defined, because the CommonJS build turns static fields into assignments,
  // which the name of a class refuses.
  static {
    Object.defineProperty(this, "name", { value: "InjectorPolicyFactory" });
  }
  readonly #basePath: string;
  readonly #faults: FaultInjector;

  constructor(endpoint: string, faults: FaultInjector) {
    this.#basePath = new URL(endpoint).pathname.replace(/\/$/, "");
    this.#faults = faults;
  }

  create(next: RequestPolicy): RequestPolicy {
    return {
      sendRequest: (request) => {
        const path = new URL(request.url).pathname.slice(this.#basePath.length);
        const status = this.#faults.takeStorageFault(decodeURIComponent(path.split("/")[1] ?? ""));
        if (status === undefined) return next.sendRequest(request);
        const code = status === 503 ? "ServerBusy" : "AuthorizationFailure";
        const headers = { "x-ms-error-code": code, "content-type": "application/xml" };
        return Promise.resolve({
          request,
          status,
          headers: { toJson: () => headers } as unknown as CompatResponse["headers"],
          bodyAsText: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>Injected.</Message></Error>`,
        });
      },
    };
  }
}

type RequestPolicy = ReturnType<RequestPolicyFactory["create"]>;
type CompatResponse = Awaited<ReturnType<RequestPolicy["sendRequest"]>>;

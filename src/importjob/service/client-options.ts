/** What both adapters let through to the Azure pipeline underneath. */
import type { TokenCredential } from "@azure/core-auth";
import type { HttpClient, PipelineOptions, PipelinePolicy } from "@azure/core-rest-pipeline";

export type { TokenCredential } from "@azure/core-auth";

/** Options of the adapters; all of them belong to the pipeline except `endpoint`. */
export interface ImportJobClientOptions extends PipelineOptions {
  /** Azure Resource Manager of the cloud. Default: `https://management.azure.com`. */
  readonly endpoint?: string;
  /** Scope of the token. Default: `<endpoint>/.default`. */
  readonly credentialScopes?: string | string[];
  /** Sends the requests. Default: the pipeline's own. */
  readonly httpClient?: HttpClient;
  /** Extra policies, for example to record requests. */
  readonly additionalPolicies?: { policy: PipelinePolicy; position: "perCall" | "perRetry" }[];
}

/** ARM of the public cloud. */
export const defaultArmEndpoint = "https://management.azure.com";

/** A copy of the caller's options with our name in front of the user agent; the caller's object stays as it is. */
export function pipelineOptionsOf(options: ImportJobClientOptions): ImportJobClientOptions {
  const prefix = options.userAgentOptions?.userAgentPrefix;
  return {
    ...options,
    // A trailing slash would end up twice in every path, and in the token's scope.
    endpoint: (options.endpoint ?? defaultArmEndpoint).replace(/\/+$/, ""),
    userAgentOptions: { userAgentPrefix: prefix ? `${prefix} offline-seed` : "offline-seed" },
  };
}

/** The pieces every client of ARM needs. */
export interface ArmAccess {
  readonly subscriptionId: string;
  readonly credential: TokenCredential;
  readonly options: ImportJobClientOptions;
}

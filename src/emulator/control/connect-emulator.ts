/** Using a local Azure that runs in another process: its cloud, its administrator, and its datacentre's door. */
import { resolve } from "node:path";
import type { AccessToken, TokenCredential } from "@azure/core-auth";
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type TlsSettings,
} from "@azure/core-rest-pipeline";
import { type AzureCloud, createCustomCloud } from "../../certs/index.js";
import type { AbortOptions, AbortSignalLike } from "../../shared/index.js";
import type { BlobServiceAccess } from "../azurite.js";
import { EmulatorError } from "../emulator-error.js";
import { controlPaths } from "./control-service.js";
import type { EmulatorAccess } from "./emulator-access.js";

/** Drive images that are posted to the datacentre of a local Azure. */
export interface PostedPackage {
  readonly carrierName: string;
  readonly trackingNumber: string;
  /** Paths of drive images; the emulator's process reads them. */
  readonly images: readonly string[];
}

/** A local Azure in another process. */
export interface ConnectedEmulator {
  readonly cloud: AzureCloud;
  /** For every client, because the emulator's certificate is its own. */
  readonly tlsOptions: TlsSettings;
  /** The person who may do everything. */
  readonly adminCredential: TokenCredential;
  readonly blobService: BlobServiceAccess;
  /**
   * Hands a package to a carrier who delivers at once; what becomes of it is seen in the job.
   *
   * @throws EmulatorError `not-reachable`, `package-invalid`
   */
  postPackage(shipped: PostedPackage, options?: AbortOptions): Promise<void>;
}

/** Connects to the emulator that a file describes (see `parseEmulatorAccess`). Nothing is sent before the first use. */
export function connectEmulator(access: EmulatorAccess): ConnectedEmulator {
  const tlsOptions: TlsSettings = { ca: access.certificateAuthorityPem };
  const httpClient = createDefaultHttpClient();
  // An emulator on this computer answers at once or is not there.
  const pipeline = createPipelineFromOptions({ tlsOptions, retryOptions: { maxRetries: 0 } });

  const post = async (
    path: string,
    body: object,
    abortSignal: AbortSignalLike | undefined,
  ): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> => {
    const request = createPipelineRequest({
      url: `${access.resourceManagerEndpoint}${path}`,
      method: "POST",
      headers: createHttpHeaders({
        Authorization: `Bearer ${access.controlKey}`,
        "Content-Type": "application/json",
      }),
      body: JSON.stringify(body),
      ...(abortSignal && { abortSignal }),
    });
    try {
      const response = await pipeline.sendRequest(httpClient, request);
      const answer = JSON.parse(response.bodyAsText || "{}") as Readonly<Record<string, unknown>>;
      return { status: response.status, body: answer };
    } catch (cause) {
      if (abortSignal?.aborted) throw cause;
      throw new EmulatorError(
        "not-reachable",
        `The local Azure at ${access.resourceManagerEndpoint} does not answer. Start it again ('offline-seed emulator') and take the file it writes.`,
        { details: { endpoint: access.resourceManagerEndpoint }, cause },
      );
    }
  };

  return Object.freeze({
    cloud: createCustomCloud({
      name: "emulator",
      resourceManagerEndpoint: access.resourceManagerEndpoint,
      authorityHost: access.authorityHost,
      graphEndpoint: access.graphEndpoint,
      graphAudience: access.graphAudience,
    }),
    tlsOptions,
    adminCredential: Object.freeze({
      async getToken(scopes: string | string[]): Promise<AccessToken> {
        const { status, body } = await post(controlPaths.tokens, { scope: [scopes].flat()[0] }, undefined);
        if (status === 200) return body as unknown as AccessToken;
        throw new EmulatorError(
          "not-reachable",
          `The local Azure at ${access.resourceManagerEndpoint} is another one than the file describes: its control key was refused.`,
          { details: { status } },
        );
      },
    }),
    blobService: Object.freeze({
      endpoint: access.blobEndpoint,
      accountName: access.storageAccountName,
      accountKey: access.blobAccountKey,
    }),
    async postPackage(shipped: PostedPackage, options: AbortOptions = {}): Promise<void> {
      const images = shipped.images.map((image) => resolve(image));
      const { status, body } = await post(controlPaths.packages, { ...shipped, images }, options.abortSignal);
      if (status < 300) return;
      const { message } = (body["error"] ?? {}) as { readonly message?: string };
      throw new EmulatorError(
        "package-invalid",
        message ?? `The datacentre refused the package (${status}).`,
      );
    },
  });
}

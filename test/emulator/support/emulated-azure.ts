/** A local Azure for one test file, the real clients pointed at it, and raw requests for what clients hide. */
import { StorageImportExport } from "@azure/arm-storageimportexport";
import { createDefaultHttpClient, createPipelineRequest } from "@azure/core-rest-pipeline";
import {
  type AzureEmulator,
  type AzureEmulatorOptions,
  startAzureEmulator,
} from "../../../src/emulator/index.js";

export interface RawResponse {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of any shape are looked into
  readonly body: any;
  readonly headers: Readonly<Record<string, string>>;
}

export interface EmulatedAzure {
  readonly azure: AzureEmulator;
  readonly importExport: StorageImportExport;
  readonly clientOptions: ReturnType<typeof clientOptionsOf>;
  /** Sends a request as the administrator; `path` begins below the endpoint. */
  send(method: string, path: string, body?: unknown, token?: string | null): Promise<RawResponse>;
  /** The path of a classic job, with its api-version. */
  jobPath(jobName: string, action?: string): string;
}

export function clientOptionsOf(azure: AzureEmulator) {
  return {
    endpoint: azure.armEndpoint,
    tlsOptions: { ca: azure.certificateAuthorityPem },
    retryOptions: { maxRetries: 2, retryDelayInMs: 1, maxRetryDelayInMs: 1 },
  };
}

const unusedBlobService = {
  endpoint: "http://127.0.0.1:9/devstoreaccount1",
  accountName: "devstoreaccount1",
  accountKey: "bm9uZQ==",
};

export async function startEmulatedAzure(
  options: Partial<AzureEmulatorOptions> = {},
): Promise<EmulatedAzure> {
  const azure = await startAzureEmulator({ blobService: unusedBlobService, location: "westus", ...options });
  const clientOptions = clientOptionsOf(azure);
  const httpClient = createDefaultHttpClient();
  return {
    azure,
    clientOptions,
    importExport: new StorageImportExport(azure.adminCredential, azure.subscriptionId, clientOptions),
    jobPath: (jobName, action = "") =>
      `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}` +
      `/providers/Microsoft.ImportExport/jobs/${jobName}${action}?api-version=2021-01-01`,
    async send(method, path, body, token) {
      const bearer =
        token === undefined
          ? (await azure.adminCredential.getToken(`${azure.armEndpoint}/.default`))!.token
          : token;
      const request = createPipelineRequest({
        url: path.startsWith("https:") ? path : `${azure.armEndpoint}${path}`,
        method: method as "GET",
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      request.tlsSettings = clientOptions.tlsOptions;
      if (bearer !== null) request.headers.set("Authorization", `Bearer ${bearer}`);
      if (body !== undefined) request.headers.set("Content-Type", "application/json");
      const response = await httpClient.sendRequest(request);
      return {
        status: response.status,
        headers: response.headers.toJSON(),
        body: response.bodyAsText ? JSON.parse(response.bodyAsText) : undefined,
      };
    },
  };
}

export const returnAddress = {
  recipientName: "Backup team",
  streetAddress1: "1 Return Street",
  city: "Redmond",
  stateOrProvince: "WA",
  postalCode: "98007",
  countryOrRegion: "USA",
  phone: "4250000000",
  email: "backup@contoso.example",
} as const;

export const deliveryPackage = {
  carrierName: "FedEx",
  trackingNumber: "TRACK-1",
  driveCount: 1,
  shipDate: "2026-01-06",
} as const;

/** The drive of the recorded traffic. */
export const recordedDrive = {
  driveId: "9CA995BF",
  bitLockerKey: "238810-662376-448998-450120-652806-203390-606320-483076",
  manifestFile: "\\DriveManifest.xml",
  manifestHash: "109B21108597EF36D5785F08303F3638",
  driveHeaderHash: "",
} as const;

/** A `PUT` body that is accepted. */
export function importJobBody(azure: AzureEmulator, properties: object = {}): object {
  return {
    location: "westus",
    properties: {
      storageAccountId: azure.storageAccountId,
      jobType: "Import",
      returnAddress,
      diagnosticsPath: "waimportexport",
      logLevel: "Verbose",
      backupDriveManifest: true,
      driveList: [recordedDrive],
      ...properties,
    },
  };
}

/**
 * The local Azure: Microsoft Entra, Microsoft Graph and Azure Resource Manager over HTTPS on one port of 127.0.0.1, and
 * a datacentre that takes drives. Real, unmodified clients are pointed at it.
 */
import type { TokenCredential } from "@azure/core-auth";
import type { AzureCloud } from "../certs/index.js";
import {
  type Clock,
  createGuid,
  type RandomSource,
  randomBytesFrom,
  systemClock,
  systemRandomSource,
} from "../shared/index.js";
import { createArmGateway } from "./arm/arm-gateway.js";
import { resourceManagerOperations } from "./arm/resource-manager.js";
import {
  createSubscriptionInventory,
  knownProviders,
  type StorageAccountDefinition,
  type StorageAccountKind,
  storageAccountIdOf,
} from "./arm/subscription-inventory.js";
import type { BlobServiceAccess } from "./azurite.js";
import { createControlService } from "./control/control-service.js";
import { createDataBoxService } from "./data-box/data-box-service.js";
import { createBlobAccount } from "./datacentre/blob-account.js";
import { createDatacentre, type Datacentre, type HandlingTimes } from "./datacentre/datacentre.js";
import type { DriveOpener } from "./datacentre/drive-in-hand.js";
import { unlockDrive } from "./datacentre/unlock-drive.js";
import { createFaultInjector, type FaultInjector } from "./fault-injector.js";
import { firstHandlerOf } from "./http.js";
import { startHttpsServer } from "./https-server.js";
import { createIdentityService, type IdentityService } from "./identity/index.js";
import { createImportExportService } from "./import-export/import-export-service.js";
import { createTimeline } from "./timeline.js";
import { createTlsCertificates } from "./tls-certificates.js";

/** What a local Azure is made of. */
export interface AzureEmulatorOptions {
  /** Azurite (see {@link startAzurite}) or a storage account of your own: where the blobs go. */
  readonly blobService: BlobServiceAccess;
  /** Default: this computer's clock. */
  readonly clock?: Clock;
  /** Default: the system's generator. */
  readonly random?: RandomSource;
  /** Default: a random GUID. */
  readonly tenantId?: string;
  /** Default: a random GUID. */
  readonly subscriptionId?: string;
  /** Default: `offline-seed`. */
  readonly resourceGroup?: string;
  /** Region of the storage account. Default: `westeurope`. */
  readonly location?: string;
  /** Kind of the storage account. Default: `StorageV2`. */
  readonly storageAccountKind?: StorageAccountKind;
  /** Further accounts that exist in the subscription; their blobs go to the same blob service. Default: none. */
  readonly furtherStorageAccounts?: readonly StorageAccountDefinition[];
  /** Namespaces the subscription is registered for. Default: all that the emulator knows. */
  readonly registeredProviders?: readonly string[];
  /** Default: every step takes as long as its work. */
  readonly handlingTimes?: HandlingTimes;
  /** How many polls find a long-running operation of Data Box still running. Default: 1. */
  readonly runningPolls?: number;
  /** How drives are unlocked. Default: partition table, BitLocker and NTFS, as the service does it. */
  readonly openDrive?: DriveOpener;
  /** How long new directory objects stay invisible to Graph and Entra. Default: 0. */
  readonly replicationDelayInMs?: number;
}

/** A running local Azure. */
export interface AzureEmulator extends AsyncDisposable {
  /** `https://localhost:<port>`. */
  readonly endpoint: string;
  /** For `authorityHost` of `@azure/identity`, together with `disableInstanceDiscovery`. */
  readonly authorityHost: string;
  /** For the `endpoint` option of Resource Manager clients; also the audience of their tokens. */
  readonly armEndpoint: string;
  /** Base of Microsoft Graph, without its version. */
  readonly graphEndpoint: string;
  /** Resource that Graph tokens are issued for; the scope is this with `/.default`. */
  readonly graphAudience: string;
  /** Clients trust it: `tlsOptions: { ca: certificateAuthorityPem }`. */
  readonly certificateAuthorityPem: string;
  /** The same endpoints, in the shape that the certificate and identity functions take. */
  readonly cloud: AzureCloud;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
  /** ARM id of the account that the blob service stands for. */
  readonly storageAccountId: string;
  readonly storageAccountName: string;
  readonly blobService: BlobServiceAccess;
  /** A person who may do everything, for setting the scene. */
  readonly adminCredential: TokenCredential;
  /** Users, applications, rights. */
  readonly identity: IdentityService;
  /** Where packages go. */
  readonly datacentre: Datacentre;
  /** Where trouble is asked for. */
  readonly faults: FaultInjector;
  /** SECRET: lets other processes sign in as administrator and post packages; see `emulatorAccessOf`. */
  readonly controlKey: string;
  /** Does everything that is due by the clock and waits until it is done. May be repeated. */
  settle(): Promise<void>;
  /** Closes the server. May be repeated. The blob service stays its owner's. */
  close(): Promise<void>;
}

/**
 * Starts a local Azure on a free port of 127.0.0.1.
 *
 * Opens a local port; touches no disk. Certificates and keys are made at start (about a second) and never stored.
 */
export async function startAzureEmulator(options: AzureEmulatorOptions): Promise<AzureEmulator> {
  const { blobService, clock = systemClock, random = systemRandomSource } = options;
  const subscriptionId = options.subscriptionId ?? createGuid(random);
  const tenantId = options.tenantId ?? createGuid(random);
  const storageAccount: StorageAccountDefinition = {
    name: blobService.accountName,
    resourceGroup: options.resourceGroup ?? "offline-seed",
    kind: options.storageAccountKind ?? "StorageV2",
    location: options.location ?? "westeurope",
  };
  const certificates = await createTlsCertificates(random);
  let endpoint = "";
  const server = await startHttpsServer(certificates, (request) => handle(request));
  endpoint = `https://localhost:${server.port}`;

  const identity = createIdentityService({
    endpoint,
    tenantId,
    clock,
    random,
    ...(options.replicationDelayInMs === undefined
      ? {}
      : { replicationDelayInMs: options.replicationDelayInMs }),
  });
  const inventory = createSubscriptionInventory({
    subscriptionId,
    tenantId,
    storageAccounts: [storageAccount, ...(options.furtherStorageAccounts ?? [])],
    registeredProviders: options.registeredProviders ?? knownProviders,
  });
  const timeline = createTimeline(clock);
  const faults = createFaultInjector();
  const importExport = createImportExportService({
    inventory,
    timeline,
    random,
    endpoint,
    onShipping: (job) => datacentre.jobShipped(job),
  });
  const dataBox = createDataBoxService({
    inventory,
    timeline,
    random,
    endpoint,
    onShipping: (job) => datacentre.jobShipped(job),
    ...(options.runningPolls === undefined ? {} : { runningPolls: options.runningPolls }),
  });
  const datacentre = createDatacentre({
    timeline,
    account: createBlobAccount(blobService, faults),
    openDrive: options.openDrive ?? unlockDrive,
    jobs: () => [...importExport.jobs(), ...dataBox.jobs()],
    ...(options.handlingTimes === undefined ? {} : { handlingTimes: options.handlingTimes }),
  });
  const controlKey = Buffer.from(randomBytesFrom(systemRandomSource, 32)).toString("base64url");
  const handle = firstHandlerOf(
    createControlService({ controlKey, adminCredential: identity.adminCredential, datacentre }),
    identity.handle,
    createArmGateway({
      identity,
      inventory,
      faults,
      random,
      audience: identity.resourceManagerAudience,
      authorizationUri: `${endpoint}/${tenantId}`,
      nowInMs: () => clock.nowInMs(),
      catchUp: () => timeline.catchUp(),
      operations: [
        ...resourceManagerOperations({
          inventory,
          blobEndpoint: blobService.endpoint,
          accountKey: blobService.accountKey,
        }),
        ...importExport.operations,
        ...dataBox.operations,
      ],
    }),
  );
  return Object.freeze({
    endpoint,
    authorityHost: endpoint,
    armEndpoint: identity.resourceManagerAudience,
    graphEndpoint: endpoint,
    graphAudience: identity.graphAudience,
    certificateAuthorityPem: certificates.authorityCertificatePem,
    cloud: identity.cloud,
    tenantId,
    subscriptionId,
    resourceGroup: storageAccount.resourceGroup,
    location: storageAccount.location,
    storageAccountId: storageAccountIdOf(subscriptionId, storageAccount),
    storageAccountName: storageAccount.name,
    blobService,
    adminCredential: identity.adminCredential,
    identity,
    datacentre,
    faults,
    controlKey,
    settle: () => timeline.settle(),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  });
}

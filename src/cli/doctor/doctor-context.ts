/** Everything the doctor's checks see of the outside, injected so that every verdict is tested. */
import { readFile, statfs } from "node:fs/promises";
import {
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
} from "@azure/core-rest-pipeline";
import type { ContainerClient } from "@azure/storage-blob";
import type { SeedCertificate } from "../../certs/index.js";
import {
  type DetectedImportService,
  detectImportService,
  type ImportJobService,
  readArmResource,
  readStorageAccountFacts,
  type StorageAccountFacts,
} from "../../importjob/index.js";
import { listSourceFiles } from "../../staging/index.js";
import type { CertificateSignIn } from "../azure/azure-identity.js";
import { findSeedSignIn } from "../azure/seed-sign-in.js";
import { isCliError } from "../cli-error.js";
import type { Computer } from "../command-io.js";
import { openService } from "../jobs/open-job-service.js";
import { passwordVariable, type Session } from "../session.js";
import { readCertificateFile } from "../settings/certificate-file.js";
import { type SeedSettings, storageAccountNameOf } from "../settings/seed-settings.js";

/** The size of a folder. */
export interface FolderSize {
  readonly files: number;
  readonly bytes: number;
  readonly unreadable: number;
}

/** Questions to Azure. */
export interface DoctorAzure {
  /** Asks for a token. */
  signIn(): Promise<void>;
  /** The time in the headers of an answer, for which no token is needed; undefined without one. */
  serverTime(): Promise<Date | undefined>;
  /** One resource of Resource Manager. @throws RestError */
  resource(path: string, apiVersion: string): Promise<Readonly<Record<string, unknown>>>;
  importServices(): Promise<DetectedImportService>;
  storageAccount(): Promise<StorageAccountFacts | undefined>;
  container(): Promise<ContainerClient>;
  service(): Promise<ImportJobService>;
}

/** The outside of the doctor. */
export interface DoctorContext {
  readonly settings: SeedSettings;
  readonly computer: Computer;
  readonly nodeVersion: string;
  /** Whether raw disks may be written; undefined when it cannot be told. */
  readonly isElevated: boolean | undefined;
  readonly isOffline: boolean;
  /** A local Azure takes images, so real disks are not needed. */
  readonly isEmulator: boolean;
  readonly abortSignal: AbortSignal;
  readonly azure: DoctorAzure;
  freeBytes(folder: string): Promise<number>;
  folderSize(folder: string): Promise<FolderSize>;
  /** The text of a file of the system; undefined when there is none. */
  systemText(path: string): Promise<string | undefined>;
  /** Undefined when the file is not there. */
  certificate(): Promise<SeedCertificate | undefined>;
  seedSignIn(): Promise<CertificateSignIn | undefined>;
}

/** The doctor's outside on this computer. */
export async function doctorContextOf(
  session: Session,
  settings: SeedSettings,
  isOffline: boolean,
): Promise<DoctorContext> {
  const { abortSignal, computer, environment } = session;
  const connection = await session.azure(settings);
  const password = environment[passwordVariable];
  const sizes = new Map<string, Promise<FolderSize>>();
  return {
    settings,
    computer,
    nodeVersion: process.versions.node,
    isElevated: process.getuid === undefined ? undefined : process.getuid() === 0,
    isOffline,
    isEmulator: connection.emulator !== undefined,
    abortSignal,
    azure: azureOf(session, settings),
    async freeBytes(folder) {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
    folderSize(folder) {
      const size = sizes.get(folder) ?? sizeOf(folder, session);
      sizes.set(folder, size);
      return size;
    },
    systemText: (path) => readFile(path, "utf8").catch(() => undefined),
    certificate: () => findCertificate(settings, password),
    seedSignIn: () => findSeedSignIn(settings, password),
  };
}

function azureOf(session: Session, settings: SeedSettings): DoctorAzure {
  const { abortSignal } = session;
  const { subscriptionId } = settings;
  const connection = session.azure(settings);
  const access = async () => (await connection).armAccess(subscriptionId);
  return {
    async signIn() {
      const { armOptions, credential } = await connection;
      await (await credential()).getToken(armOptions.credentialScopes ?? "", { abortSignal });
    },
    async serverTime() {
      const { cloud, clientOptions } = await connection;
      const url = `${cloud.resourceManagerEndpoint}/subscriptions/${subscriptionId}?api-version=2021-04-01`;
      const pipeline = createPipelineFromOptions({ ...clientOptions, retryOptions: { maxRetries: 1 } });
      const request = createPipelineRequest({ url, abortSignal });
      const { headers } = await pipeline.sendRequest(createDefaultHttpClient(), request);
      const date = new Date(headers.get("date") ?? "");
      return Number.isNaN(date.getTime()) ? undefined : date;
    },
    resource: async (path, apiVersion) =>
      await readArmResource(await access(), path, apiVersion, { abortSignal }),
    async importServices() {
      const { credential, armOptions } = await connection;
      const { location } = settings;
      return await detectImportService(subscriptionId, await credential(), {
        client: armOptions,
        location,
        abortSignal,
      });
    },
    storageAccount: async () =>
      await readStorageAccountFacts(await access(), settings.storageAccountId, { abortSignal }),
    container: async () =>
      await (await connection).openContainer(storageAccountNameOf(settings), settings.containerName),
    service: async () => await openService(session, await connection, settings),
  };
}

async function findCertificate(
  { certificateFile }: SeedSettings,
  password: string | undefined,
): Promise<SeedCertificate | undefined> {
  try {
    return await readCertificateFile(certificateFile, password);
  } catch (error) {
    if (isCliError(error) && error.code === "step-missing") return undefined;
    throw error;
  }
}

async function sizeOf(folder: string, session: Session): Promise<FolderSize> {
  const show = session.display.listener("source folder");
  let files = 0;
  let bytes = 0;
  let unreadable = 0;
  for await (const found of listSourceFiles(folder, { abortSignal: session.abortSignal })) {
    if ("unreadable" in found) unreadable += 1;
    else {
      files += 1;
      bytes += found.lengthInBytes;
    }
    if (files % 1000 === 0) {
      show({
        phase: "counting",
        bytesDone: bytes,
        bytesTotal: undefined,
        itemsDone: files,
        itemsTotal: undefined,
        item: undefined,
      });
    }
  }
  return { files, bytes, unreadable };
}

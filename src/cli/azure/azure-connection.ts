/** How the program reaches Azure: the real one with `@azure/identity`, or a local one that a file describes. */
import { readFile } from "node:fs/promises";
import type { TokenCredential } from "@azure/core-auth";
import type { ContainerClient } from "@azure/storage-blob";
import { type AzureCloud, findAzureCloud } from "../../certs/index.js";
import { type ConnectedEmulator, connectEmulator, parseEmulatorAccess } from "../../emulator/index.js";
import type { ArmAccess, ImportJobClientOptions } from "../../importjob/index.js";
import { systemErrorCode } from "../../shared/index.js";
import { CliError } from "../cli-error.js";
import { type SignIn, signInWithAzureIdentity } from "./azure-identity.js";
import { findSeedSignIn, type SeedSignInFiles } from "./seed-sign-in.js";

/** Azure as one run of the program sees it. Nothing is sent before the first use. */
export interface AzureConnection {
  readonly cloud: AzureCloud;
  readonly emulator: ConnectedEmulator | undefined;
  /** For every client: the certificate authority of a local Azure. */
  readonly clientOptions: { readonly tlsOptions?: { readonly ca: string } };
  readonly armOptions: ImportJobClientOptions;
  /** A person, or whatever `--sign-in` names: for what the seed's application may not do. */
  administrator(): Promise<TokenCredential>;
  /** The seed's own application where its certificate is at hand, otherwise as `administrator`. */
  credential(): Promise<TokenCredential>;
  armAccess(subscriptionId: string): Promise<ArmAccess>;
  openContainer(accountName: string, containerName: string): Promise<ContainerClient>;
}

/** What a connection is made from. */
export interface AzureConnectionOptions extends Partial<SeedSignInFiles> {
  /** File of a local Azure; undefined for the real one. */
  readonly emulatorFile: string | undefined;
  /** Name of a real cloud. */
  readonly cloud: string;
  /** Default: `auto`. */
  readonly signIn?: SignIn | undefined;
  readonly certificatePassword?: string | undefined;
}

/** Prepares the connection. Reads the emulator's file; sends nothing. */
export async function connectAzure(options: AzureConnectionOptions): Promise<AzureConnection> {
  const emulator = options.emulatorFile === undefined ? undefined : await openEmulator(options.emulatorFile);
  const cloud = emulator?.cloud ?? realCloud(options.cloud);
  const clientOptions = emulator ? { tlsOptions: emulator.tlsOptions as { ca: string } } : {};
  const signIn = options.signIn ?? "auto";
  const armOptions: ImportJobClientOptions = {
    endpoint: cloud.resourceManagerEndpoint,
    credentialScopes: `${cloud.resourceManagerAudience}/.default`,
    ...clientOptions,
  };

  const once = <Value>(make: () => Promise<Value>): (() => Promise<Value>) => {
    let made: Promise<Value> | undefined;
    return () => (made ??= make());
  };
  const administrator = once(async (): Promise<TokenCredential> => {
    if (emulator && signIn === "auto") return emulator.adminCredential;
    return await signInWithAzureIdentity(signIn, { cloud, clientOptions });
  });
  const credential = once(async (): Promise<TokenCredential> => {
    const files = { certificateFile: options.certificateFile, parametersFile: options.parametersFile };
    const wantsCertificate = signIn === "auto" || signIn === "certificate";
    const seed = wantsCertificate ? await findSeedSignIn(files, options.certificatePassword) : undefined;
    if (seed) return await signInWithAzureIdentity(seed, { cloud, clientOptions });
    if (signIn === "certificate") {
      throw new CliError(
        "step-missing",
        "The seed has no certificate and application yet. Make them with 'offline-seed cert create' and 'offline-seed app create'.",
      );
    }
    return await administrator();
  });

  return Object.freeze({
    cloud,
    emulator,
    clientOptions,
    armOptions,
    administrator,
    credential,
    armAccess: async (subscriptionId: string) => ({
      subscriptionId,
      credential: await credential(),
      options: armOptions,
    }),
    async openContainer(accountName: string, containerName: string) {
      const { BlobServiceClient, StorageSharedKeyCredential } = await import("@azure/storage-blob");
      if (emulator) {
        const { endpoint, accountKey } = emulator.blobService;
        const key = new StorageSharedKeyCredential(emulator.blobService.accountName, accountKey);
        return new BlobServiceClient(endpoint, key).getContainerClient(containerName);
      }
      const endpoint = `https://${accountName}.${cloud.blobEndpointSuffix}`;
      return new BlobServiceClient(endpoint, await credential()).getContainerClient(containerName);
    },
  });
}

async function openEmulator(path: string): Promise<ConnectedEmulator> {
  try {
    return connectEmulator(parseEmulatorAccess(await readFile(path, "utf8")));
  } catch (cause) {
    if (systemErrorCode(cause) !== "ENOENT") throw cause;
    throw new CliError(
      "step-missing",
      `There is no file ${path} of a local Azure. Start one with 'offline-seed emulator --save ${path}'.`,
      { details: { path }, cause },
    );
  }
}

function realCloud(name: string): AzureCloud {
  const cloud = findAzureCloud(name);
  if (cloud) return cloud;
  throw new CliError("usage", `'${name}' is not the name of an Azure cloud, and no local Azure is named.`);
}

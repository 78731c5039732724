/** `offline-seed emulator`: runs the local Azure until it is interrupted, for other people's integration tests. */
import { once } from "node:events";
import { startAzureEmulator, startAzurite } from "../emulator/index.js";
import type { CommandIo } from "./command-io.js";
import { exitCode } from "./exit-codes.js";

/** Starts the local Azure with Azurite, tells where it is, and stops it when interrupted. */
export async function runEmulator(json: boolean, io: CommandIo): Promise<number> {
  await using azurite = await startAzurite();
  await using emulator = await startAzureEmulator({ blobService: azurite });
  const facts = {
    authorityHost: emulator.authorityHost,
    resourceManagerEndpoint: emulator.armEndpoint,
    graphEndpoint: emulator.graphEndpoint,
    blobEndpoint: azurite.endpoint,
    storageAccountId: emulator.storageAccountId,
    tenantId: emulator.tenantId,
    subscriptionId: emulator.subscriptionId,
    resourceGroup: emulator.resourceGroup,
    location: emulator.location,
    certificateAuthorityPem: emulator.certificateAuthorityPem,
  };
  if (json) io.print(JSON.stringify(facts));
  else for (const [name, value] of Object.entries(facts)) io.print(`${name}: ${value}`);
  if (!io.abortSignal.aborted) await once(io.abortSignal, "abort");
  return exitCode.success;
}

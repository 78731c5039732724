/** Checks of what receives the seed: providers, storage account, container, datacentre, name of the job. */
import {
  canHoldPageBlobs,
  canReceiveImports,
  isImportJobError,
  parseStorageAccountId,
} from "../../importjob/index.js";
import { storageAccountNameOf } from "../settings/seed-settings.js";
import { type Check, found } from "./check.js";

const providers: Check = {
  code: "providers",
  needs: ["sign-in"],
  isOnline: true,
  async ask({ azure, settings }) {
    const { services, preferred, explanation } = await azure.importServices().catch((error: unknown) => {
      if ((error as { readonly statusCode?: unknown }).statusCode !== 403) throw error;
      return { services: [], preferred: undefined, explanation: "" };
    });
    if (services.length === 0) {
      return found.skipped(
        "The signed-in identity may not read the providers; repeat with --sign-in default.",
      );
    }
    const wanted = settings.service === "auto" ? preferred : settings.service;
    const usable = services.find(({ kind, isUsable }) => kind === wanted && isUsable);
    if (!usable) {
      return found.failed(
        explanation,
        "Register the provider: 'offline-seed app create' does it, or the portal under the subscription's resource providers.",
      );
    }
    return usable.kind === "data-box"
      ? found.ok(explanation)
      : found.warning(explanation, "Prefer Azure Data Box where the subscription can use it.");
  },
};

const storageAccount: Check = {
  code: "storage-account",
  needs: ["sign-in"],
  isOnline: true,
  async ask({ azure, settings }) {
    const { storageAccountId, location } = settings;
    const name = storageAccountNameOf(settings);
    const take = "Take a general-purpose v2 account (StorageV2) of the Resource Manager model.";
    if (parseStorageAccountId(storageAccountId)?.provider.toLowerCase() === "microsoft.classicstorage") {
      return found.failed(`${name} is an account of the classic deployment model.`, take);
    }
    const facts = await azure.storageAccount();
    if (!facts) return found.skipped("The signed-in identity may not read the storage account.");
    if (!canReceiveImports(facts.kind)) return found.failed(`${name} is of kind ${facts.kind}.`, take);
    if (facts.isNfsV3Enabled) {
      return found.failed(`${name} has NFS v3 switched on, which the import services do not support.`, take);
    }
    if (!facts.admitsTrustedServices) {
      return found.failed(
        `The firewall of ${name} shuts the import service out.`,
        "Allow trusted Microsoft services in the account's networking settings.",
      );
    }
    const sameRegion = (text: string): string => text.toLowerCase().replaceAll(/\s/g, "");
    if (sameRegion(facts.location) !== sameRegion(location)) {
      return found.failed(
        `${name} is in ${facts.location}, the settings say ${location}.`,
        "Correct 'location' in the settings file.",
      );
    }
    if (!canHoldPageBlobs(facts.kind)) {
      return found.failed(
        `${name} is of kind ${facts.kind}, which cannot hold the page blobs of backup agents.`,
        take,
      );
    }
    return found.ok(`${name}, ${facts.kind}, in ${facts.location}`);
  },
};

const container: Check = {
  code: "container",
  needs: ["sign-in", "storage-account"],
  isOnline: true,
  async ask({ azure, settings, abortSignal }) {
    const { containerName } = settings;
    const client = await azure.container();
    if (!(await client.exists({ abortSignal }))) {
      return found.ok(`${containerName} is not there yet; 'offline-seed job create' makes it`);
    }
    const { value: first } = await client.listBlobsFlat({ abortSignal }).next();
    if (!first) return found.ok(`${containerName} is there and empty`);
    return found.warning(
      `${containerName} holds blobs already, for example ${first.name}.`,
      "Blobs of the same names are overwritten. Take a container of its own for each seed.",
    );
  },
};

const datacentre: Check = {
  code: "datacentre",
  needs: ["sign-in", "providers"],
  isOnline: true,
  async ask({ azure, settings, abortSignal }) {
    const { location, resourceGroup: resourceGroupName } = settings;
    const service = await azure.service();
    const destination = await service.getShippingDestination(location, { resourceGroupName, abortSignal });
    const carriers = destination.supportedCarriers;
    const text = `Drives for ${location} go to ${[destination.city, destination.countryOrRegion].filter(Boolean).join(", ")}`;
    const carrier = settings.returnShipping?.carrierName;
    if (
      carrier &&
      carriers.length > 0 &&
      !carriers.some((name) => name.toLowerCase() === carrier.toLowerCase())
    ) {
      return found.warning(
        `${text}, which does not send drives back with ${carrier}.`,
        `Name one of ${carriers.join(", ")} as the return carrier.`,
      );
    }
    return found.ok(`${text}${carriers.length > 0 ? ` (${carriers.join(", ")})` : ""}`);
  },
};

const jobName: Check = {
  code: "job-name",
  needs: ["sign-in", "providers"],
  isOnline: true,
  async ask({ azure, settings, abortSignal }) {
    const { jobName: name, resourceGroup: resourceGroupName } = settings;
    try {
      const service = await azure.service();
      const job = await service.getImportJob({ jobName: name, resourceGroupName }, { abortSignal });
      return found.warning(
        `There is an import job ${name} already (${job.state}).`,
        "That is right when this seed's job was ordered; otherwise choose another name.",
      );
    } catch (error) {
      if (!isImportJobError(error) || error.code !== "job-not-found") throw error;
      return found.ok(`The name ${name} is free`);
    }
  },
};

/** In the order in which they are asked. */
export const serviceChecks: readonly Check[] = [providers, storageAccount, container, datacentre, jobName];

/** Asking ARM which of the two import services a subscription can use. */
import { type AbortOptions, createRoomLogger } from "../../shared/index.js";
import { ImportJobError } from "../import-job-error.js";
import { normalizeLocation } from "../order/storage-account-id.js";
import { readArmResource, sendArmAction } from "./arm-client.js";
import { type ImportJobClientOptions, pipelineOptionsOf, type TokenCredential } from "./client-options.js";
import { type DataBoxJobClientOptions, DataBoxJobService } from "./data-box-job-service.js";
import { ImportExportJobService } from "./import-export-job-service.js";
import type { ImportJobService } from "./import-job-service.js";
import type { ImportServiceKind } from "./import-job-status.js";
import { asObjects, asText, asTexts } from "./raw-json.js";
import { statusCodeOf } from "./service-failure.js";

const logger = createRoomLogger("importjob");
const apiVersion = "2021-04-01";
const namespaces: Readonly<Record<ImportServiceKind, string>> = {
  "data-box": "Microsoft.DataBox",
  "import-export": "Microsoft.ImportExport",
};

/** Whether a subscription has switched a resource provider on. `absent`: the cloud does not have it. */
export type ProviderRegistration = "registered" | "registering" | "not-registered" | "absent";

/** What ARM says about one of the services. */
export interface ImportServiceAvailability {
  readonly kind: ImportServiceKind;
  readonly namespace: string;
  readonly registration: ProviderRegistration;
  /** Whether the provider offers jobs at all, and in the location asked for. */
  readonly offersJobs: boolean;
  /** Registered and offering jobs. */
  readonly isUsable: boolean;
}

/** Outcome of {@link detectImportService}. */
export interface DetectedImportService {
  /** Data Box where it can be used, because Azure Import/Export is announced as retired; undefined when neither can. */
  readonly preferred: ImportServiceKind | undefined;
  readonly services: readonly ImportServiceAvailability[];
  /** For people: what was found, and what to do when nothing can be used. */
  readonly explanation: string;
}

/** Options of {@link detectImportService}. */
export interface DetectImportServiceOptions extends AbortOptions {
  /** Pipeline options of the questions. */
  readonly client?: ImportJobClientOptions;
  /** Region of the storage account; a provider that lists regions for jobs must list it. Default: any region. */
  readonly location?: string;
}

/**
 * Asks ARM for both resource providers. Reads only; may be repeated.
 *
 * @throws RestError when ARM refuses
 */
export async function detectImportService(
  subscriptionId: string,
  credential: TokenCredential,
  options: DetectImportServiceOptions = {},
): Promise<DetectedImportService> {
  const access = { subscriptionId, credential, options: pipelineOptionsOf(options.client ?? {}) };
  const services = await Promise.all(
    (["data-box", "import-export"] as const).map(async (kind): Promise<ImportServiceAvailability> => {
      const namespace = namespaces[kind];
      try {
        const path = `/subscriptions/${subscriptionId}/providers/${namespace}`;
        const body = await readArmResource(access, path, apiVersion, options);
        const jobs = (asObjects(body["resourceTypes"]) ?? []).find(
          (type) => asText(type["resourceType"])?.toLowerCase() === "jobs",
        );
        const locations = asTexts(jobs?.["locations"]).map(normalizeLocation);
        // A provider that lists nothing has said nothing; one that lists other things only has no jobs.
        const offersJobs =
          (jobs !== undefined || (asObjects(body["resourceTypes"]) ?? []).length === 0) &&
          (options.location === undefined ||
            locations.length === 0 ||
            locations.includes(normalizeLocation(options.location)));
        const registration = registrationOf(asText(body["registrationState"]));
        return Object.freeze({
          kind,
          namespace,
          registration,
          offersJobs,
          isUsable: offersJobs && registration === "registered",
        });
      } catch (error) {
        if (statusCodeOf(error) !== 404) throw error;
        return Object.freeze({ kind, namespace, registration: "absent", offersJobs: false, isUsable: false });
      }
    }),
  );
  const preferred = services.find((service) => service.isUsable)?.kind;
  return Object.freeze({
    preferred,
    services: Object.freeze(services),
    explanation: explain(services, preferred),
  });
}

/**
 * The service this subscription can use, ready for orders.
 *
 * @throws ImportJobError `no-import-service` saying what to register
 */
export async function openImportService(
  subscriptionId: string,
  credential: TokenCredential,
  options: AbortOptions & { readonly client?: DataBoxJobClientOptions; readonly location?: string } = {},
): Promise<ImportJobService> {
  const { preferred, explanation } = await detectImportService(subscriptionId, credential, options);
  if (preferred === undefined) {
    throw new ImportJobError("no-import-service", explanation, { details: { subscriptionId } });
  }
  logger.info(explanation);
  return preferred === "data-box"
    ? new DataBoxJobService(subscriptionId, credential, options.client)
    : new ImportExportJobService(subscriptionId, credential, options.client);
}

/** Switches a service on for the subscription. Takes minutes at the service; may be repeated. Needs a writer's rights. */
export async function registerImportService(
  kind: ImportServiceKind,
  subscriptionId: string,
  credential: TokenCredential,
  options: AbortOptions & { readonly client?: ImportJobClientOptions } = {},
): Promise<ProviderRegistration> {
  const access = { subscriptionId, credential, options: pipelineOptionsOf(options.client ?? {}) };
  const path = `/subscriptions/${subscriptionId}/providers/${namespaces[kind]}/register`;
  return registrationOf(
    asText((await sendArmAction(access, path, apiVersion, options))["registrationState"]),
  );
}

function registrationOf(state: string | undefined): ProviderRegistration {
  const known: Readonly<Record<string, ProviderRegistration>> = {
    registered: "registered",
    registering: "registering",
  };
  return known[state?.toLowerCase() ?? ""] ?? "not-registered";
}

function explain(
  services: readonly ImportServiceAvailability[],
  preferred: ImportServiceKind | undefined,
): string {
  const found = services
    .map(
      (service) =>
        `${service.namespace}: ${service.registration.replaceAll("-", " ")}${service.offersJobs ? "" : ", no jobs offered here"}`,
    )
    .join("; ");
  if (preferred === "data-box") return `Azure Data Box takes the customer's own disks (${found}).`;
  if (preferred === "import-export") {
    return `Only Azure Import/Export can be used (${found}). It was announced as retired in 2023; register Microsoft.DataBox if you can.`;
  }
  return `This subscription can use neither import service (${found}). Register Microsoft.DataBox for the subscription and try again.`;
}

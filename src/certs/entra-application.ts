/**
 * The application registration of a seed identity over Microsoft Graph v1.0: found, created, given certificates.
 *
 * Certificates are appended: the collection is read with its keys, our entry is added, everything is written back,
 * and read again to see that nobody's concurrent write has undone it. Graph has no conditional update of
 * applications, so the reading afterwards is what makes two servers safe from each other.
 */
import type { TokenCredential } from "@azure/core-auth";
import { type AbortOptions, type Clock, systemClock } from "../shared/index.js";
import type { AzureCloud } from "./azure-clouds.js";
import { type AzureClientOptions, type AzureJsonClient, createAzureJsonClient } from "./azure-json-client.js";
import { CertsError } from "./certs-error.js";
import {
  collectionOf,
  compareApplications,
  type FoundApplication,
  holdsCertificate,
  newKeyCredential,
  type RegisteredCertificate,
  readApplication,
  readKeyCredential,
  requiredText,
} from "./graph-applications.js";
import { managePermission } from "./graph-permissions.js";
import { createKeyCredentialEditor, type KeyCredentialEditor } from "./key-credential-editor.js";
import { listAll } from "./list-all.js";
import { isSeedCertificateName, requireGuid, seedApplicationName } from "./names.js";
import { createProofOfPossession } from "./proof-of-possession.js";
import {
  ensureServicePrincipal,
  type RegistrationContext,
  registerApplication,
} from "./register-application.js";
import type { SeedCertificate } from "./seed-certificate.js";

/** Options of an {@link EntraApplicationClient}. */
export interface EntraApplicationClientOptions extends AzureClientOptions {
  /** How long after a write it is checked that the write was not undone by somebody else's. Default: 2 000. */
  readonly settlingTimeInMs?: number;
}

/** Options of {@link EntraApplicationClient.ensureSeedApplication}. */
export interface EnsureSeedApplicationOptions extends AbortOptions {
  /** Object id of the Azure user in the application's name. Default: the signed-in user. */
  readonly azureUserId?: string;
}

/** The application after {@link EntraApplicationClient.ensureSeedApplication}. */
export interface SeedApplication {
  /** Client id, for `ClientCertificateCredential`. */
  readonly applicationId: string;
  readonly objectId: string;
  readonly servicePrincipalId: string;
  readonly displayName: string;
  readonly azureUserId: string;
  /** False when the application was there before. */
  readonly isCreated: boolean;
  /** False when the certificate was registered before. */
  readonly isCertificateAdded: boolean;
  /** All certificates now registered, ours among them. */
  readonly certificates: readonly RegisteredCertificate[];
}

/** Options of {@link EntraApplicationClient.rollCertificate}. */
export interface RollCertificateOptions extends AbortOptions {
  /** A registered, still valid certificate with its private key. */
  readonly current: SeedCertificate;
  /** The certificate to be added. */
  readonly next: SeedCertificate;
}

/** Manages the application registration of a seed identity. */
export class EntraApplicationClient {
  readonly #graph: AzureJsonClient;
  readonly #directory: RegistrationContext;
  readonly #clock: Clock;
  readonly #keyCredentials: KeyCredentialEditor;

  /** Needs a token of a user, or of an application with the permissions named at each method. */
  constructor(cloud: AzureCloud, credential: TokenCredential, options: EntraApplicationClientOptions = {}) {
    this.#graph = createAzureJsonClient(cloud.graphEndpoint, cloud.graphAudience, credential, options);
    this.#clock = options.clock ?? systemClock;
    this.#directory = {
      graph: this.#graph,
      graphWithoutRetry: createAzureJsonClient(cloud.graphEndpoint, cloud.graphAudience, credential, {
        ...options,
        retryOptions: { ...options.retryOptions, maxRetries: 0 },
      }),
      clock: this.#clock,
      findApplications: (azureUserId, abortSignal) => this.findSeedApplications(azureUserId, { abortSignal }),
    };
    this.#keyCredentials = createKeyCredentialEditor(
      this.#graph,
      this.#clock,
      options.settlingTimeInMs ?? 2_000,
    );
  }

  /**
   * Object id of the signed-in user: the `<Azure User Id>` of names and registry values.
   *
   * @throws CertsError `caller-unsuitable` when an application is signed in.
   */
  async getAzureUserId(options: AbortOptions = {}): Promise<string> {
    const answer = await this.#graph.send("GET", "/v1.0/me", {
      ...options,
      query: { $select: "id" },
      permission: "Microsoft Graph permission User.Read",
      alsoAccept: [400],
    });
    if (answer.status === 400) {
      throw new CertsError(
        "caller-unsuitable",
        "An application is signed in, not a user. Give the object id of the Azure user (azureUserId).",
      );
    }
    return requiredText(answer.body, "id");
  }

  /** Id of the tenant that the signed-in identity belongs to. */
  async getTenantId(options: AbortOptions = {}): Promise<string> {
    const { body } = await this.#graph.send("GET", "/v1.0/organization", {
      ...options,
      query: { $select: "id" },
      permission: "Microsoft Graph permission User.Read",
    });
    return requiredText(collectionOf(body)[0] ?? {}, "id");
  }

  /** The applications named after the Azure user, those owned by the signed-in user first, then the oldest. */
  async findSeedApplications(
    azureUserId: string,
    options: AbortOptions = {},
  ): Promise<readonly FoundApplication[]> {
    const displayName = seedApplicationName(azureUserId);
    const select = { $select: "id,appId,displayName,createdDateTime" };
    const found = await listAll(this.#graph, "/v1.0/applications", {
      ...options,
      query: { $filter: `displayName eq '${displayName.replaceAll("'", "''")}'`, ...select },
    });
    if (found.length === 0) return [];
    // For an application as caller Graph answers 400: it owns nothing through /me.
    const owned = await listAll(this.#graph, "/v1.0/me/ownedObjects/microsoft.graph.application", {
      ...options,
      query: select,
      isEmptyOnBadRequest: true,
    });
    const ownedIds = new Set(owned.map((json) => requiredText(json, "id")));
    return found.map((json) => readApplication(json, ownedIds)).sort(compareApplications);
  }

  /**
   * Makes sure that the application of the Azure user exists, has its service principal and holds the certificate.
   *
   * An existing application keeps all its certificates; ours is appended. May be repeated: what is there is left as
   * it is. Of several applications with the name the one that already holds the certificate is taken, then one that
   * the signed-in user owns, then the oldest.
   *
   * @throws CertsError `permission-missing` (see `manualSteps`), `caller-unsuitable`, `replication-timeout`,
   * `concurrent-change`, `unexpected-answer`; RestError.
   */
  async ensureSeedApplication(
    certificate: SeedCertificate,
    options: EnsureSeedApplicationOptions = {},
  ): Promise<SeedApplication> {
    const { abortSignal } = options;
    const azureUserId = options.azureUserId ?? (await this.getAzureUserId({ abortSignal }));
    const candidates = await this.findSeedApplications(azureUserId, { abortSignal });
    const existing = await this.#chooseApplication(candidates, certificate, abortSignal);
    const application =
      existing ?? (await registerApplication(this.#directory, azureUserId, certificate, abortSignal));
    // Also after a creation: what a lost answer left may turn out to be another server's, without our certificate.
    const isAppended = await this.addCertificate(application.objectId, certificate, { abortSignal });
    const servicePrincipalId = await ensureServicePrincipal(
      this.#directory,
      application.applicationId,
      abortSignal,
    );
    return Object.freeze({
      applicationId: application.applicationId,
      objectId: application.objectId,
      servicePrincipalId,
      displayName: application.displayName,
      azureUserId,
      isCreated: existing === undefined,
      isCertificateAdded: isAppended || existing === undefined,
      certificates: await this.listCertificates(application.objectId, { abortSignal }),
    });
  }

  /** The certificates registered on an application. Waits for an application that was just created. */
  async listCertificates(
    objectId: string,
    options: AbortOptions = {},
  ): Promise<readonly RegisteredCertificate[]> {
    const credentials = await this.#keyCredentials.read(objectId, options.abortSignal);
    return Object.freeze(credentials.map(readKeyCredential));
  }

  /**
   * Appends a certificate to an application, keeping all others. False when it was registered already.
   *
   * @throws CertsError `concurrent-change` when others keep writing at the same time, `permission-missing`; RestError.
   */
  async addCertificate(
    objectId: string,
    certificate: SeedCertificate,
    options: AbortOptions = {},
  ): Promise<boolean> {
    let isWritten = false;
    await this.#keyCredentials.change(objectId, options.abortSignal, (credentials) => {
      if (credentials.some((credential) => holdsCertificate(credential, certificate))) return undefined;
      isWritten = true;
      return [...credentials, newKeyCredential(certificate)];
    });
    return isWritten;
  }

  /**
   * Removes certificates that were made for offline seeding and have expired. Those of others stay, expired or not.
   *
   * @returns the removed ones.
   */
  async removeExpiredCertificates(
    objectId: string,
    options: AbortOptions = {},
  ): Promise<readonly RegisteredCertificate[]> {
    const removed = new Map<string, RegisteredCertificate>();
    await this.#keyCredentials.change(objectId, options.abortSignal, (credentials) => {
      const expired = credentials
        .map(readKeyCredential)
        .filter((credential) => this.#isOursAndExpired(credential));
      for (const credential of expired) removed.set(credential.keyId, credential);
      const expiredIds = expired.map(({ keyId }) => keyId);
      return expired.length === 0
        ? undefined
        : credentials.filter((credential) => !expiredIds.includes(requiredText(credential, "keyId")));
    });
    return Object.freeze([...removed.values()]);
  }

  /**
   * Adds the next certificate with proof of possession of the current one. For an application that renews itself:
   * it needs no permission for this, and nothing is read or overwritten.
   *
   * @returns the id of the new key.
   * @throws CertsError `private-key-missing`; RestError `Authentication_MissingOrMalformed` when the current
   * certificate is not registered or has expired.
   */
  async rollCertificate(
    objectId: string,
    { current, next, abortSignal }: RollCertificateOptions,
  ): Promise<string> {
    const { body } = await this.#graph.send("POST", `/v1.0/applications/${requireGuid(objectId)}/addKey`, {
      abortSignal,
      permission: managePermission,
      body: {
        keyCredential: newKeyCredential(next),
        passwordCredential: null,
        proof: createProofOfPossession(current, objectId, this.#clock.nowInMs()),
      },
    });
    return requiredText(body, "keyId");
  }

  /** Removes one key of the application with proof of possession of a certificate that stays. */
  async removeKey(
    objectId: string,
    keyId: string,
    { current, abortSignal }: Omit<RollCertificateOptions, "next">,
  ): Promise<void> {
    await this.#graph.send("POST", `/v1.0/applications/${requireGuid(objectId)}/removeKey`, {
      abortSignal,
      permission: managePermission,
      body: { keyId, proof: createProofOfPossession(current, objectId, this.#clock.nowInMs()) },
    });
  }

  async #chooseApplication(
    candidates: readonly FoundApplication[],
    certificate: SeedCertificate,
    abortSignal: AbortOptions["abortSignal"],
  ): Promise<FoundApplication | undefined> {
    if (candidates.length < 2) return candidates[0];
    for (const candidate of candidates) {
      const credentials = await this.#keyCredentials.read(candidate.objectId, abortSignal);
      if (credentials.some((credential) => holdsCertificate(credential, certificate))) return candidate;
    }
    return candidates[0];
  }

  #isOursAndExpired(credential: RegisteredCertificate): boolean {
    return (
      isSeedCertificateName(credential.displayName) && credential.validTo.getTime() <= this.#clock.nowInMs()
    );
  }
}

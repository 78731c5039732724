/** Microsoft Graph v1.0 of the emulator: the signed-in user, applications, service principals, keys. */
import type { EmulatorRequest, EmulatorResponse, RequestHandler } from "../http.js";
import { createRouter, type RoutedRequest } from "../router.js";
import type { Directory, DirectoryApplication, DirectoryServicePrincipal } from "./directory.js";
import { createKeyActions, findGraphApplication, type GraphHandler, readBody } from "./graph-key-actions.js";
import { mayCreateApplication, mayReadApplications, mayUpdateApplication } from "./graph-permissions.js";
import {
  type GraphRefusal,
  graphErrorResponse,
  graphRefusals,
  parseEqualsFilter,
  selectProperties,
} from "./graph-response.js";
import { isRefusal, replaceKeyCredentials, showKeyCredential } from "./key-credentials.js";
import type { Caller } from "./token-issuer.js";

/** What the service stands on. */
export interface GraphServiceOptions {
  readonly directory: Directory;
  readonly tenantId: string;
  /** The caller of a Graph token, or undefined. */
  readonly authenticate: (request: EmulatorRequest) => Caller | undefined;
  /** Base of `@odata.nextLink`, without slash at its end. */
  readonly endpoint: () => string;
}

const defaultPageSize = 100;

/** Makes the handler. */
export function createGraphService(options: GraphServiceOptions): RequestHandler {
  const { directory, tenantId, authenticate, endpoint } = options;

  const route = (method: "DELETE" | "GET" | "PATCH" | "POST", path: string, handle: GraphHandler) => ({
    method,
    path: `/v1.0${path}`,
    handle: async (request: RoutedRequest): Promise<EmulatorResponse> => {
      const caller = authenticate(request);
      if (caller === undefined) return graphErrorResponse(graphRefusals.tokenMissing(), directory);
      const answer = await handle(request, caller);
      return isRefusal(answer) ? graphErrorResponse(answer, directory) : answer;
    },
  });

  const listAnswer = (
    request: EmulatorRequest,
    entities: readonly Readonly<Record<string, unknown>>[],
  ): EmulatorResponse => {
    const pageSize = Number(request.query.get("$top") ?? defaultPageSize);
    const start = Number(request.query.get("$skiptoken") ?? 0);
    const end = start + pageSize;
    const nextQuery = new URLSearchParams(request.query);
    nextQuery.set("$skiptoken", String(end));
    return {
      status: 200,
      body: {
        "@odata.context": `${endpoint()}/v1.0/$metadata`,
        ...(end < entities.length ? { "@odata.nextLink": `${endpoint()}${request.path}?${nextQuery}` } : {}),
        value: entities
          .slice(start, end)
          .map((entity) => selectProperties(entity, request.query.get("$select"))),
      },
    };
  };

  const filtered = <Entity extends Readonly<Record<string, unknown>>>(
    request: EmulatorRequest,
    entities: readonly Entity[],
    properties: readonly string[],
  ): readonly Entity[] | GraphRefusal => {
    const filter = parseEqualsFilter(request.query.get("$filter"));
    if (filter === undefined) return entities;
    if (filter === "unsupported" || !properties.includes(filter.property)) {
      return {
        status: 400,
        code: "Request_UnsupportedQuery",
        message: "Unsupported or invalid query filter clause specified.",
      };
    }
    return entities.filter(
      (entity) => String(entity[filter.property]).toLowerCase() === filter.value.toLowerCase(),
    );
  };

  const findApplication = (id: string) => findGraphApplication(directory, id);
  const { addKey, removeKey } = createKeyActions(directory);

  const listApplications: GraphHandler = async (request, caller) => {
    if (!mayReadApplications(caller)) return graphRefusals.denied();
    const shown = directory.applications().map((application) => showApplication(application, false));
    const matching = filtered(request, shown, ["appId", "displayName", "id"]);
    return isRefusal(matching)
      ? matching
      : listAnswer(request, matching as readonly Record<string, unknown>[]);
  };

  const createApplication: GraphHandler = async (request, caller) => {
    if (!mayCreateApplication(caller, directory)) return graphRefusals.denied();
    const body = await readBody(request);
    if (
      typeof body["displayName"] !== "string" ||
      body["displayName"] === "" ||
      body["displayName"].length > 256
    ) {
      return graphRefusals.badRequest(
        "Invalid value specified for property 'displayName' of resource 'Application'.",
      );
    }
    const keyCredentials = replaceKeyCredentials([], body["keyCredentials"] ?? [], () =>
      directory.createGuid(),
    );
    if (isRefusal(keyCredentials)) return keyCredentials;
    const application = directory.addApplication({
      displayName: body["displayName"],
      signInAudience:
        typeof body["signInAudience"] === "string"
          ? body["signInAudience"]
          : "AzureADandPersonalMicrosoftAccount",
      ownerIds: [caller.objectId],
      keyCredentials: keyCredentials as DirectoryApplication["keyCredentials"],
    });
    return { status: 201, body: showApplication(application, false) };
  };

  const getApplication: GraphHandler = async (request, caller) => {
    if (!mayReadApplications(caller)) return graphRefusals.denied();
    const application = findApplication(request.parameters["id"]!);
    if (isRefusal(application)) return application;
    const select = request.query.get("$select");
    const withKeys = select?.split(",").some((name) => name.trim() === "keyCredentials") ?? false;
    return { status: 200, body: selectProperties(showApplication(application, withKeys), select) };
  };

  const updateApplication: GraphHandler = async (request, caller) => {
    const application = findApplication(request.parameters["id"]!);
    if (isRefusal(application)) return application;
    if (!mayUpdateApplication(caller, application, directory)) return graphRefusals.denied();
    const body = await readBody(request);
    const unknown = Object.keys(body).find((name) => !["displayName", "keyCredentials"].includes(name));
    if (unknown !== undefined)
      return graphRefusals.badRequest(`Property '${unknown}' is not emulated in updates.`);
    const keyCredentials =
      body["keyCredentials"] === undefined
        ? application.keyCredentials
        : replaceKeyCredentials(application.keyCredentials, body["keyCredentials"], () =>
            directory.createGuid(),
          );
    if (isRefusal(keyCredentials)) return keyCredentials;
    directory.updateApplication(application.id, {
      keyCredentials: keyCredentials as DirectoryApplication["keyCredentials"],
      ...(typeof body["displayName"] === "string" ? { displayName: body["displayName"] } : {}),
    });
    return { status: 204 };
  };

  const deleteApplication: GraphHandler = async (request, caller) => {
    const application = findApplication(request.parameters["id"]!);
    if (isRefusal(application)) return application;
    if (!mayUpdateApplication(caller, application, directory)) return graphRefusals.denied();
    directory.removeApplication(application.id);
    return { status: 204 };
  };

  const listOwners: GraphHandler = async (request, caller) => {
    if (!mayReadApplications(caller)) return graphRefusals.denied();
    const application = findApplication(request.parameters["id"]!);
    if (isRefusal(application)) return application;
    return listAnswer(
      request,
      application.ownerIds.map((id) => ({ id })),
    );
  };

  const listServicePrincipals: GraphHandler = async (request, caller) => {
    if (!mayReadApplications(caller)) return graphRefusals.denied();
    const matching = filtered(request, directory.servicePrincipals().map(showServicePrincipal), [
      "appId",
      "displayName",
      "id",
    ]);
    return isRefusal(matching)
      ? matching
      : listAnswer(request, matching as readonly Record<string, unknown>[]);
  };

  const createServicePrincipal: GraphHandler = async (request, caller) => {
    if (!mayCreateApplication(caller, directory)) return graphRefusals.denied();
    const appId = String((await readBody(request))["appId"]);
    const application = directory.applications().find((candidate) => candidate.appId === appId);
    if (application === undefined) {
      return graphRefusals.badRequest(
        `The appId '${appId}' of the service principal does not reference a valid application object.`,
      );
    }
    if (directory.servicePrincipals().some((principal) => principal.appId === appId)) {
      return {
        status: 409,
        code: "Request_MultipleObjectsWithSameKeyValue",
        message: `The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`,
      };
    }
    return {
      status: 201,
      body: showServicePrincipal(directory.addServicePrincipal(appId, application.displayName)),
    };
  };

  const getMe: GraphHandler = async (request, caller) => {
    const user = directory.users().find(({ id }) => id === caller.objectId);
    if (caller.kind !== "user" || user === undefined) {
      return graphRefusals.badRequest("/me request is only valid with delegated authentication flow.");
    }
    const { id, userPrincipalName, displayName } = user;
    return {
      status: 200,
      body: selectProperties({ id, userPrincipalName, displayName }, request.query.get("$select")),
    };
  };

  const listOwned: GraphHandler = async (request, caller) => {
    if (caller.kind !== "user") {
      return graphRefusals.badRequest("/me request is only valid with delegated authentication flow.");
    }
    const owned = directory.applications().filter(({ ownerIds }) => ownerIds.includes(caller.objectId));
    return listAnswer(
      request,
      owned.map((application) => showApplication(application, false)),
    );
  };

  return createRouter([
    route("GET", "/me", getMe),
    route("GET", "/me/ownedObjects/microsoft.graph.application", listOwned),
    route("GET", "/organization", async (request) => listAnswer(request, [{ id: tenantId }])),
    route("GET", "/applications", listApplications),
    route("POST", "/applications", createApplication),
    route("GET", "/applications/{id}", getApplication),
    route("PATCH", "/applications/{id}", updateApplication),
    route("DELETE", "/applications/{id}", deleteApplication),
    route("GET", "/applications/{id}/owners", listOwners),
    route("POST", "/applications/{id}/addKey", addKey),
    route("POST", "/applications/{id}/removeKey", removeKey),
    route("GET", "/servicePrincipals", listServicePrincipals),
    route("POST", "/servicePrincipals", createServicePrincipal),
  ]);
}

function showApplication(
  application: DirectoryApplication,
  withKeys: boolean,
): Readonly<Record<string, unknown>> {
  return {
    id: application.id,
    appId: application.appId,
    displayName: application.displayName,
    signInAudience: application.signInAudience,
    createdDateTime: `${new Date(application.createdAtInMs).toISOString().slice(0, 19)}Z`,
    keyCredentials: application.keyCredentials.map((credential) => showKeyCredential(credential, withKeys)),
    passwordCredentials: [],
  };
}

function showServicePrincipal(principal: DirectoryServicePrincipal): Readonly<Record<string, unknown>> {
  return {
    id: principal.id,
    appId: principal.appId,
    displayName: principal.displayName,
    accountEnabled: true,
    servicePrincipalType: "Application",
    servicePrincipalNames: [principal.appId],
  };
}

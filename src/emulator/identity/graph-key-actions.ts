/** `addKey` and `removeKey` of Microsoft Graph applications, with proof of possession. */
import type { EmulatorRequest, EmulatorResponse } from "../http.js";
import type { RoutedRequest } from "../router.js";
import type { Directory, DirectoryApplication } from "./directory.js";
import { mayUpdateApplication } from "./graph-permissions.js";
import { type GraphRefusal, graphRefusals } from "./graph-response.js";
import {
  checkProofOfPossession,
  isRefusal,
  readNewKeyCredential,
  showKeyCredential,
} from "./key-credentials.js";
import type { Caller } from "./token-issuer.js";

/** Answers a request of somebody who is signed in. */
export type GraphHandler = (
  request: RoutedRequest,
  caller: Caller,
) => Promise<EmulatorResponse | GraphRefusal>;

/** The body as an object; an empty one when it is something else. */
export async function readBody(request: EmulatorRequest): Promise<Record<string, unknown>> {
  const body = await request.json();
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}

/** The application of an object id, or the refusal. */
export function findGraphApplication(directory: Directory, id: string): DirectoryApplication | GraphRefusal {
  return directory.applications().find((application) => application.id === id) ?? graphRefusals.notFound(id);
}

/** The handlers of both actions. */
export function createKeyActions(directory: Directory): {
  readonly addKey: GraphHandler;
  readonly removeKey: GraphHandler;
} {
  /** Checks that both key actions share: the caller is the application itself or may update it, and the proof holds. */
  const provenKeyAction = async (
    request: RoutedRequest,
    caller: Caller,
  ): Promise<
    { readonly application: DirectoryApplication; readonly body: Record<string, unknown> } | GraphRefusal
  > => {
    const application = findGraphApplication(directory, request.parameters["id"]!);
    if (isRefusal(application)) return application;
    const isItself = caller.kind === "application" && caller.applicationId === application.appId;
    if (!isItself && !mayUpdateApplication(caller, application, directory)) return graphRefusals.denied();
    const body = await readBody(request);
    return checkProofOfPossession(body["proof"], application, directory.nowInMs()) ?? { application, body };
  };

  const addKey: GraphHandler = async (request, caller) => {
    const action = await provenKeyAction(request, caller);
    if (isRefusal(action)) return action;
    const { application, body } = action;
    const fields = (body["keyCredential"] ?? {}) as Readonly<Record<string, unknown>>;
    if (fields["keyId"] !== undefined && fields["keyId"] !== null) {
      return graphRefusals.badRequest("The keyId of a new key credential must be null.");
    }
    const credential = readNewKeyCredential(fields, () => directory.createGuid());
    if (isRefusal(credential)) return credential;
    directory.updateApplication(application.id, {
      keyCredentials: [...application.keyCredentials, credential],
    });
    return { status: 200, body: showKeyCredential(credential, false) };
  };

  const removeKey: GraphHandler = async (request, caller) => {
    const action = await provenKeyAction(request, caller);
    if (isRefusal(action)) return action;
    const { application, body } = action;
    const remaining = application.keyCredentials.filter(({ keyId }) => keyId !== body["keyId"]);
    if (remaining.length === application.keyCredentials.length) {
      return graphRefusals.badRequest(
        `No credentials found to be removed with keyId '${String(body["keyId"])}'.`,
      );
    }
    directory.updateApplication(application.id, { keyCredentials: remaining });
    return { status: 204 };
  };

  return { addKey, removeKey };
}

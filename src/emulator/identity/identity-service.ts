/** The identity half of the emulated Azure: Microsoft Entra, Microsoft Graph and access control of Resource Manager. */
import type { AccessToken, TokenCredential } from "@azure/core-auth";
import { type AzureCloud, createCustomCloud } from "../../certs/index.js";
import {
  type Clock,
  createGuid,
  type RandomSource,
  systemClock,
  systemRandomSource,
} from "../../shared/index.js";
import { type EmulatorRequest, firstHandlerOf, type RequestHandler } from "../http.js";
import { createAuthorizationService } from "./authorization-service.js";
import { createDirectory, type Directory, type DirectoryRole, type DirectoryUser } from "./directory.js";
import { createEntraService } from "./entra-service.js";
import { createGraphService } from "./graph-service.js";
import { createPermissionsService } from "./permissions-service.js";
import { type AccessControl, createAccessControl } from "./role-assignments.js";
import { type Caller, createTokenIssuer } from "./token-issuer.js";

/** What an emulated tenant is made of. */
export interface IdentityServiceOptions {
  /** Origin under which clients reach the emulator. A function, when it is known only after listening. */
  readonly endpoint: string | (() => string);
  /** Default: a random GUID. */
  readonly tenantId?: string;
  /** Default: the system's clock. */
  readonly clock?: Clock;
  /** For object ids. Default: the system's generator. */
  readonly random?: RandomSource;
  /** Further resources that tokens may be asked for, beside Resource Manager and Graph. */
  readonly audiences?: readonly string[];
  /** How long new directory objects stay invisible. Default: 0. */
  readonly replicationDelayInMs?: number;
  /** Default: true. */
  readonly usersCanRegisterApplications?: boolean;
}

/** A person who signs in. */
export interface EmulatedUserOptions {
  readonly userPrincipalName: string;
  readonly displayName?: string;
  /** Default: none. */
  readonly directoryRoles?: readonly DirectoryRole[];
  /** Delegated Graph scopes consented to. Default: `Application.ReadWrite.All` and `User.Read`. */
  readonly graphScopes?: readonly string[];
  /** Azure roles by name and scope ("" is the root). Default: none. */
  readonly azureRoles?: readonly { readonly roleName: string; readonly scope: string }[];
}

/** A signed-in person. */
export interface EmulatedUser {
  readonly user: DirectoryUser;
  /** Delegated tokens for Graph and Resource Manager, as an interactive sign-in gives them. */
  readonly credential: TokenCredential;
}

/** The identity half of the emulator. */
export interface IdentityService {
  readonly tenantId: string;
  /** The endpoints of the emulator as the clients of this library want them. */
  readonly cloud: AzureCloud;
  /** Resource that Graph tokens are issued for. */
  readonly graphAudience: string;
  /** Resource that Resource Manager tokens are issued for. */
  readonly resourceManagerAudience: string;
  /** Entra, Graph and `Microsoft.Authorization`; undefined for every other path. */
  readonly handle: RequestHandler;
  /** The caller of an `Authorization` header whose token is valid and issued for the resource; otherwise undefined. */
  authenticate(authorizationHeader: string | undefined, expectedAudience: string): Caller | undefined;
  /** Whether the caller's roles permit the action on the scope. */
  authorize(caller: Caller, action: string, scope: string): boolean;
  /** Global Administrator of the tenant and Owner at the root. */
  readonly administrator: DirectoryUser;
  readonly adminCredential: TokenCredential;
  /** Adds a person and signs them in. */
  addUser(options: EmulatedUserOptions): EmulatedUser;
  /** The state behind the services, for tests. */
  readonly directory: Directory;
  readonly accessControl: AccessControl;
}

/** Client id of the Azure CLI, which interactive tokens are issued to. */
const interactiveClientId = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/** Makes the tenant. Touches neither network nor disk. */
export function createIdentityService(options: IdentityServiceOptions): IdentityService {
  const { clock = systemClock, random = systemRandomSource } = options;
  const tenantId = options.tenantId ?? createGuid(random);
  const endpoint = (): string =>
    (typeof options.endpoint === "string" ? options.endpoint : options.endpoint()).replace(/\/+$/, "");
  const graphAudience = (): string => `${endpoint()}/graph`;
  const directory = createDirectory({
    clock,
    random,
    ...(options.replicationDelayInMs === undefined
      ? {}
      : { replicationDelayInMs: options.replicationDelayInMs }),
    ...(options.usersCanRegisterApplications === undefined
      ? {}
      : { usersCanRegisterApplications: options.usersCanRegisterApplications }),
  });
  const accessControl = createAccessControl();
  const issuer = createTokenIssuer({ clock, issuer: `https://sts.windows.net/${tenantId}/` });

  const authenticate = (
    authorizationHeader: string | undefined,
    expectedAudience: string,
  ): Caller | undefined => {
    const token = /^Bearer (\S+)$/i.exec(authorizationHeader ?? "")?.[1];
    const caller = token === undefined ? undefined : issuer.verify(token);
    return caller?.audience === expectedAudience && caller.tenantId === tenantId ? caller : undefined;
  };
  const authenticateFor = (audience: () => string) => (request: EmulatorRequest) =>
    authenticate(request.headers["authorization"], audience());

  const addUser = (user: EmulatedUserOptions): EmulatedUser => {
    const added = directory.addUser({
      userPrincipalName: user.userPrincipalName,
      displayName: user.displayName ?? user.userPrincipalName,
      directoryRoles: user.directoryRoles ?? [],
    });
    for (const { roleName, scope } of user.azureRoles ?? []) {
      const role = accessControl.roles().find((candidate) => candidate.roleName === roleName);
      if (role === undefined) throw new RangeError(`There is no Azure role '${roleName}' in the emulator.`);
      accessControl.assign({
        id: createGuid(random),
        scope,
        roleDefinitionId: role.id,
        principalId: added.id,
        principalType: "User",
      });
    }
    const graphScopes = user.graphScopes ?? ["Application.ReadWrite.All", "User.Read"];
    const credential: TokenCredential = {
      getToken: async (scopes): Promise<AccessToken> => {
        const audience = [scopes].flat()[0]?.replace(/\/\.default$/, "") ?? "";
        const { token, expiresOnInMs } = await issuer.issue({
          kind: "user",
          tenantId,
          objectId: added.id,
          applicationId: interactiveClientId,
          permissions: audience === graphAudience() ? graphScopes : ["user_impersonation"],
          audience,
        });
        return { token, expiresOnTimestamp: expiresOnInMs };
      },
    };
    return Object.freeze({ user: added, credential });
  };

  const administrator = addUser({
    userPrincipalName: "administrator@emulated.example",
    directoryRoles: ["Global Administrator"],
    azureRoles: [{ roleName: "Owner", scope: "" }],
  });

  return {
    tenantId,
    get cloud(): AzureCloud {
      return createCustomCloud({
        name: "emulator",
        resourceManagerEndpoint: endpoint(),
        graphAudience: graphAudience(),
      });
    },
    get graphAudience(): string {
      return graphAudience();
    },
    get resourceManagerAudience(): string {
      return endpoint();
    },
    handle: firstHandlerOf(
      createGraphService({ directory, tenantId, endpoint, authenticate: authenticateFor(graphAudience) }),
      createPermissionsService({ accessControl, authenticate: authenticateFor(endpoint) }),
      createAuthorizationService({
        accessControl,
        directory,
        tenantId,
        authenticate: authenticateFor(endpoint),
      }),
      createEntraService({
        directory,
        issuer,
        random,
        tenantId,
        endpoint,
        graphAudience,
        audiences: () => [endpoint(), graphAudience(), ...(options.audiences ?? [])],
      }),
    ),
    authenticate,
    authorize: (caller, action, scope) => accessControl.isAllowed(caller.objectId, action, scope),
    administrator: administrator.user,
    adminCredential: administrator.credential,
    addUser,
    directory,
    accessControl,
  };
}

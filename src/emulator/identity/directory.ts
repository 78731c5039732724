/** The directory of the emulated tenant: users, applications and service principals, with replication delay. */
import { type Clock, createGuid, type RandomSource } from "../../shared/index.js";

/** A certificate on an application, as `keyCredential` of Microsoft Graph, dates as numbers. */
export interface KeyCredential {
  readonly keyId: string;
  readonly type: string;
  readonly usage: string;
  readonly displayName: string | null;
  /** Base64. */
  readonly customKeyIdentifier: string;
  readonly startInMs: number;
  readonly endInMs: number;
  /** DER encoding of the certificate. */
  readonly certificateDer: Uint8Array;
}

/** An application registration. */
export interface DirectoryApplication {
  /** Object id. */
  readonly id: string;
  /** Client id. */
  readonly appId: string;
  readonly displayName: string;
  readonly signInAudience: string;
  readonly createdAtInMs: number;
  readonly ownerIds: readonly string[];
  readonly keyCredentials: readonly KeyCredential[];
}

/** An application's identity in the tenant. */
export interface DirectoryServicePrincipal {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  readonly createdAtInMs: number;
  /** Application permissions for Microsoft Graph granted by an administrator, such as `Application.ReadWrite.OwnedBy`. */
  readonly graphRoles: readonly string[];
}

/** Directory roles of Microsoft Entra that the emulator knows. */
export type DirectoryRole = "Global Administrator" | "Application Administrator" | "Application Developer";

/** A person. */
export interface DirectoryUser {
  readonly id: string;
  readonly userPrincipalName: string;
  readonly displayName: string;
  readonly directoryRoles: readonly DirectoryRole[];
}

/** What the directory needs from outside. */
export interface DirectoryOptions {
  readonly clock: Pick<Clock, "nowInMs">;
  readonly random: RandomSource;
  /** How long a new object stays invisible to reads by id and to references. Default: 0. */
  readonly replicationDelayInMs?: number;
  /** Whether every user may register applications ("Users can register applications"). Default: true. */
  readonly usersCanRegisterApplications?: boolean;
}

/** The state of the tenant. Objects are frozen; a change replaces them. */
export interface Directory {
  readonly usersCanRegisterApplications: boolean;
  /** Visible applications, oldest first. */
  applications(): readonly DirectoryApplication[];
  /** Visible service principals, oldest first. */
  servicePrincipals(): readonly DirectoryServicePrincipal[];
  /** All people, in the order they were added. */
  users(): readonly DirectoryUser[];
  /** Registers an application; it becomes visible after the replication delay. */
  addApplication(
    application: Pick<DirectoryApplication, "displayName" | "keyCredentials" | "ownerIds" | "signInAudience">,
  ): DirectoryApplication;
  /** Replaces fields of an application. `id` is its object id. */
  updateApplication(id: string, change: Partial<DirectoryApplication>): void;
  /** Removes an application and its service principals. `id` is its object id. */
  removeApplication(id: string): void;
  /** Gives an application an identity in the tenant. `appId` is its client id. */
  addServicePrincipal(appId: string, displayName: string): DirectoryServicePrincipal;
  /** Grants application permissions for Microsoft Graph; what an administrator's consent does. */
  grantGraphRoles(appId: string, roles: readonly string[]): void;
  /** Adds a person, visible at once. */
  addUser(user: Omit<DirectoryUser, "id">): DirectoryUser;
  /** A random GUID from the given randomness. */
  createGuid(): string;
  /** The time of the given clock, in milliseconds since 1970 UTC. */
  nowInMs(): number;
}

/** An empty directory. */
export function createDirectory(options: DirectoryOptions): Directory {
  const { clock, random, replicationDelayInMs = 0, usersCanRegisterApplications = true } = options;
  const applications = new Map<string, DirectoryApplication>();
  const servicePrincipals = new Map<string, DirectoryServicePrincipal>();
  const users = new Map<string, DirectoryUser>();
  const isVisible = (entry: { readonly createdAtInMs: number }): boolean =>
    clock.nowInMs() - entry.createdAtInMs >= replicationDelayInMs;

  return {
    usersCanRegisterApplications,
    applications: () => [...applications.values()].filter(isVisible),
    servicePrincipals: () => [...servicePrincipals.values()].filter(isVisible),
    users: () => [...users.values()],
    addApplication(application) {
      const added = Object.freeze({
        ...application,
        id: createGuid(random),
        appId: createGuid(random),
        createdAtInMs: clock.nowInMs(),
      });
      applications.set(added.id, added);
      return added;
    },
    updateApplication(id, change) {
      const application = applications.get(id);
      if (application !== undefined) applications.set(id, Object.freeze({ ...application, ...change }));
    },
    removeApplication(id) {
      const appId = applications.get(id)?.appId;
      applications.delete(id);
      for (const principal of servicePrincipals.values()) {
        if (principal.appId === appId) servicePrincipals.delete(principal.id);
      }
    },
    addServicePrincipal(appId, displayName) {
      const added = Object.freeze({
        id: createGuid(random),
        appId,
        displayName,
        createdAtInMs: clock.nowInMs(),
        graphRoles: [],
      });
      servicePrincipals.set(added.id, added);
      return added;
    },
    grantGraphRoles(appId, roles) {
      for (const principal of servicePrincipals.values()) {
        if (principal.appId === appId) {
          servicePrincipals.set(principal.id, Object.freeze({ ...principal, graphRoles: [...roles] }));
        }
      }
    },
    addUser(user) {
      const added = Object.freeze({ ...user, id: createGuid(random) });
      users.set(added.id, added);
      return added;
    },
    createGuid: () => createGuid(random),
    nowInMs: () => clock.nowInMs(),
  };
}

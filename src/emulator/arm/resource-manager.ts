/** The common part of Azure Resource Manager: subscriptions, resource groups, providers and storage accounts. */
import { armError, resourceNotFound } from "./arm-error.js";
import type { ArmOperation } from "./arm-gateway.js";
import {
  type StorageAccountDefinition,
  type SubscriptionInventory,
  storageAccountIdOf,
} from "./subscription-inventory.js";

const resourceApiVersions = [
  "2019-06-01",
  "2020-06-01",
  "2021-04-01",
  "2022-09-01",
  "2022-12-01",
  "2024-03-01",
];
const storageApiVersions = [
  "2019-06-01",
  "2021-09-01",
  "2022-09-01",
  "2023-01-01",
  "2023-05-01",
  "2024-01-01",
];

/** Endpoint and key of the blob service that the first storage account stands for. */
export interface ResourceManagerOptions {
  readonly inventory: SubscriptionInventory;
  readonly blobEndpoint: string;
  readonly accountKey: string;
}

/** Operations under `/subscriptions` that belong to no single provider of this emulator. */
export function resourceManagerOperations(options: ResourceManagerOptions): readonly ArmOperation[] {
  const { inventory } = options;
  const { subscriptionId, tenantId } = inventory;
  const subscription = {
    id: `/subscriptions/${subscriptionId}`,
    subscriptionId,
    tenantId,
    displayName: "Local Azure",
    state: "Enabled",
  };
  const resourceGroup = (group: { readonly name: string; readonly location: string }): object => ({
    id: `/subscriptions/${subscriptionId}/resourceGroups/${group.name}`,
    name: group.name,
    type: "Microsoft.Resources/resourceGroups",
    location: group.location,
    properties: { provisioningState: "Succeeded" },
  });
  const provider = (namespace: string): object => ({
    id: `/subscriptions/${subscriptionId}/providers/${namespace}`,
    namespace,
    registrationPolicy: "RegistrationRequired",
    registrationState: inventory.isRegistered(namespace) ? "Registered" : "NotRegistered",
    resourceTypes: [],
  });
  const storageAccount = (account: StorageAccountDefinition): object => ({
    sku: { name: "Standard_LRS", tier: "Standard" },
    kind: account.kind,
    id: storageAccountIdOf(subscriptionId, account),
    name: account.name,
    type: "Microsoft.Storage/storageAccounts",
    location: account.location,
    tags: {},
    properties: {
      provisioningState: "Succeeded",
      primaryLocation: account.location,
      statusOfPrimary: "available",
      supportsHttpsTrafficOnly: true,
      isHnsEnabled: false,
      isNfsV3Enabled: false,
      primaryEndpoints: { blob: `${options.blobEndpoint.replace(/\/$/, "")}/` },
    },
  });
  const findProvider = (namespace: string | undefined): string | undefined =>
    inventory.providers().find((known) => known.toLowerCase() === namespace?.toLowerCase());
  const unknownProvider = (namespace: string | undefined) =>
    armError(404, "InvalidResourceNamespace", `The resource namespace '${namespace}' is invalid.`);
  const setRegistered = (verb: "register" | "unregister"): ArmOperation => ({
    method: "POST",
    path: `/subscriptions/{subscriptionId}/providers/{namespace}/${verb}`,
    action: ({ namespace }) => `${namespace}/${verb}/action`,
    apiVersions: resourceApiVersions,
    handle: ({ parameters }) => {
      const namespace = findProvider(parameters["namespace"]);
      if (namespace === undefined) return unknownProvider(parameters["namespace"]);
      inventory.setRegistered(namespace, verb === "register");
      return { status: 200, body: provider(namespace) };
    },
  });
  const read = (
    path: string,
    action: string,
    handle: ArmOperation["handle"],
    apiVersions: readonly string[] = resourceApiVersions,
  ): ArmOperation => ({ method: "GET", path, action, apiVersions, handle });
  const accountPath =
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/Microsoft.Storage/storageAccounts/{account}";
  const findAccount = (request: { readonly parameters: Readonly<Record<string, string>> }) =>
    inventory
      .storageAccounts()
      .find(
        (account) =>
          account.name === request.parameters["account"]?.toLowerCase() &&
          account.resourceGroup.toLowerCase() === request.parameters["resourceGroup"]?.toLowerCase(),
      );
  const accountNotFound = (parameters: Readonly<Record<string, string>>) =>
    resourceNotFound(
      "Microsoft.Storage/storageAccounts",
      parameters["account"] ?? "",
      parameters["resourceGroup"] ?? "",
    );

  return [
    {
      ...read("/subscriptions", "", () => ({ status: 200, body: { value: [subscription] } })),
      action: undefined,
    },
    read("/subscriptions/{subscriptionId}", "Microsoft.Resources/subscriptions/read", () => ({
      status: 200,
      body: subscription,
    })),
    read(
      "/subscriptions/{subscriptionId}/resourceGroups",
      "Microsoft.Resources/subscriptions/resourceGroups/read",
      () => ({ status: 200, body: { value: inventory.resourceGroups().map(resourceGroup) } }),
    ),
    read(
      "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}",
      "Microsoft.Resources/subscriptions/resourceGroups/read",
      ({ parameters }) => ({
        status: 200,
        body: resourceGroup(
          inventory
            .resourceGroups()
            .find((group) => group.name.toLowerCase() === parameters["resourceGroup"]?.toLowerCase())!,
        ),
      }),
    ),
    {
      method: "HEAD",
      path: "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}",
      action: "Microsoft.Resources/subscriptions/resourceGroups/read",
      apiVersions: resourceApiVersions,
      handle: () => ({ status: 204 }),
    },
    {
      method: "PUT",
      path: "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}",
      action: "Microsoft.Resources/subscriptions/resourceGroups/write",
      apiVersions: resourceApiVersions,
      handle: async (request) => {
        const name = request.parameters["resourceGroup"] ?? "";
        const existed = inventory.hasResourceGroup(name);
        const body = (await request.json()) as { location?: unknown } | undefined;
        if (typeof body?.location !== "string" || body.location === "") {
          return armError(400, "LocationRequired", "The location property is required for this definition.");
        }
        if (!existed) inventory.addResourceGroup(name, body.location);
        return { status: existed ? 200 : 201, body: resourceGroup({ name, location: body.location }) };
      },
    },
    read(
      "/subscriptions/{subscriptionId}/providers",
      "Microsoft.Resources/subscriptions/providers/read",
      () => ({
        status: 200,
        body: { value: inventory.providers().map(provider) },
      }),
    ),
    read(
      "/subscriptions/{subscriptionId}/providers/{namespace}",
      "Microsoft.Resources/subscriptions/providers/read",
      ({ parameters }) => {
        const namespace = findProvider(parameters["namespace"]);
        return namespace === undefined
          ? unknownProvider(parameters["namespace"])
          : { status: 200, body: provider(namespace) };
      },
    ),
    setRegistered("register"),
    setRegistered("unregister"),
    read(
      "/subscriptions/{subscriptionId}/providers/Microsoft.Storage/storageAccounts",
      "Microsoft.Storage/storageAccounts/read",
      () => ({ status: 200, body: { value: inventory.storageAccounts().map(storageAccount) } }),
      storageApiVersions,
    ),
    read(
      "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/Microsoft.Storage/storageAccounts",
      "Microsoft.Storage/storageAccounts/read",
      ({ parameters }) => ({
        status: 200,
        body: {
          value: inventory
            .storageAccounts()
            .filter(
              (account) => account.resourceGroup.toLowerCase() === parameters["resourceGroup"]?.toLowerCase(),
            )
            .map(storageAccount),
        },
      }),
      storageApiVersions,
    ),
    read(
      accountPath,
      "Microsoft.Storage/storageAccounts/read",
      (request) => {
        const account = findAccount(request);
        return account === undefined
          ? accountNotFound(request.parameters)
          : { status: 200, body: storageAccount(account) };
      },
      storageApiVersions,
    ),
    {
      method: "POST",
      path: `${accountPath}/listKeys`,
      action: "Microsoft.Storage/storageAccounts/listKeys/action",
      apiVersions: storageApiVersions,
      handle: (request) =>
        findAccount(request) === undefined
          ? accountNotFound(request.parameters)
          : {
              status: 200,
              body: { keys: [{ keyName: "key1", value: options.accountKey, permissions: "FULL" }] },
            },
    },
  ];
}

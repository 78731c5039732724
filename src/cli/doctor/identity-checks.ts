/** Checks of who signs in: certificate, parameters file, clock, sign-in, subscription, offer, rights. */
import { readOfflineApplicationParams } from "../../certs/index.js";
import { asPermissions, isActionPermitted } from "./azure-permissions.js";
import { type Check, found } from "./check.js";

const dayInMs = 86_400_000;
/** The seed travels for weeks, and its certificate must outlive that. */
const comfortableValidityInDays = 60;
/** Signed requests of a clock that is further off are refused. */
const largestClockErrorInMs = 300_000;

const certificate: Check = {
  code: "certificate",
  async ask(context) {
    const seedCertificate = await context.certificate();
    if (!seedCertificate) {
      return found.warning(
        `The seed has no certificate yet (${context.settings.certificateFile}).`,
        "Make one with 'offline-seed cert create', unless somebody who is signed in does everything.",
      );
    }
    const { name, validFrom, validTo, hasPrivateKey } = seedCertificate;
    const nowInMs = context.computer.clock.nowInMs();
    const renew =
      "Make a new one with 'offline-seed cert create --overwrite' and register it with 'offline-seed app create'.";
    const until = validTo.toISOString().slice(0, 10);
    if (!hasPrivateKey) return found.failed(`The private key of ${name} is not in the file.`, renew);
    if (validTo.getTime() <= nowInMs) return found.failed(`${name} expired on ${until}.`, renew);
    if (validFrom.getTime() > nowInMs) {
      return found.failed(`${name} is not valid yet.`, "Check this computer's clock.");
    }
    if (validTo.getTime() < nowInMs + comfortableValidityInDays * dayInMs) {
      return found.warning(`${name} expires on ${until}, perhaps before the seed has arrived.`, renew);
    }
    return found.ok(`${name}, valid until ${until}`);
  },
};

const parametersFile: Check = {
  code: "parameters-file",
  needs: ["certificate"],
  async ask(context) {
    const { parametersFile: path, subscriptionId } = context.settings;
    const register = "Run 'offline-seed app create'.";
    if (!(await context.certificate())) return found.skipped("Without a certificate it is not needed.");
    if (!(await context.seedSignIn())) return found.warning(`There is no ${path} yet.`, register);
    const { identity } = await readOfflineApplicationParams(path);
    if (identity.subscriptionId !== subscriptionId.toLowerCase()) {
      return found.failed(`${path} is for subscription ${identity.subscriptionId}.`, register);
    }
    return found.ok(`${identity.application.displayName} in tenant ${identity.tenantId}`);
  },
};

const clock: Check = {
  code: "clock",
  isOnline: true,
  async ask({ azure, computer }) {
    const serverTime = await azure.serverTime();
    if (!serverTime) return found.skipped("Azure did not tell its time.");
    const errorInMs = computer.clock.nowInMs() - serverTime.getTime();
    const seconds = Math.round(Math.abs(errorInMs) / 1000);
    if (Math.abs(errorInMs) <= largestClockErrorInMs) return found.ok(`The clock is right to ${seconds} s`);
    return found.failed(
      `This computer's clock is ${seconds} s ${errorInMs > 0 ? "fast" : "slow"}; its sign-ins are refused.`,
      "Set it, and let it follow a time server.",
    );
  },
};

const signIn: Check = {
  code: "sign-in",
  isOnline: true,
  async ask({ azure }) {
    await azure.signIn();
    return found.ok("Azure gives a token");
  },
};

const subscription: Check = {
  code: "subscription",
  needs: ["sign-in"],
  isOnline: true,
  async ask({ azure, settings }) {
    const path = `/subscriptions/${settings.subscriptionId}`;
    const answer = await ifPermitted(() => azure.resource(path, "2021-04-01"));
    if (!answer) return found.skipped("The signed-in identity may not read the subscription.");
    const { displayName, state } = answer;
    if (state === "Enabled") return found.ok(`${String(displayName)} is enabled`);
    return found.failed(
      `${String(displayName)} is ${String(state)}.`,
      "Bring the subscription back, or take another one.",
    );
  },
};

const offer: Check = {
  code: "offer",
  needs: ["sign-in"],
  isOnline: true,
  async ask({ azure, settings }) {
    const path = `/subscriptions/${settings.subscriptionId}`;
    const answer = await ifPermitted(() => azure.resource(path, "2021-04-01"));
    const policies = (answer?.["subscriptionPolicies"] ?? {}) as { readonly quotaId?: unknown };
    if (typeof policies.quotaId !== "string") return found.skipped("The offer cannot be read.");
    if (!/^CSP/i.test(policies.quotaId)) return found.ok(`Offer ${policies.quotaId}`);
    const message = `The subscription is from a cloud solution provider (${policies.quotaId}), which the classic offline seeding with publish settings does not support.`;
    const whatToDo = "Use Azure Data Box (service data-box), which needs no publish settings.";
    return settings.service === "import-export"
      ? found.failed(message, whatToDo)
      : found.warning(message, whatToDo);
  },
};

const rights: Check = {
  code: "rights",
  needs: ["sign-in"],
  isOnline: true,
  async ask({ azure, settings }) {
    const scope = `/subscriptions/${settings.subscriptionId}/resourceGroups/${settings.resourceGroup}`;
    const path = `${scope}/providers/Microsoft.Authorization/permissions`;
    const answer = await ifPermitted(() => azure.resource(path, "2022-04-01"));
    if (!answer) return found.skipped("The rights cannot be read here.");
    const permissions = asPermissions(answer["value"]);
    const namespace = settings.service === "import-export" ? "Microsoft.ImportExport" : "Microsoft.DataBox";
    const needed = [
      `${namespace}/jobs/read`,
      `${namespace}/jobs/write`,
      "Microsoft.Storage/storageAccounts/read",
    ];
    const missing = needed.filter((action) => !isActionPermitted(permissions, action));
    if (missing.length === 0) return found.ok(`Import jobs may be made in ${settings.resourceGroup}`);
    return found.failed(
      `Missing on resource group ${settings.resourceGroup}: ${missing.join(", ")}.`,
      "Have the role Contributor (or Data Box Contributor) assigned there; 'offline-seed app create' does it for the seed's application.",
    );
  },
};

/** What was asked for; undefined when the identity may not see it. */
async function ifPermitted<Value>(question: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await question();
  } catch (error) {
    const { statusCode } = error as { readonly statusCode?: unknown };
    if (statusCode === 403 || statusCode === 404) return undefined;
    throw error;
  }
}

/** In the order in which they are asked. */
export const identityChecks: readonly Check[] = [
  certificate,
  parametersFile,
  clock,
  signIn,
  subscription,
  offer,
  rights,
];

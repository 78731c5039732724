/**
 * What `AzureOfflineBackupCertGen.exe AddRegistryEntries` does: brings the parameters file to where the agent looks
 * for it and writes the entries the agent reads. First a plan that changes nothing, then its application.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, win32 } from "node:path";
import {
  agentParamsFilePath,
  type OfflineApplicationParams,
  parseOfflineApplicationParams,
} from "../certs/index.js";
import {
  type AbortOptions,
  publishFile,
  secretFileMode,
  systemErrorCode,
  throwIfAborted,
} from "../shared/index.js";
import {
  type AgentRegistryEntry,
  certificateThumbprintEntry,
  currentUserIdEntry,
  installedCertificatesKey,
  scratchFolderEntry,
} from "./agent-entries.js";
import { RegistryError } from "./registry-error.js";
import type { RegistryStore } from "./registry-store.js";
import { type RegistryValue, registryText } from "./registry-value.js";

/** Options of {@link planAddRegistryEntries}. The first three are those of the original command. */
export interface AddRegistryEntriesOptions extends AbortOptions {
  /** Has to be the subscription in the parameters file: a guard against the file of another customer. */
  readonly subscriptionId: string;
  /** The parameters file. */
  readonly xmlFilePath: string;
  readonly storageAccountName: string;
  /** The registry of the server: this computer's, or a `.reg` file that the server imports. */
  readonly registry: RegistryStore;
  /**
   * Folder for the copy of the parameters file. Default: the agent's own, which exists on the server only; when
   * preparing for another machine name a folder here and carry the file to `agentFilePath` of the plan.
   */
  readonly destinationFolder?: string;
  /**
   * Overwrites a `CurrentUserId` that names another Azure user. Default: false, the plan fails: either the wrong file
   * was taken or the agent is registered for somebody else.
   */
  readonly replaceCurrentUserId?: boolean;
}

/** One step of a plan. `kind` says what it does to what is there now. */
export type RegistryEntriesChange =
  | {
      readonly target: "registry";
      readonly kind: "add" | "keep" | "replace";
      readonly entry: AgentRegistryEntry;
      readonly value: RegistryValue;
      /** What is there now. */
      readonly previous: RegistryValue | undefined;
    }
  | {
      readonly target: "file";
      readonly kind: "add" | "keep" | "replace";
      readonly path: string;
    };

/** Everything that would change, and what remains for the administrator. Plain data, safe to print. */
export interface RegistryEntriesPlan {
  readonly changes: readonly RegistryEntriesChange[];
  /** Where the agent looks for the parameters file on the server. */
  readonly agentFilePath: string;
  readonly thumbprint: string;
  /** Of the parameters file, so that a plan is not applied to another one. */
  readonly paramsFileSha256: string;
  /** Undefined when it cannot be told, because the registry is not that of the server. */
  readonly isCertificateInstalled: boolean | undefined;
  /** One line for each change, for a dry run. */
  readonly lines: readonly string[];
}

/**
 * Reads the parameters file and the registry and lists every change. Changes nothing.
 *
 * @throws RegistryError `entry-conflict`, `destination-missing`, and what the store throws; CertsError `parameters-invalid`,
 * `invalid-argument`; the system's error when the file cannot be read.
 */
export async function planAddRegistryEntries(
  options: AddRegistryEntriesOptions,
): Promise<RegistryEntriesPlan> {
  const { registry, xmlFilePath, subscriptionId, storageAccountName, abortSignal } = options;
  const content = await readFile(xmlFilePath);
  const params = parseOfflineApplicationParams(content);
  checkAgreement(params, subscriptionId, storageAccountName, xmlFilePath);
  const { azureUserId, certificate } = params.identity;

  const scratch = await registry.getValue(scratchFolderEntry.keyPath, scratchFolderEntry.name, {
    abortSignal,
  });
  const agentFilePath = agentParamsFilePath(
    storageAccountName,
    scratch?.type === "REG_SZ" && scratch.data !== "" ? scratch.data : undefined,
  );
  const filePath =
    options.destinationFolder === undefined
      ? agentFilePath
      : join(options.destinationFolder, win32.basename(agentFilePath));
  if (options.destinationFolder === undefined && !isAbsolute(agentFilePath)) {
    throw new RegistryError(
      "destination-missing",
      `${agentFilePath} is a place on the server, not on this computer. Name a folder for the file (destinationFolder) and carry it there yourself.`,
      { details: { agentFilePath } },
    );
  }

  const planEntry = async (
    entry: AgentRegistryEntry,
    wanted: string,
  ): Promise<Extract<RegistryEntriesChange, { target: "registry" }>> => {
    const previous = await registry.getValue(entry.keyPath, entry.name, { abortSignal });
    // Thumbprints and ids mean the same in either case.
    const isSame = previous?.type === "REG_SZ" && previous.data.toUpperCase() === wanted.toUpperCase();
    const value = isSame ? previous : registryText(wanted);
    const kind = previous === undefined ? "add" : isSame ? "keep" : "replace";
    return Object.freeze({ target: "registry", kind, entry, value, previous });
  };
  const userChange = await planEntry(currentUserIdEntry, azureUserId);
  if (userChange.kind === "replace" && options.replaceCurrentUserId !== true) {
    throw new RegistryError(
      "entry-conflict",
      `The agent on this server works for another Azure user than the parameters file ${xmlFilePath} (${azureUserId}): ${currentUserIdEntry.keyPath}\\${currentUserIdEntry.name} differs. Take the file of that user, or repeat with replaceCurrentUserId.`,
      { details: { keyPath: currentUserIdEntry.keyPath, name: currentUserIdEntry.name, azureUserId } },
    );
  }
  const changes: readonly RegistryEntriesChange[] = Object.freeze([
    Object.freeze({ target: "file", kind: await compareFile(filePath, content), path: filePath }),
    await planEntry(certificateThumbprintEntry(azureUserId), certificate.thumbprint),
    userChange,
  ]);
  const installed = await registry.listKeys(installedCertificatesKey, { abortSignal });
  return Object.freeze({
    changes,
    agentFilePath,
    thumbprint: certificate.thumbprint,
    paramsFileSha256: createHash("sha256").update(content).digest("hex"),
    isCertificateInstalled: installed?.some((name) => name.toUpperCase() === certificate.thumbprint),
    lines: Object.freeze(changes.map(describeChange)),
  });
}

/**
 * Carries out a plan: the file first, then the entries that point to it. May be repeated; what is there already is
 * left alone. When the parameters file has changed since the plan was made, nothing is done. What was written is read
 * back.
 *
 * @throws RegistryError `entry-conflict` when file or registry are no longer as planned, `not-written`, and what the
 * store throws.
 */
export async function applyRegistryEntries(
  plan: RegistryEntriesPlan,
  options: AddRegistryEntriesOptions,
): Promise<void> {
  const current = await planAddRegistryEntries(options);
  const isAsPlanned =
    current.paramsFileSha256 === plan.paramsFileSha256 && current.lines.join("\n") === plan.lines.join("\n");
  if (!isAsPlanned) {
    throw new RegistryError(
      "entry-conflict",
      "The parameters file or the registry has changed since the plan was made; nothing was changed. Make a new plan.",
    );
  }
  await carryOut(plan, options);
}

/** Plans and applies in one go. May be repeated. Throws what the two do. */
export async function addRegistryEntries(options: AddRegistryEntriesOptions): Promise<RegistryEntriesPlan> {
  const plan = await planAddRegistryEntries(options);
  await carryOut(plan, options);
  return plan;
}

async function carryOut(plan: RegistryEntriesPlan, options: AddRegistryEntriesOptions): Promise<void> {
  for (const change of plan.changes) {
    throwIfAborted(options.abortSignal);
    if (change.kind === "keep") continue;
    if (change.target === "file") await copyParamsFile(options.xmlFilePath, change.path);
    else {
      const { keyPath, name } = change.entry;
      await options.registry.setValue(keyPath, name, change.value, { abortSignal: options.abortSignal });
    }
  }
  if (plan.changes.every(({ kind }) => kind === "keep")) return;
  const { lines } = await planAddRegistryEntries(options);
  const left = lines.filter((line) => !line.startsWith(verbs.keep));
  if (left.length === 0) return;
  throw new RegistryError(
    "not-written",
    `What was written is not there when it is read back; a policy or another program may have changed it: ${left.join("; ")}. Look at the entries with regedit and repeat.`,
    { details: { left: left.length } },
  );
}

function checkAgreement(
  params: OfflineApplicationParams,
  subscriptionId: string,
  storageAccountName: string,
  xmlFilePath: string,
): void {
  const disagreement =
    params.identity.subscriptionId !== subscriptionId.toLowerCase()
      ? `subscription ${params.identity.subscriptionId}, not ${subscriptionId}`
      : params.storageAccountName !== undefined && params.storageAccountName !== storageAccountName
        ? `storage account ${params.storageAccountName}, not ${storageAccountName}`
        : undefined;
  if (disagreement !== undefined) {
    throw new RegistryError("entry-conflict", `${xmlFilePath} is for ${disagreement}. Nothing was changed.`, {
      details: { xmlFilePath, subscriptionId, storageAccountName },
    });
  }
}

async function compareFile(path: string, content: Uint8Array): Promise<"add" | "keep" | "replace"> {
  try {
    return Buffer.compare(await readFile(path), content) === 0 ? "keep" : "replace";
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return "add";
    throw error;
  }
}

async function copyParamsFile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  // The copy may hold the encrypted private key, as the original may.
  await publishFile(to, await readFile(from), { mode: secretFileMode });
}

const verbs = { add: "add", keep: "keep (already so)", replace: "replace" } as const;

function describeChange(change: RegistryEntriesChange): string {
  const verb = verbs[change.kind];
  if (change.target === "file") return `${verb}: file ${change.path}`;
  const { entry, value, previous } = change;
  const before =
    change.kind === "replace" && previous !== undefined ? ` (was ${describeValue(previous)})` : "";
  return `${verb}: ${entry.keyPath}\\${entry.name} = ${describeValue(value)}${before}`;
}

function describeValue(value: RegistryValue): string {
  return `${value.type} ${typeof value.data === "object" ? `of ${value.data.length} items` : `"${value.data}"`}`;
}

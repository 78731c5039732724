/** The descriptor of one seed: which import job it is for, how far it is, how large. One small JSON file, replaced as a whole. */
import { readFile } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { publishFile, systemErrorCode } from "../shared/index.js";
import { StagingError, stagingErrorFrom } from "./errors.js";

/** How far a seed is: being written, complete, on drives, on its way, arrived. */
export type SeedState = "staging" | "sealed" | "prepared" | "shipped" | "done";

/** The states in their order. */
export const seedStates: readonly SeedState[] = Object.freeze([
  "staging",
  "sealed",
  "prepared",
  "shipped",
  "done",
]);

/** What the wizard of a backup agent asks for one import job. */
export interface SeedJobSettings {
  /** Name of the import job: 3 to 24 lower-case letters, digits and hyphens, beginning with a letter. */
  readonly jobName: string;
  readonly subscriptionId: string;
  readonly storageAccountName: string;
  readonly containerName: string;
  /** Only kept for tools that ask for it; never read here. Default: none. */
  readonly publishSettingsPath?: string | undefined;
}

/** What `listSeeds` tells of a seed. Plain frozen data. */
export interface SeedSummary extends SeedJobSettings {
  readonly seedId: string;
  readonly state: SeedState;
  readonly createdAt: string;
  readonly stateChangedAt: string;
  /** Zero until the seed is sealed. */
  readonly blobCount: number;
  /** Zero until the seed is sealed. */
  readonly totalBytes: number;
}

/** The content of `seed.json`. */
export interface SeedDescriptor extends SeedSummary {
  /** Folders outside this one whose files are blobs of the seed; empty unless a folder was adopted. */
  readonly adoptedFolders: readonly string[];
  /** Set when the seed is sealed. */
  readonly catalog:
    | { readonly lengthInBytes: number; readonly sha256: string; readonly rangeHashesLengthInBytes: number }
    | undefined;
}

const format = "offline-seed-descriptor";
const version = 1;

const rules: readonly (readonly [
  field: keyof SeedJobSettings,
  label: string,
  rule: RegExp,
  explanation: string,
])[] = [
  [
    "jobName",
    "import job name",
    /^[a-z][a-z0-9-]{1,22}[a-z0-9]$/,
    "3 to 24 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
  ],
  ["subscriptionId", "subscription id", /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, "a GUID"],
  ["storageAccountName", "storage account name", /^[a-z0-9]{3,24}$/, "3 to 24 lower-case letters and digits"],
  [
    "containerName",
    "container name",
    /^(\$root|[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9])$/,
    "3 to 63 lower-case letters, digits and single hyphens, beginning and ending with a letter or digit",
  ],
];
const reservedFolderName = /^(con|prn|aux|nul|com\d|lpt\d)$/;

/** @throws StagingError `option-invalid` naming the field and its rule */
export function checkSeedJobSettings(settings: SeedJobSettings): void {
  for (const [field, label, rule, explanation] of rules) {
    const value: unknown = settings[field];
    if (typeof value !== "string" || !rule.test(value)) {
      throw new StagingError(
        "option-invalid",
        `The ${label} '${String(value)}' is not valid; it must be ${explanation}.`,
        {
          details: { field },
        },
      );
    }
  }
  if (reservedFolderName.test(settings.jobName)) {
    throw new StagingError(
      "option-invalid",
      `The import job name '${settings.jobName}' is a device name on Windows, so no folder can have it. Choose another.`,
      { details: { field: "jobName" } },
    );
  }
}

/** @throws StagingError `option-invalid` */
export function checkJobName(jobName: string): void {
  const [, label, rule, explanation] = rules[0]!;
  if (typeof jobName !== "string" || !rule.test(jobName) || reservedFolderName.test(jobName)) {
    throw new StagingError(
      "option-invalid",
      `The ${label} '${String(jobName)}' is not valid; it must be ${explanation}.`,
      {
        details: { field: "jobName" },
      },
    );
  }
}

/** Replaces the descriptor, durably. */
export async function publishSeedDescriptor(path: string, descriptor: SeedDescriptor): Promise<void> {
  try {
    await publishFile(path, `${JSON.stringify({ format, version, ...descriptor }, undefined, 2)}\n`);
  } catch (error) {
    throw stagingErrorFrom(error, "Writing", path);
  }
}

/**
 * Reads a descriptor.
 *
 * @returns undefined when there is none
 * @throws StagingError `catalog-damaged`, `catalog-unsupported`
 */
export async function readSeedDescriptor(path: string): Promise<SeedDescriptor | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemErrorCode(error) ?? "")) return undefined;
    throw stagingErrorFrom(error, "Reading", path);
  }
  const fail = (problem: string): never => {
    throw new StagingError(
      "catalog-damaged",
      `The seed descriptor '${path}' is not valid: ${problem}. Restore it from a copy or stage the seed again.`,
      { details: { path } },
    );
  };
  let value: Partial<SeedDescriptor> & { format?: unknown; version?: unknown };
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return fail("it is not JSON");
  }
  if (typeof value !== "object" || value === null || value.format !== format)
    return fail("it is no seed descriptor");
  if (value.version !== version) {
    throw new StagingError(
      "catalog-unsupported",
      `The seed descriptor '${path}' has version ${String(value.version)}; this program reads version ${version}. Use the program that wrote it or a newer one.`,
    );
  }
  try {
    checkSeedJobSettings(value as SeedJobSettings);
  } catch (error) {
    return fail((error as StagingError).message);
  }
  const count = (number: unknown): boolean => Number.isSafeInteger(number) && (number as number) >= 0;
  if (typeof value.seedId !== "string" || !/^[0-9a-f-]{36}$/.test(value.seedId)) fail("'seedId' is no GUID");
  if (!seedStates.includes(value.state as SeedState)) fail("'state' is unknown");
  if (!count(value.blobCount) || !count(value.totalBytes)) fail("a count is no number");
  if (typeof value.createdAt !== "string" || typeof value.stateChangedAt !== "string")
    fail("a time is missing");
  const adopted = value.adoptedFolders;
  if (
    !Array.isArray(adopted) ||
    !adopted.every((folder) => typeof folder === "string" && isAbsolute(folder))
  ) {
    return fail("'adoptedFolders' is no list of absolute paths");
  }
  const { catalog } = value;
  if (value.state !== "staging") {
    const valid =
      typeof catalog === "object" &&
      catalog !== null &&
      count(catalog.lengthInBytes) &&
      count(catalog.rangeHashesLengthInBytes) &&
      /^[0-9a-f]{64}$/.test(catalog.sha256);
    if (!valid) fail("'catalog' is missing or incomplete");
  }
  return Object.freeze({
    seedId: value.seedId as string,
    jobName: value.jobName as string,
    subscriptionId: value.subscriptionId as string,
    storageAccountName: value.storageAccountName as string,
    containerName: value.containerName as string,
    publishSettingsPath:
      typeof value.publishSettingsPath === "string" ? value.publishSettingsPath : undefined,
    state: value.state as SeedState,
    createdAt: value.createdAt as string,
    stateChangedAt: value.stateChangedAt as string,
    blobCount: value.blobCount as number,
    totalBytes: value.totalBytes as number,
    adoptedFolders: Object.freeze([...(adopted as string[])]),
    catalog: catalog === undefined ? undefined : Object.freeze({ ...catalog }),
  });
}

/** The descriptor without what only this room needs. */
export function summaryOf(descriptor: SeedDescriptor): SeedSummary {
  const { adoptedFolders: _adoptedFolders, catalog: _catalog, ...summary } = descriptor;
  return Object.freeze(summary);
}

/** Reading and writing the settings file: versioned JSON, checked on the way in and on the way out. */
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { publishFile, systemErrorCode } from "../../shared/index.js";
import { CliError } from "../cli-error.js";
import { problemsOfSettings } from "./check-settings.js";
import { pathSettings, type SeedSettings } from "./seed-settings.js";

/** Name of the file when none is given. */
export const defaultSettingsFile = "offline-seed.json";

const format = "offline-seed-settings";
const version = 1;
const textSettings = [
  "cloud",
  "subscriptionId",
  "resourceGroup",
  "location",
  "storageAccountId",
  "containerName",
  "jobName",
  "service",
  "sourceFolder",
  "stagingFolder",
  "drivesFolder",
  "reportsFolder",
  "certificateFile",
  "parametersFile",
] as const satisfies readonly (keyof SeedSettings)[];
const otherSettings = ["emulatorFile", "returnAddress", "returnShipping", "contact"] as const;

/**
 * Writes the file as a whole. Paths below its folder are kept relative.
 *
 * @throws CliError `settings-invalid` naming every problem; nothing is written then
 */
export async function writeSettingsFile(path: string, settings: SeedSettings): Promise<void> {
  refuseProblems(path, problemsOfSettings(settings));
  const folder = dirname(resolve(path));
  const written: Record<string, unknown> = { format, version, ...settings };
  for (const name of pathSettings) {
    const value = settings[name];
    if (value !== undefined) written[name] = portablePath(folder, value);
  }
  await publishFile(path, `${JSON.stringify(written, undefined, 2)}\n`);
}

/** @throws CliError `settings-invalid` when there is none, or naming every problem */
export async function readSettingsFile(path: string): Promise<SeedSettings> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (systemErrorCode(cause) !== "ENOENT") throw cause;
    throw new CliError(
      "settings-invalid",
      `There is no settings file ${path}. Make one with 'offline-seed init', or name it with --config FILE.`,
      { details: { path }, cause },
    );
  }
  return parseSettings(text, path);
}

function parseSettings(text: string, path: string): SeedSettings {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw invalid(path, ["it is not JSON."], cause);
  }
  if (value?.["format"] !== format) throw invalid(path, ["it is not a settings file of offline-seed."]);
  if (value["version"] !== version) {
    throw invalid(path, [
      `its version ${String(value["version"])} is not known; this program knows ${version}.`,
    ]);
  }
  const known = new Set<string>(["format", "version", ...textSettings, ...otherSettings]);
  refuseProblems(path, [
    ...textSettings
      .filter((name) => typeof value[name] !== "string" || value[name] === "")
      .map((name) => `${name}: it is missing.`),
    ...Object.keys(value)
      .filter((name) => !known.has(name))
      .map((name) => `${name}: there is no such setting.`),
  ]);
  const settings: Record<string, unknown> = {};
  for (const name of [...textSettings, ...otherSettings]) settings[name] = value[name];
  for (const name of pathSettings) {
    const relativePath = value[name];
    if (typeof relativePath === "string") settings[name] = resolve(dirname(path), relativePath);
  }
  const result = settings as unknown as SeedSettings;
  refuseProblems(path, problemsOfSettings(result));
  return Object.freeze(result);
}

function refuseProblems(path: string, problems: readonly string[]): void {
  if (problems.length > 0) throw invalid(path, problems);
}

function invalid(path: string, problems: readonly string[], cause?: unknown): CliError {
  return new CliError(
    "settings-invalid",
    `The settings in ${path} cannot be used:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
    { details: { path, problemCount: problems.length }, cause },
  );
}

/** Relative below the folder, with forward slashes; absolute elsewhere. */
function portablePath(folder: string, path: string): string {
  const below = relative(folder, path);
  return below.startsWith("..") || isAbsolute(below) ? path : below.replaceAll("\\", "/") || ".";
}

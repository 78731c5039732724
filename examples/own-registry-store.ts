/**
 * A registry store of your own: the agent's entries go into a JSON document that a configuration management system rolls
 * out, instead of into the registry of this computer. The rules of paths, names and values come from the store in memory.
 */
import { readFile } from "node:fs/promises";
import {
  addRegistryEntries,
  createMemoryRegistry,
  type MemoryRegistry,
  publishFile,
  type RegistryKeyContent,
  type RegistryStore,
  systemErrorCode,
} from "@offline-seed/core";

/** A store over a JSON file. Numbers of 64 bits and bytes are written as text. */
export function createJsonRegistry(file: string): RegistryStore {
  const load = async (): Promise<MemoryRegistry> => {
    const registry = createMemoryRegistry();
    for (const { path, values } of await readKeys(file)) {
      await registry.createKey(path);
      for (const { name, value } of values) await registry.setValue(path, name, value);
    }
    return registry;
  };
  const change = async (work: (registry: MemoryRegistry) => Promise<void>): Promise<void> => {
    const registry = await load();
    await work(registry);
    // Written beside the file and renamed, so that a crash leaves the old document or the new one.
    await publishFile(file, JSON.stringify(registry.entries(), replaceValue, 2));
  };
  return {
    getValue: async (...request) => (await load()).getValue(...request),
    listValues: async (...request) => (await load()).listValues(...request),
    listKeys: async (...request) => (await load()).listKeys(...request),
    setValue: (...request) => change((registry) => registry.setValue(...request)),
    deleteValue: (...request) => change((registry) => registry.deleteValue(...request)),
    createKey: (...request) => change((registry) => registry.createKey(...request)),
    deleteKey: (...request) => change((registry) => registry.deleteKey(...request)),
  };
}

/** Writes the entries the agent needs into the document. Repeating it changes nothing. */
export async function describeAgentEntries(
  file: string,
  options: {
    readonly paramsFile: string;
    readonly subscriptionId: string;
    readonly storageAccountName: string;
    /** Folder to which the parameters file is copied, to be rolled out with the entries. */
    readonly payloadFolder: string;
  },
): Promise<readonly string[]> {
  const plan = await addRegistryEntries({
    registry: createJsonRegistry(file),
    xmlFilePath: options.paramsFile,
    subscriptionId: options.subscriptionId,
    storageAccountName: options.storageAccountName,
    destinationFolder: options.payloadFolder,
  });
  return plan.lines;
}

async function readKeys(file: string): Promise<readonly RegistryKeyContent[]> {
  try {
    return JSON.parse(await readFile(file, "utf8"), reviveValue) as RegistryKeyContent[];
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw error;
  }
}

function replaceValue(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return { bigint: value.toString() };
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value;
}

function reviveValue(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("bigint" in value) return BigInt(value.bigint as string);
  return "base64" in value ? Uint8Array.from(Buffer.from(value.base64 as string, "base64")) : value;
}

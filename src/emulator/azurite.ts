/**
 * Starts Azurite, Microsoft's storage emulator, as the blob service of the local Azure: a child process that keeps
 * everything in memory and dies with its parent.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { systemErrorCode } from "../shared/index.js";
import { EmulatorError } from "./emulator-error.js";

/** A blob service and the key to it. */
export interface BlobServiceAccess {
  /** URL that blob clients are given, account included where the service wants it in the path. */
  readonly endpoint: string;
  readonly accountName: string;
  /** SECRET of a real account; Azurite's is public. Base64. */
  readonly accountKey: string;
}

/** A running Azurite. */
export interface Azurite extends BlobServiceAccess, AsyncDisposable {
  readonly processId: number;
  /** Ends the process; all blobs are gone. May be repeated. */
  close(): Promise<void>;
}

/** Options of {@link startAzurite}. */
export interface AzuriteOptions {
  /** How long to wait for the first sign of life. Default: 30 000. */
  readonly timeoutInMs?: number;
  /** Where the package is looked for: a file or folder beside `node_modules`. Default: the current directory. */
  readonly resolveFrom?: string;
  /**
   * Limit of Azurite's JavaScript heap, which holds what it knows of each blob (about 5 KiB) but not the data. Without
   * one the heap grows to twice what is needed before it is cleaned. Azurite ends when it needs more. Default: none.
   */
  readonly heapLimitInMiB?: number;
  /** Most blob data kept in memory, in MiB. Default: half of the computer's memory. */
  readonly memoryLimitInMiB?: number;
}

// The account every Azurite knows; both values are public documentation.
const accountName = "devstoreaccount1";
const accountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/**
 * Starts the npm package `azurite` on a free port of 127.0.0.1.
 *
 * Starts a process and opens a local port; touches no disk. The process is ended by `close()` and when this process
 * ends, in whatever way. Safe to call several times; every call is its own empty store.
 *
 * @throws EmulatorError `azurite-missing`, `azurite-failed`
 */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  const child = spawn(process.execPath, azuriteArguments(options), {
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  let address: string;
  try {
    address = await waitForAddress(child, options.timeoutInMs ?? 30_000);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  const close = (): Promise<void> => {
    // Nothing of it is to be kept, so there is nothing to wait for.
    child.kill("SIGKILL");
    return ended;
  };
  return Object.freeze({
    endpoint: `${address}/${accountName}`,
    accountName,
    accountKey,
    processId: child.pid ?? 0,
    close,
    [Symbol.asyncDispose]: close,
  });
}

/** Arguments of Node for an Azurite that ends when its standard input does. @throws EmulatorError `azurite-missing` */
export function azuriteArguments(options: AzuriteOptions): readonly string[] {
  return [
    // Half of what Node takes by default: the store is large enough without the garbage of requests beside it.
    "--max-semi-space-size=8",
    ...(options.heapLimitInMiB === undefined ? [] : [`--max-old-space-size=${options.heapLimitInMiB}`]),
    // The pipe to the parent ends however the parent does, killed or crashed.
    "--import",
    "data:text/javascript,process.stdin.on('end',()=>process.exit()).resume().unref()",
    findAzuriteEntry(options.resolveFrom ?? process.cwd()),
    "--blobHost",
    "127.0.0.1",
    "--blobPort",
    "0",
    "--blobKeepAliveTimeout",
    "120",
    "--inMemoryPersistence",
    ...(options.memoryLimitInMiB === undefined
      ? []
      : ["--extentMemoryLimit", String(options.memoryLimitInMiB)]),
    "--silent",
    "--disableTelemetry",
  ];
}

function findAzuriteEntry(resolveFrom: string): string {
  try {
    const manifest = createRequire(pathToFileURL(join(resolveFrom, "resolve.js"))).resolve(
      "azurite/package.json",
    );
    return join(dirname(manifest), "dist", "src", "blob", "main.js");
  } catch (error) {
    if (systemErrorCode(error) !== "MODULE_NOT_FOUND") throw error;
    throw new EmulatorError(
      "azurite-missing",
      `The npm package 'azurite' was not found from ${resolveFrom}. Install it (npm install --save-dev azurite), ` +
        "or give startAzureEmulator a blob service of your own.",
      { details: { resolveFrom }, cause: error },
    );
  }
}

function waitForAddress(child: ChildProcess, timeoutInMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (reason: string): void => {
      clearTimeout(timer);
      reject(
        new EmulatorError("azurite-failed", `Azurite ${reason}. It said: ${output.trim() || "(nothing)"}`),
      );
    };
    const timer = setTimeout(() => fail(`did not listen within ${timeoutInMs} ms`), timeoutInMs);
    const collect = (chunk: Buffer): void => {
      output += chunk.toString("utf8");
      const address = /successfully listens on (http:\/\/\S+)/.exec(output)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      // The pipes stay drained so that a chatty child never blocks on them.
      output = "";
      child.stdout?.off("data", collect).resume();
      child.stderr?.off("data", collect).resume();
      resolve(address);
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    child.once("error", (error) => fail(`could not be started (${error.message})`));
    child.once("exit", (code, signal) => fail(`ended at once (${signal ?? `exit code ${code}`})`));
  });
}

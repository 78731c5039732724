/**
 * BitLocker's key stretching: 1,048,576 rounds of SHA-256, about a second of one core, done in a worker thread so
 * that the event loop stays free.
 */
import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import { BitLockerError } from "./bitlocker-error.js";

const hashLengthInBytes = 32;
const saltLengthInBytes = 16;

/**
 * The worker's program. It is text so that the bundled ES module and CommonJS builds need to find no file at run time.
 *
 * Each round hashes the 88 bytes last ‖ initial ‖ salt ‖ round. Asking for the digest in hexadecimal looks like a
 * detour, but is twice as fast as a buffer: a short string is cheaper for Node to make.
 */
const workerProgram = `
const { hash } = require("node:crypto");
const { parentPort, workerData } = require("node:worker_threads");
const { initialHash, salt } = workerData;
const round = Buffer.alloc(88);
round.set(initialHash, 32);
round.set(salt, 64);
for (let index = 0; index < 0x100000; index++) {
  round.writeUInt32LE(index, 80);
  round.write(hash("sha256", round, "hex"), 0, 32, "hex");
}
const stretched = Uint8Array.from(round.subarray(0, 32));
round.fill(0);
initialHash.fill(0);
parentPort.postMessage(stretched, [stretched.buffer]);
`;

/**
 * Stretches the hash of a secret into the key that opens a protector. Takes about a second on one core in a worker
 * thread; several calls run side by side. Touches no disk; may be repeated.
 *
 * @param initialHash 32 bytes, see {@link initialHashOfRecoveryKey} and {@link initialHashOfPassword}.
 * @param salt 16 bytes, stored with the protector.
 * @returns 32 bytes. SECRET; the caller zeroes them after use.
 * @throws BitLockerError `invalid-argument`, `key-stretching-failed`; AbortError, after which no thread is left.
 */
export async function stretchKey(
  initialHash: Uint8Array,
  salt: Uint8Array,
  options: AbortOptions = {},
): Promise<Uint8Array> {
  if (initialHash.length !== hashLengthInBytes || salt.length !== saltLengthInBytes) {
    throw new BitLockerError(
      "invalid-argument",
      `Key stretching needs a hash of 32 bytes and a salt of 16, not ${initialHash.length} and ${salt.length}.`,
    );
  }
  const { abortSignal } = options;
  throwIfAborted(abortSignal);
  const worker = new Worker(workerProgram, {
    eval: true,
    // Flags of the host such as loaders or --input-type, also by NODE_OPTIONS, are not meant for this program.
    execArgv: [],
    env: {},
    workerData: { initialHash: Uint8Array.from(initialHash), salt: Uint8Array.from(salt) },
  });
  let abort: (() => void) | undefined;
  try {
    const stretched = await new Promise<Uint8Array | undefined>((resolve, reject) => {
      abort = () => resolve(undefined);
      abortSignal?.addEventListener("abort", abort);
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("the worker ended early")));
    });
    throwIfAborted(abortSignal);
    if (!stretched) throw new Error("the worker gave no result");
    return stretched;
  } catch (error) {
    throwIfAborted(abortSignal);
    throw new BitLockerError("key-stretching-failed", "The thread that stretches the key could not finish.", {
      cause: error,
    });
  } finally {
    if (abort) abortSignal?.removeEventListener("abort", abort);
    await worker.terminate();
  }
}

/** Start value of stretching for the 16 bytes of a recovery password: their SHA-256. */
export function initialHashOfRecoveryKey(passwordBytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(passwordBytes).digest();
}

/** Start value of stretching for a password a user chose: SHA-256 twice over its UTF-16LE text without a NUL. */
export function initialHashOfPassword(password: string): Uint8Array {
  const once = createHash("sha256").update(password, "utf16le").digest();
  return createHash("sha256").update(once).digest();
}

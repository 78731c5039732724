/** A thread that runs a small program given as text, and answers one message for each it gets. */
import { type Transferable, Worker } from "node:worker_threads";

/** A running thread. Keeps the process alive only while calls are waiting. */
export interface ProgramThread {
  /** Calls without answer yet. */
  readonly waiting: number;
  /** Runs an operation of the program. */
  call<Reply>(operation: string, input: object, transfer?: readonly Transferable[]): Promise<Reply>;
  /** Ends the thread; waiting calls are rejected. */
  close(): Promise<void>;
}

/** Dispatches messages to the `operations` object that the program defines. An operation returns its reply and what to transfer. */
const dispatcher = `
const { parentPort } = require("node:worker_threads");
parentPort.on("message", ({ id, operation, input }) => {
  try {
    const [reply, transfer] = operations[operation](input);
    parentPort.postMessage({ id, reply }, transfer);
  } catch (error) {
    parentPort.postMessage({ id, failure: String(error && error.message) });
  }
});
`;

/**
 * Starts a thread. The program is text, so that the bundled ES module and CommonJS builds need to find no file at run time.
 */
export function startProgramThread(program: string): ProgramThread {
  // Flags of the host such as loaders or --input-type are not meant for this program.
  const worker = new Worker(program + dispatcher, { eval: true, execArgv: [] });
  const calls = new Map<number, { resolve: (reply: never) => void; reject: (error: unknown) => void }>();
  let nextId = 0;
  let ended: Error | undefined;
  const settle = (
    id: number,
  ): { resolve: (reply: never) => void; reject: (error: unknown) => void } | undefined => {
    const call = calls.get(id);
    calls.delete(id);
    if (calls.size === 0) worker.unref();
    return call;
  };
  const end = (error: Error): void => {
    ended ??= error;
    for (const id of [...calls.keys()]) settle(id)?.reject(error);
  };
  worker.on("message", ({ id, reply, failure }: { id: number; reply: never; failure?: string }) => {
    const call = settle(id);
    if (failure === undefined) call?.resolve(reply);
    else call?.reject(new Error(`a staging thread failed: ${failure}`));
  });
  worker.on("error", (error) => end(error));
  worker.on("exit", () => end(new Error("a staging thread ended early")));
  worker.unref();
  return {
    get waiting() {
      return calls.size;
    },
    call: (operation, input, transfer = []) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended);
        const id = nextId;
        nextId += 1;
        if (calls.size === 0) worker.ref();
        calls.set(id, { resolve, reject });
        worker.postMessage({ id, operation, input }, transfer as Transferable[]);
      }),
    async close() {
      await worker.terminate();
    },
  };
}

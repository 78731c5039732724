/** Running other programs: always an argument array, never a shell string; injected so that parsers test anywhere. */
import { execFile } from "node:child_process";
import type { AbortOptions } from "./abort.js";

/** What a finished program left. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of one run. */
export interface CommandOptions extends AbortOptions {
  /** Text given on standard input. Default: none. */
  readonly stdin?: string;
  /** Default: 60 000. */
  readonly timeoutInMs?: number;
}

/**
 * Starts a program and waits for its end.
 *
 * Resolves for every exit code; rejects only when the program cannot be started (`ENOENT`, `EACCES`), exceeds its
 * time or is aborted.
 */
export type CommandRunner = (
  program: string,
  programArguments: readonly string[],
  options?: CommandOptions,
) => Promise<CommandResult>;

/** Runs programs of this computer. */
export const systemCommandRunner: CommandRunner = (program, programArguments, options = {}) =>
  new Promise((resolve, reject) => {
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    options.abortSignal?.addEventListener("abort", abort);
    const child = execFile(
      program,
      [...programArguments],
      {
        encoding: "utf8",
        maxBuffer: 64 * 1024 * 1024,
        timeout: options.timeoutInMs ?? 60_000,
        windowsHide: true,
        signal: controller.signal,
      },
      (error, stdout, stderr) => {
        options.abortSignal?.removeEventListener("abort", abort);
        if (error && typeof error.code !== "number") reject(error);
        else resolve({ exitCode: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
      },
    );
    // A program that ends without reading its input closes the pipe; its exit code tells the rest.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.stdin ?? "");
    if (options.abortSignal?.aborted) abort();
  });

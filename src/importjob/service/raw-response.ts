/** Catching the raw body of an answer on its way through a generated client. */
import { throwIfAborted } from "../../shared/index.js";
import type { ImportJobServiceOptions } from "./import-job-service.js";
import { type JsonObject, parseJsonBody } from "./raw-json.js";

/** Options of a generated operation, with the raw answer handed to `onResponse`. */
export interface CapturingOptions {
  abortSignal?: NonNullable<ImportJobServiceOptions["abortSignal"]>;
  onResponse: (rawResponse: { readonly bodyAsText?: string | null }) => void;
}

/** The caller's abort signal as the generated clients want it: absent rather than undefined. */
export function abortOf(options: ImportJobServiceOptions): {
  abortSignal?: NonNullable<ImportJobServiceOptions["abortSignal"]>;
} {
  return options.abortSignal ? { abortSignal: options.abortSignal } : {};
}

/** Sends one request and gives its raw body. @throws ImportJobError `unexpected-response` */
export async function captureBody(
  what: string,
  options: ImportJobServiceOptions,
  send: (capturing: CapturingOptions) => Promise<unknown>,
): Promise<JsonObject> {
  let bodyAsText: string | null | undefined;
  await send({
    ...abortOf(options),
    onResponse: (rawResponse) => {
      bodyAsText = rawResponse.bodyAsText;
    },
  });
  return parseJsonBody(bodyAsText, what);
}

/** Runs through the pages of a list and gives the raw body of each. */
export async function* captureBodies(
  what: string,
  options: ImportJobServiceOptions,
  list: (capturing: CapturingOptions) => AsyncIterableIterator<unknown>,
): AsyncGenerator<JsonObject> {
  let bodyAsText: string | null | undefined;
  const pages = list({
    ...abortOf(options),
    onResponse: (rawResponse) => {
      bodyAsText = rawResponse.bodyAsText;
    },
  });
  for await (const _page of pages) {
    throwIfAborted(options.abortSignal);
    yield parseJsonBody(bodyAsText, what);
  }
}

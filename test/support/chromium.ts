/** A headless Chromium under the DevTools protocol, spoken over a pipe: looks at a page as a person would. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { hasProgram, isOracleMissing } from "./required-programs.js";

type Parameters = Readonly<Record<string, unknown>>;
type Answer = Readonly<Record<string, unknown>>;

/** One page. */
export interface ChromiumPage {
  /** Sends a command of the protocol and gives its result. */
  send(method: string, parameters?: Parameters): Promise<Answer>;
  /** Loads an address and waits until it is loaded. */
  open(address: string): Promise<void>;
  /** Value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** Addresses the page asked for since it was made. */
  readonly requests: readonly string[];
  /** What the page or the browser complained about. */
  readonly complaints: readonly string[];
}

/** A running browser. */
export interface Chromium {
  readonly page: ChromiumPage;
  close(): Promise<void>;
}

const name = hasProgram("chromium") ? "chromium" : "chromium-browser";

/** Whether there is no Chromium here; says so. */
export function isChromiumMissing(): boolean {
  return !hasProgram(name) && isOracleMissing("chromium");
}

/** Starts a browser with one page. */
export async function startChromium(): Promise<Chromium> {
  const profile = await mkdtemp(join(tmpdir(), "offline-seed-chromium-"));
  const program = spawn(
    name,
    [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
      "--hide-scrollbars",
      "--remote-debugging-pipe",
      `--user-data-dir=${profile}`,
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
  );
  const ended = new Promise<void>((resolve) => program.once("exit", () => resolve()));
  const page = await openPage(program);
  return {
    page,
    async close() {
      program.kill("SIGKILL");
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function openPage(program: ChildProcess): Promise<ChromiumPage> {
  const toProgram = program.stdio[3] as Writable;
  const fromProgram = program.stdio[4] as Readable;
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  const requests: string[] = [];
  const complaints: string[] = [];
  let onLoad: (() => void) | undefined;
  let nextId = 1;
  let received = "";
  let session: string | undefined;

  const notice = (method: string, parameters: Record<string, unknown>): void => {
    if (method === "Page.loadEventFired") onLoad?.();
    if (method === "Network.requestWillBeSent") {
      requests.push((parameters["request"] as { url: string }).url);
    }
    if (method === "Runtime.consoleAPICalled" || method === "Runtime.exceptionThrown") {
      complaints.push(JSON.stringify(parameters));
    }
    if (method === "Log.entryAdded") complaints.push((parameters["entry"] as { text: string }).text);
  };
  fromProgram.setEncoding("utf8").on("data", (text: string) => {
    received += text;
    for (let end = received.indexOf("\0"); end >= 0; end = received.indexOf("\0")) {
      const message = JSON.parse(received.slice(0, end));
      received = received.slice(end + 1);
      const waiter = waiting.get(message.id);
      waiting.delete(message.id);
      if (!waiter) notice(message.method, message.params);
      else if (message.error) waiter.reject(new Error(JSON.stringify(message.error)));
      else waiter.resolve(message.result);
    }
  });
  program.once("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("Chromium has ended"));
  });
  program.once("error", (error) => {
    for (const { reject } of waiting.values()) reject(error);
  });

  const send = (method: string, parameters: Parameters = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      toProgram.write(`${JSON.stringify({ id, method, params: parameters, sessionId: session })}\0`);
    });

  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  session = (await send("Target.attachToTarget", { targetId, flatten: true }))["sessionId"] as string;
  for (const domain of ["Page", "Network", "Runtime", "Log"]) await send(`${domain}.enable`);

  return {
    send,
    requests,
    complaints,
    async open(address) {
      const loaded = new Promise<void>((resolve) => {
        onLoad = resolve;
      });
      await send("Page.navigate", { url: address });
      await loaded;
    },
    async evaluate<T>(expression: string) {
      const answer = await send("Runtime.evaluate", { expression, returnByValue: true });
      if (answer["exceptionDetails"]) throw new Error(JSON.stringify(answer["exceptionDetails"]));
      return (answer["result"] as { value: T }).value;
    },
  };
}

/**
 * One writer a seed. The lock is a file that names its owner; the owner touches it, so that others, also on other computers,
 * can tell a living writer from one that was killed.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type FileHandle, link, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { systemErrorCode } from "../shared/index.js";
import { StagingError, stagingErrorFrom } from "./errors.js";

/** Who holds a lock. */
export interface WriterLockOwner {
  readonly nonce: string;
  readonly hostName: string;
  readonly processId: number;
  /** Start of the process where the system tells it; another process with the same id has another. */
  readonly processStart: string | undefined;
  readonly lockedAt: string;
}

/** How the lock sees the computer; replaced in tests. */
export interface WriterLockEnvironment {
  readonly hostName: string;
  readonly processId: number;
  /** Start mark of a running process of this computer; undefined when no such process runs. */
  readonly processStart: (processId: number) => string | undefined;
}

/** A held lock. */
export interface WriterLock {
  /** @throws StagingError `seed-lock-lost` when another writer took the seed over */
  check(): Promise<void>;
  /** May be repeated. */
  release(): Promise<void>;
}

const heartbeatIntervalInMs = 30_000;
/** A lock of another computer that was not touched for so long is stale. */
export const staleLockAgeInMs: number = 10 * 60_000;

/** This computer. */
export const systemLockEnvironment: WriterLockEnvironment = Object.freeze({
  hostName: hostname(),
  processId: process.pid,
  processStart(processId: number) {
    if (process.platform === "linux") {
      try {
        // Field 22 of proc(5) stat; the second field may hold spaces and ends with the last parenthesis.
        const text = readFileSync(`/proc/${processId}/stat`, "latin1");
        return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "unknown";
      } catch (error) {
        if (["ENOENT", "ESRCH"].includes(systemErrorCode(error) ?? "")) return undefined;
      }
    }
    try {
      process.kill(processId, 0);
      return "unknown";
    } catch (error) {
      return systemErrorCode(error) === "ESRCH" ? undefined : "unknown";
    }
  },
});

/**
 * Takes the lock, also over a stale one.
 *
 * @throws StagingError `seed-locked` naming the owner; `staging-not-writable`, `staging-full`
 */
export async function acquireWriterLock(
  path: string,
  environment: WriterLockEnvironment = systemLockEnvironment,
): Promise<WriterLock> {
  const owner: WriterLockOwner = {
    nonce: randomUUID(),
    hostName: environment.hostName,
    processId: environment.processId,
    processStart: environment.processStart(environment.processId),
    lockedAt: new Date().toISOString(),
  };
  const ownPath = `${path}.${owner.nonce}`;
  let handle: FileHandle | undefined;
  try {
    handle = await open(ownPath, "wx");
    await handle.writeFile(`${JSON.stringify(owner)}\n`);
    await handle.close();
    handle = undefined;
    for (let attempt = 0; ; attempt += 1) {
      if (await linkExclusively(ownPath, path)) break;
      await removeStaleLock(path, ownPath, environment, attempt);
    }
  } catch (error) {
    await handle?.close();
    throw stagingErrorFrom(error, "Locking", path);
  } finally {
    await rm(ownPath, { force: true }).catch(() => undefined);
  }

  const check = async (): Promise<void> => {
    const current = await readOwner(path);
    if (current?.owner?.nonce === owner.nonce) return;
    throw new StagingError(
      "seed-lock-lost",
      `Another writer took over '${path}' because this one seemed dead. Stop this one; the other continues.`,
      { details: { path } },
    );
  };
  const timer = setInterval(() => {
    const now = new Date();
    void utimes(path, now, now).catch(() => undefined);
  }, heartbeatIntervalInMs);
  timer.unref();
  let released = false;
  return Object.freeze({
    check,
    async release() {
      if (released) return;
      released = true;
      clearInterval(timer);
      if ((await readOwner(path))?.owner?.nonce === owner.nonce) await rm(path, { force: true });
    },
  });
}

/** Publishes the complete lock file under the name everyone looks at, unless there is one. */
async function linkExclusively(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    // File systems without hard links (FAT, some shares): an exclusive create, whose content follows a moment later.
    if (
      !["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EINVAL"].includes(systemErrorCode(error) ?? "")
    ) {
      throw error;
    }
  }
  try {
    const handle = await open(to, "wx");
    try {
      await handle.writeFile(await readFile(from));
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function readOwner(
  path: string,
): Promise<{ owner: WriterLockOwner | undefined; touchedAtInMs: number } | undefined> {
  try {
    const { mtimeMs } = await stat(path);
    const text = await readFile(path, "utf8");
    let owner: WriterLockOwner | undefined;
    try {
      owner = JSON.parse(text) as WriterLockOwner;
    } catch {
      owner = undefined;
    }
    return { owner, touchedAtInMs: mtimeMs };
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function removeStaleLock(
  path: string,
  ownPath: string,
  environment: WriterLockEnvironment,
  attempt: number,
): Promise<void> {
  const current = await readOwner(path);
  if (current === undefined) return;
  // The share's own clock dates both files, so the clocks of the computers do not matter.
  const ageInMs = (await stat(ownPath)).mtimeMs - current.touchedAtInMs;
  const { owner } = current;
  const sameHost = owner?.hostName === environment.hostName;
  const runningStart = sameHost ? environment.processStart(owner.processId) : undefined;
  const stale = sameHost
    ? runningStart === undefined || (owner.processStart !== undefined && runningStart !== owner.processStart)
    : ageInMs > staleLockAgeInMs;
  if (!stale || attempt > 5) {
    throw new StagingError(
      "seed-locked",
      `Another writer holds '${path}': process ${owner?.processId ?? "?"} on ${owner?.hostName ?? "an unknown computer"} since ${owner?.lockedAt ?? "?"}. Wait for it or stop it; a writer that was killed is noticed ${sameHost ? "at once" : "after ten minutes"}.`,
      { details: { path, hostName: owner?.hostName, processId: owner?.processId } },
    );
  }
  // Rename first: of several contenders only one moves this very lock away.
  const takenPath = `${ownPath}.stale`;
  try {
    await rename(path, takenPath);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return;
    throw error;
  }
  const taken = await readOwner(takenPath);
  if (taken?.owner?.nonce !== owner?.nonce) await linkExclusively(takenPath, path);
  await rm(takenPath, { force: true });
}

/** A folder, local or on a share, that holds the seeds of one or more import jobs. */
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type AbortOptions,
  type Clock,
  createGuid,
  publishFile,
  type RandomSource,
  syncFolder,
  systemClock,
  systemErrorCode,
  systemRandomSource,
} from "../shared/index.js";
import { formatCatalogHeader } from "./catalog-groups.js";
import { StagingError, stagingErrorFrom } from "./errors.js";
import { resumeLog } from "./resume-log.js";
import { formatCatalogIndex, openSealedCatalog, type StagedSeedCatalog } from "./sealed-catalog.js";
import {
  checkJobName,
  checkSeedJobSettings,
  publishSeedDescriptor,
  readSeedDescriptor,
  type SeedDescriptor,
  type SeedJobSettings,
  type SeedState,
  type SeedSummary,
  seedStates,
  summaryOf,
} from "./seed-descriptor.js";
import { type SeedLayout, seedLayout } from "./seed-layout.js";
import { newSeedLogStart, openSeedLog, type SeedLogStart } from "./seed-log.js";
import { createSeedWriter, type SeedWriter } from "./seed-writer.js";
import {
  acquireWriterLock,
  systemLockEnvironment,
  type WriterLock,
  type WriterLockEnvironment,
} from "./writer-lock.js";

/** Options of {@link openStagingLocation}. */
export interface StagingLocationOptions extends AbortOptions {
  /** Makes the folder when it is missing. Default: false, so that a mistyped mount point does not fill the system disk. */
  readonly create?: boolean;
  /** Default: the clock of this computer. */
  readonly clock?: Clock;
  /** For seed ids. Default: the generator of the operating system. */
  readonly random?: RandomSource;
  /** How writer locks see the computer. Default: this computer. */
  readonly lockEnvironment?: WriterLockEnvironment;
}

/** Options of a writer. */
export interface SeedWriterOptions extends AbortOptions {
  /** Blobs whose sources are read at the same time; further calls wait. Default: 8. */
  readonly maximumConcurrentBlobs?: number;
}

/** Settings and options of a new seed. */
export interface CreateSeedOptions extends SeedJobSettings, SeedWriterOptions {
  /** Absolute paths of folders whose files become blobs without being copied; used by `adoptStagingFolder`. Default: none. */
  readonly adoptedFolders?: readonly string[];
}

/** A folder that holds seeds. Holds no handles itself. */
export interface StagingLocation {
  /** Absolute path. */
  readonly folder: string;
  /**
   * Begins the seed of an import job and locks it.
   *
   * @throws StagingError `option-invalid`, `seed-exists`, `seed-locked`, `staging-not-writable`, `staging-full`
   */
  createSeed(options: CreateSeedOptions): Promise<SeedWriter>;
  /**
   * Goes on with a seed whose writer was closed, crashed or was killed. What was recorded durably is kept as it is; what was
   * recorded last is checked against its hashes first. May be repeated.
   *
   * @throws StagingError `seed-missing`, `seed-sealed`, `seed-locked`, `catalog-damaged`, `staging-not-writable`
   */
  resumeSeed(jobName: string, options?: SeedWriterOptions): Promise<SeedWriter>;
  /**
   * Opens a sealed seed for reading; several readers may do so.
   *
   * @throws StagingError `seed-missing`, `seed-not-sealed`, `catalog-damaged`, `catalog-unsupported`
   */
  openSeed(jobName: string, options?: AbortOptions): Promise<StagedSeedCatalog>;
  /** The seeds of this location by job name. Folders that hold no seed are passed over. */
  listSeeds(options?: AbortOptions): Promise<readonly SeedSummary[]>;
  /**
   * Records how far a sealed seed has come. Going back is allowed (drives can be lost), except to `staging`.
   *
   * @throws StagingError `seed-missing`, `seed-state-invalid`, `staging-not-writable`
   */
  setSeedState(jobName: string, state: SeedState): Promise<SeedSummary>;
  /**
   * Deletes a seed with its staged data; adopted files stay. Fine when there is none.
   *
   * @throws StagingError `seed-locked`, `staging-not-writable`
   */
  deleteSeed(jobName: string): Promise<void>;
}

/**
 * Opens a staging location. Writes nothing unless `create` is given.
 *
 * @throws StagingError `staging-folder-missing`, `staging-not-writable`
 */
export async function openStagingLocation(
  folder: string,
  options: StagingLocationOptions = {},
): Promise<StagingLocation> {
  const path = resolve(folder);
  try {
    if (options.create === true) await mkdir(path, { recursive: true });
    if (!(await stat(path)).isDirectory()) {
      throw new StagingError(
        "staging-folder-missing",
        `'${path}' is no folder, so seeds cannot be staged there.`,
        {
          details: { path },
        },
      );
    }
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EEXIST"].includes(systemErrorCode(error) ?? "")) {
      throw folderMissing(path, error);
    }
    throw stagingErrorFrom(error, "Opening", path);
  }
  return createStagingLocation(path, options);
}

function folderMissing(path: string, cause: unknown): StagingError {
  return new StagingError(
    "staging-folder-missing",
    `The staging folder '${path}' does not exist. Check the path and that its disk or share is mounted, or pass create: true.`,
    { cause, details: { path } },
  );
}

function createStagingLocation(folder: string, options: StagingLocationOptions): StagingLocation {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandomSource;
  const lockEnvironment = options.lockEnvironment ?? systemLockEnvironment;
  const timestamp = (): string => new Date(clock.nowInMs()).toISOString();

  const layoutOf = (jobName: string): SeedLayout => {
    checkJobName(jobName);
    return seedLayout(folder, jobName);
  };

  const existing = async (jobName: string): Promise<SeedDescriptor> => {
    const layout = layoutOf(jobName);
    const descriptor = await readSeedDescriptor(layout.descriptor);
    if (descriptor === undefined) {
      throw new StagingError(
        "seed-missing",
        `There is no seed '${jobName}' in '${folder}'. listSeeds() tells which there are.`,
        { details: { jobName, folder } },
      );
    }
    if (descriptor.jobName !== jobName) {
      throw new StagingError(
        "catalog-damaged",
        `The seed in '${layout.folder}' says that it is for job '${descriptor.jobName}'. Rename the folder back.`,
        { details: { jobName, folder } },
      );
    }
    return descriptor;
  };

  const openWriter = async (
    layout: SeedLayout,
    descriptor: SeedDescriptor,
    lock: WriterLock,
    start: SeedLogStart,
    nextFile: number,
    writerOptions: SeedWriterOptions,
  ): Promise<SeedWriter> => {
    const concurrency = writerOptions.maximumConcurrentBlobs ?? 8;
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      throw new StagingError(
        "option-invalid",
        `maximumConcurrentBlobs is ${concurrency}; it must be at least 1.`,
      );
    }
    const log = await openSeedLog(layout, start);
    return createSeedWriter({
      layout,
      seedId: descriptor.seedId,
      jobName: descriptor.jobName,
      containerName: descriptor.containerName,
      log,
      lock,
      nextFile,
      start: { blobCount: start.blobCount, totalBytes: start.totalBytes },
      maximumConcurrentBlobs: concurrency,
      nowInMs: () => clock.nowInMs(),
      async publish(totals) {
        const { blobCount, totalBytes } = totals;
        const sealed: SeedDescriptor = Object.freeze({
          ...descriptor,
          state: "sealed",
          stateChangedAt: timestamp(),
          blobCount,
          totalBytes,
          catalog: Object.freeze({
            lengthInBytes: totals.catalogLengthInBytes,
            sha256: totals.catalogSha256,
            rangeHashesLengthInBytes: totals.rangeHashesLengthInBytes,
          }),
        });
        try {
          await publishFile(layout.catalogIndex, formatCatalogIndex(descriptor.seedId, totals.index));
        } catch (error) {
          throw stagingErrorFrom(error, "Writing", layout.catalogIndex);
        }
        await publishSeedDescriptor(layout.descriptor, sealed);
        return openSealedCatalog(layout, sealed);
      },
    });
  };

  const location: StagingLocation = {
    folder,

    async createSeed(createOptions) {
      checkSeedJobSettings(createOptions);
      const { jobName } = createOptions;
      const layout = layoutOf(jobName);
      try {
        await mkdir(layout.folder);
      } catch (error) {
        if (systemErrorCode(error) === "ENOENT") throw folderMissing(folder, error);
        if (systemErrorCode(error) !== "EEXIST")
          throw stagingErrorFrom(error, "Making the folder", layout.folder);
      }
      const lock = await acquireWriterLock(layout.lock, lockEnvironment);
      try {
        if ((await readSeedDescriptor(layout.descriptor)) !== undefined) {
          throw new StagingError(
            "seed-exists",
            `'${folder}' already has a seed for job '${jobName}'. Go on with resumeSeed(), delete it with deleteSeed(), or use another job name.`,
            { details: { jobName, folder } },
          );
        }
        const createdAt = timestamp();
        const descriptor: SeedDescriptor = Object.freeze({
          seedId: createGuid(random),
          jobName,
          subscriptionId: createOptions.subscriptionId.toLowerCase(),
          storageAccountName: createOptions.storageAccountName,
          containerName: createOptions.containerName,
          publishSettingsPath: createOptions.publishSettingsPath,
          state: "staging",
          createdAt,
          stateChangedAt: createdAt,
          blobCount: 0,
          totalBytes: 0,
          adoptedFolders: Object.freeze([...(createOptions.adoptedFolders ?? [])]),
          catalog: undefined,
        });
        const header = formatCatalogHeader(descriptor.seedId);
        // A folder without descriptor is what a crash in this very function leaves: its files hold nothing yet.
        await rm(resolve(layout.packsFolder, ".."), { recursive: true, force: true });
        await writeFile(layout.catalog, header, { flush: true });
        await writeFile(layout.rangeHashes, "", { flush: true });
        await publishSeedDescriptor(layout.descriptor, descriptor);
        await syncFolder(folder);
        return await openWriter(layout, descriptor, lock, newSeedLogStart(header), 0, createOptions);
      } catch (error) {
        await lock.release();
        throw stagingErrorFrom(error, "Beginning the seed in", layout.folder);
      }
    },

    async resumeSeed(jobName, writerOptions = {}) {
      const layout = layoutOf(jobName);
      await existing(jobName);
      const lock = await acquireWriterLock(layout.lock, lockEnvironment);
      try {
        // Read again: until the lock was held, another writer could still have sealed the seed.
        const descriptor = await existing(jobName);
        if (descriptor.state !== "staging") {
          throw new StagingError(
            "seed-sealed",
            `Seed '${jobName}' is ${descriptor.state}; a sealed seed does not change any more. Stage further data as another seed.`,
            { details: { jobName, state: descriptor.state } },
          );
        }
        const { start, nextFile } = await resumeLog(layout, descriptor, writerOptions);
        return await openWriter(layout, descriptor, lock, start, nextFile, writerOptions);
      } catch (error) {
        await lock.release();
        throw stagingErrorFrom(error, "Resuming the seed in", layout.folder);
      }
    },

    async openSeed(jobName) {
      const descriptor = await existing(jobName);
      if (descriptor.state === "staging") {
        throw new StagingError(
          "seed-not-sealed",
          `Seed '${jobName}' is still being staged. Let its writer seal() it, or resumeSeed() and seal() it yourself.`,
          { details: { jobName } },
        );
      }
      return openSealedCatalog(layoutOf(jobName), descriptor);
    },

    async listSeeds() {
      const summaries: SeedSummary[] = [];
      try {
        for (const entry of await readdir(folder, { withFileTypes: true })) {
          if (!entry.isDirectory()) continue;
          const descriptor = await readSeedDescriptor(seedLayout(folder, entry.name).descriptor);
          if (descriptor !== undefined) summaries.push(summaryOf(descriptor));
        }
      } catch (error) {
        throw stagingErrorFrom(error, "Listing", folder);
      }
      return Object.freeze(summaries.sort((left, right) => (left.jobName < right.jobName ? -1 : 1)));
    },

    async setSeedState(jobName, state) {
      const descriptor = await existing(jobName);
      if (!seedStates.includes(state) || state === "staging" || descriptor.state === "staging") {
        throw new StagingError(
          "seed-state-invalid",
          `Seed '${jobName}' is ${descriptor.state} and cannot become ${String(state)}. ${descriptor.state === "staging" ? "Seal it first." : "A sealed seed is never written again."}`,
          { details: { jobName, state: descriptor.state } },
        );
      }
      const changed: SeedDescriptor = Object.freeze({ ...descriptor, state, stateChangedAt: timestamp() });
      await publishSeedDescriptor(layoutOf(jobName).descriptor, changed);
      return summaryOf(changed);
    },

    async deleteSeed(jobName) {
      const layout = layoutOf(jobName);
      if ((await readSeedDescriptor(layout.descriptor)) === undefined) return;
      const lock = await acquireWriterLock(layout.lock, lockEnvironment);
      try {
        // The descriptor goes first: what a crash leaves then is no seed, and createSeed() clears it.
        await rm(layout.descriptor, { force: true });
        await rm(layout.folder, { recursive: true, force: true });
      } catch (error) {
        throw stagingErrorFrom(error, "Deleting", layout.folder);
      } finally {
        await lock.release();
      }
    },
  };
  return Object.freeze(location);
}

/** What `prepareDrive` may be told. */
import type { AbortOptions } from "../../shared/abort.js";
import type { ProgressOptions } from "../../shared/progress.js";
import type { RandomSource } from "../../shared/random-source.js";
import type { DriveConfirmation } from "./drive-confirmation.js";

/** Options of `prepareDrive`. */
export interface PrepareDriveOptions extends AbortOptions, ProgressOptions {
  /** Must name the drive of the plan; nothing is written otherwise. */
  readonly confirm: DriveConfirmation;
  /** File for the journal, mode 0600, not on the drive itself. It holds the recovery password. */
  readonly journalPath: string;
  /** Goes on where the journal ends when there is one. Default: false, an existing journal is refused. */
  readonly resume?: boolean;
  /** How much is written between two flushes; a crash costs at most this much work. Default: 512 MiB. */
  readonly checkpointIntervalInBytes?: number;
  /**
   * Worker threads that read, hash and encrypt beside this one; 0: none. Default: one a core, at most 4, and none for
   * less than 64 MiB.
   */
  readonly threadCount?: number;
  /** Source of keys; must be cryptographically secure. Default: the operating system's. */
  readonly random?: RandomSource;
}

/** What has changed at the source since the seed was staged: plain data, printable, the dry run of an increment. */

/** A file, empty folder or link to upload. */
export interface IncrementItem {
  readonly action: "add" | "replace";
  /** Why: new, another length, another time with other content or content that cannot be compared, another type. */
  readonly reason: "new" | "length" | "content" | "time" | "type";
  readonly path: string;
  readonly blobName: string;
  readonly type: "file" | "folder" | "symlink";
  readonly fullPath: string;
  readonly lengthInBytes: number;
  readonly modifiedAtInMs: number;
  readonly target: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** Catalog position of the blob it replaces, or of the index of the bundle it was in. */
  readonly blobIndex: number | undefined;
  readonly wasBundled: boolean;
}

/** A file of the seed that is gone from the source. */
export interface RemovedItem {
  readonly path: string;
  readonly blobIndex: number;
  readonly wasBundled: boolean;
}

/** A file or folder of the source that could not be looked at. It counts neither as changed nor as removed. */
export interface UnreadableItem {
  readonly path: string;
  readonly code: string;
}

/** Plain frozen data, in size proportional to what changed. */
export interface IncrementPlan {
  /** Hash of everything below; the same changes make the same plan. */
  readonly planId: string;
  readonly seedId: string;
  readonly containerName: string;
  readonly items: readonly IncrementItem[];
  readonly removed: readonly RemovedItem[];
  readonly unreadable: readonly UnreadableItem[];
  readonly unchangedFiles: number;
  readonly unchangedBytes: number;
  /** Sum of the lengths of the items; blocks that are in the container already need not be sent. */
  readonly changedBytes: number;
}

/** A plan as text for people, one line a change; the first `maximumLines` of each kind. */
export function formatIncrementPlan(plan: IncrementPlan, maximumLines = 50): string {
  const some = <T>(title: string, items: readonly T[], line: (item: T) => string): string[] => [
    `  ${items.length} ${title}`,
    ...items.slice(0, maximumLines).map((item) => `    ${line(item)}`),
    ...(items.length > maximumLines ? [`    and ${items.length - maximumLines} more`] : []),
  ];
  return `${[
    `Increment of seed ${plan.seedId} in container ${plan.containerName}`,
    `  ${plan.unchangedFiles} files, ${plan.unchangedBytes} bytes unchanged`,
    ...some(
      `to upload, ${plan.changedBytes} bytes`,
      plan.items,
      (item) => `${item.action} ${item.path} (${item.reason}, ${item.lengthInBytes} bytes)`,
    ),
    ...some("gone from the source", plan.removed, (item) => item.path),
    ...(plan.unreadable.length > 0
      ? some(
          "cannot be read and are left as they are",
          plan.unreadable,
          (item) => `${item.path} (${item.code})`,
        )
      : []),
  ].join("\n")}\n`;
}

/** Files as columns: one array a fact, one position a file. In this form they pass between threads at little cost. */

/** What an entry is, as a number in a column. */
export const entryTypes = { file: 0, folder: 1, symlink: 2, special: 3, failed: 4 } as const;

/** Entries that grow in number. */
export interface TreeColumns {
  readonly count: number;
  add(
    path: string,
    type: number,
    sizeInBytes: number,
    modifiedAtInMs: number,
    mode: number,
    detail: string,
  ): void;
  /** Everything added so far, as it is sent. */
  packed(): PackedColumns;
}

/** Entries on their way between threads. */
export interface PackedColumns {
  readonly count: number;
  /** Relative to the root, with forward slashes; separated by U+0000, which no path holds. */
  readonly paths: string;
  readonly types: Uint8Array;
  /** 0 for everything that is no file. */
  readonly sizes: Float64Array;
  readonly modifiedAtInMs: Float64Array;
  readonly modes: Uint32Array;
  /** Where there is one: the target of a link; device and inode of a file with several names; the error code of what failed. */
  readonly details: ReadonlyMap<number, string>;
}

/** Creates empty columns. */
export function createTreeColumns(): TreeColumns {
  let room = 512;
  const paths: string[] = [];
  let types = new Uint8Array(room);
  let sizes = new Float64Array(room);
  let times = new Float64Array(room);
  let modes = new Uint32Array(room);
  const details = new Map<number, string>();
  const grow = (): void => {
    room *= 2;
    const [oldTypes, oldSizes, oldTimes, oldModes] = [types, sizes, times, modes];
    types = new Uint8Array(room);
    sizes = new Float64Array(room);
    times = new Float64Array(room);
    modes = new Uint32Array(room);
    types.set(oldTypes);
    sizes.set(oldSizes);
    times.set(oldTimes);
    modes.set(oldModes);
  };
  return {
    get count() {
      return paths.length;
    },
    add(path, type, sizeInBytes, modifiedAtInMs, mode, detail) {
      const at = paths.length;
      if (at === room) grow();
      paths.push(path);
      types[at] = type;
      sizes[at] = sizeInBytes;
      times[at] = modifiedAtInMs;
      modes[at] = mode;
      if (detail !== "") details.set(at, detail);
    },
    packed() {
      const count = paths.length;
      return {
        count,
        paths: paths.join("\0"),
        types: types.slice(0, count),
        sizes: sizes.slice(0, count),
        modifiedAtInMs: times.slice(0, count),
        modes: modes.slice(0, count),
        details,
      };
    },
  };
}

/** The paths of columns. */
export function pathsOf(columns: PackedColumns): string[] {
  return columns.count === 0 ? [] : columns.paths.split("\0");
}

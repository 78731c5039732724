/** Which paths of a tree are wanted: glob patterns as in shells and .gitignore files, matched by picomatch. */
import picomatch from "picomatch";
import { StagingError } from "./errors.js";

/** Options of {@link createPathFilter}. */
export interface PathFilterOptions {
  /** Files to take. Default: all. */
  readonly include?: readonly string[];
  /** Files and folders (with all below them) to leave out; wins over `include`. Default: none. */
  readonly exclude?: readonly string[];
}

/** Answers for paths relative to the root, with forward slashes. */
export type PathFilter = (path: string, isDirectory: boolean) => boolean;

/**
 * Compiles patterns: `*` stays within a folder, `**` crosses folders, names beginning with a dot match like others. A pattern
 * without slash matches the last part of a path at any depth.
 *
 * @throws StagingError `option-invalid`
 */
export function createPathFilter(options: PathFilterOptions): PathFilter {
  const include = options.include === undefined ? undefined : compile("include", options.include);
  const exclude = options.exclude === undefined ? undefined : compile("exclude", options.exclude);
  return (path, isDirectory) => {
    if (exclude?.(path) === true || (isDirectory && exclude?.(`${path}/`) === true)) return false;
    // Whether a folder holds wanted files is known only inside it.
    return isDirectory || (include?.(path) ?? true);
  };
}

function compile(option: string, patterns: readonly string[]): (path: string) => boolean {
  if (!Array.isArray(patterns) || patterns.some((pattern) => typeof pattern !== "string" || pattern === "")) {
    throw new StagingError("option-invalid", `The option ${option} must be a list of glob patterns.`);
  }
  const matchers = patterns.flatMap((pattern) => {
    const relative = pattern.replace(/^\.?\//, "");
    const anywhere = relative.includes("/") ? relative : `**/${relative}`;
    const folder = anywhere.endsWith("/") ? [anywhere, `${anywhere}**`] : [anywhere];
    return folder.map((glob) => picomatch(glob, { dot: true, strictSlashes: true }));
  });
  return (path) => matchers.some((matches) => matches(path));
}

/** What the published package may contain, worked out from its entries; and how large it may be. */

/** Bytes. Generous by a third over what the package had when they were set; raise them on purpose only. */
export const sizeBudget = { packed: 1_300_000, unpacked: 5_000_000 };

/** Code and declarations that entries share; their names end in a hash. */
const sharedFile = /^dist\/[a-z-]+-[\w-]{8}\.(js|cjs|d\.ts|d\.cts)$/;

/** Every file an entry of the package names, and those npm always adds. */
export function entryFiles({ exports, bin, main, module, types }) {
  const named = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(named));
  const paths = [...named(exports), ...named(bin), main, module, types].map((path) =>
    path.replace(/^\.\//, ""),
  );
  return [...new Set([...paths, "LICENSE", "README.md", "package.json"])].sort();
}

/** What is wrong with a listing of `npm pack --json`; empty when nothing is. */
export function contentProblems(packageJson, { files, size, unpackedSize }) {
  const paths = files.map((file) => file.path);
  const expected = entryFiles(packageJson);
  return [
    ...expected.filter((path) => !paths.includes(path)).map((path) => `${path} is missing`),
    ...paths
      .filter((path) => !expected.includes(path) && !sharedFile.test(path))
      .map((path) => `${path} does not belong into the package`),
    ...(size > sizeBudget.packed ? [`packed it has ${size} bytes, more than ${sizeBudget.packed}`] : []),
    ...(unpackedSize > sizeBudget.unpacked
      ? [`unpacked it has ${unpackedSize} bytes, more than ${sizeBudget.unpacked}`]
      : []),
  ];
}

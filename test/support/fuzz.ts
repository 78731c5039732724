/** The scale of all fuzz tests: the usual number of cases, fifty times as many in the long run, and the count printed. */
import fc from "fast-check";

/** How much longer the long run is. */
const longFactor = 50;

/** How many cases a fuzz test has, which `npm test` runs `usualCases` of. */
export function fuzzCases(usualCases: number): number {
  return process.env["OFFLINE_SEED_LONG"] === "1" ? usualCases * longFactor : usualCases;
}

/** Checks a property on many cases and prints how many they were, and from which seed. */
export async function fuzz<T>(
  name: string,
  property: fc.IAsyncPropertyWithHooks<T> | fc.IPropertyWithHooks<T>,
  { usualCases, seed }: { readonly usualCases: number; readonly seed: number },
): Promise<void> {
  const cases = fuzzCases(usualCases);
  await fc.assert(property as fc.IAsyncPropertyWithHooks<T>, { numRuns: cases, seed });
  process.stderr.write(`fuzz: ${cases} cases, seed ${seed}: ${name}\n`);
}

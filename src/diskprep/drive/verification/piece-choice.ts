/** Which pieces of a drive a verification reads: all, or a fraction that the same seed chooses again. */
import { createHash } from "node:crypto";
import { randomBytesFrom, systemRandomSource } from "../../../shared/random-source.js";
import { DriveError } from "../drive-error.js";

/** Asks for a sample instead of the whole. */
export interface DriveSample {
  /** Above 0, at most 1: the probability with which each range and side file is read. */
  readonly fraction: number;
  /** 1 to 100 characters; the same seed reads the same ranges. Default: random, and told in the report. */
  readonly seed?: string | undefined;
}

/** Decides for the pieces of a drive in the order of its manifest. */
export interface PieceChoice {
  /** What goes into the report; undefined when everything is read. */
  readonly sample: Required<DriveSample> | undefined;
  /** Whether piece `number`, counted from 0, is read. The answer depends on nothing but the number and the seed. */
  isChosen(number: number): boolean;
}

/**
 * Makes the choice. Piece n is read when n is 0 (so that no sample is empty) or when the first six bytes of
 * SHA-256(`<seed>\n<n>`), taken as a big-endian number, are below `fraction` × 2^48.
 *
 * @throws DriveError `invalid-option`
 */
export function choosePieces(sample: DriveSample | undefined): PieceChoice {
  if (sample === undefined) return { sample: undefined, isChosen: () => true };
  const { fraction } = sample;
  const seed = sample.seed ?? Buffer.from(randomBytesFrom(systemRandomSource, 8)).toString("hex");
  if (!(fraction > 0 && fraction <= 1) || seed.length < 1 || seed.length > 100) {
    throw new DriveError(
      "invalid-option",
      `A sample needs a fraction above 0 and at most 1, and a seed of 1 to 100 characters; given were ${String(fraction)} and ${seed.length} characters.`,
      { details: { fraction, seedLength: seed.length } },
    );
  }
  const limit = fraction * 2 ** 48;
  return {
    sample: Object.freeze({ fraction, seed }),
    isChosen: (number) =>
      number === 0 || createHash("sha256").update(`${seed}\n${number}`).digest().readUIntBE(0, 6) < limit,
  };
}

/** Numbers on the command line. */

/** A whole number in a range. @throws RangeError */
export function parseWholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new RangeError(`'${text}' is not a whole number from ${minimum} to ${maximum}.`);
  };
}

/** Seconds, also with a fraction, as milliseconds. @throws RangeError */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds > 0 && seconds <= 86_400) return seconds * 1000;
  throw new RangeError(`'${text}' is not a number of seconds up to a day.`);
}

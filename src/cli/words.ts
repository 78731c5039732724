/** Numbers with their nouns. */

/** `1 drive`, `2 drives`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

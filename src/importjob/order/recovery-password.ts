/** Shape of a BitLocker numerical password ([MS-FVE] terms: recovery password). Only its form; no key material is derived. */

/**
 * Whether a text is a possible 48-digit recovery password: eight groups of six digits, each a multiple of 11 and below
 * 720896, separated by dashes, spaces or nothing.
 */
export function isWellFormedRecoveryPassword(text: string): boolean {
  if (!/^\d{6}(?:[- ]?\d{6}){7}$/.test(text)) return false;
  const groups = text.replaceAll(/[- ]/g, "").match(/\d{6}/g) ?? [];
  return groups.every((group) => Number(group) % 11 === 0 && Number(group) < 720_896);
}

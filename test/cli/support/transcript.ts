/** A transcript without what differs from run to run. */

/** Replaces paths, ids, dates, sizes of free memory and hashes by words in braces. */
export function normalizedTranscript(text: string, folder: string): string {
  return text
    .replaceAll(folder, "{folder}")
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, "{id}")
    .replaceAll(/\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:\.\d+Z)?)?/g, "{date}")
    .replaceAll(/CB_AzureADCertforOfflineSeeding_\d+/g, "CB_AzureADCertforOfflineSeeding_{time stamp}")
    .replaceAll(/\b[0-9A-F]{40}\b/g, "{thumbprint}")
    .replaceAll(
      /No disk of this computer can be used; an image file can stand for one\.|Disks that can be used:(?:\n {2}.*)+/g,
      "{disks of this computer}",
    )
    .replaceAll(/read from .*?: good/g, "read from {medium}: good");
}

/** Opening the sealed seed that the settings name. */
import { isStagingError, openStagingLocation, type StagedSeedCatalog } from "../../staging/index.js";
import { CliError } from "../cli-error.js";
import type { SeedSettings } from "../settings/seed-settings.js";

/** The catalog; the caller closes it. @throws CliError `step-missing` when the seed is not sealed yet */
export async function openCatalog(
  settings: Pick<SeedSettings, "stagingFolder" | "jobName">,
  abortSignal: AbortSignal,
): Promise<StagedSeedCatalog> {
  try {
    const location = await openStagingLocation(settings.stagingFolder, { abortSignal });
    return await location.openSeed(settings.jobName, { abortSignal });
  } catch (cause) {
    const isEarly =
      isStagingError(cause) &&
      ["seed-missing", "seed-not-sealed", "staging-folder-missing"].includes(cause.code);
    if (!isEarly) throw cause;
    throw new CliError("step-missing", `${cause.message} Run 'offline-seed stage' first.`, {
      details: { jobName: settings.jobName },
      cause,
    });
  }
}

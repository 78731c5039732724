/** First question of the original conversation: for which import job. */
import { formatBytes } from "../../diskprep/index.js";
import type { SeedSummary } from "../../staging/index.js";
import { CliError } from "../cli-error.js";
import { counted } from "../words.js";
import { type ChosenSeed, type Conversation, drivesFolderOf } from "./conversation.js";

/** Asks for one of the seeds that are sealed. @throws CliError `step-missing` when there is none */
export async function chooseJob({ location, prompter, session }: Conversation): Promise<ChosenSeed> {
  const { abortSignal } = session;
  const seeds = (await location.listSeeds({ abortSignal })).filter(({ state }) => state !== "staging");
  if (seeds.length === 0) {
    throw new CliError(
      "step-missing",
      `The staging location ${location.folder} holds no finished seed. Stage one first ('offline-seed stage' or 'adopt').`,
      { details: { stagingFolder: location.folder } },
    );
  }
  prompter.note(`Import jobs in ${location.folder}:`);
  const seed = await prompter.choose<SeedSummary>(
    "Choose the import job",
    seeds.map((summary) => ({
      value: summary,
      label: summary.jobName,
      hint: `${counted(summary.blobCount, "blob")}, ${formatBytes(summary.totalBytes)}, ${summary.state}`,
    })),
  );
  return { seed, drivesFolder: drivesFolderOf(location, seed.jobName) };
}

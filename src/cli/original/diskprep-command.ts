/** `offline-seed diskprep`: the command line and the conversation of `AzureOfflineBackupDiskPrep.exe`. */
import { mkdir, readFile } from "node:fs/promises";
import { type PublishSettings, parsePublishSettings } from "../../certs/index.js";
import { openStagingLocation } from "../../staging/index.js";
import { CliError } from "../cli-error.js";
import type { CommandDefinition, CommandResult } from "../command-frame.js";
import { openCatalog } from "../drives/open-catalog.js";
import { savePreparation } from "../drives/preparation-file.js";
import { prepareChosenDrives } from "../drives/prepare-chosen-drives.js";
import { linesOfVerification, verifyListedDrives } from "../drives/verify-listed-drives.js";
import { quoted } from "../resuming-command-line.js";
import type { Session } from "../session.js";
import { chooseJob } from "./choose-job.js";
import { type ChosenSeed, type Conversation, openSeedService } from "./conversation.js";
import { enterDrives } from "./enter-drives.js";
import { enterShipping, offerShipping, showStatus } from "./enter-shipping.js";
import { parseNameValueArguments, requiredValue } from "./name-value-arguments.js";
import { orderJob } from "./order-job.js";

export const diskprepCommand: CommandDefinition<object> = {
  name: "diskprep",
  summary: "as AzureOfflineBackupDiskPrep.exe: drives and import job in a conversation",
  description: [
    "s:<staging> [p:<publish settings>]",
    "  choose the job, enter the drives, confirm the format, order the import job, enter the shipping details",
    "u: [s:<staging> p:<publish settings>]",
    "  enter the shipping details, or see the status, of a job that was ordered",
    "",
    "The publish settings file is only read for its subscriptions; who signs in is chosen with --sign-in. Interrupted, the same command goes on where it stopped.",
  ].join("\n"),
  operands: { "[arguments...]": "s:, p: and u:, as above" },
  usesSettings: true,
  usesAzure: true,
  examples: ["offline-seed diskprep s:/mnt/staging", "offline-seed diskprep u: s:/mnt/staging"],
  async run(session, _options, words) {
    const values = parseNameValueArguments(words, ["s", "p", "u"]);
    const isUpdate = values.has("u");
    if (isUpdate && values.get("u") !== "") throw new CliError("usage", "'u:' takes no value.");
    if (!isUpdate) requiredValue(values, "s");
    const stagingFolder = values.get("s") || (await session.settings()).stagingFolder;
    const publishFile = values.get("p");
    const publishSettings =
      publishFile === undefined ? undefined : parsePublishSettings(await readFile(publishFile));
    const conversation = await beginConversation(session, stagingFolder, publishSettings, publishFile);
    const chosen = await chooseJob(conversation);
    refuseOtherSubscription(chosen, publishSettings);
    return isUpdate ? await update(conversation, chosen) : await prepare(conversation, chosen);
  },
};

async function beginConversation(
  session: Session,
  stagingFolder: string,
  publishSettings: PublishSettings | undefined,
  publishFile: string | undefined,
): Promise<Conversation> {
  const prompter = session.io.plainPrompter;
  if (!prompter) {
    throw new CliError(
      "input-needed",
      "This is a conversation and needs a terminal. Without one use 'offline-seed prepare', 'job create' and 'job ship', which take everything as options.",
    );
  }
  const cloud = publishSettings?.subscriptions.find((subscription) => subscription.cloud)?.cloud;
  const words = [`s:${stagingFolder}`, ...(publishFile === undefined ? [] : [`p:${publishFile}`])];
  return {
    session,
    prompter,
    location: await openStagingLocation(stagingFolder),
    azure: await session.azure({ cloud: cloud?.name ?? "public" }),
    stagingArguments: words.map(quoted).join(" "),
  };
}

function refuseOtherSubscription({ seed }: ChosenSeed, publishSettings: PublishSettings | undefined): void {
  const wanted = seed.subscriptionId.toLowerCase();
  if (!publishSettings) return;
  if (publishSettings.subscriptions.some(({ subscriptionId }) => subscriptionId === wanted)) return;
  throw new CliError(
    "usage",
    `The publish settings file does not name subscription ${seed.subscriptionId}, which import job ${seed.jobName} is for. Nothing was written.`,
    { details: { jobName: seed.jobName, subscriptionId: seed.subscriptionId } },
  );
}

/** Drives, order, shipping. */
async function prepare(conversation: Conversation, chosen: ChosenSeed): Promise<CommandResult> {
  const { session, prompter, location } = conversation;
  const { seed, drivesFolder } = chosen;
  const catalog = await openCatalog(
    { stagingFolder: location.folder, jobName: seed.jobName },
    session.abortSignal,
  );
  try {
    const preparation = await enterDrives(conversation, catalog, drivesFolder);
    await mkdir(drivesFolder, { recursive: true, mode: 0o700 });
    await savePreparation(drivesFolder, preparation);
    prompter.note("Copying. This can take hours; Ctrl-C stops it and the same command goes on.");
    const { drives, failures } = await prepareChosenDrives(session, {
      preparation,
      catalog,
      drivesFolder,
      overwrite: false,
    });
    const [failure] = failures;
    if (failure) throw failure.error;
    const verified = await verifyListedDrives(session, drives);
    for (const line of linesOfVerification(verified)) prompter.note(line);
    if (verified.some(({ report }) => !report.passed)) {
      throw new CliError("step-missing", "A drive does not hold what it should; nothing was ordered.");
    }
    await location.setSeedState(seed.jobName, "prepared");
    const { service, ref, account } = await openSeedService(conversation, chosen);
    await orderJob(conversation, { ...chosen, catalog, drives, service, account });
    const job = { ...chosen, service, ref, driveCount: drives.length };
    await offerShipping(conversation, job);
    return { json: { job: await showStatus(conversation, job) }, text: [] };
  } finally {
    await catalog.close();
  }
}

/** Shipping details of a job that was ordered, or its status when they were entered already. */
async function update(conversation: Conversation, chosen: ChosenSeed): Promise<CommandResult> {
  const { service, ref } = await openSeedService(conversation, chosen);
  const { abortSignal } = conversation.session;
  const status = await service.getImportJob(ref, { abortSignal });
  const job = { ...chosen, service, ref, driveCount: status.drives?.length };
  if (status.state === "creating") await enterShipping(conversation, job);
  return { json: { job: await showStatus(conversation, job) }, text: [] };
}

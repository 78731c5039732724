/** Last part of the original conversation: shipping details now or later, review, `Yes`, where they lie, and the status. */

import {
  type ImportJobRef,
  type ImportJobService,
  type ImportJobStatus,
  saveShippingDetails,
  sendSavedShippingDetails,
  waitingText,
} from "../../importjob/index.js";
import { openStagingLocation } from "../../staging/index.js";
import { linesOfJob } from "../jobs/describe-job.js";
import type { ChosenSeed, Conversation } from "./conversation.js";

/** A job at its service. */
export interface ShippedJob extends ChosenSeed {
  readonly service: ImportJobService;
  readonly ref: ImportJobRef;
  readonly driveCount: number | undefined;
}

/** Asks whether to enter the shipping details now. @returns whether they were sent */
export async function offerShipping(conversation: Conversation, job: ShippedJob): Promise<boolean> {
  const { prompter, stagingArguments } = conversation;
  prompter.note("When the drives are packed, the carrier's tracking number has to be entered.");
  const isNow = await prompter.choose("Enter the shipping details", [
    { value: true, label: "now" },
    { value: false, label: "later" },
  ]);
  if (isNow) return await enterShipping(conversation, job);
  prompter.note(
    `Within two weeks, run: offline-seed diskprep u: ${stagingArguments}\nWithout a tracking number the service deletes the job after two weeks.`,
  );
  return false;
}

/** Asks for the details until they are confirmed with `Yes`, stores them and sends them. @returns whether they were sent */
export async function enterShipping(conversation: Conversation, job: ShippedJob): Promise<boolean> {
  const { prompter, session, location } = conversation;
  const needed = (typed: string): string | undefined => (typed === "" ? "This is needed." : undefined);
  for (;;) {
    const carrierName = await prompter.text({ question: "Carrier", problemOf: needed });
    const trackingNumber = await prompter.text({ question: "Tracking number", problemOf: needed });
    const drives = job.driveCount === undefined ? "" : `\n  drives           ${job.driveCount}`;
    prompter.note(
      `Review:\n  import job       ${job.seed.jobName}\n  carrier          ${carrierName}\n  tracking number  ${trackingNumber}${drives}`,
    );
    const answer = await prompter.text({ question: "Type Yes to store and send them, Stop to leave" });
    if (answer.toLowerCase() === "stop") return false;
    if (answer.toLowerCase() !== "yes") continue;
    const { driveCount } = job;
    const path = await saveShippingDetails(location.folder, {
      ...job.ref,
      kind: job.service.kind,
      subscriptionId: job.seed.subscriptionId,
      details: {
        deliveryPackage: {
          carrierName,
          trackingNumber,
          ...(driveCount === undefined ? {} : { driveCount }),
        },
      },
      enteredAt: new Date(session.computer.clock.nowInMs()),
      sentAt: undefined,
    });
    prompter.note(`The shipping details are stored in ${path}`);
    await sendSavedShippingDetails(job.service, location.folder, job.ref.jobName, {
      abortSignal: session.abortSignal,
      clock: session.computer.clock,
    });
    await (await openStagingLocation(location.folder)).setSeedState(job.seed.jobName, "shipped");
    return true;
  }
}

/** The words the source computer shows while it waits, and what the service says. */
export async function showStatus(conversation: Conversation, job: ShippedJob): Promise<ImportJobStatus> {
  const { prompter, session } = conversation;
  const status = await job.service.getImportJob(job.ref, { abortSignal: session.abortSignal });
  prompter.note(`Current status: ${waitingText(job.service.kind)}`);
  prompter.note(linesOfJob(status, session.computer.clock.nowInMs()).join("\n"));
  return status;
}

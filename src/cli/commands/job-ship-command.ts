/** `offline-seed job ship`: tells the service that the parcel has left, now or later. */

import {
  loadShippingDetails,
  type ShippingDetails,
  saveShippingDetails,
  sendSavedShippingDetails,
} from "../../importjob/index.js";
import { openStagingLocation } from "../../staging/index.js";
import type { CommandDefinition } from "../command-frame.js";
import { readDriveList } from "../drives/drive-list.js";
import { linesOfJob } from "../jobs/describe-job.js";
import { openJob } from "../jobs/open-job-service.js";
import type { Session } from "../session.js";
import type { SeedSettings } from "../settings/seed-settings.js";
import { counted } from "../words.js";

interface JobShipOptions {
  readonly carrier?: string;
  readonly tracking?: string;
  readonly shipDate?: Date;
  readonly later?: boolean;
}

export const jobShipCommand: CommandDefinition<JobShipOptions> = {
  name: "ship",
  summary: "enter carrier and tracking number of the parcel",
  description:
    "The details are kept in the staging location first. With --later they stay there; run the command again, from any computer that reaches the staging location, to send them.",
  usesSettings: true,
  usesAzure: true,
  options: [
    { flags: "--carrier <name>", explanation: "who carries the parcel" },
    { flags: "--tracking <number>", explanation: "tracking number of the parcel" },
    { flags: "--ship-date <date>", explanation: "day of posting, as 2025-03-31", read: readDate },
    { flags: "--later", explanation: "only keep the details; send them with a later call" },
  ],
  examples: [
    "offline-seed job ship --carrier DHL --tracking JD0001 --yes",
    "offline-seed job ship --carrier DHL --tracking JD0001 --later",
  ],
  async run(session, options) {
    const settings = await session.settings();
    const { service, ref } = await openJob(session, settings);
    const details = await detailsOf(session, settings, options);
    let path: string | undefined;
    if (details) {
      const { carrierName, trackingNumber, driveCount } = details.deliveryPackage;
      session.note(
        `${counted(driveCount ?? 0, "drive")} with ${carrierName}, tracking number ${trackingNumber}`,
      );
      await session.confirm("Are these details right?", "Nothing was kept or sent.");
      path = await saveShippingDetails(settings.stagingFolder, {
        ...ref,
        kind: service.kind,
        subscriptionId: settings.subscriptionId,
        details,
        enteredAt: new Date(session.computer.clock.nowInMs()),
        sentAt: undefined,
      });
      session.note(`Shipping details are kept in ${path}.`);
    }
    if (options.later) {
      return {
        json: { sent: false, file: path },
        text: ["They are not sent yet; run 'offline-seed job ship' to send them."],
      };
    }
    const job = await sendSavedShippingDetails(service, settings.stagingFolder, ref.jobName, {
      abortSignal: session.abortSignal,
      clock: session.computer.clock,
    });
    await (await openStagingLocation(settings.stagingFolder)).setSeedState(settings.jobName, "shipped");
    return {
      json: { sent: true, job },
      text: [...linesOfJob(job, session.computer.clock.nowInMs()), "Next: 'offline-seed job watch'."],
    };
  },
};

/** New details, or undefined when those that are kept already are to be sent. */
async function detailsOf(
  session: Session,
  settings: SeedSettings,
  options: JobShipOptions,
): Promise<ShippingDetails | undefined> {
  const isNothingGiven = options.carrier === undefined && options.tracking === undefined;
  if (isNothingGiven && (await loadShippingDetails(settings.stagingFolder, settings.jobName)))
    return undefined;
  const needed = (typed: string): string | undefined => (typed === "" ? "This is needed." : undefined);
  const carrierName =
    options.carrier ?? (await session.ask("--carrier", { question: "Carrier", problemOf: needed }));
  const trackingNumber =
    options.tracking ?? (await session.ask("--tracking", { question: "Tracking number", problemOf: needed }));
  const drives = await readDriveList(settings.drivesFolder);
  return {
    deliveryPackage: {
      carrierName,
      trackingNumber,
      driveCount: drives.length,
      ...(options.shipDate && { shipDate: options.shipDate }),
    },
    ...(settings.returnAddress && { returnAddress: settings.returnAddress }),
    ...(settings.returnShipping && { returnShipping: settings.returnShipping }),
  };
}

function readDate(text: string): Date {
  const date = new Date(`${text}T00:00:00Z`);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new RangeError(`'${text}' is not a day; write it as 2025-03-31.`);
}

/** `offline-seed plan`: the dry run. How many drives of which size the seed needs, and what goes on which. */
import {
  type DriveTarget,
  formatBytes,
  formatSeedPlan,
  maximumDrivesOfAJob,
  planDrives,
  type SeedPlan,
} from "../../diskprep/index.js";
import type { SeedCatalog } from "../../staging/index.js";
import type { CommandDefinition } from "../command-frame.js";
import { chooseDisk, targetOf } from "../drives/chosen-drive.js";
import { openCatalog } from "../drives/open-catalog.js";
import { parseDriveSize } from "../parse/byte-size.js";
import type { Session } from "../session.js";
import { counted } from "../words.js";

interface PlanOptions {
  readonly size?: readonly number[];
  readonly disk?: readonly string[];
}

const usualSizesInBytes = [1e12, 2e12, 4e12, 8e12, 10e12];

export const planCommand: CommandDefinition<PlanOptions> = {
  name: "plan",
  summary: "dry run: how many drives of which size the seed needs",
  description:
    "Reads the catalog and touches no drive. With several sizes, each is counted by itself; without one, the usual sizes are.",
  usesSettings: true,
  options: [
    {
      flags: "--size <size>",
      explanation: "drives of this size, for example 4TB (may be repeated)",
      read: parseDriveSize,
      isRepeatable: true,
    },
    {
      flags: "--disk <serial>",
      explanation: "exactly these attached disks, by serial number (may be repeated)",
      isRepeatable: true,
    },
  ],
  examples: ["offline-seed plan", "offline-seed plan --size 4TB --size 8TB"],
  async run(session, options) {
    const settings = await session.settings();
    const catalog = await openCatalog(settings, session.abortSignal);
    try {
      if (options.disk) return await planDisks(session, catalog, options.disk);
      const sizes = options.size ?? usualSizesInBytes;
      return await planSizes(session, catalog, sizes);
    } finally {
      await catalog.close();
    }
  },
};

async function planDisks(session: Session, catalog: SeedCatalog, names: readonly string[]) {
  const disks = await session.computer.listDisks();
  const targets = names.map((name) => targetOf(chooseDisk(disks, name)));
  const plan = await planDrives(catalog, targets, { abortSignal: session.abortSignal });
  return { json: { disks: plan }, text: formatSeedPlan(plan).split("\n") };
}

async function planSizes(session: Session, catalog: SeedCatalog, sizes: readonly number[]) {
  const counts: { sizeInBytes: number; driveCount: number; plan: SeedPlan | undefined }[] = [];
  const text = [`${counted(catalog.blobCount, "blob")}, ${formatBytes(catalog.totalBytes)}`];
  for (const sizeInBytes of sizes) {
    const count = await countDrives(session, catalog, sizeInBytes);
    counts.push(count);
    const { driveCount, plan } = count;
    text.push(`${counted(driveCount, "drive")} of ${formatBytes(sizeInBytes)}`);
    if (plan && sizes.length === 1)
      text.push(
        ...formatSeedPlan(plan)
          .split("\n")
          .map((line) => `  ${line}`),
      );
    if (driveCount > maximumDrivesOfAJob) {
      text.push(`  One import job takes ${maximumDrivesOfAJob} drives: use larger ones, or split the seed.`);
    }
  }
  return { json: { blobCount: catalog.blobCount, totalBytes: catalog.totalBytes, sizes: counts }, text };
}

/** The first plan counts, the second shows what goes where. */
async function countDrives(session: Session, catalog: SeedCatalog, sizeInBytes: number) {
  const target = (position: number): DriveTarget => ({ driveId: `DRIVE${position}`, sizeInBytes });
  const options = { abortSignal: session.abortSignal, onProgress: session.display.listener("plan") };
  const first = await planDrives(catalog, [target(1)], options);
  const driveCount = first.drives.length + (first.unplaced?.additionalDriveCount ?? 0);
  if (driveCount > maximumDrivesOfAJob || driveCount <= 1)
    return { sizeInBytes, driveCount, plan: driveCount === 1 ? first : undefined };
  const targets = Array.from({ length: driveCount }, (_, position) => target(position + 1));
  return { sizeInBytes, driveCount, plan: await planDrives(catalog, targets, options) };
}

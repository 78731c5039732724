/** `offline-seed disks`: the disks of this computer, and why each may or may not be used. */
import { adviseOnHardware, type Disk, formatBytes } from "../../diskprep/index.js";
import type { CommandDefinition } from "../command-frame.js";
import { describeDisk } from "../drives/chosen-drive.js";

export const disksCommand: CommandDefinition<object> = {
  name: "disks",
  summary: "list the disks of this computer, and say which may be used and why not",
  description: "Reads only. Warnings say what the datacentre may not accept.",
  examples: ["offline-seed disks", "offline-seed disks --json"],
  async run(session) {
    const disks = await session.computer.listDisks();
    return {
      json: disks.map((disk) => ({ ...disk, advice: adviseOnHardware(disk) })),
      text:
        disks.length === 0 ? ["This computer has no disks that can be seen."] : disks.flatMap(linesOfDisk),
    };
  },
};

function linesOfDisk(disk: Disk): readonly string[] {
  const { sizeInBytes, bus, medium, logicalSectorSizeInBytes, reasonsNotUsable } = disk;
  const isUsable = reasonsNotUsable.length === 0;
  return [
    `${isUsable ? "usable    " : "NOT usable"} ${describeDisk(disk)}, ${formatBytes(sizeInBytes)}, ${bus} ${medium}, sectors of ${logicalSectorSizeInBytes}`,
    ...reasonsNotUsable.map(({ message }) => `             ${message}`),
    ...(isUsable ? adviseOnHardware(disk).map(({ message }) => `             warning: ${message}`) : []),
  ];
}

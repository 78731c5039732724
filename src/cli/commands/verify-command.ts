/** `offline-seed verify`: reads drives back and compares them with their manifests. */
import { resolve } from "node:path";
import type { CommandDefinition } from "../command-frame.js";
import { driveListPath, readVerifiableDrives } from "../drives/drive-list.js";
import { linesOfVerification, verifyListedDrives } from "../drives/verify-listed-drives.js";
import { exitCode } from "../exit-codes.js";

export const verifyCommand: CommandDefinition<object> = {
  name: "verify",
  summary: "read drives back with their recovery passwords and compare them with their manifests",
  description: "Reads only. Every range of every blob is hashed again.",
  operands: { "[list]": "list of drives (default: drives.json of the drives folder)" },
  usesSettings: true,
  examples: ["offline-seed verify", "offline-seed verify drives/drives.json"],
  async run(session, _options, [list]) {
    const path = list === undefined ? driveListPath((await session.settings()).drivesFolder) : resolve(list);
    const verified = await verifyListedDrives(session, await readVerifiableDrives(path));
    const reports = verified.map(({ report, bypassedCache }) => ({ ...report, bypassedCache }));
    return {
      json: reports,
      text: linesOfVerification(verified),
      exitCode: reports.every(({ passed }) => passed) ? exitCode.success : exitCode.checkFailed,
    };
  },
};

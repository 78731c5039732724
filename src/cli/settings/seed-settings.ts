/**
 * The settings of one seed: what `init` asks for and every other command reads. Plain data without secrets; keys and
 * passwords lie in files of their own.
 */
import type { ContactDetails, ReturnAddress, ReturnShipping } from "../../importjob/index.js";

/** Which import service takes the drives; `auto` asks the subscription. */
export type ServiceChoice = "auto" | "data-box" | "import-export";

/** Content of the settings file, paths absolute. */
export interface SeedSettings {
  /** Name of an Azure cloud, or `emulator`. */
  readonly cloud: string;
  /** File of a running local Azure; undefined for the real one. */
  readonly emulatorFile: string | undefined;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
  /** ARM id. */
  readonly storageAccountId: string;
  readonly containerName: string;
  readonly jobName: string;
  readonly service: ServiceChoice;
  /** Folder to be seeded. */
  readonly sourceFolder: string;
  readonly stagingFolder: string;
  /** Where journals, `drives.json` and drive images lie. */
  readonly drivesFolder: string;
  /** Where reports and the memory of `job watch` lie. */
  readonly reportsFolder: string;
  /** Certificate with its private key (PEM). */
  readonly certificateFile: string;
  /** `OfflineApplicationParams.xml`. */
  readonly parametersFile: string;
  readonly returnAddress: ReturnAddress | undefined;
  readonly returnShipping: ReturnShipping | undefined;
  readonly contact: ContactDetails | undefined;
}

/** Settings that are paths; kept relative to the settings file, so that the folder can be moved. */
export const pathSettings = [
  "emulatorFile",
  "sourceFolder",
  "stagingFolder",
  "drivesFolder",
  "reportsFolder",
  "certificateFile",
  "parametersFile",
] as const satisfies readonly (keyof SeedSettings)[];

/** The part of an ARM id after its last slash. */
export function storageAccountNameOf({ storageAccountId }: Pick<SeedSettings, "storageAccountId">): string {
  return storageAccountId.split("/").at(-1) ?? "";
}

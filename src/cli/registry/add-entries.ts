/** Writing the agent's registry entries: to the registry of this Windows computer, or to a `.reg` file for another one. */
import {
  applyRegistryEntries,
  createWindowsRegistry,
  openRegFile,
  planAddRegistryEntries,
  type RegistryEntriesPlan,
} from "../../registry/index.js";
import { CliError } from "../cli-error.js";
import type { Session } from "../session.js";

/** What is to be written, and where. */
export interface EntriesRequest {
  readonly subscriptionId: string;
  readonly xmlFilePath: string;
  readonly storageAccountName: string;
  /** Undefined: the registry of this computer. */
  readonly regFile: string | undefined;
  /** For the copy of the parameters file. Undefined: the agent's own folder. */
  readonly folder: string | undefined;
  readonly replaceUser: boolean;
  readonly isDryRun: boolean;
}

/** What was, or would be, written. */
export interface AddedEntries {
  readonly isDryRun: boolean;
  readonly regFile: string | undefined;
  readonly plan: RegistryEntriesPlan;
}

/** Plans the entries and, unless it is a dry run, writes them. @throws RegistryError, CertsError; CliError `usage` */
export async function addEntries(session: Session, request: EntriesRequest): Promise<AddedEntries> {
  const { regFile, isDryRun, folder } = request;
  if (regFile === undefined && session.computer.platform !== "win32") {
    throw new CliError(
      "usage",
      "This computer has no Windows registry. Write a .reg file that the server imports: --reg-file FILE (certgen: regfile:FILE).",
    );
  }
  const file = regFile === undefined ? undefined : await openRegFile(regFile);
  const options = {
    subscriptionId: request.subscriptionId,
    xmlFilePath: request.xmlFilePath,
    storageAccountName: request.storageAccountName,
    registry: file ?? createWindowsRegistry({ runCommand: session.computer.runCommand }),
    replaceCurrentUserId: request.replaceUser,
    abortSignal: session.abortSignal,
    ...(folder === undefined ? {} : { destinationFolder: folder }),
  };
  const plan = await planAddRegistryEntries(options);
  if (!isDryRun) {
    await applyRegistryEntries(plan, options);
    if (file && regFile !== undefined) await file.save(regFile);
  }
  return { isDryRun, regFile, plan };
}

/** What was done, and what remains for the administrator. */
export function linesOfEntries({ plan, regFile, isDryRun }: AddedEntries): readonly string[] {
  const copied = plan.changes.find((change) => change.target === "file");
  return [
    ...(isDryRun ? ["Nothing was written; this would be done:"] : []),
    ...plan.lines,
    ...(regFile === undefined
      ? []
      : [
          `On the server: import ${regFile} and copy ${copied?.target === "file" ? copied.path : "the parameters file"} to ${plan.agentFilePath}`,
        ]),
    ...(plan.isCertificateInstalled === true
      ? []
      : [
          `The certificate ${plan.thumbprint} has to be in Local Computer, Personal: certutil -f -importpfx My seed.pfx`,
        ]),
  ];
}

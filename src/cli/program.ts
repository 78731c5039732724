/** The table of all commands, in the order in which a seed needs them. */
import { Command } from "commander";
import { addCommand, addGroup, type Outcome } from "./command-frame.js";
import type { CommandIo } from "./command-io.js";
import { adoptCommand } from "./commands/adopt-command.js";
import { appCreateCommand } from "./commands/app-command.js";
import { certCreateCommand, certExportCommand, certShowCommand } from "./commands/cert-command.js";
import { disksCommand } from "./commands/disks-command.js";
import { doctorCommand } from "./commands/doctor-command.js";
import { emulatorCommand, emulatorDeliverCommand } from "./commands/emulator-command.js";
import { extractCommand } from "./commands/extract-command.js";
import { incrementCommand } from "./commands/increment-command.js";
import { initCommand } from "./commands/init-command.js";
import { jobCancelCommand, jobKeysCommand, jobStatusCommand } from "./commands/job-commands.js";
import { jobCreateCommand } from "./commands/job-create-command.js";
import { jobShipCommand } from "./commands/job-ship-command.js";
import { jobWatchCommand } from "./commands/job-watch-command.js";
import { planCommand } from "./commands/plan-command.js";
import { prepareCommand } from "./commands/prepare-command.js";
import { reconcileCommand } from "./commands/reconcile-command.js";
import { registryAddCommand, registryShowCommand } from "./commands/registry-command.js";
import { repairCommand } from "./commands/repair-command.js";
import { reportCommand } from "./commands/report-command.js";
import { stageCommand } from "./commands/stage-command.js";
import { verifyCommand } from "./commands/verify-command.js";
import { exitCodeHelp } from "./exit-codes.js";
import { certgenCommand } from "./original/certgen-command.js";
import { diskprepCommand } from "./original/diskprep-command.js";
import { programVersion } from "./version.js";

const helpWidth = 100;

/** Builds the program over the outside of one run. */
export function createProgram(io: CommandIo, outcome: Outcome): Command {
  const program = emptyProgram(io);
  const group = (name: string, summary: string): Command => addGroup(program, name, summary);

  addCommand(program, initCommand, io, outcome);
  addCommand(program, doctorCommand, io, outcome);
  const certificates = group("cert", "make, show and export the seed's certificate");
  addCommand(certificates, certCreateCommand, io, outcome);
  addCommand(certificates, certShowCommand, io, outcome);
  addCommand(certificates, certExportCommand, io, outcome);
  const applications = group("app", "the seed's application in Microsoft Entra");
  addCommand(applications, appCreateCommand, io, outcome);
  const registry = group("registry", "the backup agent's registry entries");
  addCommand(registry, registryAddCommand, io, outcome);
  addCommand(registry, registryShowCommand, io, outcome);
  addCommand(program, stageCommand, io, outcome);
  addCommand(program, adoptCommand, io, outcome);
  addCommand(program, planCommand, io, outcome);
  addCommand(program, disksCommand, io, outcome);
  addCommand(program, prepareCommand, io, outcome);
  addCommand(program, verifyCommand, io, outcome);
  const jobs = group("job", "order and follow the import job");
  addCommand(jobs, jobCreateCommand, io, outcome);
  addCommand(jobs, jobStatusCommand, io, outcome);
  addCommand(jobs, jobShipCommand, io, outcome);
  addCommand(jobs, jobWatchCommand, io, outcome);
  addCommand(jobs, jobCancelCommand, io, outcome);
  addCommand(jobs, jobKeysCommand, io, outcome);
  addCommand(program, reconcileCommand, io, outcome);
  addCommand(program, repairCommand, io, outcome);
  addCommand(program, incrementCommand, io, outcome);
  addCommand(program, extractCommand, io, outcome);
  addCommand(program, reportCommand, io, outcome);
  const emulator = addCommand(program, emulatorCommand, io, outcome);
  addCommand(emulator, emulatorDeliverCommand, io, outcome);
  addCommand(program, certgenCommand, io, outcome);
  addCommand(program, diskprepCommand, io, outcome);
  return program;
}

/** The same width everywhere, so that the help can be a page of the documentation. */
function emptyProgram(io: CommandIo): Command {
  return new Command("offline-seed")
    .description(
      "Gets a first full backup into Azure by shipping disks: identity, staging, encrypted drives, import job, proof of arrival.",
    )
    .version(programVersion(), "-V, --version", "print the version")
    .enablePositionalOptions()
    .exitOverride()
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => io.print(text.replace(/\n$/, "")),
      writeErr: (text) => io.printError(text.replace(/\n$/, "")),
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("(offline-seed COMMAND --help explains the command)")
    .addHelpText("after", `\n${exitCodeHelp}`);
}

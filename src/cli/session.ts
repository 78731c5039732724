/** One run of one command: what it was given, and the helpers every command shares. */
import { resolve } from "node:path";
import { type AzureConnection, connectAzure } from "./azure/azure-connection.js";
import type { SignIn } from "./azure/azure-identity.js";
import { CliError } from "./cli-error.js";
import { type CommandIo, type Computer, computerOf } from "./command-io.js";
import { createProgressDisplay, type ProgressDisplay } from "./progress/progress-display.js";
import type { TextQuestion } from "./prompts/prompter.js";
import type { SeedSettings } from "./settings/seed-settings.js";
import { defaultSettingsFile, readSettingsFile } from "./settings/settings-file.js";

/** Options that every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly config?: string;
  readonly emulator?: string;
  readonly signIn?: SignIn;
}

/** What a command has at hand while it runs. */
export interface Session {
  readonly io: CommandIo;
  readonly computer: Computer;
  readonly options: CommonOptions;
  readonly abortSignal: AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly display: ProgressDisplay;
  readonly settingsFile: string;
  /** The settings, read once. */
  settings(): Promise<SeedSettings>;
  /** Azure as the settings and options name it; connected once. */
  azure(settings?: AzurePlace): Promise<AzureConnection>;
  /** Something worth knowing while the work goes on; never on standard output. */
  note(line: string): void;
  /**
   * Asks for a yes. `--yes` says it beforehand.
   *
   * @throws CliError `input-needed` without a terminal, `declined`
   */
  confirm(question: string, refusal: string): Promise<void>;
  /** Asks for what an option would have given. @throws CliError `input-needed` without a terminal, naming the option */
  ask(option: string, question: TextQuestion): Promise<string>;
}

/** The part of the settings that says how Azure is reached. */
export type AzurePlace = Pick<SeedSettings, "cloud"> &
  Partial<Pick<SeedSettings, "emulatorFile" | "certificateFile" | "parametersFile">>;

/** Environment variable that names the file of a local Azure, for commands without `--emulator`. */
export const emulatorVariable = "OFFLINE_SEED_EMULATOR";
/** Environment variable with the password of the certificate's private key. */
export const passwordVariable = "OFFLINE_SEED_CERTIFICATE_PASSWORD";

/** Begins a run. Reads nothing yet. */
export function createSession(io: CommandIo, options: CommonOptions): Session {
  const computer = computerOf(io.computer);
  const environment = io.environment ?? {};
  const settingsFile = resolve(options.config ?? defaultSettingsFile);
  let settings: Promise<SeedSettings> | undefined;
  let connection: Promise<AzureConnection> | undefined;
  const display = createProgressDisplay(io.screen, computer.clock);

  const connect = async (known: AzurePlace | undefined): Promise<AzureConnection> => {
    const emulatorFile = emulatorFileOf(options, environment) ?? known?.emulatorFile;
    return await connectAzure({
      emulatorFile,
      cloud: known?.cloud ?? "public",
      signIn: options.signIn,
      certificateFile: known?.certificateFile,
      parametersFile: known?.parametersFile,
      certificatePassword: environment[passwordVariable],
    });
  };
  const session: Session = {
    io,
    computer,
    options,
    environment,
    display,
    settingsFile,
    abortSignal: io.abortSignal,
    settings: () => (settings ??= readSettingsFile(settingsFile)),
    azure: (known) => (connection ??= connect(known)),
    note(line) {
      display.end();
      io.printError(line);
    },
    async confirm(question, refusal) {
      if (options.yes) return;
      if (!io.prompter) {
        throw new CliError(
          "input-needed",
          `${question} Nobody can be asked here; repeat with --yes to say yes.`,
        );
      }
      if (!(await io.prompter.confirm(question))) throw new CliError("declined", refusal);
    },
    async ask(option, question) {
      if (io.prompter) return await io.prompter.text(question);
      throw new CliError(
        "input-needed",
        `'${question.question}' has no answer and nobody can be asked here; give ${option}.`,
        { details: { option } },
      );
    },
  };
  return session;
}

/** The local Azure that was named for this run; undefined when none was. */
export function emulatorFileOf(
  options: CommonOptions,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const file = options.emulator ?? environment[emulatorVariable];
  return file === undefined || file === "" ? undefined : resolve(file);
}

/**
 * The frame of every command: the common options, help with an example, one JSON document or text on standard output,
 * and the exit code.
 */
import { Argument, type Command, Option } from "commander";
import { signIns } from "./azure/azure-identity.js";
import { CliError } from "./cli-error.js";
import type { CommandIo } from "./command-io.js";
import { exitCode, exitCodeHelp } from "./exit-codes.js";
import { type CommonOptions, createSession, type Session } from "./session.js";

/** What a command found or did. */
export interface CommandResult {
  /** The document that `--json` prints, plain data; undefined when the command has printed it already. */
  readonly json: unknown;
  /** What people read. */
  readonly text: readonly string[];
  /** Default: success. */
  readonly exitCode?: number;
}

/** One option of a command: flags and explanation as `commander` writes them, and how its value is read. */
export interface OptionDefinition {
  readonly flags: string;
  readonly explanation: string;
  /** Reads the text; an error it throws is shown as a wrong command line. */
  readonly read?: (text: string) => unknown;
  /** May be given several times; the values are collected. */
  readonly isRepeatable?: boolean;
  readonly choices?: readonly string[];
  readonly isRequired?: boolean;
}

/** One command. */
export interface CommandDefinition<Options> {
  readonly name: string;
  readonly summary: string;
  /** More than one line says; shown above the options. */
  readonly description?: string;
  /** Operands, for example `[list]` or `<images...>`, with their explanations. */
  readonly operands?: Readonly<Record<string, string>>;
  readonly options?: readonly OptionDefinition[];
  /** Whether the command reads the settings file; adds `--config`. */
  readonly usesSettings?: boolean;
  /** Whether the command talks to Azure; adds `--emulator` and `--sign-in`. */
  readonly usesAzure?: boolean;
  /** Command lines that work as they are. */
  readonly examples: readonly string[];
  readonly run: (
    session: Session,
    options: Options & CommonOptions,
    operands: readonly string[],
  ) => Promise<CommandResult>;
}

/** How the result of a command leaves the program. */
export interface Outcome {
  exitCode: number;
}

/** Adds a command to a program or to a group of commands. */
export function addCommand<Options>(
  parent: Command,
  definition: CommandDefinition<Options>,
  io: CommandIo,
  outcome: Outcome,
): Command {
  const command = parent.command(definition.name).summary(definition.summary);
  command.description([definition.summary, definition.description].filter(Boolean).join("\n\n"));
  for (const [name, explanation] of Object.entries(definition.operands ?? {})) {
    command.addArgument(new Argument(name, explanation));
  }
  for (const option of [...(definition.options ?? []), ...commonOptions(definition)]) {
    command.addOption(optionOf(option));
  }
  command.addHelpText("after", helpAfter(definition.examples));
  command.action(async () => {
    const options = command.opts() as Options & CommonOptions;
    const session = createSession(io, options);
    try {
      const result = await definition.run(session, options, command.args);
      session.display.end();
      if (options.json) {
        if (result.json !== undefined) io.print(JSON.stringify(result.json, undefined, 2));
      } else for (const line of result.text) io.print(line);
      outcome.exitCode = result.exitCode ?? exitCode.success;
    } finally {
      session.display.end();
    }
  });
  return command;
}

/** Adds a group of commands, such as `job`. */
export function addGroup(parent: Command, name: string, summary: string): Command {
  return parent.command(name).summary(summary).description(summary);
}

function commonOptions(definition: {
  readonly usesSettings?: boolean;
  readonly usesAzure?: boolean;
}): OptionDefinition[] {
  return [
    ...(definition.usesSettings
      ? [{ flags: "-c, --config <file>", explanation: "settings file (default: offline-seed.json)" }]
      : []),
    ...(definition.usesAzure
      ? [
          { flags: "--emulator <file>", explanation: "use the local Azure that this file describes" },
          {
            flags: "--sign-in <how>",
            explanation: "who signs in; auto: the seed's certificate where it is at hand, otherwise default",
            choices: signIns,
          },
        ]
      : []),
    { flags: "-y, --yes", explanation: "say yes to questions that can be answered so" },
    { flags: "--json", explanation: "print one JSON document instead of text" },
  ];
}

function optionOf({ flags, explanation, read, isRepeatable, choices, isRequired }: OptionDefinition): Option {
  const option = new Option(flags, explanation);
  if (choices) option.choices([...choices]);
  if (isRequired) option.makeOptionMandatory();
  if (read || isRepeatable) {
    option.argParser((text: string, previous: unknown) => {
      const value = read ? readValue(flags, text, read) : text;
      return isRepeatable ? [...((previous as unknown[] | undefined) ?? []), value] : value;
    });
  }
  return option;
}

function readValue(flags: string, text: string, read: (text: string) => unknown): unknown {
  try {
    return read(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("usage", `${flags}: ${reason}`, { cause });
  }
}

function helpAfter(examples: readonly string[]): string {
  const title = examples.length === 1 ? "Example:" : "Examples:";
  return `\n${title}\n${examples.map((line) => `  ${line}`).join("\n")}\n\n${exitCodeHelp}`;
}

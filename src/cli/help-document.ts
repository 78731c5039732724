/** The reference of the command line, made of the help texts themselves. */
import type { Command } from "commander";
import { createProgram } from "./program.js";

/** `docs/command-line.md`: the help of the program and of every command. Pure. */
export function createHelpDocument(): string {
  const silent = { print: () => undefined, printError: () => undefined };
  const program = createProgram({ ...silent, abortSignal: new AbortController().signal }, { exitCode: 0 });
  const sections = commandsBelow(program, []).map(
    ({ path, command }) => `## ${path.join(" ")}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``,
  );
  return `# The command line

What \`--help\` prints, for the program and for every command. This page is made of the program itself:
\`OFFLINE_SEED_UPDATE_DOCS=1 npm test -- test/cli/help\` writes it anew. A walk through the commands is in the
[README](../README.md); the two original command lines are shown in [conversation.md](conversation.md).

Files: \`init\` writes the settings to \`offline-seed.json\`; everything else lies where they say. The certificate, the
drives folder and what \`emulator --save\` writes hold keys and are readable by their owner only.

Environment: \`OFFLINE_SEED_EMULATOR\` names the file of a local Azure, as \`--emulator\` does.
\`OFFLINE_SEED_CERTIFICATE_PASSWORD\` is the password of the certificate's private key. Signing in to the real Azure
follows the variables of \`@azure/identity\`.

With \`--json\` standard output is exactly one JSON document, also for a failure: \`{"error": {"code", "message", …}}\`.
Its codes are \`usage\`, \`input-needed\` (an option has to be given), \`declined\`, \`settings-invalid\`, \`step-missing\` (an
earlier command has to be run first), \`package-missing\`, \`interrupted\`, and those of the library ([errors.md](errors.md)).
Progress, notes and questions go to standard error. Without a terminal nothing is asked: the message names the option.

## offline-seed

\`\`\`text
${helpOf(program)}
\`\`\`

${sections.join("\n\n")}
`;
}

/** Every command with its words, groups before their members. */
export function commandsBelow(
  parent: Command,
  path: readonly string[],
): readonly { readonly path: readonly string[]; readonly command: Command }[] {
  return parent.commands.flatMap((command) => {
    const commandPath = [...path, command.name()];
    return [{ path: commandPath, command }, ...commandsBelow(command, commandPath)];
  });
}

/** What `--help` prints, the example included. */
function helpOf(command: Command): string {
  let text = "";
  const before = command.configureOutput();
  command.configureOutput({ ...before, writeOut: (part) => (text += part) });
  command.outputHelp();
  return text.trim();
}

/**
 * The original programs' conversations in a real pseudo-terminal, from the application to shipping and status. The
 * screen is compared with docs/conversation.md; `OFFLINE_SEED_UPDATE_DOCS=1` writes that page anew.
 */
import { randomFillSync } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { parseEmulatorAccess } from "../../src/emulator/index.js";
import { openStagingLocation, stageDirectory } from "../../src/staging/index.js";
import { isOracleMissing } from "../support/required-programs.js";
import {
  type BuiltProgram,
  buildProgram,
  type EmulatorProcess,
  startEmulatorProcess,
} from "./support/built-program.js";
import { runInTerminal, type TerminalOutcome, type TerminalStep } from "./support/pseudo-terminal.js";
import { normalizedTranscript } from "./support/transcript.js";

// Many processes in a row: generous, for a computer that does other things meanwhile.
jest.setTimeout(300_000);

const documentPath = "docs/conversation.md";
let program: BuiltProgram;
let emulator: EmulatorProcess;
let work: string;
let subscriptionId: string;

const isMissing = isOracleMissing("python3");

beforeAll(async () => {
  if (isMissing) return;
  program = await buildProgram();
  work = await mkdtemp(join(tmpdir(), "offline-seed-conversation-"));
  emulator = await startEmulatorProcess(program, work);
  const access = parseEmulatorAccess(await readFile(emulator.file, "utf8"));
  subscriptionId = access.subscriptionId;
  await mkdir(join(work, "source"));
  // Two files that fill more than one of the smallest drives.
  for (const name of ["monday.vhd", "tuesday.vhd"]) {
    await writeFile(join(work, "source", name), randomFillSync(Buffer.alloc(60_000_256)));
  }
  const location = await openStagingLocation(join(work, "staging"), { create: true });
  const writer = await location.createSeed({
    jobName: "first-backup",
    subscriptionId,
    storageAccountName: access.storageAccountName,
    containerName: "seed",
  });
  await stageDirectory(writer, join(work, "source"));
  await (await writer.seal()).close();
});

afterAll(async () => {
  if (isMissing) return;
  await emulator.stop();
  await program.remove();
  await rm(work, { recursive: true, force: true });
});

/** Types a command line and the answers, and keeps the recording in the temporary folder. */
async function talk(words: readonly string[], steps: readonly TerminalStep[]): Promise<TerminalOutcome> {
  const outcome = await runInTerminal({
    command: [process.execPath, program.script, ...words],
    folder: work,
    environment: { OFFLINE_SEED_EMULATOR: emulator.file },
    steps,
    recording: join(work, `${words.join("-").replaceAll(/[^a-z]/gi, "-")}.recording`),
  });
  if (outcome.missing !== null) throw new Error(`'${outcome.missing}' never appeared:\n${outcome.text}`);
  return outcome;
}

const drive = (path: string): readonly TerminalStep[] => [
  { expect: "Enter the drive", send: path },
  { expect: "Size of the image", send: "110MB" },
];
const address: readonly TerminalStep[] = [
  ["Contact name", "Backup Team"],
  ["Company", ""],
  ["Phone", "+31 20 000 0000"],
  ["Email", "backup@example.com"],
  ["Street and number", "1 Example Street"],
  ["Second address line", ""],
  ["City", "Amsterdam"],
  ["State or province", ""],
  ["Postal code", "1000 AA"],
  ["Country or region", "Netherlands"],
  ["Carrier for the way back", "DHL"],
  ["Your account number", "000000000"],
].map(([expect, send]) => ({ expect: expect!, send: send! }));

describe("original conversation in a pseudo-terminal", () => {
  test("from the application to shipping, as docs/conversation.md shows it", async () => {
    if (isMissing) return;
    const certgen = ["certgen", "CreateNewApplication", `SubscriptionId:${subscriptionId}`];
    const application = await talk(certgen, []);
    const preparation = await talk(
      ["diskprep", "s:staging"],
      [
        { expect: "Choose the import job", send: "1" },
        ...drive("DISK0001.img"),
        { expect: "Format it?", send: "y" },
        ...drive("DISK0001.img"),
        ...drive("DISK0002.img"),
        { expect: "Format it?", send: "y" },
        ...address,
        { expect: "Enter the shipping details (1-2)", send: "2" },
      ],
    );
    const shipping = await talk(
      ["diskprep", "u:", "s:staging"],
      [
        { expect: "Choose the import job", send: "1" },
        { expect: "Carrier", send: "DHL" },
        { expect: "Tracking number", send: "JD0OO1" },
        { expect: "Type Yes", send: "no" },
        { expect: "Carrier", send: "DHL" },
        { expect: "Tracking number", send: "JD0001" },
        { expect: "Type Yes", send: "Yes" },
      ],
    );
    const outcomes = [application, preparation, shipping];
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    const entries = [
      "certgen",
      "AddRegistryEntries",
      `SubscriptionId:${subscriptionId}`,
      "xmlfilepath:OfflineApplicationParams.xml",
      "storageaccountname:devstoreaccount1",
      "regfile:seed.reg",
    ];
    const registry = await talk(entries, []);
    const document = documentOf(
      [
        [certgen, application],
        [entries, registry],
        [["diskprep", "s:staging"], preparation],
        [["diskprep", "u:", "s:staging"], shipping],
      ],
      work,
    );
    if (process.env["OFFLINE_SEED_UPDATE_DOCS"] === "1") await writeFile(documentPath, document);
    // When this differs for a good reason: OFFLINE_SEED_UPDATE_DOCS=1 npm test -- test/cli/original-conversation
    expect(await readFile(documentPath, "utf8")).toBe(document);
  });

  test("Ctrl-C at a question stops it and says how to go on", async () => {
    if (isMissing) return;
    const outcome = await talk(["diskprep", "s:staging"], [{ expect: "Choose the import job", send: "^C" }]);
    expect(outcome.exitCode).toBe(130);
    expect(outcome.text).toContain("offline-seed diskprep s:staging");
  });
});

function documentOf(
  talks: readonly (readonly [words: readonly string[], outcome: TerminalOutcome])[],
  folder: string,
): string {
  const parts = talks.map(([words, { text }]) => `$ offline-seed ${words.join(" ")}\n${text.trim()}`);
  return `# The original conversation

The commands of the two original programs, as \`offline-seed certgen\` and \`offline-seed diskprep\` understand them. This is
what a terminal shows from the application to shipping; paths, dates and ids are replaced by words in braces. The seed
needs two drives; image files stand for them. The drive that was entered twice is noticed, and the tracking number with a
typing error is entered again after the review.

\`test/cli/original-conversation.test.ts\` holds this conversation in a real pseudo-terminal and compares it with this page.

\`\`\`
${normalizedTranscript(parts.join("\n\n"), folder)}
\`\`\`
`;
}

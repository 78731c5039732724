/** `offline-seed emulator`: runs the local Azure until it is interrupted, and posts drive images to its datacentre. */
import { once } from "node:events";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type AzuriteOptions,
  emulatorAccessOf,
  isEmulatorError,
  saveEmulatorAccess,
  startAzureEmulator,
  startAzurite,
} from "../../emulator/index.js";
import { CliError } from "../cli-error.js";
import type { CommandDefinition } from "../command-frame.js";
import { exitCode } from "../exit-codes.js";
import { parseSeconds } from "../parse/numbers.js";
import { emulatorVariable } from "../session.js";
import { counted } from "../words.js";

interface EmulatorOptions {
  readonly save?: string;
  readonly stepTime?: number;
}

interface DeliverOptions {
  readonly carrier: string;
  readonly tracking: string;
}

export const emulatorCommand: CommandDefinition<EmulatorOptions> = {
  name: "emulator",
  summary: "run the local Azure until Ctrl-C and print where it is",
  description:
    "Entra, Graph, Resource Manager, the two import services, a datacentre and Azurite (npm package 'azurite'), for trying things out and for integration tests. Everything is in memory and ends with the program.",
  options: [
    {
      flags: "--save <file>",
      explanation: "write addresses and keys to a file (mode 0600) for other commands",
    },
    {
      flags: "--step-time <seconds>",
      explanation: "how long the datacentre takes for each step (default: as long as its work)",
      read: parseSeconds,
    },
  ],
  examples: ["offline-seed emulator --save emulator.json"],
  async run(session, options) {
    await using azurite = await startAzuriteSomewhere();
    const stepTimeInMs = options.stepTime ?? 0;
    await using emulator = await startAzureEmulator({
      blobService: azurite,
      handlingTimes: {
        bookingInMs: stepTimeInMs,
        queueInMs: stepTimeInMs,
        packagingInMs: stepTimeInMs,
      },
    });
    const access = emulatorAccessOf(emulator);
    const { io } = session;
    if (options.save !== undefined) {
      const path = resolve(options.save);
      await saveEmulatorAccess(path, access);
      if (!session.options.json) {
        io.print(`The local Azure is described in ${path}. Give it to other commands with --emulator, or:`);
        io.print(`  export ${emulatorVariable}='${path}'`);
      }
    }
    if (session.options.json) io.print(JSON.stringify(access));
    else {
      const { format, version, controlKey, blobAccountKey, ...shown } = access;
      for (const [name, value] of Object.entries(shown)) io.print(`${name}: ${value}`);
      io.print("Running. Ctrl-C ends it and everything in it.");
    }
    if (!session.abortSignal.aborted) await once(session.abortSignal, "abort");
    return { json: undefined, text: [], exitCode: exitCode.success };
  },
};

export const emulatorDeliverCommand: CommandDefinition<DeliverOptions> = {
  name: "deliver",
  summary: "post drive images to the datacentre of a local Azure",
  operands: { "<images...>": "drive images, as 'prepare' made them" },
  usesSettings: true,
  usesAzure: true,
  options: [
    { flags: "--carrier <name>", explanation: "who carries the package", isRequired: true },
    { flags: "--tracking <number>", explanation: "tracking number on the package", isRequired: true },
  ],
  examples: ["offline-seed emulator deliver --carrier DHL --tracking JD0001 drives/SEED0001.img"],
  async run(session, options, images) {
    const isNamed = session.options.emulator !== undefined || session.environment[emulatorVariable];
    const azure = await session.azure(isNamed ? undefined : await session.settings());
    if (!azure.emulator) {
      throw new CliError("usage", "Only a local Azure takes drive images; name it with --emulator FILE.");
    }
    const shipped = {
      carrierName: options.carrier,
      trackingNumber: options.tracking,
      images: images.map((image) => resolve(image)),
    };
    await azure.emulator.postPackage(shipped, { abortSignal: session.abortSignal });
    return {
      json: shipped,
      text: [`${counted(images.length, "drive image")} posted under ${options.tracking}.`],
    };
  },
};

/** Looks for Azurite beside the current folder, then beside this program. */
async function startAzuriteSomewhere(): ReturnType<typeof startAzurite> {
  const start = (options: AzuriteOptions) => startAzurite(options);
  try {
    return await start({});
  } catch (error) {
    if (!isEmulatorError(error) || error.code !== "azurite-missing") throw error;
    return await start({ resolveFrom: fileURLToPath(new URL(".", import.meta.url)) });
  }
}

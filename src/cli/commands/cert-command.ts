/** `offline-seed cert`: makes, shows and exports the seed's certificate. */
import { access, readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createSeedCertificate, type SeedCertificate } from "../../certs/index.js";
import { CliError } from "../cli-error.js";
import type { CommandDefinition, OptionDefinition } from "../command-frame.js";
import { parseWholeNumber } from "../parse/numbers.js";
import { passwordVariable, type Session } from "../session.js";
import {
  type CertificateFormat,
  certificateFormats,
  readCertificateFile,
  writeCertificateFile,
} from "../settings/certificate-file.js";

interface PasswordOptions {
  readonly passwordFile?: string;
}

interface CertCreateOptions extends PasswordOptions {
  readonly resourceId?: string;
  readonly days?: number;
  readonly keySize?: "2048" | "3072" | "4096";
  readonly overwrite?: boolean;
}

interface CertExportOptions extends PasswordOptions {
  readonly format: CertificateFormat;
  readonly out: string;
}

const passwordOption: OptionDefinition = {
  flags: "--password-file <file>",
  explanation: `file whose first line is the password of the private key (or set ${passwordVariable})`,
};

export const certCreateCommand: CommandDefinition<CertCreateOptions> = {
  name: "create",
  summary: "make the seed's certificate with its private key",
  description:
    "The file is PEM and readable by its owner only. Without a password the private key in it is not encrypted.",
  usesSettings: true,
  options: [
    { flags: "--resource-id <id>", explanation: "end of the certificate's name (default: a time stamp)" },
    { flags: "--days <number>", explanation: "validity (default: 365)", read: parseWholeNumber(1, 1095) },
    {
      flags: "--key-size <bits>",
      explanation: "size of the RSA key (default: 2048)",
      choices: ["2048", "3072", "4096"],
    },
    passwordOption,
    { flags: "--overwrite", explanation: "replace an existing certificate" },
  ],
  examples: ["offline-seed cert create"],
  async run(session, options) {
    const { certificateFile } = await session.settings();
    if (!options.overwrite) await refuseExisting(certificateFile);
    const certificate = await createSeedCertificate({
      resourceId: options.resourceId ?? String(Math.floor(session.computer.clock.nowInMs() / 1000)),
      ...(options.days === undefined ? {} : { validForDays: options.days }),
      ...(options.keySize === undefined
        ? {}
        : { keySizeInBits: Number(options.keySize) as 2048 | 3072 | 4096 }),
    });
    await writeCertificateFile(certificateFile, certificate, "pem", await passwordOf(session, options));
    return {
      json: { file: certificateFile, ...factsOf(certificate) },
      text: [`Certificate written to ${certificateFile}; keep it secret.`, ...linesOf(certificate)],
    };
  },
};

export const certShowCommand: CommandDefinition<PasswordOptions> = {
  name: "show",
  summary: "show name, thumbprints and validity of a certificate",
  operands: { "[file]": "PEM, PFX or DER file (default: the seed's certificate)" },
  usesSettings: true,
  options: [passwordOption],
  examples: ["offline-seed cert show", "offline-seed cert show server.pfx --password-file password.txt"],
  async run(session, options, [file]) {
    const certificate = await openCertificate(session, options, file);
    return { json: factsOf(certificate), text: linesOf(certificate) };
  },
};

export const certExportCommand: CommandDefinition<CertExportOptions> = {
  name: "export",
  summary: "write the certificate in another form: cer for the portal, pfx for the server",
  operands: { "[file]": "PEM, PFX or DER file (default: the seed's certificate)" },
  usesSettings: true,
  options: [
    {
      flags: "--format <form>",
      explanation: "cer holds no private key; pfx needs a password",
      choices: certificateFormats,
      isRequired: true,
    },
    { flags: "--out <file>", explanation: "file to write", isRequired: true },
    passwordOption,
  ],
  examples: ["offline-seed cert export --format cer --out seed.cer"],
  async run(session, options, [file]) {
    const certificate = await openCertificate(session, options, file);
    const password = await passwordOf(session, options);
    if (options.format === "pfx" && password === undefined) {
      throw new CliError(
        "input-needed",
        `A PFX needs a password; give --password-file or set ${passwordVariable}.`,
      );
    }
    const out = resolve(options.out);
    await writeCertificateFile(out, certificate, options.format, password);
    return {
      json: { file: out, format: options.format, thumbprint: certificate.thumbprint },
      text: [`Certificate written to ${out}${options.format === "cer" ? "" : "; keep it secret"}.`],
    };
  },
};

async function openCertificate(
  session: Session,
  options: PasswordOptions,
  file: string | undefined,
): Promise<SeedCertificate> {
  const path = file === undefined ? (await session.settings()).certificateFile : resolve(file);
  return await readCertificateFile(path, await passwordOf(session, options));
}

async function passwordOf({ environment }: Session, options: PasswordOptions): Promise<string | undefined> {
  if (options.passwordFile === undefined) return environment[passwordVariable];
  return (await readFile(options.passwordFile, "utf8")).split(/\r?\n/)[0];
}

async function refuseExisting(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) return;
  throw new CliError(
    "usage",
    `There is a certificate ${path} already. Use it, or replace it with --overwrite and then register it with 'offline-seed app create'.`,
    { details: { path } },
  );
}

function factsOf(certificate: SeedCertificate): Readonly<Record<string, unknown>> {
  const { name, serialNumber, validFrom, validTo, keySizeInBits, thumbprint, thumbprintSha256 } = certificate;
  const { hasPrivateKey } = certificate;
  return {
    name,
    serialNumber,
    validFrom,
    validTo,
    keySizeInBits,
    thumbprint,
    thumbprintSha256,
    hasPrivateKey,
  };
}

function linesOf(certificate: SeedCertificate): readonly string[] {
  const day = (date: Date): string => date.toISOString().slice(0, 10);
  return [
    `  name         ${certificate.name}`,
    `  thumbprint   ${certificate.thumbprint}`,
    `  SHA-256      ${certificate.thumbprintSha256}`,
    `  valid        ${day(certificate.validFrom)} to ${day(certificate.validTo)}`,
    `  key          RSA ${certificate.keySizeInBits} bits${certificate.hasPrivateKey ? ", with private key" : ", without private key"}`,
  ];
}

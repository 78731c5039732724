import { describe, expect, test } from "@jest/globals";
import { createSeedCertificate, type SeedCertificate } from "../../../src/certs/index.js";
import { allChecks } from "../../../src/cli/commands/doctor-command.js";
import { type CheckCode, type CheckFinding, runChecks } from "../../../src/cli/doctor/check.js";
import type { DoctorAzure, DoctorContext } from "../../../src/cli/doctor/doctor-context.js";
import type { Disk } from "../../../src/diskprep/index.js";
import { ImportJobError, type ImportJobService } from "../../../src/importjob/index.js";
import { testSettings } from "../support/test-settings.js";

const nowInMs = Date.UTC(2025, 5, 1);
const certificate = await createSeedCertificate({ resourceId: "1", clock: { nowInMs: () => nowInMs } });
const destination = { city: "Amsterdam", countryOrRegion: "Netherlands", supportedCarriers: ["DHL"] };
const service = {
  getShippingDestination: async () => destination,
  getImportJob: async () => {
    throw new ImportJobError("job-not-found", "No such job.");
  },
} as unknown as ImportJobService;
const disk: Disk = {
  path: "/dev/sdb",
  model: "WDC",
  serialNumber: "WX1",
  sizeInBytes: 4e12,
  logicalSectorSizeInBytes: 512,
  physicalSectorSizeInBytes: 4096,
  bus: "sata",
  medium: "hdd",
  isRemovable: false,
  isReadOnly: false,
  isSystem: false,
  mountPoints: [],
  reasonsNotUsable: [],
};

interface Changes extends Partial<Omit<DoctorContext, "azure" | "computer">> {
  readonly azure?: Partial<DoctorAzure>;
  readonly computer?: Partial<DoctorContext["computer"]>;
}

/** A context in which everything is in order. */
function contextWith(changes: Changes = {}): DoctorContext {
  return {
    settings: testSettings,
    nodeVersion: "22.1.0",
    isElevated: true,
    isOffline: false,
    isEmulator: false,
    abortSignal: new AbortController().signal,
    freeBytes: async () => 200,
    folderSize: async () => ({ files: 1, bytes: 100, unreadable: 0 }),
    systemText: async () => undefined,
    certificate: async () => certificate,
    seedSignIn: async () => undefined,
    ...changes,
    computer: {
      platform: "linux",
      clock: { nowInMs: () => nowInMs, sleep: async () => undefined },
      runCommand: async () => ({ exitCode: 0, stdout: "none\n", stderr: "" }),
      listDisks: async () => [disk],
      openDisk: async () => {
        throw new Error("The doctor opens no disk.");
      },
      ...changes.computer,
    },
    azure: {
      signIn: async () => undefined,
      serverTime: async () => new Date(nowInMs + 2000),
      resource: async (path) =>
        path.endsWith("/permissions")
          ? { value: [{ actions: ["*"], notActions: [] }] }
          : { displayName: "Test", state: "Enabled", subscriptionPolicies: { quotaId: "PayAsYouGo" } },
      importServices: async () => ({
        preferred: "data-box",
        explanation: "Data Box can be used.",
        services: [
          {
            kind: "data-box",
            namespace: "Microsoft.DataBox",
            registration: "registered",
            offersJobs: true,
            isUsable: true,
          },
        ],
      }),
      storageAccount: async () => ({
        id: testSettings.storageAccountId,
        kind: "StorageV2",
        location: "West Europe",
        isNfsV3Enabled: false,
        admitsTrustedServices: true,
      }),
      container: async () => containerWith(undefined),
      service: async () => service,
      ...changes.azure,
    },
  };
}

function containerWith(name: string | undefined): Awaited<ReturnType<DoctorAzure["container"]>> {
  return {
    exists: async () => true,
    listBlobsFlat: () => ({ next: async () => ({ value: name === undefined ? undefined : { name } }) }),
  } as unknown as Awaited<ReturnType<DoctorAzure["container"]>>;
}

async function find(code: CheckCode, changes: Changes = {}): Promise<CheckFinding> {
  const check = allChecks.find((candidate) => candidate.code === code)!;
  const [result] = await runChecks([check], contextWith(changes));
  return result!;
}

const forbidden = Object.assign(new Error("no"), { statusCode: 403 });
const account = (changes: object) => ({
  azure: {
    storageAccount: async () => ({
      id: "",
      kind: "StorageV2" as const,
      location: "westeurope",
      isNfsV3Enabled: false,
      admitsTrustedServices: true,
      ...changes,
    }),
  },
});
const certificateWith = (changes: object): Changes => ({
  certificate: async () => ({ ...certificate, ...changes }) as SeedCertificate,
});
const offerOf = (quotaId: string, choice: "auto" | "import-export"): Changes => ({
  settings: { ...testSettings, service: choice },
  azure: { resource: async () => ({ subscriptionPolicies: { quotaId } }) },
});

describe("doctor", () => {
  test("everything in order gives no failure and no warning", async () => {
    const results = await runChecks(allChecks, contextWith());
    const others = results.filter(({ verdict }) => verdict !== "ok");
    // The parameters file is the one thing that is not there; nothing else may be noticed.
    expect(others.map(({ code, verdict }) => [code, verdict])).toEqual([["parameters-file", "warning"]]);
    expect(results.map(({ code }) => code)).toEqual(allChecks.map(({ code }) => code));
  });

  const cases: readonly (readonly [CheckCode, string, Changes, CheckFinding["verdict"], RegExp])[] = [
    ["node-version", "an old Node", { nodeVersion: "20.18.1" }, "failed", /too old/],
    ["node-version", "the oldest good Node", { nodeVersion: "20.19.0" }, "ok", /20\.19/],
    [
      "source-folder",
      "an empty source",
      { folderSize: async () => ({ files: 0, bytes: 0, unreadable: 0 }) },
      "failed",
      /nothing/,
    ],
    [
      "source-folder",
      "unreadable files",
      { folderSize: async () => ({ files: 5, bytes: 9, unreadable: 2 }) },
      "warning",
      /2 files/,
    ],
    ["staging-space", "too little room", { freeBytes: async () => 101 }, "failed", /Only 101 B free/],
    ["staging-space", "just enough room", { freeBytes: async () => 105 }, "warning", /Just/],
    [
      "tools",
      "no lsblk",
      {
        computer: {
          runCommand: async () => {
            throw new Error("ENOENT");
          },
        },
      },
      "failed",
      /lsblk/,
    ],
    ["tools", "another system", { computer: { platform: "freebsd" } }, "warning", /freebsd/],
    [
      "disks",
      "no usable disk",
      {
        computer: {
          listDisks: async () => [
            { ...disk, reasonsNotUsable: [{ code: "mounted", message: "It is mounted." }] },
          ],
        },
      },
      "failed",
      /It is mounted/,
    ],
    [
      "disks",
      "a disk on USB",
      { computer: { listDisks: async () => [{ ...disk, bus: "usb" }] } },
      "warning",
      /WX1/,
    ],
    ["disks", "a local Azure", { isEmulator: true }, "skipped", /images/],
    ["elevation", "an ordinary user", { isElevated: false }, "warning", /administrator/],
    [
      "copy-machine",
      "a virtual machine",
      { computer: { runCommand: async () => ({ exitCode: 0, stdout: "kvm\n", stderr: "" }) } },
      "warning",
      /virtual machine \(kvm\)/,
    ],
    [
      "copy-machine",
      "a machine named by its firmware",
      {
        computer: {
          runCommand: async () => {
            throw new Error("ENOENT");
          },
        },
        systemText: async () => "VMware, Inc.\n",
      },
      "warning",
      /VMware/,
    ],
    [
      "copy-machine",
      "nobody who could tell",
      {
        computer: {
          runCommand: async () => {
            throw new Error("ENOENT");
          },
        },
      },
      "skipped",
      /cannot be told/,
    ],
    [
      "copy-machine",
      "a virtual Windows",
      {
        computer: {
          platform: "win32",
          runCommand: async () => ({
            exitCode: 0,
            stdout: "Microsoft Corporation Virtual Machine",
            stderr: "",
          }),
        },
      },
      "warning",
      /Virtual Machine/,
    ],
    [
      "return-address",
      "no address",
      { settings: { ...testSettings, returnAddress: undefined } },
      "warning",
      /missing/,
    ],
    ["certificate", "no certificate", { certificate: async () => undefined }, "warning", /no certificate/],
    [
      "certificate",
      "an expired one",
      certificateWith({ validTo: new Date(nowInMs - 1) }),
      "failed",
      /expired/,
    ],
    [
      "certificate",
      "one that expires on the way",
      certificateWith({ validTo: new Date(nowInMs + 86_400_000) }),
      "warning",
      /perhaps before/,
    ],
    [
      "certificate",
      "one of the future",
      certificateWith({ validFrom: new Date(nowInMs + 1) }),
      "failed",
      /not valid yet/,
    ],
    [
      "certificate",
      "one without its key",
      certificateWith({ hasPrivateKey: false }),
      "failed",
      /private key/,
    ],
    [
      "clock",
      "a fast clock",
      { azure: { serverTime: async () => new Date(nowInMs - 400_000) } },
      "failed",
      /400 s fast/,
    ],
    [
      "clock",
      "a slow clock",
      { azure: { serverTime: async () => new Date(nowInMs + 400_000) } },
      "failed",
      /400 s slow/,
    ],
    [
      "sign-in",
      "no sign-in",
      {
        azure: {
          signIn: async () => {
            throw new Error("Sign in first.");
          },
        },
      },
      "failed",
      /Sign in first/,
    ],
    [
      "subscription",
      "a disabled one",
      { azure: { resource: async () => ({ displayName: "S", state: "Disabled" }) } },
      "failed",
      /Disabled/,
    ],
    [
      "subscription",
      "one that may not be read",
      {
        azure: {
          resource: async () => {
            throw forbidden;
          },
        },
      },
      "skipped",
      /may not read/,
    ],
    [
      "offer",
      "a CSP subscription with the classic service",
      offerOf("CSP_2015-05-01", "import-export"),
      "failed",
      /cloud solution provider/,
    ],
    [
      "offer",
      "a CSP subscription otherwise",
      offerOf("CSP_2015-05-01", "auto"),
      "warning",
      /cloud solution provider/,
    ],
    [
      "rights",
      "a reader",
      { azure: { resource: async () => ({ value: [{ actions: ["*/read"], notActions: [] }] }) } },
      "failed",
      /Microsoft\.DataBox\/jobs\/write/,
    ],
    [
      "rights",
      "an exception",
      {
        azure: {
          resource: async () => ({ value: [{ actions: ["*"], notActions: ["Microsoft.DataBox/*"] }] }),
        },
      },
      "failed",
      /jobs\/read/,
    ],
    [
      "providers",
      "none registered",
      {
        azure: {
          importServices: async () => ({
            preferred: undefined,
            services: [
              {
                kind: "data-box",
                namespace: "Microsoft.DataBox",
                registration: "not-registered",
                offersJobs: true,
                isUsable: false,
              },
            ],
            explanation: "Register it.",
          }),
        },
      },
      "failed",
      /Register it/,
    ],
    [
      "providers",
      "no right to see them",
      {
        azure: {
          importServices: async () => {
            throw forbidden;
          },
        },
      },
      "skipped",
      /may not read/,
    ],
    [
      "storage-account",
      "the classic model",
      {
        settings: {
          ...testSettings,
          storageAccountId: testSettings.storageAccountId.replace(
            "Microsoft.Storage",
            "Microsoft.ClassicStorage",
          ),
        },
      },
      "failed",
      /classic deployment/,
    ],
    [
      "storage-account",
      "an account for blobs only",
      account({ kind: "BlobStorage" }),
      "failed",
      /cannot hold the page blobs/,
    ],
    [
      "storage-account",
      "a premium account",
      account({ kind: "BlockBlobStorage" }),
      "failed",
      /BlockBlobStorage/,
    ],
    ["storage-account", "NFS v3", account({ isNfsV3Enabled: true }), "failed", /NFS v3/],
    ["storage-account", "a firewall", account({ admitsTrustedServices: false }), "failed", /firewall/],
    ["storage-account", "another region", account({ location: "eastus" }), "failed", /eastus/],
    [
      "container",
      "a container in use",
      { azure: { container: async () => containerWith("old.vhd") } },
      "warning",
      /old\.vhd/,
    ],
    [
      "datacentre",
      "a carrier it does not know",
      {
        azure: {
          service: async () =>
            ({
              ...service,
              getShippingDestination: async () => ({ ...destination, supportedCarriers: ["FedEx"] }),
            }) as unknown as ImportJobService,
        },
      },
      "warning",
      /with DHL/,
    ],
    [
      "job-name",
      "a name that is taken",
      {
        azure: {
          service: async () =>
            ({
              ...service,
              getImportJob: async () => ({ state: "shipping" }),
            }) as unknown as ImportJobService,
        },
      },
      "warning",
      /already \(shipping\)/,
    ],
  ];
  test.each(cases)("%s notices %s", async (code, _, changes, verdict, message) => {
    const finding = await find(code, changes);
    expect(finding).toMatchObject({ verdict, message: expect.stringMatching(message) });
  });

  test("what needs a failed check is skipped, and offline nothing is asked", async () => {
    const signIn = async (): Promise<void> => {
      throw new Error("no");
    };
    const results = await runChecks(allChecks, contextWith({ azure: { signIn } }));
    const afterSignIn = results.slice(results.findIndex(({ code }) => code === "sign-in") + 1);
    expect(new Set(afterSignIn.map(({ verdict }) => verdict))).toEqual(new Set(["skipped"]));
    const offline = await runChecks(
      allChecks,
      contextWith({ isOffline: true, azure: { serverTime: signIn as never } }),
    );
    expect(offline.filter(({ verdict }) => verdict === "failed")).toEqual([]);
  });
});

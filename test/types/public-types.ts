/**
 * Type tests: nothing here is run. `npm run types` fails when a promise of the public types is broken, and when something
 * that must be refused is accepted (an unused `@ts-expect-error` is an error).
 */
import type {
  BlockDevice,
  CertsErrorCode,
  DeviceError,
  DriveError,
  DriveErrorCode,
  DrivePlan,
  DriveReport,
  ImportJobErrorCode,
  ImportJobService,
  ImportJobStatus,
  ImportOrder,
  JobReportInput,
  NtfsErrorCode,
  PlannedDrive,
  PreparedDrive,
  RegistryStore,
  ReportedDrive,
  SeedCatalog,
  SeedIdentity,
  SeedPlan,
  SeedReport,
  StagingErrorCode,
} from "@offline-seed/core";
import {
  type DataBoxJobService,
  type ImportExportJobService,
  isDriveError,
  planDrives,
  prepareDrive,
  renderJobReport,
  verifyDrive,
} from "@offline-seed/core";
import type * as Certs from "@offline-seed/core/certs";
import type * as Diskprep from "@offline-seed/core/diskprep";
import type { AzureEmulator } from "@offline-seed/core/emulator";
import type * as Importjob from "@offline-seed/core/importjob";
import type * as Registry from "@offline-seed/core/registry";
import type * as Report from "@offline-seed/core/report";
import type * as Staging from "@offline-seed/core/staging";

/** Whether two types are the same, not merely assignable. */
type Equal<Left, Right> =
  (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
type Extends<Sub, Super> = Sub extends Super ? true : false;
/** Fails to compile unless it is given `true`. */
type Holds<Claim extends true> = Claim;
type KeysHolding<T, Value> = { [Key in keyof T]-?: T[Key] extends Value ? Key : never }[keyof T];

declare const catalog: SeedCatalog;
declare const device: BlockDevice;
declare const plan: DrivePlan;
declare const drive: PreparedDrive;
declare const status: ImportJobStatus;
declare const error: unknown;

/** Entries give the same types as the root. */
export type SameEverywhere = [
  Holds<Equal<Certs.SeedIdentity, SeedIdentity>>,
  Holds<Equal<Diskprep.PreparedDrive, PreparedDrive>>,
  Holds<Equal<Importjob.ImportOrder, ImportOrder>>,
  Holds<Equal<Registry.RegistryStore, RegistryStore>>,
  Holds<Equal<Report.JobReportInput, JobReportInput>>,
  Holds<Equal<Staging.SeedCatalog, SeedCatalog>>,
];

/** Codes are closed unions of literals: never plain text. */
export type ClosedCodes = [
  Holds<Equal<Extends<string, DriveErrorCode>, false>>,
  Holds<Equal<Extends<string, CertsErrorCode>, false>>,
  Holds<Equal<Extends<string, ImportJobErrorCode>, false>>,
  Holds<Equal<Extends<string, NtfsErrorCode>, false>>,
  Holds<Equal<Extends<string, StagingErrorCode>, false>>,
  Holds<Equal<DriveError["code"], DriveErrorCode>>,
  Holds<Extends<DeviceError, Error>>,
];

/** Where a secret is in a type, and where none may be. */
export type Secrets = [
  Holds<Extends<"bitLockerKey", keyof PreparedDrive>>,
  Holds<Equal<Extract<keyof PlannedDrive, "bitLockerKey">, never>>,
  Holds<Equal<Extract<keyof ReportedDrive, "bitLockerKey">, never>>,
  Holds<Equal<Extract<keyof DriveReport, "bitLockerKey">, never>>,
  Holds<Equal<Extract<keyof SeedReport, "bitLockerKey">, never>>,
];

/** Results survive JSON: plans and proofs hold no functions, dates, maps or big integers. */
export type PlainData = [
  // biome-ignore lint/complexity/noBannedTypes: any function is meant
  Holds<Equal<KeysHolding<DrivePlan & PreparedDrive & SeedReport, Function | Date | bigint>, never>>,
  Holds<Equal<SeedPlan["unplaced"] extends object | undefined ? true : false, true>>,
];

/** Both services keep one contract. */
export type Services = [
  Holds<Extends<ImportExportJobService, ImportJobService>>,
  Holds<Extends<DataBoxJobService, ImportJobService>>,
  Holds<Extends<AzureEmulator, AsyncDisposable>>,
];

/** What callers write, and what they must not be able to write. */
export async function calls(): Promise<void> {
  const seedPlan = await planDrives(catalog, [{ driveId: "A", sizeInBytes: 1 }]);
  const done: PreparedDrive = await prepareDrive(plan, catalog, device, {
    confirm: { driveId: plan.driveId, sizeInBytes: plan.sizeInBytes },
    journalPath: "journal",
  });
  const report: DriveReport = await verifyDrive(device, done);
  const page: string = renderJobReport({
    reportedAt: new Date(),
    job: status,
    drives: [drive],
    driveReports: [report],
  });

  // @ts-expect-error destroying a drive needs a confirmation
  await prepareDrive(plan, catalog, device, { journalPath: "journal" });
  // @ts-expect-error a serial number alone confirms nothing
  await prepareDrive(plan, catalog, device, { confirm: { driveId: "A" }, journalPath: "journal" });
  // @ts-expect-error and so does `true`
  await prepareDrive(plan, catalog, device, { confirm: true, journalPath: "journal" });
  // @ts-expect-error without a journal nothing can be resumed
  await prepareDrive(plan, catalog, device, { confirm: { driveId: "A", sizeInBytes: 1 } });
  // @ts-expect-error sectors have 512 or 4096 bytes
  await planDrives(catalog, [{ driveId: "A", sizeInBytes: 1, sectorSizeInBytes: 520 }]);
  // @ts-expect-error results are read-only
  seedPlan.drives = [];
  // @ts-expect-error and so are their fields
  plan.driveId = "B";
  // @ts-expect-error a report needs to know when it is made
  renderJobReport({ job: status });
  // @ts-expect-error absent is undefined, never null
  renderJobReport({ reportedAt: new Date(), job: status, seedReport: null });

  if (isDriveError(error)) {
    const code: DriveErrorCode = error.code;
    // @ts-expect-error there is no such code
    if (code === "no-such-code") return;
  }
  return void page;
}

/**
 * Everything that can be known to be wrong with an order before anything is sent.
 *
 * Rules are the intersection of both services, so that an order can be placed with either: job name after the classic
 * portal's rule and the Data Box client's pattern, at most ten drives, addresses complete enough for a carrier.
 */

import { parseRecoveryPassword } from "../../diskprep/index.js";
import type { ImportOrder, ReturnAddress } from "./import-order.js";
import { collectOrderProblems, type OrderProblem, type OrderProblemCollector } from "./order-problem.js";
import { canHoldPageBlobs, canReceiveImports, type StorageAccountFacts } from "./storage-account-facts.js";
import { isSameResourceId, normalizeLocation, parseStorageAccountId } from "./storage-account-id.js";

/** Most drives one job can have. */
export const maximumDrivesPerJob = 10;

const jobNamePattern = /^[a-z][a-z0-9-]{1,22}[a-z0-9]$/;
const containerNamePattern = /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;
const guidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const resourceGroupPattern = /^[-\w.()]{1,89}[-\w()]$|^[-\w()]$/;
const emailPattern = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const tebibyteInBytes = 2 ** 40;

/**
 * All problems of an order at once: errors and warnings, in the order of the fields. Pure.
 *
 * `account` adds the checks that need to know the storage account; without it they are left to `createImportJob`.
 */
export function validateImportOrder(
  order: ImportOrder,
  account?: StorageAccountFacts,
): readonly OrderProblem[] {
  const collector = collectOrderProblems();
  checkPresence(order, collector);
  // Parts that are not there at all cannot be looked into.
  if (collector.problems.length > 0) return Object.freeze([...collector.problems]);
  checkNames(order, collector);
  checkDrives(order, collector);
  checkReturnAddress(order.returnAddress, collector);
  checkContactAndCarrier(order, collector);
  if (account) checkAccount(order, account, collector);
  return Object.freeze([...collector.problems]);
}

/** Orders also come out of files and forms, where no compiler has seen to it that everything is there. */
function checkPresence(order: ImportOrder, { error }: OrderProblemCollector): void {
  const fields = order as unknown as Readonly<Record<string, unknown>>;
  for (const field of [
    "jobName",
    "subscriptionId",
    "resourceGroupName",
    "location",
    "storageAccountId",
    "containerName",
  ]) {
    if (typeof fields[field] !== "string") error(field, `The order has no ${field}.`);
  }
  for (const field of ["returnAddress", "returnShipping"]) {
    if (typeof fields[field] !== "object" || fields[field] === null)
      error(field, `The order has no ${field}.`);
  }
  if (!Array.isArray(fields["drives"])) error("drives", "The order has no list of drives.");
}

function checkNames(order: ImportOrder, { error, warning }: OrderProblemCollector): void {
  if (!jobNamePattern.test(order.jobName)) {
    error(
      "jobName",
      `'${order.jobName}' is not a job name both services accept: use 3 to 24 lower-case letters, digits and hyphens, beginning with a letter and ending with a letter or digit.`,
    );
  }
  if (!guidPattern.test(order.subscriptionId)) {
    error("subscriptionId", `'${order.subscriptionId}' is not a subscription id (a GUID).`);
  }
  if (!resourceGroupPattern.test(order.resourceGroupName)) {
    error("resourceGroupName", `'${order.resourceGroupName}' is not a resource group name.`);
  }
  if (normalizeLocation(order.location) === "") {
    error(
      "location",
      "The region is empty; give the region of the storage account, for example 'westeurope'.",
    );
  }
  const account = parseStorageAccountId(order.storageAccountId);
  if (!account) {
    error(
      "storageAccountId",
      `'${order.storageAccountId}' is not the ARM id of a storage account; it looks like /subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Storage/storageAccounts/<name>.`,
    );
  } else if (account.subscriptionId.toLowerCase() !== order.subscriptionId.toLowerCase()) {
    warning(
      "storageAccountId",
      "The storage account is in another subscription than the job. Azure Backup expects it in the subscription of the vault.",
    );
  }
  if (order.containerName !== "$root" && !containerNamePattern.test(order.containerName)) {
    error(
      "containerName",
      `'${order.containerName}' is not a container name: 3 to 63 lower-case letters, digits and single hyphens, no hyphen at either end.`,
    );
  }
  if (order.logLevel !== undefined && order.logLevel !== "error" && order.logLevel !== "verbose") {
    error("logLevel", `'${String(order.logLevel)}' is not a log level; use 'error' or 'verbose'.`);
  }
  if (order.diagnosticsPath !== undefined && !containerNamePattern.test(order.diagnosticsPath)) {
    error("diagnosticsPath", `'${order.diagnosticsPath}' is not a container name.`);
  }
}

function checkDrives(order: ImportOrder, { error, warning }: OrderProblemCollector): void {
  const { drives } = order;
  if (drives.length === 0) error("drives", "The order has no drive; prepare at least one.");
  if (drives.length > maximumDrivesPerJob) {
    error(
      "drives",
      `The order has ${drives.length} drives; a job takes at most ${maximumDrivesPerJob}. Split the seed into several jobs.`,
    );
  }
  const firstPlaceOf = new Map<string, number>();
  drives.forEach((drive, position) => {
    const field = `drives[${position}]`;
    const name = drive.driveId === "" ? `drive ${position + 1}` : `drive ${drive.driveId}`;
    if (drive.driveId === "" || /\s/.test(drive.driveId)) {
      error(`${field}.driveId`, `The serial number of ${name} must be given without spaces.`);
    }
    const before = firstPlaceOf.get(drive.driveId.toUpperCase());
    if (before !== undefined) {
      error(
        `${field}.driveId`,
        `${name} is in the order twice (drives[${before}] too); every serial number must be different.`,
      );
    } else firstPlaceOf.set(drive.driveId.toUpperCase(), position);
    if (!/^[0-9A-Fa-f]{32}$/.test(drive.manifestHash)) {
      error(`${field}.manifestHash`, `The manifest hash of ${name} must be an MD5 of 32 hexadecimal digits.`);
    }
    if (!drive.manifestFile.startsWith("\\") || drive.manifestFile.includes("/")) {
      error(
        `${field}.manifestFile`,
        `The manifest path of ${name} must begin with a backslash, for example \\DriveManifest.xml.`,
      );
    }
    if (drive.bitLockerKey === "") {
      error(
        `${field}.bitLockerKey`,
        `${name} has no BitLocker key; without it the datacentre cannot read the drive.`,
      );
    } else if (!isRecoveryPassword(drive.bitLockerKey)) {
      // Drives of other tools may carry a Base64 external key instead, and published samples fail the checksum.
      warning(
        `${field}.bitLockerKey`,
        `The BitLocker key of ${name} is not a valid 48-digit recovery password. If it is not an external key, the datacentre will not be able to unlock the drive.`,
      );
    }
    if (drive.blobCount === 0)
      warning(`${field}.blobCount`, `${name} carries no blob; it need not be shipped.`);
    if (drive.sizeInBytes > 10 * tebibyteInBytes) {
      warning(
        `${field}.sizeInBytes`,
        `${name} is larger than 10 TB, the largest size the backup articles name; ask the service before shipping it.`,
      );
    }
  });
}

function isRecoveryPassword(text: string): boolean {
  try {
    parseRecoveryPassword(text).dispose();
    return true;
  } catch {
    return false;
  }
}

function checkReturnAddress(address: ReturnAddress, { error, warning }: OrderProblemCollector): void {
  const required = [
    "recipientName",
    "streetAddress1",
    "city",
    "postalCode",
    "countryOrRegion",
    "phone",
    "email",
  ] as const;
  for (const part of required) {
    if ((address[part] ?? "").trim() === "") {
      error(
        `returnAddress.${part}`,
        `The return address lacks ${part}; the drives cannot be sent back without it.`,
      );
    }
  }
  if (address.email && !emailPattern.test(address.email)) {
    error("returnAddress.email", `'${address.email}' is not an e-mail address.`);
  }
  if (address.phone && (address.phone.match(/\d/g) ?? []).length < 5) {
    error("returnAddress.phone", `'${address.phone}' is not a phone number a carrier could call.`);
  }
  if (
    (address.stateOrProvince ?? "").trim() === "" &&
    /^(us|usa|united states)/i.test(address.countryOrRegion)
  ) {
    warning("returnAddress.stateOrProvince", "Addresses in the United States need a state.");
  }
}

function checkContactAndCarrier(order: ImportOrder, { error }: OrderProblemCollector): void {
  const { contact, returnShipping } = order;
  if (contact) {
    if (contact.contactName.trim() === "") error("contact.contactName", "The contact has no name.");
    if (contact.phone.trim() === "") error("contact.phone", "The contact has no phone number.");
    if (contact.emails.length === 0) error("contact.emails", "The contact has no e-mail address.");
    contact.emails.forEach((email, position) => {
      if (!emailPattern.test(email)) {
        error(`contact.emails[${position}]`, `'${email}' is not an e-mail address.`);
      }
    });
  }
  if (returnShipping.carrierName.trim() === "") {
    error("returnShipping.carrierName", "Name the carrier that brings the drives back.");
  }
  if (returnShipping.carrierAccountNumber.trim() === "") {
    error(
      "returnShipping.carrierAccountNumber",
      "Give your account number with the return carrier; without it the return is delayed.",
    );
  }
}

function checkAccount(
  order: ImportOrder,
  account: StorageAccountFacts,
  { error, warning }: OrderProblemCollector,
): void {
  if (!isSameResourceId(account.id, order.storageAccountId)) {
    error("storageAccountId", "The facts given belong to another storage account.");
    return;
  }
  if (account.kind === "unknown") {
    warning(
      "storageAccountId",
      "The account is of a kind this library does not know; make sure it can receive imports.",
    );
  } else if (!canReceiveImports(account.kind)) {
    error(
      "storageAccountId",
      `An account of kind ${account.kind} cannot receive imports; use one of kind StorageV2.`,
    );
  } else if (!canHoldPageBlobs(account.kind) && order.blobKinds?.includes("page") !== false) {
    error(
      "storageAccountId",
      order.blobKinds
        ? `The seed has page blobs and an account of kind ${account.kind} cannot hold them; use one of kind StorageV2.`
        : `An account of kind ${account.kind} cannot hold page blobs and the order does not say what the seed consists of; use an account of kind StorageV2, or set blobKinds to ["block"].`,
    );
  }
  if (account.isNfsV3Enabled) {
    error("storageAccountId", "The account has NFSv3 switched on; the import services do not support that.");
  }
  if (!account.admitsTrustedServices) {
    error(
      "storageAccountId",
      "The account's firewall shuts the import service out; allow trusted Microsoft services before the drives arrive.",
    );
  }
  if (normalizeLocation(account.location) !== normalizeLocation(order.location)) {
    warning(
      "location",
      `The job is ordered in ${order.location} but the storage account is in ${account.location}; the drives go to the datacentre of the account's region.`,
    );
  }
}

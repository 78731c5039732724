/** The dry run of an order: what would be sent, to whom, with which deadlines. Pure; nothing leaves the process. */
import { contactOf, type ImportOrder, type ReturnAddress } from "./import-order.js";
import type { OrderProblem } from "./order-problem.js";
import type { StorageAccountFacts } from "./storage-account-facts.js";
import { parseStorageAccountId } from "./storage-account-id.js";
import { validateImportOrder } from "./validate-import-order.js";

/** One drive of a plan: without its key. */
export interface PlannedDrive {
  readonly driveId: string;
  readonly manifestFile: string;
  readonly manifestHash: string;
  readonly sizeInBytes: number;
  readonly blobCount: number;
  readonly blobBytes: number;
}

/** What an order would do. Plain frozen data without secrets; may be printed, logged and stored. */
export interface ImportJobPlan {
  readonly jobName: string;
  readonly resourceGroupName: string;
  readonly location: string;
  readonly storageAccountName: string;
  readonly containerName: string;
  readonly drives: readonly PlannedDrive[];
  readonly blobCount: number;
  readonly blobBytes: number;
  readonly returnTo: string;
  readonly contact: string;
  readonly problems: readonly OrderProblem[];
  /** True when no problem is an error. */
  readonly canBeOrdered: boolean;
}

/**
 * Looks an order through and says what it would do. Pure, may be repeated, never throws for a bad order: all problems
 * are in the plan at once, so that a form can show them together. `createImportJob` refuses an order with errors.
 *
 * `account` adds the checks that need the storage account's facts (see `readStorageAccountFacts`).
 */
export function planImportJob(order: ImportOrder, account?: StorageAccountFacts): ImportJobPlan {
  const problems = validateImportOrder(order, account);
  const { storageAccountId = "", drives = [], returnAddress = {} as Partial<ReturnAddress> } = order;
  const contact = order.returnAddress || order.contact ? contactOf(order) : undefined;
  return Object.freeze({
    jobName: order.jobName,
    resourceGroupName: order.resourceGroupName,
    location: order.location,
    storageAccountName: parseStorageAccountId(storageAccountId)?.accountName ?? storageAccountId,
    containerName: order.containerName,
    drives: Object.freeze(
      drives.map(({ driveId, manifestFile, manifestHash, sizeInBytes, blobCount, blobBytes }) =>
        Object.freeze({ driveId, manifestFile, manifestHash, sizeInBytes, blobCount, blobBytes }),
      ),
    ),
    blobCount: drives.reduce((sum, drive) => sum + drive.blobCount, 0),
    blobBytes: drives.reduce((sum, drive) => sum + drive.blobBytes, 0),
    returnTo: [
      returnAddress.recipientName,
      returnAddress.companyName,
      returnAddress.streetAddress1,
      returnAddress.streetAddress2,
      [returnAddress.postalCode, returnAddress.city].filter(Boolean).join(" "),
      returnAddress.stateOrProvince,
      returnAddress.countryOrRegion,
    ]
      .filter((part) => part !== undefined && part.trim() !== "")
      .join(", "),
    contact: contact ? `${contact.contactName}, ${contact.phone}, ${contact.emails.join(", ")}` : "",
    problems,
    canBeOrdered: problems.every((problem) => problem.severity !== "error"),
  });
}

/** A plan as text for people, several lines, no secrets. */
export function formatImportJobPlan(plan: ImportJobPlan): string {
  const lines = [
    `Import job ${plan.jobName} in resource group ${plan.resourceGroupName}, region ${plan.location}`,
    `  to container ${plan.containerName} of storage account ${plan.storageAccountName}`,
    `  ${plan.blobCount} blobs, ${plan.blobBytes} bytes on ${plan.drives.length} ${plan.drives.length === 1 ? "drive" : "drives"}:`,
    ...plan.drives.map(
      (drive) =>
        `    ${drive.driveId}: ${drive.blobCount} blobs, ${drive.blobBytes} bytes, manifest ${drive.manifestFile} (MD5 ${drive.manifestHash})`,
    ),
    `  drives return to ${plan.returnTo}`,
    `  contact: ${plan.contact}`,
    ...plan.problems.map((problem) => `  ${problem.severity} in ${problem.field}: ${problem.message}`),
    plan.canBeOrdered
      ? "  The order can be placed."
      : "  The order cannot be placed until its errors are mended.",
  ];
  return `${lines.join("\n")}\n`;
}

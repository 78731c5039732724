export * from "./completion/copy-seed-to-vault.js";
export * from "./completion/reconcile-seed.js";
export * from "./completion/repair-seed.js";
export * from "./completion/seed-report.js";
export type { ReadBytesPolicy } from "./completion/verify-blob.js";
export * from "./import-job-error.js";
export * from "./increment/apply-increment.js";
export * from "./increment/increment-plan.js";
export * from "./increment/plan-increment.js";
export * from "./journal/classic-journal.js";
export * from "./logs/import-log.js";
export * from "./logs/log-statuses.js";
export * from "./logs/read-import-log.js";
export type { ImportLogSource } from "./logs/xml-elements.js";
export * from "./monitor/deadlines.js";
export type { ImportJobChange } from "./monitor/import-job-change.js";
export * from "./monitor/monitor-import-job.js";
export * from "./monitor/waiting-text.js";
export { type FoundStorageAccount, findStorageAccount } from "./order/find-storage-account.js";
export * from "./order/import-order.js";
export type { OrderProblem, OrderProblemSeverity } from "./order/order-problem.js";
export * from "./order/plan-import-job.js";
export { readStorageAccountFacts } from "./order/read-storage-account-facts.js";
export * from "./order/storage-account-facts.js";
export { parseStorageAccountId, type StorageAccountId } from "./order/storage-account-id.js";
export * from "./order/validate-import-order.js";
export { readArmResource } from "./service/arm-client.js";
export type { ArmAccess, ImportJobClientOptions } from "./service/client-options.js";
export * from "./service/compare-order.js";
export {
  type CopyStatusMeaning,
  type DataBoxCopyStatus,
  dataBoxCopyStatuses,
} from "./service/data-box-copy-statuses.js";
export * from "./service/data-box-job-service.js";
export * from "./service/detect-import-service.js";
export * from "./service/import-export-job-service.js";
export * from "./service/import-job-service.js";
export * from "./service/import-job-status.js";
export * from "./shipping/send-saved-shipping-details.js";
export * from "./shipping/shipping-destination.js";
export type { DeliveryPackage, ShippingDetails } from "./shipping/shipping-details.js";
export * from "./shipping/shipping-file.js";

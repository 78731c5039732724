export { blobNameFromPath, blobNameProblem, pathFromBlobName } from "./blob-name.js";
export type { BlobSource, FileBlobSource } from "./blob-source.js";
export { isStagingError, StagingError, type StagingErrorCode } from "./errors.js";
export type { StagedExtent, StagedSeedCatalog } from "./sealed-catalog.js";
export * from "./seed-catalog.js";
export type { SeedJobSettings, SeedState, SeedSummary } from "./seed-descriptor.js";
export type { SeedWriter, WriteBlobOptions } from "./seed-writer.js";
export {
  type StageDirectoryOptions,
  type StageDirectoryReport,
  type StageFailure,
  stageDirectory,
} from "./stage-directory.js";
export {
  type CreateSeedOptions,
  openStagingLocation,
  type SeedWriterOptions,
  type StagingLocation,
  type StagingLocationOptions,
} from "./staging-location.js";

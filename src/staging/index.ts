export {
  type AdoptedSeed,
  type AdoptStagingFolderOptions,
  adoptStagingFolder,
} from "./adopt-staging-folder.js";
export { blobNameFromPath, blobNameProblem, pathFromBlobName } from "./blob-name.js";
export type { BlobSource, FileBlobSource } from "./blob-source.js";
export type { CompressionMethod, CompressionOption, SeedCompression } from "./compression-choice.js";
export {
  type BlobDisposition,
  type DataSetRow,
  type DriveSetRow,
  parseDataSet,
  parseDriveSet,
} from "./dataset-csv.js";
export type { SymlinkPolicy } from "./directory-walk.js";
export { isStagingError, StagingError, type StagingErrorCode } from "./errors.js";
export { type ExtractSeedOptions, type ExtractSeedReport, extractSeed } from "./extract-seed.js";
export type { ExistingFilePolicy } from "./extract-target.js";
export type { BlobContainer } from "./extractable-seed.js";
export {
  listSeedFiles,
  readBundleIndexText,
  type SeedFile,
  withoutBundleMembers,
} from "./list-seed-files.js";
export {
  type ListSourceFilesOptions,
  listSourceFiles,
  type SourceFile,
  type UnreadableSourceFile,
} from "./list-source-files.js";
export type { StagedSeedCatalog } from "./sealed-catalog.js";
export * from "./seed-catalog.js";
export type { SeedJobSettings, SeedState, SeedSummary } from "./seed-descriptor.js";
export type { SeedWriter, WriteBlobOptions } from "./seed-writer.js";
export {
  type BundleOptions,
  type HardLinkPolicy,
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
export {
  type VerifiedBlob,
  type VerifiedBlobStatus,
  type VerifySeedOptions,
  type VerifySeedReport,
  verifySeed,
} from "./verify-seed.js";

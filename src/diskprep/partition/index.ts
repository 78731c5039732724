export { basicDataPartitionType } from "./gpt-entry.js";
export { type GptDiskFacts, type GptDiskPlan, planGptDisk } from "./gpt-plan.js";
export { isPartitionError, PartitionError, type PartitionErrorCode } from "./partition-error.js";
export { type Partition, type PartitionTable, readPartitionTable } from "./read-partition-table.js";
export { buildGpt, type GptIdentity, type GptPiece, type WriteGptOptions, writeGpt } from "./write-gpt.js";

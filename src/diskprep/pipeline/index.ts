export { createFilePieceReader, type FilePieceReader } from "./file-piece-reader.js";
export type { Slot } from "./slots.js";
export type {
  FilePieceFailure,
  FilePieces,
  SectorStretches,
  SlotStretches,
  VolumeResult,
  VolumeTask,
} from "./volume-task.js";
export { createVolumeWorkers, type VolumeWorkers, type VolumeWorkersOptions } from "./volume-workers.js";

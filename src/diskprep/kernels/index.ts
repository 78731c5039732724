export {
  type Acceleration,
  type Arena,
  type ArenaOptions,
  type CreateArenaOptions,
  createArena,
  openArena,
} from "./arena.js";
export {
  type BulkSectorCipher,
  createBulkSectorCipher,
  type SectorCipherMethod,
  sectorCipherScratchInBytes,
} from "./bulk-sector-cipher.js";
export {
  advanceKeyStretch,
  beginKeyStretch,
  bitLockerRoundCount,
  keyStretchStateInBytes,
  type StretchKeyOptions,
  stretchKeyInSlices,
} from "./key-stretch.js";
export { createMd5Hasher, type HashedPartWork, type Md5Hasher, md5ScratchInBytes } from "./md5-hasher.js";
export { isAllZero } from "./zero-scan.js";

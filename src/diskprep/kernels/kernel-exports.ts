/** What the WebAssembly kernels offer, by the name of their source. Addresses are byte offsets in the arena. */

/** md5-lanes.wat */
export interface Md5LanesKernel {
  initialize(state: number): void;
  digestBlocks(state: number, blockCount: number): void;
}

/** sector-cipher.wat */
export interface SectorCipherKernel {
  writeNumbers(target: number, count: number, startLow: number, startHigh: number, step: number): void;
  whiten(data: number, tweaks: number, sectorCount: number, blocksInSector: number): void;
  gatherRows(data: number, rows: number, previous: number, sectorCount: number, sectorSize: number): void;
  scatterRows(data: number, rows: number, sectorCount: number, sectorSize: number): void;
  xorBlocks(target: number, targetStep: number, source: number, sourceStep: number, blockCount: number): void;
}

/** key-stretch.wat */
export interface KeyStretchKernel {
  initialize(state: number): void;
  stretch(state: number, first: number, count: number): void;
}

/** zero-scan.wat */
export interface ZeroScanKernel {
  isAllZero(address: number, length: number): number;
}

export interface KernelExports {
  readonly "md5-lanes": Md5LanesKernel;
  readonly "sector-cipher": SectorCipherKernel;
  readonly "key-stretch": KeyStretchKernel;
  readonly "zero-scan": ZeroScanKernel;
}

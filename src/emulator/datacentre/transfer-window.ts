/** How much may be under way at once: a number of uploads and a number of bytes, so that memory stays bounded. */

/** Admits transfers while there is room. */
export interface TransferWindow {
  /**
   * Waits for room and takes it. Call the result exactly once when the bytes are gone. A single transfer larger than
   * the whole window is admitted alone.
   */
  enter(lengthInBytes: number): Promise<() => void>;
}

/** Makes an empty window. Transfers are admitted in the order they asked. */
export function createTransferWindow(limits: {
  readonly maximumTransfers: number;
  readonly maximumBytes: number;
}): TransferWindow {
  let transfers = 0;
  let bytes = 0;
  const waiting: { lengthInBytes: number; admit: () => void }[] = [];
  const hasRoom = (lengthInBytes: number): boolean =>
    transfers === 0 || (transfers < limits.maximumTransfers && bytes + lengthInBytes <= limits.maximumBytes);
  const take = (lengthInBytes: number): void => {
    transfers += 1;
    bytes += lengthInBytes;
  };
  const leave = (lengthInBytes: number) => (): void => {
    transfers -= 1;
    bytes -= lengthInBytes;
    while (waiting[0] !== undefined && hasRoom(waiting[0].lengthInBytes)) {
      const next = waiting.shift()!;
      take(next.lengthInBytes);
      next.admit();
    }
  };
  return {
    async enter(lengthInBytes) {
      if (waiting.length === 0 && hasRoom(lengthInBytes)) take(lengthInBytes);
      else await new Promise<void>((admit) => waiting.push({ lengthInBytes, admit }));
      return leave(lengthInBytes);
    },
  };
}

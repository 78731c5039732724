/** The error of the partition room. */
import { hasErrorName, RoomError, type RoomErrorOptions } from "../../shared/room-error.js";

/**
 * What went wrong with a partition table.
 *
 * - `too-small`: the disk has no room for a table and a partition.
 * - `invalid-argument`: a GUID, name or size that makes no sense.
 * - `damaged`: there is a table, but neither it nor its backup is intact.
 * - `sector-size-mismatch`: the table was made with another sector size than the one the disk shows now, as behind a
 *   USB enclosure that changes it.
 */
export type PartitionErrorCode = "too-small" | "invalid-argument" | "damaged" | "sector-size-mismatch";

/** Error of planning, writing and reading partition tables. */
export class PartitionError extends RoomError<PartitionErrorCode> {
  static {
    PartitionError.prototype.name = "PartitionError";
  }

  constructor(code: PartitionErrorCode, message: string, options?: RoomErrorOptions) {
    super(code, message, options);
  }
}

/** Whether a thrown value is a {@link PartitionError}, from whichever build of this library. */
export function isPartitionError(value: unknown): value is PartitionError {
  return hasErrorName(value, "PartitionError");
}

/** What the parts of one check share. */
import type { AbortOptions } from "../../../shared/abort.js";
import type { BlockDevice } from "../../device/index.js";
import type { CheckedGeometry } from "./check-boot-sector.js";
import type { ClusterLedger } from "./cluster-ledger.js";
import type { FindingList } from "./finding.js";
import type { InspectedAttribute, InspectedRecord } from "./inspect-record.js";
import type { NameTable } from "./name-table.js";
import type { CheckedStream } from "./volume-streams.js";

/** A base record with the attributes of its extension records. */
export interface CheckedFile {
  readonly record: InspectedRecord;
  readonly attributes: readonly { readonly attribute: InspectedAttribute; readonly owner: InspectedRecord }[];
}

/** Bits kept of each record. */
export const seenFlag = { inUse: 1, directory: 2, readable: 4, extension: 8 } as const;

/** State of a running check. */
export interface CheckContext {
  readonly device: BlockDevice;
  readonly geometry: CheckedGeometry;
  readonly options: AbortOptions;
  readonly list: FindingList;
  readonly upcase: Uint16Array;
  readonly mft: CheckedStream;
  readonly recordCount: number;
  /** `seenFlag` bits of each record. */
  readonly seen: Uint8Array;
  readonly sequences: Uint16Array;
  readonly names: NameTable;
  readonly clusters: ClusterLedger;
  /** Ids of all descriptors in `$Secure`; undefined when they could not be read. */
  readonly securityIds: ReadonlySet<number> | undefined;
  /** Reads a file with its extension records, reporting nothing. */
  readFile(record: number): Promise<CheckedFile | undefined>;
  /** Opens an attribute of a file. */
  open(file: CheckedFile, type: number, name: string): CheckedStream | undefined;
}

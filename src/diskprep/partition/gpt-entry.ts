/** One entry of the GPT entry array (UEFI Specification §5.3.3). */
import { guidFromBytes, guidToBytes } from "../../shared/guid.js";
import { gptEntrySizeInBytes } from "./gpt-plan.js";

/** Partition type of volumes that Windows shows: Microsoft basic data. */
export const basicDataPartitionType = "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7";
const unusedType = "00000000-0000-0000-0000-000000000000";
const nameOffset = 0x38;

/** Longest partition name, in UTF-16 code units. */
export const longestPartitionName = 36;

/** A used entry. */
export interface GptEntry {
  readonly typeGuid: string;
  readonly partitionGuid: string;
  readonly firstSector: number;
  /** Inclusive. */
  readonly lastSector: number;
  readonly attributes: bigint;
  readonly name: string;
}

/** The 128 bytes of an entry. */
export function encodeGptEntry(entry: GptEntry): Uint8Array {
  const bytes = new Uint8Array(gptEntrySizeInBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(guidToBytes(entry.typeGuid), 0x00);
  bytes.set(guidToBytes(entry.partitionGuid), 0x10);
  view.setBigUint64(0x20, BigInt(entry.firstSector), true);
  view.setBigUint64(0x28, BigInt(entry.lastSector), true);
  view.setBigUint64(0x30, entry.attributes, true);
  for (let index = 0; index < entry.name.length; index++) {
    view.setUint16(nameOffset + index * 2, entry.name.charCodeAt(index), true);
  }
  return bytes;
}

/** The entry in these bytes, or undefined when it is not used. Numbers are not judged here. */
export function decodeGptEntry(bytes: Uint8Array): GptEntry | undefined {
  const typeGuid = guidFromBytes(bytes, 0);
  if (typeGuid === unusedType) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let name = "";
  for (let index = 0; index < longestPartitionName; index++) {
    const unit = view.getUint16(nameOffset + index * 2, true);
    if (unit === 0) break;
    name += String.fromCharCode(unit);
  }
  return {
    typeGuid,
    partitionGuid: guidFromBytes(bytes, 0x10),
    firstSector: Number(view.getBigUint64(0x20, true)),
    lastSector: Number(view.getBigUint64(0x28, true)),
    attributes: view.getBigUint64(0x30, true),
    name,
  };
}

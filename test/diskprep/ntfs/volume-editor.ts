/** Changes single fields of a volume in memory: finds structures, undoes and redoes their protection. */
import type { BlockDevice } from "../../../src/diskprep/device/index.js";
import type { CheckedGeometry } from "../../../src/diskprep/ntfs/checker/check-boot-sector.js";
import { createFindingList } from "../../../src/diskprep/ntfs/checker/finding.js";
import {
  type InspectedAttribute,
  type InspectedRecord,
  inspectRecord,
} from "../../../src/diskprep/ntfs/checker/inspect-record.js";

/** A device that shows another one with changes of its own; the other stays as it is. */
export function overlayOf(base: BlockDevice): BlockDevice {
  const patches: { offset: number; bytes: Uint8Array }[] = [];
  return {
    ...base,
    async read(offset, target, options) {
      await base.read(offset, target, options);
      for (const patch of patches) {
        const from = Math.max(offset, patch.offset);
        const to = Math.min(offset + target.length, patch.offset + patch.bytes.length);
        if (from < to)
          target.set(patch.bytes.subarray(from - patch.offset, to - patch.offset), from - offset);
      }
    },
    write(offset, data) {
      patches.push({ offset, bytes: data.slice() });
      return Promise.resolve();
    },
  };
}

/** An unprotected record or index block that can be edited and put back. */
export interface EditableBlock {
  /** Where the block lies on the volume. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Protects the block again and writes it. */
  save(): Promise<void>;
}

/** An MFT record. */
export interface EditableRecord extends EditableBlock {
  attribute(type: number, name?: string): InspectedAttribute;
  readonly inspected: InspectedRecord;
}

/** Finds and changes structures of one volume. */
export interface VolumeEditor {
  readonly device: BlockDevice;
  readonly geometry: CheckedGeometry;
  record(number: number, options?: { readonly withoutMirror?: boolean }): Promise<EditableRecord>;
  /** Volume offset of a byte of a record's unnamed or named attribute in one run or resident. */
  streamOffset(number: number, type: number, name?: string): Promise<number>;
  /** Block of a directory's index. */
  indexBlock(directory: number, block: number): Promise<EditableBlock & { entries(): IndexEntryPlace[] }>;
  read(offset: number, length: number): Promise<Uint8Array>;
  write(offset: number, ...bytes: number[]): Promise<void>;
  /** Flips the lowest bit of a byte. */
  flip(offset: number, mask?: number): Promise<void>;
}

/** Where an entry lies in its block. */
export interface IndexEntryPlace {
  readonly position: number;
  readonly length: number;
  readonly record: number;
  readonly isEnd: boolean;
}

/** Opens an editor on a volume whose MFT is one run. */
export function editVolume(device: BlockDevice, geometry: CheckedGeometry): VolumeEditor {
  const { clusterSize, recordSize, mftCluster, mirrorCluster } = geometry;
  const upcase = Uint16Array.from({ length: 65_536 }, (_, unit) => unit);
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length);
    await device.read(offset, bytes);
    return bytes;
  };
  const protect = (bytes: Uint8Array): void => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const array = view.getUint16(4, true);
    for (let block = 1; block <= bytes.length / 512; block++) {
      view.setUint16(array + 2 * block, view.getUint16(512 * block - 2, true), true);
      view.setUint16(512 * block - 2, view.getUint16(array, true), true);
    }
  };
  const unprotect = (bytes: Uint8Array): void => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const array = view.getUint16(4, true);
    for (let block = 1; block <= bytes.length / 512; block++) {
      view.setUint16(512 * block - 2, view.getUint16(array + 2 * block, true), true);
    }
  };
  const editable = (offset: number, bytes: Uint8Array, mirrorOffset?: number): EditableBlock => ({
    offset,
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset),
    async save() {
      const copy = bytes.slice();
      protect(copy);
      await device.write(offset, copy);
      if (mirrorOffset !== undefined) await device.write(mirrorOffset, copy);
    },
  });
  const record: VolumeEditor["record"] = async (number, options = {}) => {
    const offset = mftCluster * clusterSize + number * recordSize;
    const raw = await read(offset, recordSize);
    const inspected = inspectRecord(raw.slice(), number, offset, geometry, upcase, createFindingList(0))!;
    unprotect(raw);
    const isMirrored = number < Math.max(4, clusterSize / recordSize) && options.withoutMirror !== true;
    const block = editable(
      offset,
      raw,
      isMirrored ? mirrorCluster * clusterSize + number * recordSize : undefined,
    );
    return {
      ...block,
      inspected,
      attribute(type, name = "") {
        const found = inspected.attributes.find((each) => each.type === type && each.name === name);
        if (!found) throw new Error(`record ${number} has no attribute ${type.toString(16)} '${name}'`);
        return found;
      },
    };
  };
  const streamOffset: VolumeEditor["streamOffset"] = async (number, type, name = "") => {
    const { attribute, offset } = await record(number);
    const { value, valuePosition, runs } = attribute(type, name);
    return value ? offset + valuePosition : runs[0]!.lcn! * clusterSize;
  };
  return {
    device,
    geometry,
    record,
    streamOffset,
    async indexBlock(directory, block) {
      const offset = (await streamOffset(directory, 0xa0, "$I30")) + block * 4096;
      const bytes = await read(offset, 4096);
      unprotect(bytes);
      const view = new DataView(bytes.buffer);
      return {
        ...editable(offset, bytes),
        entries() {
          const places: IndexEntryPlace[] = [];
          for (let position = 0x18 + view.getUint32(0x18, true); ; ) {
            const length = view.getUint16(position + 8, true);
            const isEnd = (view.getUint16(position + 12, true) & 2) !== 0;
            places.push({ position, length, record: view.getUint32(position, true), isEnd });
            if (isEnd) return places;
            position += length;
          }
        },
      };
    },
    read,
    write: (offset, ...bytes) => device.write(offset, Uint8Array.from(bytes)),
    async flip(offset, mask = 1) {
      const [byte] = await read(offset, 1);
      await device.write(offset, Uint8Array.of(byte! ^ mask));
    },
  };
}

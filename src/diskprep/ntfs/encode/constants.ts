/** Numbers of the NTFS format that several encoders need. Names follow the format's own ($MFT, attribute types). */

export const systemFileCount = 12;
export const rootRecord = 5;
export const extendRecord = 11;
/** Records below this belong to the file system and to Windows' own future files. */
export const firstUserRecord = 64;

export const attributeType = {
  standardInformation: 0x10,
  fileName: 0x30,
  securityDescriptor: 0x50,
  volumeName: 0x60,
  volumeInformation: 0x70,
  data: 0x80,
  indexRoot: 0x90,
  indexAllocation: 0xa0,
  bitmap: 0xb0,
} as const;

export const recordFlag = { inUse: 1, directory: 2, inExtend: 4, viewIndex: 8 } as const;

export const fileAttribute = {
  readOnly: 0x01,
  hidden: 0x02,
  system: 0x04,
  archive: 0x20,
  notContentIndexed: 0x2000,
  /** Only in $FILE_NAME, never in $STANDARD_INFORMATION. */
  directory: 0x1000_0000,
  viewIndex: 0x2000_0000,
} as const;

/** Bytes of $STANDARD_INFORMATION with its header, long form. */
export const standardInformationLengthInBytes = 0x60;
/** Bytes of a $FILE_NAME value before the name. */
export const fileNameHeaderLengthInBytes = 66;
export const endMarkerLengthInBytes = 8;
/** Multi-sector protection always works on 512-byte strides, whatever the sector size. */
export const fixupStrideInBytes = 512;

/** Sequence number of a record as Windows expects it on a fresh volume. */
export function sequenceNumberOf(record: number): number {
  return record === 0 ? 1 : record < 24 ? record : 1;
}

export function align8(value: number): number {
  return (value + 7) & ~7;
}

/** Where the attributes of a record begin: after the header and its update sequence array. */
export function firstAttributeOffset(recordSizeInBytes: number): number {
  return align8(0x30 + 2 * (recordSizeInBytes / fixupStrideInBytes + 1));
}

/** Bytes of a $FILE_NAME attribute with its header. */
export function fileNameAttributeLength(nameLengthInUnits: number): number {
  return align8(0x18 + fileNameHeaderLengthInBytes + 2 * nameLengthInUnits);
}

/** Largest content that fits into the record of a file with a name of that many units. */
export function residentLimitInBytes(recordSizeInBytes: number, nameLengthInUnits: number): number {
  return (
    recordSizeInBytes -
    firstAttributeOffset(recordSizeInBytes) -
    standardInformationLengthInBytes -
    fileNameAttributeLength(nameLengthInUnits) -
    0x18 -
    endMarkerLengthInBytes
  );
}

/** Bytes of an $I30 entry in a leaf; entries of inner nodes are 8 bytes longer. */
export function directoryEntryLength(nameLengthInUnits: number): number {
  return align8(0x10 + fileNameHeaderLengthInBytes + 2 * nameLengthInUnits);
}

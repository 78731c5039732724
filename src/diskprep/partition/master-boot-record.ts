/** Sector 0 of a disk: the protective MBR of a GPT disk (UEFI Specification §5.2.3) and classic MBR tables. */

const tableOffset = 0x1be;
const entrySizeInBytes = 16;
const protectiveType = 0xee;

/** One of the four entries of an MBR that is in use. */
export interface MbrEntry {
  /** Position in the table, 0 to 3. */
  readonly index: number;
  readonly type: number;
  readonly firstSector: number;
  readonly sectorCount: number;
  /** 0x00, or 0x80 for active; anything else means that this is no partition table. */
  readonly status: number;
}

/** The sector that makes programs without GPT see one partition over the whole disk. */
export function encodeProtectiveMbr(diskSectorCount: number, sectorSizeInBytes: number): Uint8Array {
  const sector = new Uint8Array(sectorSizeInBytes);
  const view = new DataView(sector.buffer);
  sector.set([0x00, 0x00, 0x02, 0x00, protectiveType, 0xff, 0xff, 0xff], tableOffset);
  view.setUint32(tableOffset + 8, 1, true);
  view.setUint32(tableOffset + 12, Math.min(diskSectorCount - 1, 0xffff_ffff), true);
  sector.set([0x55, 0xaa], 0x1fe);
  return sector;
}

/** The used entries, or undefined when the sector has no MBR signature. */
export function decodeMbr(sector: Uint8Array): readonly MbrEntry[] | undefined {
  if (sector.length < 512 || sector[0x1fe] !== 0x55 || sector[0x1ff] !== 0xaa) return undefined;
  const view = new DataView(sector.buffer, sector.byteOffset, sector.byteLength);
  return [0, 1, 2, 3]
    .map((index) => {
      const offset = tableOffset + index * entrySizeInBytes;
      return {
        index,
        status: sector[offset]!,
        type: sector[offset + 4]!,
        firstSector: view.getUint32(offset + 8, true),
        sectorCount: view.getUint32(offset + 12, true),
      };
    })
    .filter((entry) => entry.type !== 0);
}

/** Whether the table says that the real one is a GPT. */
export function isProtectiveMbr(entries: readonly MbrEntry[]): boolean {
  return entries.some((entry) => entry.type === protectiveType);
}

/** Whether the entry only points to a chain of logical partitions. */
export function isExtendedEntry(entry: MbrEntry): boolean {
  return entry.type === 0x05 || entry.type === 0x0f || entry.type === 0x85;
}

/** Whether sector 0 is the boot sector of a file system that fills the whole disk, without any table. */
export function isFileSystemBootSector(sector: Uint8Array): boolean {
  const isName = (offset: number, name: string): boolean =>
    Buffer.from(sector.buffer, sector.byteOffset + offset, name.length).toString("latin1") === name;
  return (
    isName(3, "NTFS    ") ||
    isName(3, "-FVE-FS-") ||
    isName(3, "EXFAT   ") ||
    isName(3, "MSWIN4.1") ||
    isName(0x36, "FAT") ||
    isName(0x52, "FAT32   ")
  );
}

/** A registry hive without keys, for programs that only change existing hives ("Windows registry file format", regf 1.5). */

const blockSize = 4096;

/** Base block, one bin with the root key and its security descriptor, and the free rest of the bin. */
export function createEmptyHive(): Uint8Array {
  const hive = Buffer.alloc(2 * blockSize);
  const rootOffset = 0x20;
  const rootName = Buffer.from("root", "latin1");
  const rootSize = alignCell(4 + 76 + rootName.length);
  const securityOffset = rootOffset + rootSize;
  const descriptor = securityDescriptor();
  const securitySize = alignCell(4 + 20 + descriptor.length);
  const freeOffset = securityOffset + securitySize;

  hive.write("regf", 0, "latin1");
  hive.writeUInt32LE(1, 4);
  hive.writeUInt32LE(1, 8);
  hive.writeUInt32LE(1, 20); // major version
  hive.writeUInt32LE(5, 24); // minor version
  hive.writeUInt32LE(1, 32); // format: direct memory load
  hive.writeUInt32LE(rootOffset, 36);
  hive.writeUInt32LE(blockSize, 40);
  hive.writeUInt32LE(1, 44);
  let checksum = 0;
  for (let offset = 0; offset < 508; offset += 4) checksum ^= hive.readUInt32LE(offset);
  hive.writeUInt32LE(checksum >>> 0, 508);

  const bin = hive.subarray(blockSize);
  bin.write("hbin", 0, "latin1");
  bin.writeUInt32LE(blockSize, 8);

  const root = bin.subarray(rootOffset, rootOffset + rootSize);
  root.writeInt32LE(-rootSize, 0);
  root.write("nk", 4, "latin1");
  root.writeUInt16LE(0x2c, 6); // root key, not deletable, name in Latin-1
  root.writeUInt32LE(0xffff_ffff, 20); // parent
  root.writeUInt32LE(0xffff_ffff, 32); // subkeys
  root.writeUInt32LE(0xffff_ffff, 36); // volatile subkeys
  root.writeUInt32LE(0xffff_ffff, 44); // values
  root.writeUInt32LE(securityOffset, 48);
  root.writeUInt32LE(0xffff_ffff, 52); // class name
  root.writeUInt16LE(rootName.length, 76);
  rootName.copy(root, 80);

  const security = bin.subarray(securityOffset, securityOffset + securitySize);
  security.writeInt32LE(-securitySize, 0);
  security.write("sk", 4, "latin1");
  security.writeUInt32LE(securityOffset, 8); // previous: itself
  security.writeUInt32LE(securityOffset, 12); // next: itself
  security.writeUInt32LE(1, 16); // references
  security.writeUInt32LE(descriptor.length, 20);
  descriptor.copy(security, 24);

  bin.writeInt32LE(blockSize - freeOffset, freeOffset);
  return hive;
}

/** Owner and group Administrators, no access control list. */
function securityDescriptor(): Buffer {
  const administrators = Buffer.from("01020000000000052000000020020000", "hex");
  const header = Buffer.alloc(20);
  header[0] = 1;
  header.writeUInt16LE(0x8000, 2); // self-relative
  header.writeUInt32LE(20, 4);
  header.writeUInt32LE(20 + administrators.length, 8);
  return Buffer.concat([header, administrators, administrators]);
}

function alignCell(size: number): number {
  return Math.ceil(size / 8) * 8;
}

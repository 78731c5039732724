/** Drives without a medium: files in memory under a manifest, with faults. Made by hand, so that nothing of the product is judged by itself. */
import { createHash } from "node:crypto";
import type { DriveOpener, DriveVolume } from "../../../src/emulator/index.js";

export interface TestBlob {
  /** Container and name. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly kind?: "block" | "page";
  readonly disposition?: string;
  readonly rangeSizeInBytes?: number;
  readonly hasIds?: boolean;
  /** Length in the manifest. Default: that of the content. */
  readonly announcedLength?: number;
  readonly metadata?: string;
  readonly properties?: string;
}

export interface TestDrive {
  readonly driveId: string;
  readonly bitLockerKey: string;
  readonly manifestFile: string;
  readonly manifestHash: string;
  readonly files: Map<string, Uint8Array>;
  /** Files whose bytes from an offset on cannot be read. */
  readonly unreadableFrom: Map<string, number>;
}

export function md5Hex(bytes: Uint8Array | string): string {
  return createHash("md5").update(bytes).digest("hex").toUpperCase();
}

export function filePathOf(blob: TestBlob): string {
  return `\\session1\\${blob.path.replaceAll("/", "\\")}`;
}

export function manifestText(
  driveId: string,
  blobs: readonly TestBlob[],
  files: Map<string, Uint8Array>,
): string {
  const sideFile = (element: string, blob: TestBlob, text: string | undefined): string => {
    if (text === undefined) return "";
    const path = `${filePathOf(blob)}.${element}.xml`;
    files.set(path, Buffer.from(text));
    return `        <${element} Hash="${md5Hex(text)}">${path}</${element}>\n`;
  };
  const blobText = (blob: TestBlob): string => {
    const size = blob.rangeSizeInBytes ?? 4 * 1024 * 1024;
    const [list, item] = blob.kind === "page" ? ["PageRangeList", "PageRange"] : ["BlockList", "Block"];
    let ranges = "";
    for (let offset = 0; offset < blob.content.byteLength; offset += size) {
      const bytes = blob.content.subarray(offset, offset + size);
      const id = blob.hasIds ? ` Id="MD5/${createHash("md5").update(bytes).digest("base64")}"` : "";
      ranges += `          <${item} Offset="${offset}" Length="${bytes.byteLength}"${id} Hash="${md5Hex(bytes)}"/>\n`;
    }
    files.set(filePathOf(blob), blob.content);
    return (
      `      <Blob>\n        <BlobPath>${blob.path}</BlobPath>\n        <FilePath>${filePathOf(blob)}</FilePath>\n` +
      `        <Length>${blob.announcedLength ?? blob.content.byteLength}</Length>\n` +
      (blob.disposition === undefined
        ? ""
        : `        <ImportDisposition>${blob.disposition}</ImportDisposition>\n`) +
      `        <${list}>\n${ranges}        </${list}>\n` +
      sideFile("MetadataPath", blob, blob.metadata) +
      sideFile("PropertiesPath", blob, blob.properties) +
      "      </Blob>\n"
    );
  };
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<DriveManifest Version="2014-11-01">\n  <Drive>\n` +
    `    <DriveId>${driveId}</DriveId>\n    <ClientCreator>test</ClientCreator>\n    <BlobList>\n` +
    `${blobs.map(blobText).join("")}    </BlobList>\n  </Drive>\n</DriveManifest>\n`
  );
}

export function createTestDrive(driveId: string, blobs: readonly TestBlob[]): TestDrive {
  const files = new Map<string, Uint8Array>();
  const manifest = Buffer.from(manifestText(driveId, blobs, files));
  files.set("\\DriveManifest.xml", manifest);
  return {
    driveId,
    bitLockerKey: `key-of-${driveId}`,
    manifestFile: "\\DriveManifest.xml",
    manifestHash: md5Hex(manifest),
    files,
    unreadableFrom: new Map(),
  };
}

/** Opens the drives whose "image" is their id. */
export function memoryDriveOpener(drives: ReadonlyMap<string, TestDrive>): DriveOpener {
  return async ({ image }, recoveryPassword) => {
    const drive = drives.get(String(image));
    if (drive === undefined) return "DiskNotFound";
    return recoveryPassword === drive.bitLockerKey ? memoryVolume(drive) : "BitLockerKeyInvalid";
  };
}

function memoryVolume(drive: TestDrive): DriveVolume {
  return {
    close: async () => undefined,
    async openFile(path) {
      const content = drive.files.get(path.startsWith("\\") ? path : `\\${path}`);
      if (content === undefined) return "FileNotFound";
      return {
        sizeInBytes: content.byteLength,
        async read(offset, target) {
          if (offset + target.byteLength > (drive.unreadableFrom.get(path) ?? Number.POSITIVE_INFINITY)) {
            throw Object.assign(new Error("the medium failed"), { code: "io-failed" });
          }
          target.set(content.subarray(offset, offset + target.byteLength));
        },
      };
    },
  };
}

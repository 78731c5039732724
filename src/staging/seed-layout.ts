/** Where the files of a seed lie. Paths of staged data are made from numbers only, never from names of blobs. */
import { join } from "node:path";

/** The paths of one seed. */
export interface SeedLayout {
  readonly folder: string;
  readonly descriptor: string;
  readonly catalog: string;
  readonly rangeHashes: string;
  readonly catalogIndex: string;
  readonly lock: string;
  readonly packsFolder: string;
  readonly blobsFolder: string;
}

/** What a batch filled memory with is written to packs in whole units, as direct writes need it. */
export const directUnitInBytes = 4096;

const filesPerFolder = 1000;

/** The paths of the seed of one job. */
export function seedLayout(stagingFolder: string, jobName: string): SeedLayout {
  const folder = join(stagingFolder, jobName);
  return Object.freeze({
    folder,
    descriptor: join(folder, "seed.json"),
    catalog: join(folder, "catalog.ndjson"),
    rangeHashes: join(folder, "range-hashes.bin"),
    catalogIndex: join(folder, "catalog-index.json"),
    lock: join(folder, "writer.lock"),
    packsFolder: join(folder, "data", "packs"),
    blobsFolder: join(folder, "data", "blobs"),
  });
}

/** Path of a pack: a file that holds many small blobs one after the other. */
export function packPath(layout: SeedLayout, pack: number): string {
  return join(layout.packsFolder, `${digits(pack, 8)}.pack`);
}

/** Number of the pack a file name stands for, or undefined. */
export function packNumber(fileName: string): number | undefined {
  return numberOf(/^(\d{8,})\.pack$/.exec(fileName)?.[1]);
}

/** Folder of a large blob's own file. */
export function blobFileFolder(layout: SeedLayout, file: number): string {
  return join(layout.blobsFolder, digits(Math.floor(file / filesPerFolder), 6));
}

/** Path of a large blob's own file. */
export function blobFilePath(layout: SeedLayout, file: number): string {
  return join(blobFileFolder(layout, file), `${digits(file, 9)}.blob`);
}

/** Number of the own file a file name stands for, finished or not; undefined for other names. */
export function blobFileNumber(fileName: string): number | undefined {
  return numberOf(/^(\d{9,})\.blob(?:\.part)?$/.exec(fileName)?.[1]);
}

/** Suffix of a file whose content is not complete. */
export const partSuffix = ".part";

function digits(value: number, count: number): string {
  return value.toString().padStart(count, "0");
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

/**
 * Where each blob of a drive lies in the drive's file system.
 *
 * A blob keeps its own name below `\seed` where Windows allows that name. Names that Windows refuses (reserved
 * characters and device names, a trailing dot or space, two names that differ only in case, a path too long for plain
 * programs, a name that is also a folder) get a generated path, and the manifest maps the two: no legal blob name is
 * ever rejected because of NTFS.
 */
import type { SeedBlob } from "../../staging/index.js";
import { foldNtfsName, type NtfsTreeBuilder, ntfsNameProblem } from "../ntfs/index.js";
import { NameSet } from "./name-set.js";
import { metadataFileText, needsContentMd5, propertiesTextOf } from "./side-files.js";

const seedFolder = "seed";
const renamedFolder = "seed-renamed";
const sideFileFolder = "seed-meta";
/** Folders in the root of the drive that belong to the seed. */
export const seedFolders: readonly string[] = [seedFolder, renamedFolder, sideFileFolder];
const filesPerGeneratedFolder = 10_000;

/** Plain Win32 programs stop at 260 UTF-16 units including drive letter, colon and the ending NUL. */
const maximumPathLength = 256;

/** What a seed tree needs of a file system tree: nodes are numbered in the order they are added. */
export type FileTree = Pick<NtfsTreeBuilder, "root" | "addDirectory" | "addFile">;

/** A tree that only numbers its nodes, for passes after the layout. */
export function createNodeCounter(): FileTree {
  let last = 0;
  return { root: 0, addDirectory: () => ++last, addFile: () => ++last };
}

/** A file of the drive that does not come from the staging folder. */
export interface GeneratedFile {
  readonly node: number;
  readonly path: string;
  readonly text: string;
}

/** What {@link SeedTree.addBlob} did for one blob. */
export interface PlacedBlob {
  /** File system node of the blob's content. */
  readonly node: number;
  /** Path on the drive, with backslashes and a leading one. */
  readonly filePath: string;
  readonly metadataFile: GeneratedFile | undefined;
  /** Files that several blobs share are listed with `isNew` only for the first of them. */
  readonly propertiesFile: (GeneratedFile & { readonly isNew: boolean }) | undefined;
}

/**
 * Adds blobs to a file system tree in catalog order. The same blobs give the same nodes and paths every time, so a
 * second pass over the catalog needs nothing stored from the first.
 */
export class SeedTree {
  readonly #tree: FileTree;
  readonly #folders = new Map<string, number>();
  readonly #files = new NameSet();
  readonly #sharedPropertiesFiles = new Map<string, GeneratedFile>();

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  /** Adds a blob and the side files it needs. @throws DriveError `blob-name-unrepresentable` */
  addBlob(blob: SeedBlob): PlacedBlob {
    const path = this.#ownPath(blob.name) ?? generatedPath(renamedFolder, blob.index, "blob");
    const node = this.#addFile(path, blob.lengthInBytes, blob.modifiedAtInMs);
    const metadataText = metadataFileText(blob);
    const metadataFile =
      metadataText === undefined
        ? undefined
        : this.#addGenerated(generatedPath(sideFileFolder, blob.index, "metadata.xml"), metadataText, blob);
    return { node, filePath: joinPath(path), metadataFile, propertiesFile: this.#addProperties(blob) };
  }

  #addProperties(blob: SeedBlob): PlacedBlob["propertiesFile"] {
    const text = propertiesTextOf(blob);
    if (text === undefined) return undefined;
    const path = generatedPath(sideFileFolder, blob.index, "properties.xml");
    if (needsContentMd5(blob) && blob.md5 !== undefined)
      return { ...this.#addGenerated(path, text, blob), isNew: true };
    const shared = this.#sharedPropertiesFiles.get(text);
    if (shared) return { ...shared, isNew: false };
    const added = this.#addGenerated(path, text, blob);
    this.#sharedPropertiesFiles.set(text, added);
    return { ...added, isNew: true };
  }

  #addGenerated(path: readonly string[], text: string, blob: SeedBlob): GeneratedFile {
    const node = this.#addFile(path, Buffer.byteLength(text), blob.modifiedAtInMs);
    return { node, path: joinPath(path), text };
  }

  #addFile(path: readonly string[], lengthInBytes: number, modifiedAtInMs: number): number {
    let folder: number = this.#tree.root;
    let folded = "";
    for (const name of path.slice(0, -1)) {
      folded += `\\${foldNtfsName(name)}`;
      let next = this.#folders.get(folded);
      if (next === undefined) {
        next = this.#tree.addDirectory(folder, name, { modifiedAtInMs });
        this.#folders.set(folded, next);
      }
      folder = next;
    }
    const name = path.at(-1)!;
    this.#files.add(`${folded}\\${foldNtfsName(name)}`);
    return this.#tree.addFile(folder, name, lengthInBytes, { modifiedAtInMs });
  }

  /** The blob's own path, or undefined when Windows or an earlier blob stands in the way. */
  #ownPath(blobName: string): readonly string[] | undefined {
    const segments = blobName.split("/");
    if (seedFolder.length + blobName.length + 3 > maximumPathLength) return undefined;
    if (segments.some((segment) => ntfsNameProblem(segment) !== undefined)) return undefined;
    const path = [seedFolder, ...segments];
    let folded = "";
    for (const [depth, segment] of path.entries()) {
      folded += `\\${foldNtfsName(segment)}`;
      if (this.#files.has(folded)) return undefined;
      if (depth === path.length - 1 && this.#folders.has(folded)) return undefined;
    }
    return path;
  }
}

function generatedPath(folder: string, index: number, extension: string): readonly string[] {
  const group = Math.floor(index / filesPerGeneratedFolder);
  return [folder, String(group).padStart(4, "0"), `${String(index).padStart(8, "0")}.${extension}`];
}

/** A path on the drive: backslashes between the names and a leading one; empty for the root. */
export function joinPath(path: readonly string[]): string {
  return path.map((name) => `\\${name}`).join("");
}

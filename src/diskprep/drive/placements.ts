/**
 * Where the blobs of a drive lie in its file system, noted once while the drive is laid out: three numbers a blob. Later
 * passes over the catalog read them instead of finding every path anew.
 */

import type { SeedBlob } from "../../staging/index.js";
import type { NtfsTreeBuilder } from "../ntfs/index.js";
import type { BlobOnDrive } from "./drive-layout.js";
import { joinPath, type PlacedBlob } from "./seed-tree.js";
import { metadataFileText, propertiesTextOf } from "./side-files.js";

/** The noted places. */
export interface Placements {
  /** What `SeedTree.addBlob` gave for the blob at this position, counted from the first blob of the drive. */
  placeOf(position: number, blob: SeedBlob): BlobOnDrive;
}

/** Takes notes. */
export interface PlacementRecorder {
  /** Notes the next blob. */
  add(placed: PlacedBlob): void;
  /** What was noted; the tree must not change any more. */
  finish(): Placements;
}

const noNode = 0;

/** A recorder for so many blobs in a tree. */
export function createPlacementRecorder(blobCount: number, tree: NtfsTreeBuilder): PlacementRecorder {
  const nodes = new Uint32Array(blobCount);
  const metadataNodes = new Uint32Array(blobCount);
  const propertiesNodes = new Uint32Array(blobCount);
  let count = 0;
  let folder = -1;
  let folderPath = "";

  const folderPathOf = (node: number): string => {
    const names: string[] = [];
    for (let at = node; at !== tree.root; at = tree.parentOf(at)) names.unshift(tree.nameOf(at));
    return joinPath(names);
  };
  const pathOf = (node: number): string => {
    const parent = tree.parentOf(node);
    if (parent !== folder) {
      folder = parent;
      folderPath = folderPathOf(parent);
    }
    return `${folderPath}\\${tree.nameOf(node)}`;
  };
  const generated = (node: number, text: string | undefined) =>
    node === noNode
      ? undefined
      : {
          node,
          get path() {
            return pathOf(node);
          },
          text: text!,
        };

  return {
    add({ node, metadataFile, propertiesFile }) {
      nodes[count] = node;
      metadataNodes[count] = metadataFile?.node ?? noNode;
      propertiesNodes[count] = propertiesFile?.node ?? noNode;
      count += 1;
    },
    finish: () => ({
      placeOf(position, blob) {
        const node = nodes[position]!;
        const propertiesNode = propertiesNodes[position]!;
        const properties = generated(
          propertiesNode,
          propertiesNode === noNode ? undefined : propertiesTextOf(blob),
        );
        return {
          blob,
          node,
          get filePath() {
            return pathOf(node);
          },
          metadataFile: generated(
            metadataNodes[position]!,
            metadataNodes[position] === noNode ? undefined : metadataFileText(blob),
          ),
          // Files of its own are added after the blob; a shared one came with an earlier blob.
          propertiesFile: properties && Object.assign(properties, { isNew: propertiesNode > node }),
        };
      },
    }),
  };
}

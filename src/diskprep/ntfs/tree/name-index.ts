/** Finds nodes by (parent, folded name): an open-addressing hash table of node numbers over the node columns. */
import { ntfsUpcaseTable } from "../names/upcase-table.js";
import type { NodeColumns } from "./node-columns.js";

const { imul } = Math;

/** The table; rows are added in node order and only the newest may be removed. */
export interface NameIndex {
  /** The node of that parent whose name folds like `name`, or 0. */
  find(parent: number, name: string): number;
  /** Enters a node that is already in the columns. */
  add(node: number): void;
  /** Takes out the node added last. */
  removeLast(node: number): void;
}

/** Creates the index over columns that may be replaced by larger ones while it lives. */
export function createNameIndex(columns: NodeColumns): NameIndex {
  const upcase = ntfsUpcaseTable();
  let slots = new Uint32Array(128);
  let used = 0;

  const mix = (hash: number, value: number): number => imul(hash ^ value, 0x9e3779b1) ^ (hash >>> 15);
  const finish = (hash: number): number => imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;

  const hashOfNode = (node: number): number => {
    const start = columns.nameStart[node]!;
    const end = start + columns.nameLength[node]!;
    let hash = mix(0x811c9dc5, columns.parent[node]!);
    for (let at = start; at < end; at++) hash = mix(hash, upcase[columns.names[at]!]!);
    return finish(hash);
  };

  const insert = (node: number): void => {
    const mask = slots.length - 1;
    let slot = hashOfNode(node) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = node;
  };

  return {
    find(parent, name) {
      let hash = mix(0x811c9dc5, parent);
      for (let index = 0; index < name.length; index++) hash = mix(hash, upcase[name.charCodeAt(index)]!);
      const mask = slots.length - 1;
      let slot = finish(hash) & mask;
      for (let node = slots[slot]!; node !== 0; node = slots[slot]!) {
        if (columns.parent[node] === parent && columns.nameLength[node] === name.length) {
          const start = columns.nameStart[node]!;
          let index = 0;
          while (
            index < name.length &&
            upcase[columns.names[start + index]!] === upcase[name.charCodeAt(index)]
          ) {
            index++;
          }
          if (index === name.length) return node;
        }
        slot = (slot + 1) & mask;
      }
      return 0;
    },
    add(node) {
      used++;
      if (used * 2 > slots.length) {
        const nodes = slots;
        slots = new Uint32Array(nodes.length * 2);
        // Node order keeps the newest node at the end of its probe sequence, which makes removing it safe.
        for (let earlier = 1; earlier < node; earlier++) insert(earlier);
      }
      insert(node);
    },
    removeLast(node) {
      const mask = slots.length - 1;
      let slot = hashOfNode(node) & mask;
      while (slots[slot] !== node) slot = (slot + 1) & mask;
      slots[slot] = 0;
      used--;
    },
  };
}

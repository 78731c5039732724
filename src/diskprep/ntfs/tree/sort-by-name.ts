/**
 * Sorts nodes by folded name: three-way radix quicksort over two UTF-16 units at a time.
 *
 * No comparison callback and no strings: the two units at the current depth are packed into one 32-bit key kept
 * beside the node number, so a million names sort in about a second. Names hold no U+0000, which stands for "ended".
 */
import { ntfsUpcaseTable } from "../names/upcase-table.js";
import type { NodeColumns } from "./node-columns.js";

/** Ranges shorter than this are sorted by insertion. */
const insertionLimit = 12;

/** Sorts `nodes[from … to)` in place. The names must differ after folding. */
export function sortNodesByName(columns: NodeColumns, nodes: Uint32Array, from: number, to: number): void {
  const upcase = ntfsUpcaseTable();
  const { names, nameStart, nameLength } = columns;
  const keys = new Uint32Array(to - from);
  let random = 0x2545f491;

  const keyAt = (node: number, depth: number): number => {
    const start = nameStart[node]!;
    const length = nameLength[node]!;
    if (depth >= length) return 0;
    const high = upcase[names[start + depth]!]! * 65_536;
    return depth + 1 < length ? high + upcase[names[start + depth + 1]!]! : high;
  };
  const loadKeys = (low: number, high: number, depth: number): void => {
    for (let at = low; at < high; at++) keys[at - from] = keyAt(nodes[at]!, depth);
  };
  const isLess = (key: number, node: number, otherKey: number, otherNode: number, depth: number): boolean => {
    if (key !== otherKey) return key < otherKey;
    for (let at = depth + 2; ; at += 2) {
      const left = keyAt(node, at);
      const right = keyAt(otherNode, at);
      if (left !== right) return left < right;
      if ((left & 0xffff) === 0) return false;
    }
  };
  const insertionSort = (low: number, high: number, depth: number): void => {
    for (let at = low + 1; at < high; at++) {
      const node = nodes[at]!;
      const key = keys[at - from]!;
      let hole = at;
      while (hole > low && isLess(key, node, keys[hole - 1 - from]!, nodes[hole - 1]!, depth)) {
        nodes[hole] = nodes[hole - 1]!;
        keys[hole - from] = keys[hole - 1 - from]!;
        hole--;
      }
      nodes[hole] = node;
      keys[hole - from] = key;
    }
  };
  const swap = (left: number, right: number): void => {
    const node = nodes[left]!;
    nodes[left] = nodes[right]!;
    nodes[right] = node;
    const key = keys[left - from]!;
    keys[left - from] = keys[right - from]!;
    keys[right - from] = key;
  };
  const randomKey = (low: number, high: number): number => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    return keys[low + (random % (high - low)) - from]!;
  };
  const medianKey = (low: number, high: number): number => {
    const a = randomKey(low, high);
    const b = randomKey(low, high);
    const c = randomKey(low, high);
    return a < b ? (b < c ? b : Math.max(a, c)) : a < c ? a : Math.max(b, c);
  };
  const sort = (fromLow: number, toHigh: number, fromDepth: number): void => {
    let low = fromLow;
    let high = toHigh;
    while (high - low > insertionLimit) {
      const pivot = medianKey(low, high);
      let less = low;
      let greater = high;
      for (let at = low; at < greater; ) {
        const key = keys[at - from]!;
        if (key < pivot) swap(at++, less++);
        else if (key > pivot) swap(at, --greater);
        else at++;
      }
      if ((pivot & 0xffff) !== 0 && greater - less > 1) {
        loadKeys(less, greater, fromDepth + 2);
        sort(less, greater, fromDepth + 2);
      }
      // The shorter side by recursion, the longer by iteration: the stack stays logarithmic in the count.
      if (less - low < high - greater) {
        sort(low, less, fromDepth);
        low = greater;
      } else {
        sort(greater, high, fromDepth);
        high = less;
      }
    }
    insertionSort(low, high, fromDepth);
  };

  loadKeys(from, to, 0);
  sort(from, to, 0);
}

/** Checks all directories against all names: every entry has its file, every file its entry, everything in order. */
import { firstDifference } from "./check-boot-sector.js";
import type { CheckContext, CheckedFile } from "./check-context.js";
import { seenFlag } from "./check-context.js";
import { compareNames } from "./inspect-record.js";
import { referenceAt, textAt, viewOf } from "./little-endian-fields.js";
import { walkIndex } from "./walk-index.js";

const fileNameCollation = 1;
/** Entries of one directory whose difference is looked into. */
const maxDifferences = 1000;

/** Checks the `$I30` index of one directory. */
export async function checkDirectory(context: CheckContext, file: CheckedFile): Promise<void> {
  const { list } = context;
  const directory = file.record.record;
  let previous: string | undefined;
  const differing: DirectoryEntryFacts[] = [];
  await walkIndex(
    context,
    file,
    { name: "$I30", indexedType: 0x30, collation: fileNameCollation },
    ({ bytes, key, offset }) => {
      const { record, sequence } = referenceAt(viewOf(bytes), 0);
      const nameLength = key[64] ?? 0;
      if (key.length < 66 || key.length !== 66 + 2 * nameLength) {
        list.add(
          "index-entry",
          directory,
          offset,
          `directory ${directory} has an entry with a malformed name`,
        );
        return;
      }
      const name = textAt(viewOf(key), 66, nameLength);
      if (previous !== undefined && compareNames(previous, name, context.upcase) >= 0) {
        list.add(
          "index-order",
          directory,
          offset,
          `directory ${directory}: ${JSON.stringify(name)} does not come after ${JSON.stringify(previous)}`,
        );
      }
      previous = name;
      const facts = { record, sequence, key, name, offset };
      const isSame = checkEntry(context, directory, facts);
      if (!isSame && differing.length < maxDifferences) differing.push({ ...facts, key: key.slice() });
    },
  );
  for (const entry of differing) await reportDifference(context, directory, entry);
}

interface DirectoryEntryFacts {
  readonly record: number;
  readonly sequence: number;
  readonly key: Uint8Array;
  readonly name: string;
  readonly offset: number;
}

/** Checks where an entry leads; false when its key differs from the name in the record it leads to. */
function checkEntry(context: CheckContext, directory: number, entry: DirectoryEntryFacts): boolean {
  const { list, names } = context;
  const { record, sequence, key, name, offset } = entry;
  const label = `directory ${directory}, entry ${JSON.stringify(name)}`;
  if (record >= context.recordCount || (context.seen[record]! & seenFlag.inUse) === 0) {
    list.add("index-reference", directory, offset, `${label}: record ${record} holds no file`);
    return true;
  }
  if (context.sequences[record] !== sequence) {
    list.add(
      "index-reference",
      directory,
      offset + 6,
      `${label}: it means sequence number ${sequence} of record ${record}, which is at ${context.sequences[record]}`,
    );
  }
  const row = names.find(record, key);
  // An entry with other sizes or times is still the entry of that name; it must not be reported as missing too.
  const sameName = row ?? names.findByName(record, key);
  if (sameName !== undefined) names.markSeen(sameName);
  if (row !== undefined && names.row(row).parentRecord !== directory) {
    list.add(
      "index-entry",
      directory,
      offset + 0x10,
      `${label}: record ${record} says it lies in ${names.row(row).parentRecord}`,
    );
  }
  return row !== undefined;
}

const keyFields: readonly (readonly [number, string])[] = [
  [0x42, "name"],
  [0x41, "namespace"],
  [0x40, "name length"],
  [0x38, "attributes"],
  [0x30, "size"],
  [0x28, "allocated size"],
  [0x08, "times"],
  [0x00, "parent"],
];

/** Says in which field an entry differs from the name in its record. */
async function reportDifference(
  context: CheckContext,
  directory: number,
  entry: DirectoryEntryFacts,
): Promise<void> {
  const file = await context.readFile(entry.record);
  const names = (file?.attributes ?? []).flatMap(({ attribute }) =>
    attribute.type === 0x30 && attribute.value ? [attribute.value] : [],
  );
  const closest = names
    .map((value) => firstDifference(entry.key, value) ?? 0)
    .reduce((best, position) => Math.max(best, position), 0);
  const field = keyFields.find(([position]) => closest >= position)?.[1] ?? "parent";
  context.list.add(
    "index-entry",
    directory,
    entry.offset + 0x10 + closest,
    `directory ${directory}, entry ${JSON.stringify(entry.name)}: its ${field} ${field === "times" ? "differ" : "differs"} from the name in record ${entry.record}`,
  );
}

/** After all directories: every name must have been seen once, and its parent must be a directory in use. */
export function checkNames(context: CheckContext, offsetOfRecord: (record: number) => number): void {
  const { list, names, seen, sequences, recordCount } = context;
  for (let index = 0; index < names.count; index++) {
    const { record, parentRecord, parentSequence } = names.row(index);
    const at = offsetOfRecord(record);
    const parentFlags = parentRecord < recordCount ? seen[parentRecord]! : 0;
    if ((parentFlags & seenFlag.inUse) === 0 || (parentFlags & seenFlag.directory) === 0) {
      list.add(
        "parent",
        record,
        at,
        `record ${record} lies in record ${parentRecord}, which is not a directory`,
      );
    } else if (sequences[parentRecord] !== parentSequence) {
      list.add(
        "parent",
        record,
        at,
        `record ${record} means sequence number ${parentSequence} of directory ${parentRecord}, which is at ${sequences[parentRecord]}`,
      );
    }
    const times = names.timesSeen(index);
    if (times === 0) {
      list.add("not-indexed", record, at, `record ${record} is missing in directory ${parentRecord}`);
    } else if (times > 1) {
      list.add(
        "indexed-twice",
        record,
        at,
        `record ${record} stands ${times} times in directory ${parentRecord}`,
      );
    }
  }
}

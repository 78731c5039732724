/** Checks one file: the attributes a file must have and how they agree with each other. */
import type { CheckContext, CheckedFile } from "./check-context.js";
import type { InspectedRecord } from "./inspect-record.js";
import { referenceAt, roundUp, textAt, uint64At, viewOf } from "./little-endian-fields.js";

const rootRecord = 5;
const extendRecord = 11;
const firstExtendChild = 24;
/** Records below belong to the file system and to what Windows keeps in $Extend. */
const firstUserRecord = 64;
const directoryAttribute = 0x1000_0000;
const viewIndexAttribute = 0x2000_0000;
const flag = { directory: 2, inExtend: 4, viewIndex: 8 } as const;
/** Flags of the system records that have others than "in use". */
const systemFlags: Readonly<Record<number, number>> = { 5: 3, 9: 9, 11: 3 };

type Part = CheckedFile["attributes"][number];

/** Checks the file of a base record in use and enters its names. */
export function checkFile(context: CheckContext, file: CheckedFile): void {
  const { record } = file;
  const partsOf = (type: number): Part[] =>
    file.attributes.filter(({ attribute }) => attribute.type === type);
  checkStandardInformation(context, file, partsOf(0x10), partsOf(0x50));
  const names = partsOf(0x30);
  checkSystemRecord(context, record, names);
  if (record.linkCount !== names.length) {
    context.list.add(
      "link-count",
      record.record,
      record.offset + 0x12,
      `record ${record.record} counts ${record.linkCount} names, but has ${names.length}`,
    );
  }
  for (const name of names) checkName(context, file, name, names);
  checkSizes(context, file);
  checkKind(context, file, names);
}

function checkSystemRecord({ list }: CheckContext, record: InspectedRecord, names: readonly Part[]): void {
  const number = record.record;
  const parent = names[0]?.attribute.value;
  const isInExtend =
    number >= firstExtendChild &&
    parent !== undefined &&
    parent.length >= 66 &&
    referenceAt(viewOf(parent), 0).record === extendRecord;
  if (number >= 16 && !isInExtend) return;
  const sequence = number === 0 ? 1 : number;
  // Records from 24 on count their reuse like any other.
  if (number < 16 && record.sequence !== sequence) {
    list.add(
      "system-record",
      number,
      record.offset + 0x10,
      `system record ${number} has sequence number ${record.sequence} instead of ${sequence}`,
    );
  }
  const flags = isInExtend ? record.flags | flag.inExtend : (systemFlags[number] ?? 1);
  if (record.flags !== flags) {
    list.add(
      "system-record",
      number,
      record.offset + 0x16,
      `system record ${number} has flags 0x${record.flags.toString(16)} instead of 0x${flags.toString(16)}`,
    );
  }
}

function checkStandardInformation(
  { list, securityIds }: CheckContext,
  { record }: CheckedFile,
  parts: readonly Part[],
  descriptors: readonly Part[],
): void {
  const number = record.record;
  const attribute = parts[0]?.attribute;
  const value = attribute?.value;
  if (parts.length !== 1 || !attribute || !value || (value.length !== 48 && value.length !== 72)) {
    list.add(
      "standard-information",
      number,
      record.offset + (attribute?.position ?? 0),
      `record ${number} needs exactly one $STANDARD_INFORMATION of 48 or 72 bytes`,
    );
    return;
  }
  const view = viewOf(value);
  const at = record.offset + attribute.valuePosition;
  if ((view.getUint32(0x20, true) & directoryAttribute) !== 0) {
    list.add(
      "standard-information",
      number,
      at + 0x20,
      `record ${number} has the directory attribute in $STANDARD_INFORMATION, where it does not belong`,
    );
  }
  const hasViewIndex = (record.flags & flag.viewIndex) !== 0;
  if (((view.getUint32(0x20, true) & viewIndexAttribute) !== 0) !== hasViewIndex) {
    list.add(
      "standard-information",
      number,
      at + 0x20,
      `record ${number} and its attributes disagree on a view index`,
    );
  }
  const id = value.length === 72 ? view.getUint32(0x34, true) : 0;
  if (id === 0 ? descriptors.length === 0 : securityIds !== undefined && !securityIds.has(id)) {
    list.add(
      "security-id",
      number,
      at + (value.length === 72 ? 0x34 : 0),
      id === 0
        ? `record ${number} has neither a security id nor a descriptor of its own`
        : `record ${number} has security id 0x${id.toString(16)}, which $Secure does not know`,
    );
  }
}

const forbiddenInNames = /[\u0000-\u001f"*/:<>?\\|]/;
const shortName =
  /^[A-Za-z0-9!#$%&'()@^_`{}~\u0080-\uffff-]{1,8}(\.[A-Za-z0-9!#$%&'()@^_`{}~\u0080-\uffff-]{1,3})?$/;

function checkName(context: CheckContext, { record }: CheckedFile, part: Part, names: readonly Part[]): void {
  const { list } = context;
  const { attribute, owner } = part;
  const number = record.record;
  const value = attribute.value;
  const nameLength = value && value.length >= 66 ? value[64]! : 0;
  if (!value || nameLength === 0 || value.length !== 66 + 2 * nameLength) {
    list.add(
      "file-name",
      number,
      owner.offset + attribute.position,
      `record ${number} has a malformed $FILE_NAME`,
    );
    return;
  }
  if (!attribute.isIndexed) {
    list.add(
      "indexed-flag",
      number,
      owner.offset + attribute.position + 0x16,
      `record ${number}: its $FILE_NAME is not flagged as indexed`,
    );
  }
  context.names.add(number, value);
  const name = textAt(viewOf(value), 66, nameLength);
  const at = owner.offset + attribute.valuePosition;
  const problem = nameProblem(name, value[65]!, number, names);
  if (problem) list.add("file-name", number, at + problem.position, `record ${number}: ${problem.what}`);
}

function nameProblem(
  name: string,
  namespace: number,
  record: number,
  names: readonly Part[],
): { readonly position: number; readonly what: string } | undefined {
  if (forbiddenInNames.test(name)) return { position: 66, what: "its name has a character Windows refuses" };
  if (hasUnpairedSurrogate(name)) return { position: 66, what: "its name has half of a surrogate pair" };
  if (record !== rootRecord && /[. ]$/.test(name))
    return { position: 66, what: "its name ends with a dot or a space" };
  if (namespace > 3) return { position: 65, what: `namespace ${namespace} does not exist` };
  const isSystem = record < 12 || (record >= firstExtendChild && record < firstUserRecord);
  if (namespace === 3 && !isSystem && !shortName.test(name)) {
    return { position: 65, what: "its name is marked as an 8.3 name, but is none" };
  }
  const namespaces = names.map(({ attribute }) => attribute.value?.[65]);
  if (namespace === 1 && !namespaces.includes(2))
    return { position: 65, what: "its long name lacks the short name" };
  if (namespace === 2 && !namespaces.includes(1))
    return { position: 65, what: "its short name lacks the long name" };
  return undefined;
}

function hasUnpairedSurrogate(name: string): boolean {
  return /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(name);
}

/** Sizes of non-resident attributes, and sizes repeated in names. */
function checkSizes({ list, geometry }: CheckContext, { record, attributes }: CheckedFile): void {
  const number = record.record;
  for (const { attribute, owner } of attributes) {
    if (attribute.value || attribute.firstVcn !== 0) continue;
    const clusters = attributes
      .filter((other) => other.attribute.type === attribute.type && other.attribute.name === attribute.name)
      .flatMap((other) => other.attribute.runs)
      .reduce((sum, run) => sum + run.count, 0);
    const at = owner.offset + attribute.position;
    const label = `record ${number}, attribute ${attribute.type.toString(16).toUpperCase()}`;
    if (attribute.allocated !== clusters * geometry.clusterSize) {
      list.add(
        "allocated-size",
        number,
        at + 0x28,
        `${label}: ${attribute.allocated} bytes are said to be allocated, its runs have ${clusters * geometry.clusterSize}`,
      );
    }
    if (attribute.size > attribute.allocated) {
      list.add("data-size", number, at + 0x30, `${label}: its size ${attribute.size} exceeds its clusters`);
    }
  }
  const data = attributes.find(
    ({ attribute }) => attribute.type === 0x80 && attribute.name === "" && attribute.firstVcn === 0,
  )?.attribute;
  const allocated = data ? (data.value ? roundUp(data.size, 8) : data.allocated) : 0;
  const size = data?.size ?? 0;
  for (const { attribute, owner } of attributes) {
    if (attribute.type !== 0x30 || !attribute.value || attribute.value.length < 66) continue;
    const view = viewOf(attribute.value);
    const at = owner.offset + attribute.valuePosition;
    const [nameAllocated, nameSize] = [uint64At(view, 0x28), uint64At(view, 0x30)];
    if (nameAllocated === allocated && nameSize === size) continue;
    list.add(
      "name-size",
      number,
      at + (nameAllocated === allocated ? 0x30 : 0x28),
      `record ${number}: its name says ${nameSize} of ${nameAllocated} bytes, its data has ${size} of ${allocated}`,
    );
  }
}

/** Whether flags, names and attributes agree on what the file is. */
function checkKind(context: CheckContext, { record, attributes }: CheckedFile, names: readonly Part[]): void {
  const { list } = context;
  const number = record.record;
  const has = (type: number, name: string): boolean =>
    attributes.some(({ attribute }) => attribute.type === type && attribute.name === name);
  const isDirectory = (record.flags & flag.directory) !== 0;
  if (isDirectory !== has(0x90, "$I30")) {
    list.add(
      "directory-flag",
      number,
      record.offset + 0x16,
      isDirectory
        ? `record ${number} is flagged as a directory, but has no directory index`
        : `record ${number} has a directory index, but is not flagged as a directory`,
    );
  }
  const hasViewIndex = (record.flags & flag.viewIndex) !== 0;
  for (const { attribute, owner } of names) {
    if (!attribute.value || attribute.value.length < 66) continue;
    const fileAttributes = viewOf(attribute.value).getUint32(0x38, true);
    const isNamedDirectory = (fileAttributes & directoryAttribute) !== 0;
    const isNamedView = (fileAttributes & viewIndexAttribute) !== 0;
    if (isNamedDirectory === isDirectory && isNamedView === hasViewIndex) continue;
    list.add(
      "name-attributes",
      number,
      owner.offset + attribute.valuePosition + 0x38,
      `record ${number}: the attributes in its name do not match its flags`,
    );
  }
  const needsData = !isDirectory && !hasViewIndex && number !== extendRecord;
  if (needsData && !has(0x80, "")) {
    list.add("data-missing", number, record.offset, `record ${number} is a file without data`);
  }
}

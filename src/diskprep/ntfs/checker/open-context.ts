/** Opens what every part of a check works with: the MFT, the upper-case table, the ids of the security descriptors. */
import type { AbortOptions } from "../../../shared/abort.js";
import type { BlockDevice } from "../../device/index.js";
import type { CheckedGeometry } from "./check-boot-sector.js";
import type { CheckContext, CheckedFile } from "./check-context.js";
import { readSecurityIds } from "./check-security.js";
import { createClusterLedger } from "./cluster-ledger.js";
import { createFindingList, type FindingList } from "./finding.js";
import { type InspectedRecord, inspectRecord } from "./inspect-record.js";
import { referenceAt, viewOf } from "./little-endian-fields.js";
import { createNameTable } from "./name-table.js";
import { type CheckedStream, openCheckedStream } from "./volume-streams.js";

const upcaseRecord = 10;
const secureRecord = 9;
const upcaseSize = 131_072;
const maxAttributeListSize = 256 * 1024;

/** Opens the MFT and the upper-case table; undefined when there is nothing to go on with. */
export async function openContext(
  device: BlockDevice,
  geometry: CheckedGeometry,
  list: FindingList,
  options: AbortOptions & { readonly maxRecords?: number },
): Promise<CheckContext | undefined> {
  const silent = createFindingList(0);
  const identity = new Uint16Array(65_536);
  for (let unit = 0; unit < identity.length; unit++) identity[unit] = unit;
  let upcase = identity;
  const firstOffset = geometry.mftCluster * geometry.clusterSize;
  const firstBytes = new Uint8Array(geometry.recordSize);
  await device.read(firstOffset, firstBytes, options);
  const first = inspectRecord(firstBytes, 0, firstOffset, geometry, identity, list);
  if (!first) return undefined;

  let parts = first.attributes
    .filter((attribute) => attribute.type === 0x80 && attribute.name === "")
    .map((attribute) => ({ attribute, owner: first }));
  let mft: CheckedStream | undefined;
  const mappedMft = (): CheckedStream | undefined => {
    mft ??= openCheckedStream(device, geometry, parts);
    return mft;
  };
  const readRecord = async (record: number): Promise<InspectedRecord | undefined> => {
    const stream = mappedMft();
    const position = record * geometry.recordSize;
    if (!stream || position + geometry.recordSize > stream.size) return undefined;
    const bytes = new Uint8Array(geometry.recordSize);
    await stream.read(position, bytes, options);
    return inspectRecord(bytes, record, stream.offsetOf(position), geometry, upcase, silent);
  };
  const collect = async (record: InspectedRecord): Promise<CheckedFile> =>
    collectFile(device, geometry, record, readRecord, options, (part) => {
      if (
        record !== first ||
        part.attribute.type !== 0x80 ||
        part.attribute.name !== "" ||
        part.owner === first
      )
        return;
      parts = [...parts, part];
      mft = undefined;
    });
  await collect(first);
  const stream = mappedMft();
  const recordCount = stream ? Math.floor(stream.size / geometry.recordSize) : 0;
  if (!stream || recordCount < 16) {
    list.add("record-header", 0, firstOffset, "$MFT has no usable data");
    return undefined;
  }
  if (recordCount > (options.maxRecords ?? 100_000_000)) {
    list.add(
      "limit",
      0,
      firstOffset,
      `the MFT has ${recordCount} records, more than the check was allowed to take`,
    );
    return undefined;
  }
  const base = {
    device,
    geometry,
    options: { abortSignal: options.abortSignal },
    list,
    mft: stream,
    recordCount,
    seen: new Uint8Array(recordCount),
    sequences: new Uint16Array(recordCount),
    names: createNameTable(),
    clusters: createClusterLedger(geometry),
    readFile: async (record: number): Promise<CheckedFile | undefined> => {
      const inspected = await readRecord(record);
      return inspected && (await collect(inspected));
    },
    open: (file: CheckedFile, type: number, name: string) =>
      openCheckedStream(
        device,
        geometry,
        file.attributes.filter(({ attribute }) => attribute.type === type && attribute.name === name),
      ),
  };
  const upcaseFile = await base.readFile(upcaseRecord);
  const table = upcaseFile && base.open(upcaseFile, 0x80, "");
  if (table?.size === upcaseSize) {
    const bytes = new Uint8Array(upcaseSize);
    await table.read(0, bytes, options);
    upcase = new Uint16Array(identity.length);
    for (let unit = 0; unit < upcase.length; unit++)
      upcase[unit] = bytes[2 * unit]! | (bytes[2 * unit + 1]! << 8);
  }
  const secure = await base.readFile(secureRecord);
  const withTable = { ...base, upcase };
  const descriptors = secure && (await readSecurityIds(withTable, secure));
  return { ...withTable, securityIds: descriptors && new Set(descriptors.keys()) };
}

/** Joins the attributes of a file's extension records, following its attribute list. */
async function collectFile(
  device: BlockDevice,
  geometry: CheckedGeometry,
  record: InspectedRecord,
  readRecord: (record: number) => Promise<InspectedRecord | undefined>,
  options: AbortOptions,
  onPart: (part: CheckedFile["attributes"][number]) => void,
): Promise<CheckedFile> {
  const own = record.attributes.map((attribute) => ({ attribute, owner: record }));
  const list = openCheckedStream(
    device,
    geometry,
    own.filter(({ attribute }) => attribute.type === 0x20),
  );
  if (!list || list.size > maxAttributeListSize) return { record, attributes: own };
  const bytes = new Uint8Array(list.size);
  await list.read(0, bytes, options);
  const view = viewOf(bytes);
  const attributes = [...own];
  const extensions = new Set<number>([record.record]);
  for (let position = 0; position + 0x1a <= bytes.length; ) {
    const length = view.getUint16(position + 4, true);
    if (length < 0x1a) break;
    const { record: number } = referenceAt(view, position + 0x10);
    if (!extensions.has(number)) {
      extensions.add(number);
      const extension = await readRecord(number);
      if (extension?.base.record === record.record) {
        for (const attribute of extension.attributes) {
          const part = { attribute, owner: extension };
          attributes.push(part);
          onPart(part);
        }
      }
    }
    position += length;
  }
  return { record, attributes };
}

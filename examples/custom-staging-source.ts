/**
 * Blobs that are no files: rows of a database become one block blob, a virtual disk with holes becomes a page blob.
 * Nothing is stored twice; a source is read once, hashed on the way and written to the staging location.
 */
import type { SeedBlob, SeedWriter } from "@offline-seed/core";

/** One row of the database. */
export type Row = Readonly<Record<string, string | number>>;

/** Stages rows as lines of JSON. The stream's length need not be known beforehand. */
export async function stageRows(writer: SeedWriter, rows: AsyncIterable<Row>): Promise<SeedBlob> {
  async function* lines(): AsyncGenerator<Uint8Array> {
    const encoder = new TextEncoder();
    for await (const row of rows) yield encoder.encode(`${JSON.stringify(row)}\n`);
  }
  return await writer.writeBlob("database/orders.jsonl", lines(), {
    headers: { contentType: "application/x-ndjson" },
    // Metadata travels on the drive and arrives with the blob.
    metadata: { exportedby: "orders-service" },
  });
}

/** Stages a virtual disk as a page blob, as backup agents do: ranges of zeros are not sent. */
export async function stageVirtualDisk(
  writer: SeedWriter,
  readCluster: (index: number) => Promise<Uint8Array>,
  clusterCount: number,
): Promise<SeedBlob> {
  async function* clusters(): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < clusterCount; index++) yield await readCluster(index);
  }
  return await writer.writeBlob("disks/server.vhd", clusters(), { kind: "page" });
}

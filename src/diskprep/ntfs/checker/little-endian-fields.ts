/** Field access for the checker. */

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Unsigned 64 bits; above 2^53 only roughly, which every range check catches. */
export function uint64At(view: DataView, position: number): number {
  return view.getUint32(position, true) + view.getUint32(position + 4, true) * 2 ** 32;
}

/** Signed 64 bits, with the same caveat. */
export function int64At(view: DataView, position: number): number {
  return view.getUint32(position, true) + view.getInt32(position + 4, true) * 2 ** 32;
}

/** A file reference: 48 bits of record number, 16 of sequence number. */
export function referenceAt(
  view: DataView,
  position: number,
): { readonly record: number; readonly sequence: number } {
  return {
    record: view.getUint32(position, true) + view.getUint16(position + 4, true) * 2 ** 32,
    sequence: view.getUint16(position + 6, true),
  };
}

/** UTF-16 text. */
export function textAt(view: DataView, position: number, lengthInUnits: number): string {
  const units: number[] = [];
  for (let unit = 0; unit < lengthInUnits; unit++) units.push(view.getUint16(position + 2 * unit, true));
  return String.fromCharCode(...units);
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

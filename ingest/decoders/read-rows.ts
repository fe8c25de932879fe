import type { Row } from "./codec-table.ts";

/** One field as read. */
export interface Cell {
  readonly row: Row;
  readonly raw: number; // unsigned, as it stood in the frame
  readonly value: number; // in the vendor's unit
}

/** One run of rows that belong together: the frame itself, or one record of a history frame. */
export interface Group {
  readonly cells: readonly Cell[];
  readonly timeMs: number | null; // the record's own time, Unix ms
  readonly isHistory: boolean;
  readonly suffix: string; // behind the names of fields and probes: "_3" for the third of its kind
  readonly constants: Readonly<Record<string, string>>;
}

/** What a framing made of the bytes. */
export type Groups = { readonly kind: "groups"; readonly groups: readonly Group[] } | Undecodable;
export interface Undecodable {
  readonly kind: "undecodable";
  readonly reason: string;
}

export function undecodable(reason: string): Undecodable {
  return { kind: "undecodable", reason };
}

/** Bytes that the rows take. */
export function rowBytes(rows: readonly Row[]): number {
  let bits = 0;
  for (const row of rows) if (row.sameBitsAs === undefined) bits += row.bits;
  return bits / 8;
}

/** Reads rows from `at`; null if the bytes end before they do. */
export function readRows(bytes: Uint8Array, at: number, rows: readonly Row[], order: "big-endian" | "little-endian"): readonly Cell[] | null {
  if (at + rowBytes(rows) > bytes.length) return null;
  const cells: Cell[] = [];
  let bitAt = at * 8;
  let raw = 0;
  for (const row of rows) {
    if (row.sameBitsAs === undefined) {
      raw = order === "little-endian" ? littleEndian(bytes, bitAt / 8, row.bits / 8) : bigEndian(bytes, bitAt, row.bits);
      if (row.words === "low-first") raw = (raw % 0x1_0000) * 0x1_0000 + Math.floor(raw / 0x1_0000);
      bitAt += row.bits;
    }
    cells.push({ row, raw, value: scaled(row, raw) });
  }
  return cells;
}

/** The time that one of the cells holds, Unix ms. */
export function timeOf(cells: readonly Cell[]): number | null {
  const cell = cells.find((c) => c.row.unixSeconds === true);
  return cell === undefined ? null : cell.raw * 1000;
}

function scaled(row: Row, raw: number): number {
  const signed = row.signed === true && raw >= 2 ** (row.bits - 1) ? raw - 2 ** row.bits : raw;
  if (row.curve !== undefined) return row.curve(signed);
  return ((signed - (row.minus ?? 0)) * (row.times ?? 1)) / (row.per ?? 1) + (row.plus ?? 0);
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i -= 1) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

function bigEndian(bytes: Uint8Array, bitAt: number, bits: number): number {
  let value = 0;
  let left = bits;
  let at = bitAt;
  while (left > 0) {
    const free = 8 - (at % 8);
    const take = Math.min(free, left);
    const part = ((bytes[at >> 3] ?? 0) >> (free - take)) & (2 ** take - 1);
    value = value * 2 ** take + part;
    at += take;
    left -= take;
  }
  return value;
}

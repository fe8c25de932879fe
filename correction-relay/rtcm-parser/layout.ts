import { BitReader } from "./bit-reader.ts";
import { BitWriter } from "./bit-writer.ts";
import { RtcmError } from "./errors.ts";
import type { Field } from "./fields.ts";

/** [name, field], in the order of the bits. */
export type NamedRow = readonly [name: string, field: Field<unknown>];
/** [name, items]: as many as the layout's `countOf` row says. */
export type ListRow = readonly [name: string, items: List<unknown>];
/** Bits without a name: zero by the standard; what a sender sets there is kept in `reserved`. At most one such row in a message. */
export type ReservedRow = { readonly reserved: number };
/** The number of items of the list further on; it need not stand beside it. */
export type CountRow = { readonly countOf: string; readonly bits: number };

export type Row = NamedRow | ListRow | ReservedRow | CountRow;

export interface List<T> {
  readonly items: Layout<T>;
}

type ValueOf<F> = F extends Field<infer T> ? T : F extends List<infer I> ? readonly I[] : never;

/** The object that a table of rows describes. */
export type Values<Rows extends readonly Row[]> = {
  readonly [R in Extract<Rows[number], readonly [string, unknown]> as R[0]]: ValueOf<R[1]>;
};

/** Decode and encode of one table. Offsets follow from the rows, they are never written down. */
export interface Layout<T> {
  decode(reader: BitReader): T;
  encode(writer: BitWriter, value: T): void;
}

export const reserved = (bits: number): ReservedRow => ({ reserved: bits });
export const countOf = <const Name extends string>(name: Name, bits: number): CountRow => ({ countOf: name, bits });
export const list = <T>(items: Layout<T>): List<T> => ({ items });

/** A table of rows: one definition yields decode, encode and the type. It holds at most one list. */
export function layout<const Rows extends readonly Row[]>(rows: Rows): Layout<Values<Rows>> {
  return {
    decode: (reader) => readRows(rows, reader, {}) as Values<Rows>,
    encode: (writer, value) => writeRows(rows, writer, value),
  };
}

/** A message: its number (DF002, 12 bits), then the rows. `kind` is the number as text. */
export interface MessageLayout<T> {
  readonly type: number;
  decode(payload: Uint8Array): T;
  /** The payload, without frame. */
  encode(value: T): Uint8Array;
}

/** What some senders send and the standard does not know; absent from a tidy message. Kept so that it encodes to the same bytes. */
export interface Untidy {
  /** Reserved bits that are not zero. */
  readonly reserved?: number;
  /** What follows the last field, beyond the zero bits that fill its byte. */
  readonly remainder?: Uint8Array;
}

export function message<const Type extends number, const Rows extends readonly Row[]>(
  type: Type,
  rows: Rows,
): MessageLayout<{ readonly kind: `${Type}` } & Values<Rows> & Untidy> {
  return {
    type,
    decode(payload) {
      const reader = new BitReader(payload, type);
      if (reader.unsigned(12) !== type) reader.reject(`not message ${type}`);
      const out = readRows(rows, reader, { kind: `${type}` });
      const remainder = reader.remainder();
      if (remainder.length > 0) out["remainder"] = remainder;
      return out as { readonly kind: `${Type}` } & Values<Rows>;
    },
    encode(value) {
      const writer = new BitWriter(type);
      writer.unsigned(type, 12);
      writeRows(rows, writer, value);
      return writer.finish(value.remainder);
    },
  };
}

function readRows(rows: readonly Row[], reader: BitReader, out: Record<string, unknown>): Record<string, unknown> {
  let count = 0;
  for (const row of rows) {
    if (isNamed(row)) out[row[0]] = "items" in row[1] ? readItems(row[1].items, reader, count) : row[1].read(reader, out);
    else if ("reserved" in row) readReserved(row, reader, out);
    else count = reader.unsigned(row.bits);
  }
  return out;
}

function readReserved(row: ReservedRow, reader: BitReader, out: Record<string, unknown>): void {
  const bits = reader.unsigned(row.reserved);
  if (bits !== 0) out["reserved"] = bits;
}

function readItems(items: Layout<unknown>, reader: BitReader, count: number): unknown[] {
  const out: unknown[] = [];
  for (let i = 0; i < count; i += 1) out.push(items.decode(reader));
  return out;
}

function writeRows(rows: readonly Row[], writer: BitWriter, value: object): void {
  const values = value as Readonly<Record<string, unknown>>;
  for (const row of rows) {
    if (isNamed(row)) writeNamed(row, writer, values);
    else if ("reserved" in row) writer.unsigned((values["reserved"] as number | undefined) ?? 0, row.reserved);
    else writer.unsigned((values[row.countOf] as readonly unknown[]).length, row.bits);
  }
}

function writeNamed([name, field]: NamedRow | ListRow, writer: BitWriter, values: Readonly<Record<string, unknown>>): void {
  if ("items" in field) {
    for (const item of values[name] as readonly unknown[]) field.items.encode(writer, item);
    return;
  }
  try {
    field.write(writer, values[name], values);
  } catch (cause) {
    if (!(cause instanceof RtcmError) || cause.context.field !== undefined) throw cause;
    throw new RtcmError(cause.code, `${name}: ${cause.message}`, { ...cause.context, field: name });
  }
}

const isNamed = (row: Row): row is NamedRow | ListRow => Array.isArray(row);

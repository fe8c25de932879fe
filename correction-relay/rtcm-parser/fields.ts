import type { BitReader } from "./bit-reader.ts";
import type { BitWriter } from "./bit-writer.ts";

/** The rows of a message that stand before a field, for fields that depend on them. */
export type Before = Readonly<Record<string, unknown>>;

/** One data field: how its bits become a value and back. */
export interface Field<T> {
  read(reader: BitReader, before: Before): T;
  write(writer: BitWriter, value: T, before: Before): void;
}

/** value = raw / perUnit × step + offset. `perUnit` for fractions (exact for powers of two, correctly rounded for decimals). */
export interface Scale {
  readonly perUnit?: number;
  readonly step?: number;
  readonly offset?: number;
}

/** As sent, this raw value means "not available": it is decoded to null. */
export interface Invalid {
  readonly invalid: number;
}

type Kind = "unsigned" | "signed" | "signMagnitude";

/** One function for each kind: the reader's method is then known where it is called. */
const READ: Readonly<Record<Kind, (reader: BitReader, bits: number) => number>> = {
  unsigned: (reader, bits) => reader.unsigned(bits),
  signed: (reader, bits) => reader.signed(bits),
  signMagnitude: (reader, bits) => reader.signMagnitude(bits),
};

function numeric(kind: Kind, bits: number, { perUnit = 1, step = 1, offset = 0, invalid }: Scale & Partial<Invalid>): Field<number | null> {
  const read = READ[kind];
  return {
    read(reader) {
      const raw = read(reader, bits);
      if (raw === invalid) return null;
      // Not `raw + offset` for the plain ones: that would lose -0.
      return offset === 0 ? (raw / perUnit) * step : (raw / perUnit) * step + offset;
    },
    write(writer, value) {
      if (value === null) {
        writer[kind](invalid ?? writer.outOfRange("null in a field that has no such value"), bits);
        return;
      }
      const raw = Math.round(((offset === 0 ? value : value - offset) / step) * perUnit);
      if (raw === invalid) writer.outOfRange(`${value} is sent as "not available"`);
      writer[kind](raw, bits);
    },
  };
}

export function unsigned(bits: number, options: Scale & Invalid): Field<number | null>;
export function unsigned(bits: number, options?: Scale): Field<number>;
export function unsigned(bits: number, options: Scale & Partial<Invalid> = {}): Field<number | null> {
  return numeric("unsigned", bits, options);
}

export function signed(bits: number, options: Scale & Invalid): Field<number | null>;
export function signed(bits: number, options?: Scale): Field<number>;
export function signed(bits: number, options: Scale & Partial<Invalid> = {}): Field<number | null> {
  return numeric("signed", bits, options);
}

export function signMagnitude(bits: number, options: Scale = {}): Field<number> {
  return numeric("signMagnitude", bits, options) as Field<number>;
}

/** One bit. */
export const flag: Field<boolean> = {
  read: (reader) => reader.unsigned(1) === 1,
  write: (writer, value) => writer.unsigned(value ? 1 : 0, 1),
};

/** Counter of 8 bits, then as many ISO 8859-1 characters; trailing spaces count (antenna and radome fill 20). */
export const latin1: Field<string> = {
  read(reader) {
    let text = "";
    for (let left = reader.unsigned(8); left > 0; left -= 1) text += String.fromCharCode(reader.unsigned(8));
    return text;
  },
  write(writer, value) {
    writer.unsigned(value.length, 8);
    for (let i = 0; i < value.length; i += 1) writer.unsigned(value.charCodeAt(i), 8);
  },
};

/** Counter of 8 bits, then as many bytes. */
export const bytes: Field<Uint8Array> = {
  read(reader) {
    const out = new Uint8Array(reader.unsigned(8));
    for (let i = 0; i < out.length; i += 1) out[i] = reader.unsigned(8);
    return out;
  },
  write(writer, value) {
    writer.unsigned(value.length, 8);
    for (const byte of value) writer.unsigned(byte, 8);
  },
};

/** Present only where an earlier mask has this bit; else null. */
export function ifSet(maskName: string, bit: number, field: Field<number | null>): Field<number | null> {
  const set = (before: Before): boolean => ((before[maskName] as number) & bit) !== 0;
  return {
    read: (reader, before) => (set(before) ? field.read(reader, before) : null),
    write(writer, value, before) {
      if (set(before)) field.write(writer, value, before);
      else if (value !== null) writer.outOfRange(`a value that ${maskName} does not announce`);
    },
  };
}

/** A field of a message as it stands on the wire; what it means its number says, in the .proto file. */
export type ProtoValue = number | Uint8Array;

/** Gateway messages are a few hundred bytes; none has more fields than this, maps and lists counted by entry. */
const MAX_FIELDS = 2000;
const MAX_FIELD_NUMBER = 2 ** 29 - 1;
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/**
 * Reads one level of a Protobuf message (protobuf.dev, encoding): the last value of each field, which is what holds for one that is not repeated.
 * Varints are numbers (as int64; exact to 2^53 on either side), fixed-width and length-delimited fields are their bytes. Null where the bytes are no such
 * message: cut off, groups, field number 0. A caller that expects another wire type than it finds takes the field for absent.
 */
export function readProto(bytes: Uint8Array): ReadonlyMap<number, ProtoValue> | null {
  const fields = new Map<number, ProtoValue>();
  let at = 0;
  for (let n = 0; at < bytes.length; n += 1) {
    if (n >= MAX_FIELDS) return null;
    const key = varintAt(bytes, at);
    if (key === null) return null;
    at = key.end;
    const number = Math.floor(key.value / 8);
    if (number < 1 || number > MAX_FIELD_NUMBER) return null;
    const field = fieldAt(bytes, at, key.value % 8);
    if (field === null) return null;
    fields.set(number, field.value);
    at = field.end;
  }
  return fields;
}

/** An unsigned, boolean or enumeration field; absent is its default, 0. */
export function protoUint(fields: ReadonlyMap<number, ProtoValue>, number: number): number {
  return Math.max(0, protoInt(fields, number));
}

/** An int32 or int64 field; absent is its default, 0. */
export function protoInt(fields: ReadonlyMap<number, ProtoValue>, number: number): number {
  const value = fields.get(number);
  return typeof value === "number" ? value : 0;
}

/** A double field (8 bytes, little-endian). */
export function protoDouble(fields: ReadonlyMap<number, ProtoValue>, number: number): number {
  const value = fields.get(number);
  return value instanceof Uint8Array && value.length === 8 ? new DataView(value.buffer, value.byteOffset, 8).getFloat64(0, true) : 0;
}

/** A message within the message; null where it is absent or none. */
export function protoMessage(fields: ReadonlyMap<number, ProtoValue>, number: number): ReadonlyMap<number, ProtoValue> | null {
  const value = fields.get(number);
  return value instanceof Uint8Array ? readProto(value) : null;
}

function fieldAt(bytes: Uint8Array, at: number, wireType: number): { readonly value: ProtoValue; readonly end: number } | null {
  switch (wireType) {
    case VARINT:
      return varintAt(bytes, at);
    case FIXED_64:
      return spanAt(bytes, at, 8);
    case FIXED_32:
      return spanAt(bytes, at, 4);
    case BYTES: {
      const length = varintAt(bytes, at);
      return length === null ? null : spanAt(bytes, length.end, length.value);
    }
    default:
      return null; // groups are gone since proto3
  }
}

function spanAt(bytes: Uint8Array, at: number, length: number): { readonly value: Uint8Array; readonly end: number } | null {
  return length < 0 || at + length > bytes.length ? null : { value: bytes.subarray(at, at + length), end: at + length };
}

/** Base 128, lowest group first, ten bytes at most; 64 bits, two's complement. */
function varintAt(bytes: Uint8Array, from: number): { readonly value: number; readonly end: number } | null {
  let low = 0; // 28 bits, so that no shift reaches the sign
  let high = 0;
  for (let n = 0; n < 10; n += 1) {
    const byte = bytes[from + n];
    if (byte === undefined) return null;
    const group = byte & 0x7f;
    if (n < 4) low += group * 2 ** (7 * n);
    else high += group * 2 ** (7 * (n - 4));
    if (byte >= 0x80) continue;
    const upper = high % 2 ** 36; // what ten bytes hold beyond 64 bits is dropped
    return { value: (upper < 2 ** 35 ? upper : upper - 2 ** 36) * 2 ** 28 + low, end: from + n + 1 };
  }
  return null;
}

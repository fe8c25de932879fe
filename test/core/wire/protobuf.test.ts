import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { protoDouble, protoInt, protoMessage, protoUint, readProto } from "../../../core/wire/protobuf.ts";

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** The examples of the encoding's specification (protobuf.dev, "Encoding"), with their field numbers. */
describe("the specification's own examples", () => {
  test("a varint: a = 150", () => expect(protoUint(readProto(bytesOf("08 9601")) ?? new Map(), 1)).toBe(150));
  test("text: b = testing", () => {
    expect(readProto(bytesOf("12 07 74657374696e67"))?.get(2)).toEqual(new TextEncoder().encode("testing"));
  });
  test("a message within: c = { a = 150 }", () => {
    const inner = protoMessage(readProto(bytesOf("1a 03 08 9601")) ?? new Map(), 3);
    expect(inner && protoUint(inner, 1)).toBe(150);
  });
  test("-2 in an int64 is ten bytes", () => expect(protoInt(readProto(bytesOf("08 feffffffffffffffff01")) ?? new Map(), 1)).toBe(-2));
});

test.each([
  ["a tag without a value", "08"],
  ["a varint without an end", "08 80"],
  ["a varint of eleven bytes", "08 8080808080808080808001"],
  ["a length beyond the end", "12 08 74657374696e67"],
  ["a length beyond reason", "12 ffffffffffffffffff01 00"],
  ["half a double", "09 00000000"],
  ["field number 0", "00 01"],
  ["a group", "0b 0c"],
  ["wire type 7", "0f"],
])("no message: %s", (_name, hex) => expect(readProto(bytesOf(hex))).toBeNull());

test("absent is zero, and a field of another wire type is absent", () => {
  const fields = readProto(bytesOf("12 00")) ?? new Map();
  expect([protoUint(fields, 1), protoInt(fields, 2), protoDouble(fields, 2), protoMessage(fields, 1)]).toEqual([0, 0, 0, null]);
});

test("fields have a limit", () => {
  expect(readProto(bytesOf("0801".repeat(2000)))).not.toBeNull();
  expect(readProto(bytesOf("0801".repeat(2001)))).toBeNull();
});

/** An encoder by the specification, in BigInt, so that it shares no arithmetic with the reader. */
function varint(value: bigint): number[] {
  const out: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 128n) return [...out, Number(rest)];
    out.push(Number(rest & 127n) | 128);
  }
}

describe("any message", () => {
  test("integers read as they were written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 29 - 1 }), fc.maxSafeInteger(), (number, value) => {
        const fields = readProto(new Uint8Array([...varint(BigInt(number) * 8n), ...varint(BigInt(value))]));
        expect(fields && protoInt(fields, number)).toBe(value === 0 ? 0 : value); // fast-check knows a -0
      }),
    );
  });
  test("doubles read as they were written", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const bytes = new Uint8Array(9);
        bytes[0] = 0x09;
        new DataView(bytes.buffer).setFloat64(1, value, true);
        expect(protoDouble(readProto(bytes) ?? new Map(), 1)).toBe(value);
      }),
    );
  });
  test("any bytes: fields or null, never a throw, never a byte from outside", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const value of readProto(bytes)?.values() ?? []) {
          if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
          else expect(value.length).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 2000 },
    );
  });
  test("every truncation of a message is null or fewer fields", () => {
    const whole = bytesOf("08 9601 12 07 74657374696e67 1a 03 08 9601");
    const all = readProto(whole);
    for (let n = 0; n < whole.length; n += 1) {
      for (const [number, value] of readProto(whole.subarray(0, n)) ?? []) expect(all?.get(number)).toEqual(value);
    }
  });
});

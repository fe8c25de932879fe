import fc from "fast-check";
import { RtcmError } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { BitReader } from "../../correction-relay/rtcm-parser/bit-reader.ts";
import { BitWriter } from "../../correction-relay/rtcm-parser/bit-writer.ts";

type Kind = "unsigned" | "signed" | "signMagnitude";
const widths = { unsigned: [1, 53], signed: [1, 53], signMagnitude: [2, 32] } as const;

const anyField = fc.constantFrom<Kind>("unsigned", "signed", "signMagnitude").chain((kind) => {
  const [min, max] = widths[kind];
  return fc.record({ kind: fc.constant(kind), bits: fc.integer({ min, max }) });
});

const anyValue = anyField.chain(({ kind, bits }) => {
  const half = 2 ** (bits - 1);
  const value =
    kind === "unsigned"
      ? fc.maxSafeNat().map((n) => n % (2 * half))
      : kind === "signed"
        ? fc.maxSafeNat().map((n) => (n % (2 * half)) - half)
        : fc.tuple(fc.maxSafeNat(), fc.boolean()).map(([n, negative]) => (negative ? -(n % half) : n % half));
  return fc.record({ kind: fc.constant(kind), bits: fc.constant(bits), value });
});

/** The same field cut out of one big number. */
function byBigInt(bytes: Uint8Array, at: number, { kind, bits }: { kind: Kind; bits: number }): number {
  const all = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const raw = (all >> BigInt(bytes.length * 8 - at - bits)) & ((1n << BigInt(bits)) - 1n);
  if (kind === "unsigned") return Number(raw);
  if (kind === "signed") return Number(BigInt.asIntN(bits, raw));
  const magnitude = Number(raw & ((1n << BigInt(bits - 1)) - 1n));
  return raw >> BigInt(bits - 1) ? -magnitude : magnitude;
}

describe("reading", () => {
  test("agrees with BigInt for any bytes and fields, up to the last bit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(anyField), (bytes, fields) => {
        const reader = new BitReader(bytes);
        for (const field of fields) {
          if (field.bits > reader.bitsLeft) break;
          const at = reader.bitOffset;
          expect(reader[field.kind](field.bits)).toBe(byBigInt(bytes, at, field));
          expect(reader.bitOffset).toBe(at + field.bits);
        }
      }),
    );
  });

  test("past the end throws with the type and the offset, and reads nothing", () => {
    const reader = new BitReader(Uint8Array.of(0xff, 0xff), 1005);
    reader.unsigned(10);
    expect(() => reader.unsigned(7)).toThrow(expect.objectContaining({ code: "TRUNCATED", context: { type: 1005, bitOffset: 10 } }));
    expect(() => reader.skip(7)).toThrow(RtcmError);
    expect(reader.unsigned(6)).toBe(63);
  });

  test("the remainder is a copy, also of a Buffer", () => {
    const bytes = Buffer.from([0xff, 0xff]);
    const reader = new BitReader(bytes);
    reader.skip(4);
    expect([...reader.remainder()]).toEqual([0x0f, 0xff]);
    expect([...bytes]).toEqual([0xff, 0xff]);
  });
});

describe("writing", () => {
  test("is what reading gives back, -0 of sign and magnitude included", () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 100 }), (fields) => {
        const writer = new BitWriter();
        for (const { kind, bits, value } of fields) writer[kind](value, bits);
        const bytes = writer.finish();
        const reader = new BitReader(bytes);
        for (const { kind, bits, value } of fields) {
          const read = reader[kind](bits);
          if (kind === "signMagnitude") expect(read).toBe(value);
          else expect(read).toBe(value + 0);
        }
        expect(reader.bitsLeft).toBeLessThan(8);
        expect(reader.remainder()).toHaveLength(0);
      }),
    );
  });

  test.each<[Kind, number, number]>([
    ["unsigned", 8, 3],
    ["unsigned", -1, 3],
    ["unsigned", 0.5, 3],
    ["unsigned", Number.NaN, 3],
    ["signed", 4, 3],
    ["signed", -5, 3],
    ["signMagnitude", 4, 3],
    ["signMagnitude", -4, 3],
  ])("%s refuses %d in %d bits", (kind, value, bits) => {
    expect(() => new BitWriter()[kind](value, bits)).toThrow(expect.objectContaining({ code: "OUT_OF_RANGE" }));
  });

  test("stops at 1023 bytes", () => {
    const writer = new BitWriter(1029);
    writer.zeros(1023 * 8);
    expect(() => writer.unsigned(1, 1)).toThrow(expect.objectContaining({ code: "TOO_LONG" }));
    expect(writer.finish()).toHaveLength(1023);
  });

  test("puts a remainder back where it was", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), (bytes, n) => {
        const reader = new BitReader(bytes);
        const writer = new BitWriter();
        for (let i = n % (bytes.length * 8 + 1); i > 0; i -= 1) writer.unsigned(reader.unsigned(1), 1);
        const out = writer.finish(reader.remainder());
        expect([...out]).toEqual([...bytes]);
      }),
    );
  });
});

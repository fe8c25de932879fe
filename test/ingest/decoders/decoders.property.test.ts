import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codecIdentity } from "../../../core/wire/codec-identity.ts";
import { readRows } from "../../../ingest/decoders/read-rows.ts";
import { decodeFrame, profiles } from "../../../ingest/decoders/registry.ts";

/** First bytes that get past the framings' first look, so that junk reaches the fields. */
const STARTS = ["", "02000000", "0201", "cbc6", "0175", "0377", "20ce", "0367", "0102", "0382", "fe03"].map((hex) => Buffer.from(hex, "hex"));

const junk = fc.tuple(fc.constantFrom(...STARTS), fc.uint8Array({ maxLength: 60 })).map(([start, tail]) => new Uint8Array([...start, ...tail]));

describe("any bytes, any product", () => {
  test("never throws, and every value is finite or missing with a reason", () => {
    fc.assert(
      fc.property(fc.constantFrom(...profiles()), junk, fc.constantFrom(null, 0, 1, 2, 5, 85, 224, 255), (profile, bytes, fPort) => {
        const result = decodeFrame(profile, { bytes, fPort, channels: { ds18b20: "water.temperature", tmp117: "soil.temperature:5" } });
        expect(result.kind).not.toBe("unknown-profile");
        if (result.kind === "undecodable") expect(result.reason).not.toBe("");
        for (const v of result.kind === "decoded" ? result.values : []) {
          if (v.value === null) expect(v.reasons.length).toBeGreaterThan(0);
          else expect(Number.isFinite(v.value)).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("reading rows", () => {
  test("bit fields of any width agree with BigInt", () => {
    const widths = fc.array(fc.integer({ min: 1, max: 32 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(widths, fc.uint8Array({ minLength: 48, maxLength: 48 }), (bits, bytes) => {
        const rows = bits.map((width, at) => ({ field: `f${at}`, bits: width }));
        const cells = readRows(bytes, 0, rows, "big-endian");
        const all = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
        let left = 48 * 8;
        const expected = bits.map((width) => {
          left -= width;
          return Number((all >> BigInt(left)) & ((1n << BigInt(width)) - 1n));
        });
        expect(cells?.map((c) => c.raw)).toEqual(expected);
      }),
    );
  });

  test("signed fields agree with DataView, in both orders", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        const rows = [{ field: "a", bits: 16, signed: true } as const, { field: "b", bits: 16, signed: true } as const];
        expect(readRows(bytes, 0, rows, "big-endian")?.map((c) => c.value)).toEqual([view.getInt16(0), view.getInt16(2)]);
        expect(readRows(bytes, 0, rows, "little-endian")?.map((c) => c.value)).toEqual([view.getInt16(0, true), view.getInt16(2, true)]);
      }),
    );
  });
});

describe("a codec's identity", () => {
  const table = { id: "x", rows: [{ field: "a", bits: 16, per: 10 }] };
  test("does not depend on the order of keys", () => {
    expect(codecIdentity("x", { rows: [{ per: 10, bits: 16, field: "a" }], id: "x" }, 1)).toEqual(codecIdentity("x", table, 1));
  });
  test.each([
    ["a number", { id: "x", rows: [{ field: "a", bits: 16, per: 100 }] }, 1],
    ["the order of rows", { id: "x", rows: [{ field: "b", bits: 8 }, table.rows[0]] }, 1],
    ["a formula", { ...table, curve: (raw: number) => raw / 2 }, 1],
    ["the engine", table, 2],
  ])("changes with %s", (_what, other, engine) => {
    expect(codecIdentity("x", other, engine).sha256).not.toBe(codecIdentity("x", table, 1).sha256);
  });
});

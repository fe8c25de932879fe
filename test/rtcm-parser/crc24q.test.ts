import fc from "fast-check";
import { crc24q } from "rtcm-parser";
import { expect, test } from "vitest";
import { EXAMPLE_1005, ZERO_LENGTH } from "./fixtures.ts";

/** One bit at a time, over BigInt: long division by the polynomial, as the definition says. */
function byDefinition(bytes: Uint8Array): number {
  let remainder = 0n;
  for (const byte of [...bytes, 0, 0, 0]) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      remainder = (remainder << 1n) | BigInt((byte >> bit) & 1);
      if (remainder >> 24n) remainder ^= 0x1864cfbn;
    }
  }
  return Number(remainder);
}

test("check value of the catalogue of parametrised CRC algorithms (CRC-24/LTE-A has the same parameters)", () => {
  expect(crc24q(new TextEncoder().encode("123456789"))).toBe(0xcde703);
});

test.each([
  ["the standard's worked example of 1005", EXAMPLE_1005],
  ["a zero-length frame", ZERO_LENGTH],
])("over %s with its CRC it is 0", (_, frame) => {
  expect(crc24q(frame)).toBe(0);
  expect(crc24q(frame, 0, frame.length - 3)).toBe(((frame.at(-3) as number) << 16) | ((frame.at(-2) as number) << 8) | (frame.at(-1) as number));
});

test("agrees with the definition, for any bytes and any part of them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(), (bytes, a, b) => {
      const from = Math.min(a % (bytes.length + 1), b % (bytes.length + 1));
      const to = Math.max(a % (bytes.length + 1), b % (bytes.length + 1));
      expect(crc24q(bytes, from, to)).toBe(byDefinition(bytes.subarray(from, to)));
    }),
  );
});

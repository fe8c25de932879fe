import { decodeMessage, encodeMessage, frameOf } from "rtcm-parser";
import { expect, test } from "vitest";
import { describeNeeding } from "../support/requirements.ts";
import { CAPTURES, type Fields, readCapture } from "./captures.ts";

const UNITS = /(ScPerS|SPerS2|SPerS|KmPerS2|KmPerS|Km|Sc|Rad|M|S)$/;

/** The truth's name of one of our rows: without unit, with the short word for the satellite. */
function truthName(row: string, truth: Fields): string {
  if (row === "satelliteId") return "slot" in truth ? "slot" : "sat";
  if (row === "frequencyChannel") return "freq";
  if (row === "tbS") return "tbSec";
  return row in truth ? row : row.replace(UNITS, "");
}

test("the signs of GLONASS stand before their magnitudes, and -0 comes back as it was sent", () => {
  // 1020 of all ones behind the type: every signed field is the negative of its largest magnitude.
  const ones = new Uint8Array(45).fill(0xff);
  ones.set([1020 >> 4, ((1020 & 15) << 4) | 15]);
  ones[44] = 0x80; // the last seven bits are reserved
  expect(decodeMessage(frameOf(ones))).toMatchObject({
    kind: "1020",
    vxKmPerS: -(2 ** 23 - 1) / 2 ** 20,
    gammaN: -1023 / 2 ** 40,
    tbS: 127 * 900,
    frequencyChannel: 24,
  });
  expect(encodeMessage(decodeMessage(frameOf(ones)))).toEqual(frameOf(ones));
  // Sign bit of vx alone: bits 12 + 6 + 5 + 2 + 2 + 12 + 2 + 7 = 48 stand before it.
  const minusZero = new Uint8Array(45);
  minusZero.set([1020 >> 4, (1020 & 15) << 4]);
  minusZero[6] = 0x80;
  const message = decodeMessage(frameOf(minusZero));
  expect(message.kind === "1020" && message.vxKmPerS).toBe(-0);
  expect(encodeMessage(message)).toEqual(frameOf(minusZero));
});

describeNeeding(["shared"], "ephemerides of real captures", () => {
  test.each(CAPTURES)("%s", (name) => {
    const { truth, frames } = readCapture(name);
    for (const expected of Object.values(truth.ephemerides ?? {}).flat()) {
      const { kind, ...found } = decodeMessage(frames[expected["frame"] as number] as Uint8Array);
      expect(Number(kind)).toBe(expected["type"]);
      const seen = new Set(["frame", "type", "freqCh", "tb", "tkSec"]); // the last three: raw or derived again
      for (const [row, value] of Object.entries(found as Record<string, number>)) {
        const field = truthName(row, expected);
        seen.add(field);
        const wanted = expected[field] as number;
        expect(Math.abs(value - wanted), `${kind} ${row}`).toBeLessThanOrEqual(1e-12 * Math.abs(wanted));
      }
      expect([...seen]).toEqual(expect.arrayContaining(Object.keys(expected)));
    }
  });
});

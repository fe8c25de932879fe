import { decodeMessage } from "rtcm-parser";
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

import { decodeMessage, epochOf, legacyRanges, type RtcmMessage } from "rtcm-parser";
import { expect, test } from "vitest";
import { describeNeeding } from "../support/requirements.ts";
import { CAPTURES, readCapture } from "./captures.ts";

type Legacy = Extract<RtcmMessage, { kind: "1001" | "1002" | "1003" | "1004" | "1009" | "1010" | "1011" | "1012" }>;
type Satellite = Legacy["satellites"][number];

/** A satellite in the truth's words; what its message does not carry is left out. */
function inTruthWords(satellite: Satellite): Record<string, unknown> {
  const known = { ...satellite } as Partial<Record<string, number | null>>;
  const whole = "l1AmbiguityModulus" in satellite ? legacyRanges(satellite) : undefined;
  return {
    sat: satellite.satelliteId,
    freqCh: known["frequencyChannel"],
    l1Code: known["l1Code"],
    l1PrRawM: known["l1PseudorangeM"],
    l1PhaseMinusPrM: known["l1PhaseMinusPseudorangeM"],
    l1Lock: known["l1LockIndicator"],
    l1AmbModulus: known["l1AmbiguityModulus"],
    l1CnrDbHz: known["l1CnrDbHz"],
    l2Code: known["l2Code"],
    l2MinusL1PrM: known["l2MinusL1PseudorangeM"],
    l2PhaseMinusL1PrM: known["l2PhaseMinusL1PseudorangeM"],
    l2Lock: known["l2LockIndicator"],
    l2CnrDbHz: known["l2CnrDbHz"],
    ...whole,
  };
}

test("ranges are the pseudorange with its ambiguity, and differences to it", () => {
  const satellite = { l1PseudorangeM: 100, l1AmbiguityModulus: 70, l1PhaseMinusPseudorangeM: -0.5, l2MinusL1PseudorangeM: 2, l2PhaseMinusL1PseudorangeM: null };
  const l1PseudorangeM = 100 + 70 * 299_792.458;
  expect(legacyRanges(satellite)).toEqual({ l1PseudorangeM, l1PhaseRangeM: l1PseudorangeM - 0.5, l2PseudorangeM: l1PseudorangeM + 2, l2PhaseRangeM: null });
  // GLONASS counts in steps of twice that; a message without L2 has no L2 ranges.
  const glonass = { frequencyChannel: -7, l1PseudorangeM: 0, l1AmbiguityModulus: 35, l1PhaseMinusPseudorangeM: null };
  expect(legacyRanges(glonass)).toEqual({ l1PseudorangeM: 35 * 599_584.916, l1PhaseRangeM: null, l2PseudorangeM: null, l2PhaseRangeM: null });
});

describeNeeding(["shared"], "legacy observables of real captures", () => {
  test.each(CAPTURES)("%s", (name) => {
    const { truth, frames } = readCapture(name);
    for (const expected of Object.values(truth.legacy ?? {}).flat()) {
      const frame = frames[expected.frame] as Uint8Array;
      const message = decodeMessage(frame) as Legacy;
      expect(message).toMatchObject({
        kind: String(expected.type),
        stationId: expected.station,
        epochMs: expected.epochMs,
        synchronous: expected.sync === 1,
        divergenceFreeSmoothing: expected.smoothing === 1,
        smoothingInterval: expected.smoothingInterval,
      });
      expect(message.satellites).toHaveLength(expected.nSat);
      expected.sats.forEach((row, i) => {
        const found = inTruthWords(message.satellites[i] as Satellite);
        expected.satFields.forEach((field, column) => {
          const wanted = row[column];
          if (typeof wanted === "number") expect(found[field]).toBeCloseTo(wanted, 5);
          else expect(found[field], field).toBe(wanted);
        });
      });
      const constellation = expected.type < 1009 ? "GPS" : "GLONASS";
      expect(epochOf(frame)).toEqual({ constellation, epochRaw: expected.epochMs, multipleMessage: expected.sync === 1 });
    }
  });
});

import fc from "fast-check";
import {
  decodeMessage,
  decodeMsmHeader,
  encodeMessage,
  epochOf,
  frameOf,
  type MsmMessage,
  type MsmToSend,
  messageType,
  msmFromObservations,
  type Observation,
} from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { anyMsm, CONSTELLATIONS, MSM_TYPES, MSMS } from "./arbitraries.ts";
import { EXAMPLE_1005 } from "./fixtures.ts";

const kinds = CONSTELLATIONS.flatMap((constellation) => MSMS.map((msm) => [constellation, msm] as const));

/** What is sent of a decoded message. */
function sentOf(message: MsmMessage): MsmToSend {
  const { type: _, remainder: __, cells, ...head } = message;
  return { ...head, cells: cells.map(({ pseudorangeM: _p, phaseRangeM: _f, rangeRateMps: _r, minLockMs: _l, ...sent }) => sent) };
}

describe.each(kinds)("%s MSM%d", (constellation, msm) => {
  test("any message comes back, in its size by the standard", () => {
    // Bits per satellite and per cell: the sums of RTCM 10403.3 tables 3.5-79 to 3.5-87.
    const satelliteBits = [10, 10, 10, 18, 36, 18, 36][msm - 1] as number;
    const cellBits = [15, 27, 42, 48, 63, 65, 80][msm - 1] as number;
    fc.assert(
      fc.property(anyMsm(constellation, msm), (message) => {
        const places = message.satellites.length * message.signalIds.length;
        const bits = 169 + places + satelliteBits * message.satellites.length + cellBits * message.cells.length;
        const frame = encodeMessage(message);
        expect(frame).toHaveLength(6 + Math.ceil(bits / 8));
        expect(MSM_TYPES).toContain(messageType(frame));
        const decoded = decodeMessage(frame);
        expect(decoded.kind === "msm" && sentOf(decoded)).toEqual(message);
        expect(encodeMessage(decoded)).toEqual(frame);
        expect(epochOf(frame)).toEqual({ constellation, epochRaw: message.epochMs, multipleMessage: message.multipleMessage });
        expect(decodeMsmHeader(frame)).toMatchObject({
          ...{ type: messageType(frame), constellation, msm, stationId: message.stationId, epochMs: message.epochMs, dayOfWeek: message.dayOfWeek },
          satelliteIds: message.satellites.map((satellite) => satellite.satelliteId),
          ...{ signalIds: message.signalIds, cellCount: message.cells.length },
        });
      }),
      { numRuns: 30 },
    );
  });
});

describe("values of a cell", () => {
  // Put together by hand from the formulas of RTCM 10403.3 §3.5.16: rough 70 + 512/1024 ms, fine 2^-11 ms, and so on.
  const head = { kind: "msm", constellation: "GPS", msm: 7, stationId: 1, epochMs: 0, dayOfWeek: null, multipleMessage: false, iods: 0, reserved: 0 } as const;
  const clock = { clockSteering: 0, externalClock: 0, divergenceFreeSmoothing: false, smoothingInterval: 0 } as const;
  const satellite = { satelliteId: 5, wholeMs: 70, modMs: 0.5, extendedInfo: 0, roughRateMps: -321 };
  const cell = {
    satelliteId: 5,
    signalId: 2,
    finePseudorangeMs: 2 ** -11,
    finePhaseRangeMs: -(2 ** -9),
    fineRateMps: 0.25,
    lockIndicator: 703,
    halfCycle: true,
    cnrDbHz: 45.0625,
  };
  const decode = (message: MsmToSend): MsmMessage["cells"][number] => {
    const decoded = decodeMessage(encodeMessage(message));
    if (decoded.kind !== "msm") throw new Error(decoded.kind);
    return decoded.cells[0] as MsmMessage["cells"][number];
  };

  test("rough and fine together, in metres", () => {
    const found = decode({ ...head, ...clock, signalIds: [2], satellites: [satellite], cells: [cell] });
    expect(found.pseudorangeM).toBeCloseTo(((70.5 + 1 / 2048) * 299_792_458) / 1000, 6);
    expect(found.phaseRangeM).toBeCloseTo(((70.5 - 1 / 512) * 299_792_458) / 1000, 6);
    expect(found).toMatchObject({ rangeRateMps: -320.75, cnrDbHz: 45.0625, lockIndicator: 703, minLockMs: 66_060_288, halfCycle: true });
  });

  test("a rough range that is not available makes every value of the satellite null", () => {
    const found = decode({ ...head, ...clock, signalIds: [2], satellites: [{ ...satellite, wholeMs: null }], cells: [cell] });
    expect(found).toMatchObject({ pseudorangeM: null, phaseRangeM: null, rangeRateMps: null, cnrDbHz: 45.0625 });
  });

  test.each<[string, Partial<MsmToSend>, string]>([
    ["a cell outside the masks", { signalIds: [3] }, "INVALID"],
    ["a cell twice", { cells: [cell, cell] }, "INVALID"],
    [
      "more than 64 places",
      { signalIds: [2, 3, 4, 5, 6], satellites: Array.from({ length: 13 }, (_, i) => ({ ...satellite, satelliteId: i + 1 })) },
      "INVALID",
    ],
    ["satellites out of order", { satellites: [satellite, { ...satellite, satelliteId: 4 }] }, "OUT_OF_RANGE"],
    ["a satellite id of 65", { satellites: [satellite, { ...satellite, satelliteId: 65 }] }, "OUT_OF_RANGE"],
    ["a signal id of 0", { signalIds: [0, 2] }, "OUT_OF_RANGE"],
    ["a signal id of 33", { signalIds: [2, 33] }, "OUT_OF_RANGE"],
    ["a fine range past its field", { cells: [{ ...cell, finePseudorangeMs: 2 ** -10 }] }, "OUT_OF_RANGE"],
    ["a value that would be read as missing", { cells: [{ ...cell, fineRateMps: -1.6384 }] }, "OUT_OF_RANGE"],
    ["a missing lock indicator", { cells: [{ ...cell, lockIndicator: null }] }, "OUT_OF_RANGE"],
    ["an epoch of 31 bits", { epochMs: 2 ** 30 }, "OUT_OF_RANGE"],
    ["a GLONASS time of 28 bits", { constellation: "GLONASS", epochMs: 2 ** 27 }, "OUT_OF_RANGE"],
    ["a ninth day of the week", { constellation: "GLONASS", dayOfWeek: 8 }, "OUT_OF_RANGE"],
  ])("%s is refused", (_, change, code) => {
    const message = { ...head, ...clock, signalIds: [2], satellites: [satellite], cells: [cell], ...change };
    expect(() => encodeMessage(message)).toThrow(expect.objectContaining({ code }));
  });
});

describe("headers", () => {
  test("an empty satellite mask is a message without cells", () => {
    const payload = new Uint8Array(22);
    payload.set([1077 >> 4, (1077 & 15) << 4]);
    expect(decodeMsmHeader(frameOf(payload))).toMatchObject({ satelliteIds: [], signalIds: [], cellCount: 0 });
    expect(decodeMessage(frameOf(payload))).toMatchObject({ kind: "msm", satellites: [], cells: [] });
  });

  test("more than 64 places are refused before anything is made of them", () => {
    const payload = new Uint8Array(1023).fill(0xff);
    payload.set([1077 >> 4, ((1077 & 15) << 4) | 15]);
    expect(() => decodeMsmHeader(frameOf(payload))).toThrow(expect.objectContaining({ code: "INVALID", context: expect.objectContaining({ type: 1077 }) }));
    expect(() => decodeMessage(frameOf(payload))).toThrow(expect.objectContaining({ code: "INVALID" }));
  });

  test("what is no MSM has no MSM header, and no epoch", () => {
    expect(() => decodeMsmHeader(EXAMPLE_1005)).toThrow(expect.objectContaining({ code: "INVALID" }));
    expect(epochOf(EXAMPLE_1005)).toBeNull();
  });
});

describe("msmFromObservations", () => {
  const anyObservation = fc.record({
    satelliteId: fc.integer({ min: 1, max: 14 }),
    signalId: fc.constantFrom(2, 8, 15),
    pseudorangeM: fc.double({ min: 19_000_000, max: 42_000_000, noNaN: true }),
    offPhaseM: fc.double({ min: -900, max: 900, noNaN: true }),
    rangeRateMps: fc.double({ min: -900, max: 900, noNaN: true }),
    cnrDbHz: fc.integer({ min: 20, max: 55 }),
    lockMs: fc.integer({ min: 0, max: 80_000_000 }),
    halfCycle: fc.boolean(),
  });

  // Half a step of each field: 2^-25 ms and 2^-30 ms of light, or 2^-30 and 2^-32, and 0.05 mm/s.
  test.each([
    [4, 0.009, 0.0003],
    [5, 0.009, 0.0003],
    [6, 0.0003, 0.00008],
    [7, 0.0003, 0.00008],
  ] as const)("MSM%d keeps metres to half a step of its fields", (msm, rangeM, phaseM) => {
    fc.assert(
      fc.property(fc.uniqueArray(anyObservation, { selector: (o) => `${o.satelliteId}/${o.signalId}`, maxLength: 30 }), (list) => {
        const base = new Map<number, (typeof list)[number]>();
        const observations = list.map(({ offPhaseM, ...one }): Observation => {
          // Signals of one satellite lie close together; the first seen sets the range.
          const first = base.get(one.satelliteId) ?? one;
          base.set(one.satelliteId, { offPhaseM, ...first });
          const pseudorangeM = first.pseudorangeM + (one.pseudorangeM % 50);
          return { ...one, pseudorangeM, phaseRangeM: pseudorangeM + offPhaseM, rangeRateMps: first.rangeRateMps + (one.rangeRateMps % 0.5) };
        });
        const frame = encodeMessage(msmFromObservations({ constellation: "GPS", msm, stationId: 7, epochMs: 1000, multipleMessage: true }, observations));
        const decoded = decodeMessage(frame);
        if (decoded.kind !== "msm") throw new Error(decoded.kind);
        expect(decoded.cells).toHaveLength(observations.length);
        for (const cell of decoded.cells) {
          const sent = observations.find((o) => o.satelliteId === cell.satelliteId && o.signalId === cell.signalId) as Observation;
          expect(Math.abs((cell.pseudorangeM ?? Number.NaN) - sent.pseudorangeM)).toBeLessThan(rangeM);
          expect(Math.abs((cell.phaseRangeM ?? Number.NaN) - (sent.phaseRangeM ?? Number.NaN))).toBeLessThan(phaseM);
          if (msm === 5 || msm === 7) expect(Math.abs((cell.rangeRateMps ?? Number.NaN) - (sent.rangeRateMps ?? Number.NaN))).toBeLessThan(0.000051);
          expect(cell.minLockMs).toBeLessThanOrEqual(sent.lockMs);
          expect(cell).toMatchObject({ cnrDbHz: sent.cnrDbHz, halfCycle: sent.halfCycle });
        }
      }),
    );
  });

  test("GLONASS carries its channel in MSM7 and not in MSM4; what is not tracked is null", () => {
    const one = {
      satelliteId: 3,
      signalId: 2,
      pseudorangeM: 2e7,
      phaseRangeM: null,
      rangeRateMps: null,
      cnrDbHz: null,
      lockMs: 0,
      halfCycle: false,
      glonassChannel: -7,
    };
    const decode = (msm: 4 | 7) =>
      decodeMessage(
        encodeMessage(msmFromObservations({ constellation: "GLONASS", msm, stationId: 7, epochMs: 5, dayOfWeek: 3, multipleMessage: false }, [one])),
      );
    expect(decode(7)).toMatchObject({
      dayOfWeek: 3,
      satellites: [{ extendedInfo: 0, roughRateMps: null }],
      cells: [{ phaseRangeM: null, rangeRateMps: null, cnrDbHz: null }],
    });
    expect(decode(4)).toMatchObject({ type: 1084, satellites: [{ extendedInfo: null }] });
  });
});

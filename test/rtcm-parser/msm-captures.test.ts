import {
  decodeMessage,
  decodeMsmHeader,
  encodeMessage,
  epochOf,
  type MsmMessage,
  minLockMs,
  msmFromObservations,
  satelliteName,
  signalCode,
} from "rtcm-parser";
import { expect, test } from "vitest";
import { describeNeeding } from "../support/requirements.ts";
import { CAPTURES, type MsmTruth, type Row, readCapture } from "./captures.ts";

const TOLERANCE_M = 0.0001;
const TOLERANCE_MPS = 0.0001;

function decodeMsm(frame: Uint8Array): MsmMessage {
  const message = decodeMessage(frame);
  if (message.kind !== "msm") throw new Error(`${message.kind} is no MSM`);
  return message;
}

/** The row as an object, by the truth's own list of fields. */
const named = (fields: readonly string[], row: Row): Record<string, Row[number] | undefined> => Object.fromEntries(fields.map((field, i) => [field, row[i]]));

const near = (expected: unknown, tolerance: number): unknown =>
  expected === null ? null : expect.toSatisfy((value) => Math.abs(value - (expected as number)) <= tolerance);

function checkHead(message: MsmMessage, truth: MsmTruth): void {
  expect(message).toMatchObject({
    type: truth.type,
    stationId: truth.station,
    epochMs: truth.epochMs,
    dayOfWeek: truth.dayOfWeek ?? null,
    multipleMessage: truth.multipleMessage === 1,
    iods: truth.iods,
    clockSteering: truth.clockSteering,
    externalClock: truth.externalClock,
    divergenceFreeSmoothing: truth.smoothingType === 1,
    smoothingInterval: truth.smoothingInterval,
    signalIds: truth.sigMask,
  });
}

function checkCells(message: MsmMessage, truth: MsmTruth): void {
  expect(message.cells).toHaveLength(truth.cells.length);
  truth.cells.forEach((row, i) => {
    const expected = named(truth.cellFields, row);
    const cell = message.cells[i] as MsmMessage["cells"][number];
    expect(satelliteName(message.constellation, cell.satelliteId)).toBe(expected["sat"]);
    // The old draft's QZSS signal 6 has no code in the truth.
    expect(signalCode(message.constellation, cell.signalId)).toBe(expected["rinex"]);
    expect({ ...cell, halfCycle: cell.halfCycle === null ? null : Number(cell.halfCycle) }).toMatchObject({
      signalId: expected["sigId"],
      pseudorangeM: near(expected["pseudorangeM"], TOLERANCE_M),
      phaseRangeM: near(expected["phaseRangeM"], TOLERANCE_M),
      cnrDbHz: expected["cnrDbHz"],
      lockIndicator: expected["lockIndicator"],
      halfCycle: expected["halfCycle"],
      rangeRateMps: near(expected["rangeRateMps"] ?? null, TOLERANCE_MPS),
      minLockMs: cell.lockIndicator === null ? null : minLockMs(message.msm, cell.lockIndicator),
    });
  });
}

function checkSatellites(message: MsmMessage, truth: MsmTruth): void {
  expect(message.satellites.map((satellite) => satellite.satelliteId)).toEqual(truth.satMask);
  truth.sats.forEach((row, i) => {
    const expected = named(truth.satFields, row);
    const { satelliteId, wholeMs, modMs, extendedInfo, roughRateMps } = message.satellites[i] as MsmMessage["satellites"][number];
    expect(satelliteName(message.constellation, satelliteId)).toBe(expected["sat"]);
    expect({ wholeMs, modMs, extendedInfo, roughRateMps }).toEqual({
      wholeMs: expected["roughMs"],
      modMs: expected["roughMod1ms"],
      extendedInfo: expected["extInfo"] ?? null,
      roughRateMps: expected["roughRateMps"] ?? null,
    });
  });
}

test("MSM4, 5, 6 and 7 of the same observations say the same, as finely as each can", () => {
  const observed = {
    satelliteId: 11,
    pseudorangeM: 23_456_789.1234,
    phaseRangeM: 23_456_800.4321,
    rangeRateMps: -512.3456,
    cnrDbHz: 43,
    lockMs: 70_000,
    halfCycle: false,
  };
  const second = { ...observed, signalId: 16, pseudorangeM: observed.pseudorangeM + 4.5 };
  for (const msm of [4, 5, 6, 7] as const) {
    const head = { constellation: "QZSS", msm, stationId: 9, epochMs: 1234, multipleMessage: false } as const;
    const message = decodeMsm(encodeMessage(msmFromObservations(head, [{ ...observed, signalId: 2 }, second])));
    expect(message).toMatchObject({ ...head, type: 1110 + msm, satellites: [{ satelliteId: 11 }], signalIds: [2, 16] });
    const stepM = msm < 6 ? 0.02 : 0.0006;
    const hasRates = msm === 5 || msm === 7;
    expect(message.cells).toMatchObject([
      {
        cnrDbHz: 43,
        halfCycle: false,
        pseudorangeM: near(observed.pseudorangeM, stepM),
        phaseRangeM: near(observed.phaseRangeM, 0.0006),
        rangeRateMps: hasRates ? near(observed.rangeRateMps, 0.00006) : null,
        minLockMs: msm < 6 ? 65_536 : 69_632,
      },
      { pseudorangeM: near(second.pseudorangeM, stepM) },
    ]);
  }
});

describeNeeding(["shared"], "MSM of real captures", () => {
  test.each(CAPTURES)("%s: headers, satellites and cells are those of the truth", (name) => {
    const { truth, frames } = readCapture(name);
    for (const expected of Object.values(truth.msm ?? {}).flat()) {
      const frame = frames[expected.frame] as Uint8Array;
      const message = decodeMsm(frame);
      checkHead(message, expected);
      checkSatellites(message, expected);
      checkCells(message, expected);
      const { cellCount, satelliteIds, signalIds, multipleMessage } = decodeMsmHeader(frame);
      expect({ cellCount, satelliteIds, signalIds }).toEqual({ cellCount: expected.cells.length, satelliteIds: expected.satMask, signalIds: expected.sigMask });
      const epochRaw = message.epochMs;
      expect(epochOf(frame)).toEqual({ constellation: message.constellation, epochRaw, multipleMessage });
    }
  });

  test.each(CAPTURES)("%s: every MSM decodes, also those the truth does not list", (name) => {
    const { truth, frames } = readCapture(name);
    const counts: Record<string, number> = {};
    for (const frame of frames) {
      if (frame.length === 6) continue;
      const message = decodeMessage(frame);
      if (message.kind === "msm") counts[message.type] = (counts[message.type] ?? 0) + 1;
    }
    expect(counts).toEqual(Object.fromEntries(Object.entries(truth.messageCounts).filter(([type]) => Number(type) > 1070 && Number(type) < 1138)));
  });

  test("MSM2, which has no truth for its cells, agrees with the MSM3 of the same epoch", () => {
    const { frames, truth } = readCapture("single-frames-69-types.rtcm3");
    const byType = new Map(truth.frameList.map(([, , type], i) => [type, frames[i] as Uint8Array]));
    for (const base of [1070, 1080, 1090, 1110, 1120]) {
      const two = decodeMsm(byType.get(base + 2) as Uint8Array);
      const three = decodeMsm(byType.get(base + 3) as Uint8Array);
      expect(two.epochMs).toBe(three.epochMs);
      const phases = (message: MsmMessage) =>
        message.cells.map(({ satelliteId, signalId, finePhaseRangeMs, halfCycle }) => ({ satelliteId, signalId, finePhaseRangeMs, halfCycle }));
      expect(phases(two)).toEqual(phases(three));
    }
  });
});

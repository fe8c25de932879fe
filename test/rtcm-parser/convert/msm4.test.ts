import fc from "fast-check";
import { crc24q, decodeMessage, encodeMessage, frameOf, Msm4Converter, type MsmMessage, minLockMs, toMsm4 } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { describeNeeding } from "../../support/requirements.ts";
import { anyFrameOf, anyMsm, CONSTELLATIONS, MSM_TYPES } from "../arbitraries.ts";
import { CAPTURES, readCapture } from "../captures.ts";
import { anyIndicators, decodedMsm, lockMsOf, lockSteps, msmFrame, periodMs } from "./streams.ts";

const LIGHT_M_PER_MS = 299_792.458;
const only = (frame: Uint8Array | null) => decodedMsm(frame).cells[0] as MsmMessage["cells"][number];

const anyMsmFrame = (msms: readonly (4 | 5 | 6 | 7)[]) =>
  fc.tuple(fc.constantFrom(...CONSTELLATIONS), fc.constantFrom(...msms)).chain(([constellation, msm]) => anyMsm(constellation, msm));

describe("MSM5, 6 and 7 as MSM4", () => {
  test("hold the same satellites, signals and header; each value is the nearest that MSM4 has, or invalid", () => {
    fc.assert(
      fc.property(anyMsmFrame([5, 6, 7]), (sent) => {
        const before = decodedMsm(encodeMessage(sent));
        const frame = toMsm4(encodeMessage(sent)) as Uint8Array;
        expect(crc24q(frame)).toBe(0);
        const after = decodedMsm(frame);
        const { type: _type, msm: _msm, satellites: _satellites, cells: _cells, remainder: _remainder, ...head } = before;
        expect(after).toMatchObject({ ...head, msm: 4, type: before.type - before.msm + 4 });
        expect(after.satellites).toEqual(before.satellites.map((satellite) => ({ ...satellite, extendedInfo: null, roughRateMps: null })));
        expect(after.cells).toHaveLength(before.cells.length);
        for (const [i, cell] of after.cells.entries()) {
          const from = before.cells[i] as MsmMessage["cells"][number];
          expect(cell).toMatchObject({ satelliteId: from.satelliteId, signalId: from.signalId, halfCycle: from.halfCycle, fineRateMps: null });
          expect(cell.minLockMs).toBeLessThanOrEqual(from.minLockMs ?? 0);
          nearestOrInvalid(from.finePseudorangeMs, cell.finePseudorangeMs, { step: 2 ** -24, limit: 2 ** -10 });
          nearestOrInvalid(from.finePhaseRangeMs, cell.finePhaseRangeMs, { step: 2 ** -29, limit: 2 ** -8 });
          nearestOrInvalid(from.cnrDbHz, cell.cnrDbHz, { step: 1, limit: 64 });
        }
      }),
    );
  });

  // DF405 and DF406 at the ends of DF400 and DF401; DF408 at those of DF403.
  test.each([
    ["finePseudorangeMs", (16_383 * 32) / 2 ** 29, 16_383 / 2 ** 24],
    ["finePseudorangeMs", (16_383 * 32 + 15) / 2 ** 29, 16_383 / 2 ** 24],
    ["finePseudorangeMs", (16_383 * 32 + 16) / 2 ** 29, null],
    ["finePseudorangeMs", (2 ** 19 - 1) / 2 ** 29, null],
    ["finePseudorangeMs", -(16_383 * 32) / 2 ** 29, -16_383 / 2 ** 24],
    ["finePseudorangeMs", -(2 ** 19 - 1) / 2 ** 29, null],
    ["finePseudorangeMs", null, null],
    ["finePhaseRangeMs", ((2 ** 21 - 1) * 4) / 2 ** 31, (2 ** 21 - 1) / 2 ** 29],
    ["finePhaseRangeMs", (2 ** 23 - 1) / 2 ** 31, null],
    ["finePhaseRangeMs", -(2 ** 23 - 1) / 2 ** 31, null],
    ["finePhaseRangeMs", null, null],
    ["cnrDbHz", 7 / 16, null],
    ["cnrDbHz", 8 / 16, 1],
    ["cnrDbHz", 63 + 7 / 16, 63],
    ["cnrDbHz", 63.5, null],
    ["cnrDbHz", 1023 / 16, null],
    ["cnrDbHz", null, null],
  ] as const)("%s %d becomes %d", (field, from, to) => expect(only(toMsm4(msmFrame({ epochMs: 0, [field]: from })))[field]).toBe(to));

  test("a satellite without whole milliseconds has none afterwards; one without cells stays", () => {
    const [satellite] = decodedMsm(toMsm4(msmFrame({ epochMs: 0, wholeMs: null }))).satellites;
    expect(satellite).toMatchObject({ satelliteId: 5, wholeMs: null, modMs: 0.5 });
  });

  test("what a sender fills up behind the last cell is not carried along", () => {
    const padded = encodeMessage({ ...decodedMsm(msmFrame({ epochMs: 0 })), remainder: new Uint8Array(20) });
    expect(toMsm4(padded)).toEqual(toMsm4(msmFrame({ epochMs: 0 })));
  });

  test("a message without satellites stays one", () => {
    const message = decodedMsm(msmFrame({ epochMs: 1000 }));
    const empty = encodeMessage({ ...message, satellites: [], signalIds: [], cells: [] });
    expect(decodedMsm(toMsm4(empty))).toMatchObject({ type: 1074, stationId: 77, epochMs: 1000, satellites: [], cells: [] });
  });

  test("MSM4 is handed back as it is; MSM1 to 3, other messages and malformed ones give null", () => {
    const converter = new Msm4Converter();
    const msm4 = toMsm4(msmFrame({ epochMs: 0 })) as Uint8Array;
    expect(converter.push(msm4)).toBe(msm4);
    for (const msm of [1, 2, 3] as const) fc.assert(fc.property(anyMsm("GALILEO", msm), (sent) => converter.push(encodeMessage(sent)) === null));
    for (const type of [1004, 1005, 1230, 4072]) expect(converter.push(frameOf(Uint8Array.of(type >> 4, (type & 15) << 4, 0)))).toBeNull();
    expect(converter.push(frameOf(new Uint8Array(0)))).toBeNull();
    expect(converter.malformed).toBe(0);
    expect(converter.push(frameOf(Uint8Array.of(1077 >> 4, (1077 & 15) << 4)))).toBeNull();
    expect(converter.malformed).toBe(1);
  });

  test("no payload under a valid CRC makes it throw", () => {
    const converter = new Msm4Converter();
    fc.assert(
      fc.property(
        fc.constantFrom(...MSM_TYPES).chain((type) => anyFrameOf(type)),
        (frame) => {
          const converted = converter.push(frame);
          if (converted !== null && converted !== frame) expect(decodedMsm(converted).msm).toBe(4);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("lock in MSM4", () => {
  test.each([5, 7] as const)("from MSM%d: never longer than the truth, and every slip that the input shows falls or is 0", (msm) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CONSTELLATIONS).chain((constellation) => fc.tuple(fc.constant(constellation), lockSteps(msm, periodMs(constellation)))),
        ([constellation, steps]) => {
          const converter = new Msm4Converter();
          let last: number | null = null;
          for (const { epochMs, elapsedMs, trueLockMs, slipped, lockIndicator } of steps) {
            const sent = only(converter.push(msmFrame({ constellation, msm, epochMs, lockIndicator })));
            const indicator = sent.lockIndicator as number;
            expect(sent.minLockMs).toBeLessThanOrEqual(trueLockMs);
            expect(sent.minLockMs).toBeLessThanOrEqual(lockMsOf(msm, lockIndicator));
            if (last !== null && slipped) expect(indicator === 0 || indicator < last).toBe(true);
            // What is sure to have held lock is not made to slip.
            if (last !== null && !slipped && lockMsOf(msm, lockIndicator) >= elapsedMs) expect(indicator).toBeGreaterThanOrEqual(last);
            last = indicator;
          }
        },
      ),
    );
  });

  test.each([5, 7] as const)("from MSM%d of a sender that makes no sense: never longer than told, and a fall falls or is 0", (msm) => {
    fc.assert(
      fc.property(anyIndicators(msm), (indicators) => {
        const converter = new Msm4Converter();
        let last: { in: number; out: number } | null = null;
        for (const [second, lockIndicator] of indicators.entries()) {
          const told = lockMsOf(msm, lockIndicator);
          const out = only(converter.push(msmFrame({ msm, epochMs: second * 1000, lockIndicator }))).lockIndicator as number;
          expect(minLockMs(4, out)).toBeLessThanOrEqual(told);
          if (last !== null && told < last.in) {
            expect(out === 0 || out < last.out).toBe(true);
            expect(minLockMs(4, out)).toBeLessThanOrEqual(1000); // no lock can be older than the second in which it was lost
          }
          last = { in: told, out };
        }
      }),
    );
  });

  const sent = (converter: Msm4Converter, epochMs: number, lockMs: number, more: object = {}) =>
    only(converter.push(msmFrame({ epochMs, lockIndicator: lockMs < 64 ? lockMs : Math.floor(lockMs / 16) + 128, ...more }))).lockIndicator;

  test("a slip inside one step of the coarse table falls below it for that epoch", () => {
    const converter = new Msm4Converter();
    expect(only(converter.push(msmFrame({ epochMs: 0, lockIndicator: 184 }))).minLockMs).toBe(512); // 896 ms
    expect(only(converter.push(msmFrame({ epochMs: 1000, lockIndicator: 166 }))).minLockMs).toBe(256); // 608 ms, also of step 512
    expect(only(converter.push(msmFrame({ epochMs: 2000, lockIndicator: 210 }))).minLockMs).toBe(1024); // 1.6 s
  });

  test("another signal, satellite or system has a lock of its own", () => {
    const converter = new Msm4Converter();
    const first = sent(converter, 0, 640);
    expect(sent(converter, 1000, 600, { signalId: 16 })).toBe(first);
    expect(sent(converter, 1000, 600, { satelliteId: 6 })).toBe(first);
    expect(sent(converter, 1000, 600, { constellation: "GALILEO" })).toBe(first);
    expect(sent(converter, 1000, 600)).toBeLessThan(first as number);
  });

  test("weeks and days that begin anew are no slip; time that runs backwards is one", () => {
    for (const constellation of CONSTELLATIONS) {
      const converter = new Msm4Converter();
      const at = (epochMs: number) => only(converter.push(msmFrame({ constellation, epochMs, lockIndicator: 600 }))).lockIndicator;
      const first = at(periodMs(constellation) - 1000);
      expect(at(0)).toBe(first);
      expect(at(1000)).toBe(first);
      expect(at(500)).toBe(0);
    }
  });

  test("another receiver, and MSM4 passed in between, make all slip", () => {
    const converter = new Msm4Converter();
    const frame = (second: number) => msmFrame({ epochMs: second * 1000, lockIndicator: 600 });
    const indicator = (second: number) => only(converter.push(frame(second))).lockIndicator as number;
    const first = indicator(0);
    expect(indicator(1)).toBe(first);
    converter.reset();
    expect(indicator(2)).toBeLessThan(first);
    converter.push(toMsm4(frame(3)) as Uint8Array);
    expect(indicator(4)).toBe(0);
  });

  test("a reserved indicator promises nothing", () => {
    expect(only(toMsm4(msmFrame({ epochMs: 0, lockIndicator: 704 }))).lockIndicator).toBe(15);
    expect(only(toMsm4(msmFrame({ epochMs: 0, lockIndicator: 705 }))).lockIndicator).toBe(0);
  });
});

describeNeeding(["shared"], "real captures as MSM4", () => {
  test.each(CAPTURES)("%s: within half a step of what other decoders make of the original", (name) => {
    const { frames, truth } = readCapture(name);
    const converter = new Msm4Converter();
    const converted = frames.map((frame) => converter.push(frame));
    for (const expected of Object.values(truth.msm ?? {}).flat()) {
      if (expected.type % 10 < 5) continue;
      const message = decodedMsm(converted[expected.frame] as Uint8Array);
      expect(message).toMatchObject({ msm: 4, stationId: expected.station, epochMs: expected.epochMs, multipleMessage: expected.multipleMessage === 1 });
      expect(message.cells).toHaveLength(expected.cells.length);
      for (const [i, row] of expected.cells.entries()) {
        const is = (field: string): number | null => row[expected.cellFields.indexOf(field)] as number | null;
        const cell = message.cells[i] as MsmMessage["cells"][number];
        near(is("pseudorangeM"), cell.pseudorangeM, 2 ** -25 * LIGHT_M_PER_MS);
        near(is("phaseRangeM"), cell.phaseRangeM, 2 ** -30 * LIGHT_M_PER_MS);
        near(is("cnrDbHz"), cell.cnrDbHz, 0.5);
        expect(Number(cell.halfCycle)).toBe(is("halfCycle"));
      }
    }
    for (const [i, frame] of converted.entries()) {
      if (frame === null || frame === frames[i]) continue;
      const before = decodeMessage(frames[i] as Uint8Array) as MsmMessage;
      for (const [k, cell] of decodedMsm(frame).cells.entries()) expect(cell.minLockMs).toBeLessThanOrEqual(before.cells[k]?.minLockMs ?? 0);
    }
    expect(converter.malformed).toBe(0);
  });
});

const TRUTH_ROUNDING = 0.0001;

function near(expected: number | null, value: number | null, within: number): void {
  if (expected === null || value === null) expect(value).toBe(expected);
  else expect(Math.abs(value - expected)).toBeLessThanOrEqual(within + TRUTH_ROUNDING);
}

function nearestOrInvalid(from: number | null, to: number | null, { step, limit }: { step: number; limit: number }): void {
  if (from === null) expect(to).toBeNull();
  else if (to === null) expect(Math.abs(from) > limit - step || Math.abs(from) < step / 2).toBe(true);
  else expect(Math.abs(to - from)).toBeLessThanOrEqual(step / 2);
}

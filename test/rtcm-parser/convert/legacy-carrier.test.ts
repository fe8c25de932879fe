import fc from "fast-check";
import { LegacyConverter, legacyMinLockS, legacyRanges } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { legacyLockIndicatorFor } from "../../../correction-relay/rtcm-parser/convert/legacy-carrier.ts";
import { anyIndicators, lockMsOf, lockSteps, msmFrame, msmOf, onlyOf, periodMs, SEEN } from "./streams.ts";

const LIGHT_M_PER_S = 299_792_458;
const CYCLE_M = { l1: LIGHT_M_PER_S / 1575.42e6, l2: LIGHT_M_PER_S / 1227.6e6 };
/** GLONASS channel -4, as streams.ts has it. */
const GLONASS_CYCLE_M = { l1: LIGHT_M_PER_S / (1602e6 - 4 * 562_500), l2: LIGHT_M_PER_S / (1246e6 - 4 * 437_500) };

describe("phase in 1004 and 1012", () => {
  test.each([
    ["GPS", CYCLE_M],
    ["GLONASS", GLONASS_CYCLE_M],
  ] as const)("%s: any phase comes back but for whole multiples of 1500 cycles, which change only when they must", (constellation, cycleM) => {
    const drift = fc.array(fc.double({ min: -120, max: 120, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.double({ min: -1000, max: 1000, noNaN: true }), drift, (startM, steps) => {
        const converter = new LegacyConverter();
        let aheadM = startM;
        const last = { l1: Number.NaN, l2: Number.NaN };
        for (const [second, stepM] of steps.entries()) {
          aheadM = Math.max(-1000, Math.min(1000, aheadM + stepM));
          const phaseRangeM = SEEN.pseudorangeM + aheadM;
          const frame = msmOf({ constellation, epochMs: second * 1000 }, { phaseRangeM }, { phaseRangeM, signalId: 8 });
          const satellite = onlyOf(converter.push([frame]));
          const sentM = { l1: satellite.l1PhaseMinusPseudorangeM as number, l2: satellite.l2PhaseMinusL1PseudorangeM as number };
          const { l1PhaseRangeM, l2PhaseRangeM } = legacyRanges(satellite);
          for (const [band, wholeM] of [["l1", l1PhaseRangeM] as const, ["l2", l2PhaseRangeM] as const]) {
            const rolls = ((wholeM as number) - phaseRangeM) / (1500 * cycleM[band]);
            const whole = Math.round(rolls);
            expect(Math.abs(rolls - whole) * 1500 * cycleM[band]).toBeLessThanOrEqual(0.0005);
            // What it would have been with the shift of before lies outside the field.
            const unmovedM = sentM[band] + (last[band] - whole) * 1500 * cycleM[band];
            if (second > 0 && whole !== last[band]) expect(Math.abs(unmovedM)).toBeGreaterThan(262.14);
            last[band] = whole;
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test("the field is used to its last step, and its invalid code is never sent for a phase", () => {
    const pseudorangeM = 74 * 299_792.458 + 161_036.22; // on the grid of 0.02 m
    for (const [aheadM, rolls] of [
      [262.1435, 0],
      [262.144, -1],
      [-262.1435, 0],
      [-262.144, 1],
    ] as const) {
      const phaseRangeM = pseudorangeM + aheadM;
      const satellite = onlyOf(new LegacyConverter().push([msmOf({}, { pseudorangeM, phaseRangeM })]));
      expect(((legacyRanges(satellite).l1PhaseRangeM as number) - phaseRangeM) / (1500 * CYCLE_M.l1)).toBeCloseTo(rolls, 4);
    }
  });
});

describe("lock in 1004 and 1012", () => {
  test("the indicator of a time is the largest that does not claim more", () => {
    for (let s = 0; s < 1000; s += 1) {
      const indicator = legacyLockIndicatorFor(s * 1000 + 999);
      expect(legacyMinLockS(indicator)).toBeLessThanOrEqual(s);
      if (indicator < 127) expect(legacyMinLockS(indicator + 1)).toBeGreaterThan(s);
    }
    expect(legacyLockIndicatorFor(67_108_864)).toBe(127);
  });

  const cases = (["GPS", "SBAS", "GLONASS"] as const).flatMap((constellation) => ([5, 7] as const).map((msm) => [constellation, msm] as const));
  test.each(cases)("%s, from MSM%d: never longer than the truth, and every slip falls or is 0", (constellation, msm) => {
    fc.assert(
      fc.property(lockSteps(msm, periodMs(constellation)), (steps) => {
        const converter = new LegacyConverter();
        let last: number | null = null;
        for (const { epochMs, elapsedMs, trueLockMs, slipped, lockIndicator } of steps) {
          const { l1LockIndicator: sent } = onlyOf(converter.push([msmFrame({ constellation, msm, epochMs, lockIndicator })]));
          expect(legacyMinLockS(sent) * 1000).toBeLessThanOrEqual(Math.min(trueLockMs, lockMsOf(msm, lockIndicator)));
          if (last !== null && slipped) expect(sent === 0 || sent < last).toBe(true);
          if (last !== null && !slipped && lockMsOf(msm, lockIndicator) >= elapsedMs) expect(sent).toBeGreaterThanOrEqual(last);
          last = sent;
        }
      }),
    );
  });

  test.each([5, 7] as const)("from MSM%d of a sender that makes no sense: never longer than told, and a fall falls or is 0", (msm) => {
    fc.assert(
      fc.property(anyIndicators(msm), (indicators) => {
        const converter = new LegacyConverter();
        let last: { in: number; out: number } | null = null;
        for (const [second, lockIndicator] of indicators.entries()) {
          const told = lockMsOf(msm, lockIndicator);
          const { l1LockIndicator: out } = onlyOf(converter.push([msmFrame({ msm, epochMs: second * 1000, lockIndicator })]));
          expect(legacyMinLockS(out) * 1000).toBeLessThanOrEqual(told);
          if (last !== null && told < last.in) {
            expect(out === 0 || out < last.out).toBe(true);
            expect(legacyMinLockS(out)).toBeLessThanOrEqual(1);
          }
          last = { in: told, out };
        }
      }),
    );
  });

  test("a phase with an unresolved half cycle, or none, is not sent; its lock is 0 then, and when the phase is back", () => {
    for (const away of [{ halfCycle: true }, { phaseRangeM: null }]) {
      const converter = new LegacyConverter();
      const at = (second: number, what: object) => {
        const frame = msmOf({ epochMs: second * 1000 }, { lockMs: 73_728 + second * 1000, ...what }, { signalId: 16, lockMs: 80_000 + second * 1000, ...what });
        const { l1PhaseMinusPseudorangeM, l1LockIndicator, l2PhaseMinusL1PseudorangeM, l2LockIndicator } = onlyOf(converter.push([frame]));
        return [l1PhaseMinusPseudorangeM !== null, l1LockIndicator, l2PhaseMinusL1PseudorangeM !== null, l2LockIndicator];
      };
      expect(at(0, {})).toEqual([true, 48, true, 49]);
      expect(at(1, away)).toEqual([false, 0, false, 0]);
      expect(at(2, away)).toEqual([false, 0, false, 0]);
      expect(at(3, {})).toEqual([true, 0, true, 0]);
      expect(at(4, {})).toEqual([true, 1, true, 1]);
    }
  });

  test("a second band that was away has its lock again if the input shows that it was kept, else 0", () => {
    for (const [lockMs, indicator] of [
      [80_000, 49],
      [1500, 0], // lost within the two seconds
      [900, 0],
    ] as const) {
      const converter = new LegacyConverter();
      const at = (second: number, ...second2: readonly object[]) => onlyOf(converter.push([msmOf({ epochMs: second * 1000 }, {}, ...second2)])).l2LockIndicator;
      expect(at(0, { signalId: 16, lockMs: 76_000 })).toBe(48);
      expect(at(1)).toBe(0);
      expect(at(2, { signalId: 16, lockMs })).toBe(indicator);
    }
  });

  test("another channel of a GLONASS satellite is another carrier: a slip", () => {
    const converter = new LegacyConverter();
    const lockAt = (epochMs: number, glonassChannel: number) =>
      onlyOf(converter.push([msmOf({ constellation: "GLONASS", epochMs }, { glonassChannel })])).l1LockIndicator;
    expect([lockAt(0, -4), lockAt(1000, -4), lockAt(2000, 5), lockAt(3000, 5)]).toEqual([48, 48, 0, 1]);
  });

  test("another receiver: all slip", () => {
    const converter = new LegacyConverter();
    const lockAt = (epochMs: number) => onlyOf(converter.push([msmOf({ epochMs }, {})])).l1LockIndicator;
    expect(lockAt(0)).toBe(48);
    converter.reset();
    expect([lockAt(1000), lockAt(2000)]).toEqual([1, 2]);
  });
});

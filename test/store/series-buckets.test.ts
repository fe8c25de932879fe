import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fillBuckets, planBuckets, pointBuckets } from "../../store/series-buckets.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const JST = 9 * HOUR;

describe("equal buckets", () => {
  test.each([
    { name: "a day in at most 24: hours", spanMs: DAY - 1, max: 24, widthMs: HOUR, count: 24 },
    { name: "a day in at most 23: two hours", spanMs: DAY - 1, max: 23, widthMs: 2 * HOUR, count: 12 },
    { name: "one instant in one", spanMs: 0, max: 1, widthMs: 1, count: 1 },
    { name: "a year in at most 800: twelve hours", spanMs: 365 * DAY - 1, max: 800, widthMs: 12 * HOUR, count: 730 },
  ])("$name", ({ spanMs, max, widthMs, count }) => {
    const firstMs = Date.UTC(2026, 0, 1);
    expect(planBuckets({ n: 9, firstMs, lastMs: firstMs + spanMs }, max, 0)).toEqual({ widthMs, count, firstMs });
  });

  test("days begin at the site's midnight", () => {
    const firstMs = Date.UTC(2026, 5, 1, 3);
    const plan = planBuckets({ n: 9, firstMs, lastMs: firstMs + 9 * DAY }, 10, JST);
    expect(plan).toEqual({ widthMs: DAY, count: 10, firstMs: Date.UTC(2026, 4, 31, 15) });
  });

  test("any extent fits into any maximum, begins on a boundary and covers first and last", () => {
    const time = fc.integer({ min: 1, max: Date.UTC(2262, 0, 1) });
    fc.assert(
      fc.property(time, time, fc.integer({ min: 1, max: 2000 }), fc.constantFrom(0, JST, -5 * HOUR), (a, b, max, zoneOffsetMs) => {
        const extent = { n: 9, firstMs: Math.max(JST, Math.min(a, b)), lastMs: Math.max(JST, a, b) };
        const { widthMs, count, firstMs } = planBuckets(extent, max, zoneOffsetMs);
        expect(count).toBeLessThanOrEqual(max);
        expect(Math.abs((firstMs + zoneOffsetMs) % widthMs)).toBe(0);
        expect(firstMs).toBeLessThanOrEqual(extent.firstMs);
        expect(firstMs + widthMs).toBeGreaterThan(extent.firstMs);
        expect(firstMs + count * widthMs).toBeGreaterThan(extent.lastMs);
      }),
    );
  });

  test("what was not found is an empty bucket", () => {
    expect(fillBuckets({ firstMs: 0, widthMs: 10, count: 3 }, [[10, 2, 1, 2, 3]])).toEqual([
      [0, 0, null, null, null],
      [10, 2, 1, 2, 3],
      [20, 0, null, null, null],
    ]);
  });
});

describe("points as they are", () => {
  const points = (...times: number[]) => times.map((timeMs) => ({ timeMs, value: timeMs }));
  const times = (...at: number[]) => pointBuckets(points(...at)).map(([t, n]) => (n === 0 ? `gap ${t}` : t));

  test("one lost frame is no gap, two are", () => {
    expect(times(0, 10, 30, 40, 50)).toEqual([0, 10, 30, 40, 50]);
    expect(times(0, 10, 40, 50, 60)).toEqual([0, 10, "gap 20", 40, 50, 60]);
  });
  test("jitter is no gap", () => expect(times(0, 9, 20, 31, 40)).toEqual([0, 9, 20, 31, 40]));
  test("one point, and two at one instant", () => {
    expect(times()).toEqual([]);
    expect(times(5)).toEqual([5]);
    expect(times(5, 5)).toEqual([5, 5]);
  });
});

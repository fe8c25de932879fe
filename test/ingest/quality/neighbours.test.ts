import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QUANTITIES, type Quantity } from "../../../core/domain/quantity.ts";
import { neighbourReasons, reachOf } from "../../../ingest/quality/neighbours.ts";
import type { Reach, SeriesPoint } from "../../../ingest/quality/trace.ts";
import { NEIGHBOUR_REASONS } from "../../../ingest/quality.ts";
import { Chance } from "./chance.ts";

const T0_MS = Date.UTC(2026, 5, 1);
const HOUR_MS = 3_600_000;
const OF_NEIGHBOURS = (Object.keys(QUANTITIES) as Quantity[]).filter((quantity) => reachOf(quantity) !== null);

/** A wandering series with faults of every kind, unusable points, gaps and irregular times. */
function roughSeries(seed: number, { rows, intervalS }: { rows: number; intervalS: number }): SeriesPoint[] {
  const chance = new Chance(seed);
  const points: SeriesPoint[] = [];
  let [timeMs, level, offset, hangs, leaves] = [T0_MS, 10, 0, 0, 0];
  let shown = level;
  for (let i = 0; i < rows; i += 1) {
    timeMs += Math.round(intervalS * 1000 * chance.between(0.7, 1.3)) + (chance.next() < 0.01 ? chance.between(1, 20) * HOUR_MS : 0);
    timeMs = Math.round(timeMs);
    level += 0.1 * chance.gauss() + 0.3 * Math.cos((2 * Math.PI * timeMs) / (24 * HOUR_MS));
    if (chance.next() < 0.02) offset = offset === 0 ? chance.pick([-8, -3, 3, 8]) : 0;
    if (chance.next() < 0.01) hangs = Math.floor(chance.between(4, 250));
    leaves = chance.next() < 0.02 ? chance.pick([-9, -4, 4, 9]) : chance.next() < 0.5 ? leaves : 0;
    if (hangs > 0) hangs -= 1;
    else shown = Math.round((level + offset + leaves) * 10) / 10;
    const fate = chance.next();
    points.push({
      timeMs,
      value: fate < 0.02 ? null : shown,
      ownReasons: fate < 0.02 ? ["missing"] : fate < 0.04 ? ["range"] : fate < 0.05 ? ["battery"] : [],
    });
  }
  return points;
}

function judgeAll(quantity: Quantity, points: readonly SeriesPoint[]): readonly (readonly string[])[] {
  return neighbourReasons({ quantity, intervalS: 1800 }, points, 0, points.length);
}

/** First and last index of the points that `reach` leads to from `first` and `last`, `times` times over. */
function windowAround(
  points: readonly SeriesPoint[],
  { first, last }: { first: number; last: number },
  reach: Reach,
  times: number,
): { from: number; to: number } {
  const timeOf = (i: number): number => (points[i] as SeriesPoint).timeMs;
  let [from, to] = [first, last];
  while (from > 0 && first - (from - 1) <= times * reach.rows && timeOf(first) - timeOf(from - 1) <= times * reach.ms) from -= 1;
  while (to + 1 < points.length && to + 1 - last <= times * reach.rows && timeOf(to + 1) - timeOf(last) <= times * reach.ms) to += 1;
  return { from, to: to + 1 };
}

describe("verdicts depend on the stored series alone", () => {
  const given = fc.record({
    seed: fc.nat(1e6),
    quantity: fc.constantFrom(...OF_NEIGHBOURS),
    intervalS: fc.constantFrom(60, 600, 1800, 3600),
    rows: fc.integer({ min: 1, max: 900 }),
  });

  test("a point's is the same with nothing beyond its reach", () => {
    let judgedBad = 0;
    fc.assert(
      fc.property(given, fc.nat(1e6), ({ seed, quantity, intervalS, rows }, pick) => {
        const points = roughSeries(seed, { rows, intervalS });
        const whole = judgeAll(quantity, points);
        const reach = reachOf(quantity) as Reach;
        for (let k = 0; k < 12; k += 1) {
          const at = (pick + k * 7919) % rows;
          const { from, to } = windowAround(points, { first: at, last: at }, reach, 1);
          const alone = neighbourReasons({ quantity, intervalS }, points.slice(from, to), at - from, at - from + 1);
          expect(alone[0]).toEqual(whole[at]);
          if ((whole[at] as readonly string[]).length > 0) judgedBad += 1;
        }
      }),
      { numRuns: 400 },
    );
    expect(judgedBad).toBeGreaterThan(100);
  });

  test("any order of arrival, in any batches, judged in windows of twice the reach, ends in the verdicts on the sorted whole", () => {
    fc.assert(
      fc.property(given, fc.nat(1e6), fc.integer({ min: 1, max: 200 }), ({ seed, quantity, intervalS, rows }, shuffleSeed, batch) => {
        const points = roughSeries(seed, { rows: Math.min(rows, 500), intervalS });
        const chance = new Chance(shuffleSeed);
        const arriving = points.map((point, i) => ({ point, rank: i + chance.between(0, 3 * batch) })).sort((a, b) => a.rank - b.rank);
        const reach = reachOf(quantity) as Reach;
        let stored: { point: SeriesPoint; reasons: readonly string[] }[] = [];
        for (let n = 0; n < arriving.length; n += batch) {
          const changed = new Set(arriving.slice(n, n + batch).map(({ point }) => point));
          stored = [...stored, ...[...changed].map((point) => ({ point, reasons: [] }))].sort((a, b) => a.point.timeMs - b.point.timeMs);
          const all = stored.map(({ point }) => point);
          const at = all.flatMap((point, i) => (changed.has(point) ? [i] : []));
          const span = { first: at[0] as number, last: at.at(-1) as number };
          const read = windowAround(all, span, reach, 2);
          const judged = windowAround(all, span, reach, 1);
          const verdicts = neighbourReasons({ quantity, intervalS }, all.slice(read.from, read.to), judged.from - read.from, judged.to - read.from);
          verdicts.forEach((reasons, i) => {
            (stored[judged.from + i] as { reasons: readonly string[] }).reasons = reasons;
          });
        }
        expect(stored.map(({ reasons }) => reasons)).toEqual(judgeAll(quantity, points));
      }),
      { numRuns: 150 },
    );
  });
});

test.each(["radio.rssi", "device.batteryVoltage", "rain.depth", "wind.direction"] as const)("%s is not judged by its neighbours", (quantity) => {
  expect(reachOf(quantity)).toBeNull();
  expect(judgeAll(quantity, roughSeries(1, { rows: 50, intervalS: 1800 })).flat()).toEqual([]);
});

test("no reason but those of neighbours, and one frozen array for none", () => {
  const verdicts = judgeAll("air.temperature", roughSeries(7, { rows: 900, intervalS: 1800 }));
  expect(new Set(verdicts.flat())).toEqual(NEIGHBOUR_REASONS);
  const none = verdicts.filter((reasons) => reasons.length === 0);
  expect(new Set(none).size).toBe(1);
  expect(Object.isFrozen(none[0])).toBe(true);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { DEFAULT_BAND } from "../../../core/domain/paddy-status.ts";
import { conditionsAt, LEAK } from "../../../firmware-sim/lpwa/water.ts";

const DAY_MS = 86_400_000;
const anySeed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyTime = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2036, 0, 1) });
const steady = (seed: number, atMs: number) => conditionsAt({ seed, behaviour: "steady", atMs, liveSinceMs: null });

test("the same seed and time give the same conditions", () => {
  fc.assert(
    fc.property(anySeed, anyTime, (seed, atMs) => {
      expect(steady(seed, atMs)).toEqual(steady(seed, atMs));
    }),
  );
});

test("a paddy that is looked after stays within the band, always", () => {
  fc.assert(
    fc.property(anySeed, anyTime, (seed, atMs) => {
      const { levelCm } = steady(seed, atMs);
      expect(levelCm).toBeGreaterThan(DEFAULT_BAND.minCm + 0.5); // beyond what a product's resolution can take away
      expect(levelCm).toBeLessThan(DEFAULT_BAND.maxCm - 0.5);
    }),
    { numRuns: 2000 },
  );
});

test("an overfull paddy is above the band, always", () => {
  fc.assert(
    fc.property(anySeed, anyTime, (seed, atMs) => {
      expect(conditionsAt({ seed, behaviour: "overfull", atMs, liveSinceMs: null }).levelCm).toBeGreaterThan(DEFAULT_BAND.maxCm + 0.3);
    }),
  );
});

test("a leak begins within the band, is below it within 60 s, stays there about a minute, and comes back", () => {
  fc.assert(
    fc.property(anySeed, anyTime, (seed, liveSinceMs) => {
      const levelAt = (s: number): number => conditionsAt({ seed, behaviour: "leaking", atMs: liveSinceMs + s * 1000, liveSinceMs }).levelCm;
      expect(levelAt(0)).toBeGreaterThan(DEFAULT_BAND.minCm);
      expect(levelAt(0)).toBeLessThan(DEFAULT_BAND.maxCm);
      expect(levelAt(60)).toBeLessThan(DEFAULT_BAND.minCm);
      const below = Array.from({ length: 180 }, (_, s) => levelAt(s)).filter((level) => level < DEFAULT_BAND.minCm).length;
      expect(below).toBeGreaterThan(LEAK.lowS);
      expect(below).toBeLessThan(100);
      expect(levelAt(150)).toBeGreaterThan(DEFAULT_BAND.minCm);
      expect(levelAt(240)).toBeLessThan(DEFAULT_BAND.minCm); // again
    }),
  );
});

test("before it goes live, a leaking paddy is like the others: late uplinks and live ones are one curve", () => {
  const liveSinceMs = Date.UTC(2026, 10, 23, 6);
  for (const atMs of [liveSinceMs - DAY_MS, liveSinceMs - 1, liveSinceMs]) {
    expect(conditionsAt({ seed: 5, behaviour: "leaking", atMs, liveSinceMs })).toEqual(steady(5, atMs));
  }
});

test("a day is warmest in the afternoon and coldest before dawn, water later than air", () => {
  const midnightJst = Date.UTC(2026, 10, 22, 15);
  const hours = Array.from({ length: 24 }, (_, h) => steady(7, midnightJst + h * 3_600_000));
  const warmest = (of: (c: (typeof hours)[number]) => number): number =>
    hours.reduce((best, c, h) => (of(c) > of(hours[best] as (typeof hours)[number]) ? h : best), 0);
  expect(warmest((c) => c.airCel)).toBeGreaterThanOrEqual(12);
  expect(warmest((c) => c.airCel)).toBeLessThanOrEqual(16);
  expect(warmest((c) => -c.waterCel)).toBeGreaterThanOrEqual(1);
  expect(warmest((c) => -c.waterCel)).toBeLessThanOrEqual(6);
  expect(warmest((c) => c.soilCel)).toBeGreaterThan(15);
});

test("three days hold at least one irrigation: the level rises and falls by more than a centimetre", () => {
  const levels = Array.from({ length: 288 }, (_, i) => steady(9, Date.UTC(2026, 10, 20) + i * 900_000).levelCm);
  expect(Math.max(...levels) - Math.min(...levels)).toBeGreaterThan(1);
});

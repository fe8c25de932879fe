import { describe, expect, test } from "vitest";
import type { Quantity } from "../../../core/domain/quantity.ts";
import { neighbourReasons } from "../../../ingest/quality/neighbours.ts";
import { judge } from "../../../ingest/quality.ts";
import { Chance } from "./chance.ts";

const T0_MS = Date.UTC(2026, 5, 1);

/** Verdicts on a series of one interval; null = a report that never came. */
function verdictsOn(quantity: Quantity, intervalS: number, values: readonly (number | null)[]): readonly string[] {
  const points = values.flatMap((value, i) =>
    value === null ? [] : [{ timeMs: T0_MS + i * intervalS * 1000, value, ownReasons: judge({ quantity, value, reasons: [] }).reasons }],
  );
  return neighbourReasons({ quantity, intervalS }, points, 0, points.length).map((reasons) => reasons.join("+"));
}

function flaggedOf(verdicts: readonly string[]): Record<number, string> {
  return Object.fromEntries([...verdicts.entries()].filter(([, reasons]) => reasons !== ""));
}

/** `count` readings that vary about `mean` in tenths, never twice the same. */
function lively(mean: number, count: number, by = 0.3): number[] {
  const chance = new Chance(count + Math.round(mean * 10));
  return Array.from({ length: count }, (_, i) => Number((mean + (i % 2 === 0 ? 1 : -1) * Math.round(1 + by * 10 * chance.next()) * 0.1).toFixed(1)));
}

/** Water that seeps away, in tenths without noise: one step every fourth reading. */
function seeping(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number((from - Math.floor(i / 4) / 10).toFixed(1)));
}

function times(count: number, value: number): number[] {
  return new Array<number>(count).fill(value);
}

describe("water and weather are no faults", () => {
  const dayOf = (perDay: number): number[] =>
    Array.from({ length: 3 * perDay }, (_, i) => Number((20 + 5 * Math.cos((2 * Math.PI * (i - 0.6 * perDay)) / perDay)).toFixed(1)));
  test.each<[string, Quantity, number, readonly (number | null)[]]>([
    ["irrigation, 5 cm within 30 min, read every 10 min", "water.level", 600, [...lively(2, 30), 3.6, 5.3, ...lively(7, 30)]],
    ["irrigation, 5 cm between two readings", "water.level", 1800, [...lively(2, 30), ...lively(7, 30)]],
    ["an outlet opened: 2 cm an hour", "water.level", 1800, [...lively(8, 20), 7, 6, 5, 4, 3, 2, 1, ...lively(0.5, 20)]],
    [
      "water over the outlet's sill for two days",
      "water.level",
      1800,
      [...Array.from({ length: 30 }, (_, i) => 4 + i / 5), ...times(96, 10), ...Array.from({ length: 40 }, (_, i) => 9.9 - i / 10)],
    ],
    ["water that seeps away at half the pace by night", "water.level", 1800, [...seeping(9, 60), ...times(16, 7.6), ...seeping(7.5, 60)]],
    ["dry ground for a month", "water.level", 3600, times(720, 0)],
    ["water under snow", "water.temperature", 3600, [...lively(3, 30), 1.2, 0.4, ...times(200, 0.1), 0.5, 1.4, ...lively(3, 30)]],
    ["soil at its melting point", "soil.temperature", 1800, [...times(300, 0), 0.2, 0.5, 1.1, ...lively(2, 30)]],
    ["rain on dry soil", "soil.moisture", 1800, [...lively(25, 40), 29, 34, ...lively(36, 40)]],
    [
      "a saturated soil",
      "soil.moisture",
      3600,
      [...Array.from({ length: 20 }, (_, i) => 40 + i / 4), ...times(150, 45), ...Array.from({ length: 40 }, (_, i) => 44.9 - i / 10)],
    ],
    ["fog", "air.humidity", 1800, [...lively(85, 20), 92, 96, ...times(24, 100), 95, 90, ...lively(84, 20)]],
    [
      "nights",
      "air.solarRadiation",
      1800,
      Array.from({ length: 192 }, (_, i) => Math.max(0, Math.round(700 * Math.sin((2 * Math.PI * i) / 48) + ((i * 37) % 90)))),
    ],
    ["clouds", "air.solarRadiation", 600, Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 900 : 150) + i)],
    ["a calm", "wind.speed", 1800, [...lively(2, 20), ...times(60, 0), ...lively(2, 20)]],
    ["smooth days in tenths, every 10 min", "soil.temperature", 600, dayOf(144)],
    ["smooth days in tenths, every hour", "air.temperature", 3600, dayOf(24)],
    ["reports that are missing", "air.temperature", 1800, dayOf(48).map((value, i) => (i % 7 === 3 || (i > 60 && i < 66) ? null : value))],
    ["half of a degree as the only digit", "air.temperature", 1800, dayOf(48).map((value) => Math.round(2 * value) / 2)],
  ])("%s", (_what, quantity, intervalS, values) => {
    expect(flaggedOf(verdictsOn(quantity, intervalS, values))).toEqual({});
  });
});

describe("faults", () => {
  test.each<[string, Quantity, number, readonly (number | null)[], Record<number, string>]>([
    ["one reading that leaves and returns", "water.level", 1800, [...lively(4, 20), 14, ...lively(4, 20)], { 20: "spike" }],
    ["three of them", "air.temperature", 600, [...lively(20, 20), 29, 29.2, 28.8, ...lively(20, 20)], { 20: "spike", 21: "spike", 22: "spike" }],
    [
      "a spike on the slope of a morning",
      "air.temperature",
      1800,
      [...Array.from({ length: 20 }, (_, i) => 10 + i / 2), 28, ...Array.from({ length: 20 }, (_, i) => 20.5 + i / 4)],
      { 20: "spike" },
    ],
    ["a fall that no water makes", "water.level", 1800, [...lively(6, 30), ...lively(-4, 100)], { 30: "step" }],
    ["the newest reading leaps: whatever it will be", "soil.temperature", 1800, [...lively(18, 30, 0.1), 25], { 30: "step" }],
    [
      "a shift that goes back",
      "water.level",
      1800,
      [...lively(6, 30), ...lively(16, 8), ...lively(6, 30)],
      Object.fromEntries(Array.from({ length: 8 }, (_, i) => [30 + i, "step"])),
    ],
    [
      "a rise as of irrigation that falls back at once",
      "water.level",
      1800,
      [...lively(2, 30, 0.1), ...lively(7, 8, 0.1), ...lively(2, 30, 0.1)],
      Object.fromEntries(Array.from({ length: 8 }, (_, i) => [30 + i, "step"])),
    ],
    [
      "a sensor that hangs, the whole time",
      "air.temperature",
      1800,
      [...lively(20, 30, 1), ...times(12, 25.5), ...lively(20, 30, 1)],
      Object.fromEntries(Array.from({ length: 12 }, (_, i) => [30 + i, "stuck"])),
    ],
    [
      "a sensor that hangs where its digits hide the noise, and goes on as after an outlet was opened",
      "water.level",
      1800,
      [...seeping(9, 60), ...times(72, 7.6), ...seeping(5.8, 60)],
      Object.fromEntries(Array.from({ length: 76 }, (_, i) => [56 + i, "stuck"])),
    ],
    [
      "a pyranometer dead by day",
      "air.solarRadiation",
      1800,
      [...lively(300, 20, 9), ...times(12, 512), ...lively(300, 20, 9)],
      Object.fromEntries(Array.from({ length: 12 }, (_, i) => [20 + i, "stuck"])),
    ],
  ])("%s", (_what, quantity, intervalS, values, expected) => {
    expect(flaggedOf(verdictsOn(quantity, intervalS, values))).toEqual(expected);
  });

  test("a sentinel is no neighbour: those beside it are as good as before", () => {
    expect(flaggedOf(verdictsOn("air.temperature", 1800, [...lively(20, 20), 327.67, ...lively(20, 20)]))).toEqual({});
  });

  test("what hangs is known while it hangs, from the first readings on, without what comes after", () => {
    const verdicts = verdictsOn("water.temperature", 1800, [...lively(20, 40, 1), ...times(12, 21)]);
    expect(verdicts.slice(40)).toEqual(times(12, 0).map(() => "stuck"));
  });

  test("a whole series that never varies, where it must", () => {
    expect(new Set(verdictsOn("air.temperature", 3600, times(1000, 18.2)))).toEqual(new Set(["stuck"]));
    expect(new Set(verdictsOn("soil.moisture", 3600, times(1000, 31.2)))).toEqual(new Set([""]));
  });
});

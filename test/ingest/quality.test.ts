import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QUANTITIES, type Quantity } from "../../core/domain/quantity.ts";
import { judge } from "../../ingest/quality.ts";
import { placementAt } from "../../ingest/readings.ts";
import { levelSensor } from "./support.ts";

test.each<[Quantity, number | null, readonly string[], number, readonly string[]]>([
  ["water.level", 4.5, [], 1, []],
  ["water.level", -60, [], 3, ["unusual"]],
  ["water.level", 600, [], 4, ["range"]],
  ["water.level", 4.5, ["clock"], 3, ["clock"]],
  ["water.level", null, ["sentinel"], 9, ["sentinel"]],
  ["water.level", null, [], 9, ["missing"]],
  ["water.level", Number.NaN, [], 9, ["not-a-number"]],
  ["soil.moisture", -2.15, [], 3, ["unusual"]], // probe in air: no error to clamp
  ["air.humidity", 103, [], 1, []],
  ["air.humidity", 105, [], 4, ["range"]],
  ["air.pressure", 629, [], 4, ["range"]],
  ["air.temperature", -50, [], 4, ["sentinel"]],
  ["air.temperature", -41.3, [], 3, ["unusual"]],
])("%s %s %j: flag %i", (quantity, value, reasons, flag, expected) => {
  expect(judge({ quantity, value, reasons })).toEqual({ value: value !== null && Number.isFinite(value) ? value : null, flag, reasons: expected });
});

test("every value gets a flag, and is null exactly with flag 9", () => {
  const quantities = fc.constantFrom(...(Object.keys(QUANTITIES) as Quantity[]));
  fc.assert(
    fc.property(quantities, fc.option(fc.double()), (quantity, value) => {
      const judged = judge({ quantity, value, reasons: [] });
      expect([1, 3, 4, 9]).toContain(judged.flag);
      expect(judged.value === null).toBe(judged.flag === 9);
    }),
  );
});

describe("where a device stood", () => {
  const at = (plot: string, fromMs: number | null, toMs: number | null) => ({ plot, fromMs, toMs, zeroMm: null, depthCm: null });
  const device = levelSensor({ placements: [at("a", null, 100), at("b", 100, 200), at("c", 300, null)] });

  test.each([
    [-1e12, "a"],
    [99, "a"],
    [100, "b"], // [from, to)
    [199, "b"],
    [200, undefined],
    [300, "c"],
    [1e15, "c"],
  ])("at %i: %s", (timeMs, plot) => {
    expect(placementAt(device, timeMs)?.plot).toBe(plot);
  });

  test("of two that overlap, the one that began last", () => {
    expect(placementAt(levelSensor({ placements: [at("new", 50, null), at("ever", null, null)] }), 60)?.plot).toBe("new");
  });
});

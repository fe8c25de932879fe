import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QUANTITIES, type Quantity } from "../../core/domain/quantity.ts";
import type { QualityFlag } from "../../core/domain/reading.ts";
import { encodePoint, fromTag, type InfluxPoint, toTag } from "../../store/line-protocol.ts";
import { parseLine } from "../support/line-grammar.ts";

const POINT: InfluxPoint = { deviceId: "d1", plotId: "p1", quantity: "water.level", depthCm: null, value: 4.5, timeMs: 1_780_272_000_123, flag: 1 };

describe("a point as a line", () => {
  // Expected lines written by hand after the line protocol reference and DESIGN.md §6.
  const rows: { name: string; point: Partial<InfluxPoint>; line: string }[] = [
    { name: "plain", point: {}, line: "water,device=d1,plot=p1,site=s level=4.5,level_q=1 1780272000123" },
    { name: "a whole number has no i, so it is a float", point: { value: 20 }, line: "water,device=d1,plot=p1,site=s level=20,level_q=1 1780272000123" },
    { name: "no plot, no tag", point: { plotId: null }, line: "water,device=d1,site=s level=4.5,level_q=1 1780272000123" },
    {
      name: "depth is a tag",
      point: { quantity: "soil.moisture", depthCm: 22.5, value: 31 },
      line: "soil,device=d1,depth_cm=22.5,plot=p1,site=s moisture=31,moisture_q=1 1780272000123",
    },
    {
      name: "camel case becomes snake case",
      point: { quantity: "air.solarRadiation", value: 512.5, flag: 2 },
      line: "air,device=d1,plot=p1,site=s solar_radiation=512.5,solar_radiation_q=2 1780272000123",
    },
    { name: "missing", point: { value: null, flag: 9 }, line: "water,device=d1,plot=p1,site=s level_q=9 1780272000123" },
    { name: "NaN is missing", point: { value: Number.NaN }, line: "water,device=d1,plot=p1,site=s level_q=9 1780272000123" },
    { name: "infinity is missing", point: { value: Number.NEGATIVE_INFINITY }, line: "water,device=d1,plot=p1,site=s level_q=9 1780272000123" },
    { name: "an empty id, no tag", point: { plotId: "" }, line: "water,device=d1,site=s level=4.5,level_q=1 1780272000123" },
    { name: "escapes", point: { deviceId: "a b,c=d" }, line: "water,device=a\\ b\\,c\\=d,plot=p1,site=s level=4.5,level_q=1 1780272000123" },
    { name: "backslash", point: { deviceId: "a\\" }, line: "water,device=a%5C,plot=p1,site=s level=4.5,level_q=1 1780272000123" },
    { name: "line break", point: { deviceId: "a\nb" }, line: "water,device=a%0Ab,plot=p1,site=s level=4.5,level_q=1 1780272000123" },
  ];
  test.each(rows)("$name", ({ point, line }) => expect(encodePoint({ ...POINT, ...point }, "s")).toBe(line));

  test("whatever the ids and values, a reader of the grammar gets them back", () => {
    const unit = fc.oneof(fc.constantFrom(",", "=", " ", "\\", "\n", "\t", '"', "'", "%", "a"), fc.string({ unit: "binary", minLength: 1, maxLength: 1 }));
    const id = fc.string({ unit, minLength: 1 }).map((s) => s.toWellFormed());
    const point = fc.record({
      deviceId: id,
      plotId: fc.option(id),
      quantity: fc.constantFrom(...(Object.keys(QUANTITIES) as Quantity[])),
      depthCm: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      value: fc.option(fc.double()),
      timeMs: fc.integer({ min: -8.64e15, max: 8.64e15 }),
      flag: fc.constantFrom<QualityFlag>(1, 2, 3, 4),
    });
    fc.assert(
      fc.property(point, id, (p, site) => {
        const { measurement, tags, fields, timeMs } = parseLine(encodePoint(p, site));
        const { measurement: expected, field } = QUANTITIES[p.quantity];
        expect(measurement).toBe(expected);
        expect(fromTag(tags["device"] ?? "")).toBe(p.deviceId);
        expect(fromTag(tags["site"] ?? "")).toBe(site);
        expect(tags["plot"] === undefined ? null : fromTag(tags["plot"])).toBe(p.plotId);
        expect(tags["depth_cm"] === undefined ? null : Number(tags["depth_cm"])).toEqual(p.depthCm === null ? null : p.depthCm + 0);
        expect(timeMs).toBe(p.timeMs);
        const value = p.value !== null && Number.isFinite(p.value) ? p.value + 0 : undefined; // -0 is written 0
        expect(fields).toEqual(value === undefined ? { [`${field}_q`]: 9 } : { [field]: value, [`${field}_q`]: p.flag });
      }),
      { numRuns: 500 },
    );
  });

  test("tag texts of different ids differ", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (id) => {
        expect(fromTag(toTag(id))).toBe(id.toWellFormed());
      }),
    );
  });
});

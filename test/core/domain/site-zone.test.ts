import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { siteZone } from "../../../core/domain/site-zone.ts";

describe("what a text means on the site's clocks", () => {
  test.each([
    ["Asia/Tokyo", "2026-06-01", "2026-05-31T15:00:00.000Z"],
    ["Asia/Tokyo", "2026-06-01T06:00", "2026-05-31T21:00:00.000Z"],
    ["Asia/Tokyo", "2026-06-01 06:00:30", "2026-05-31T21:00:30.000Z"],
    ["Asia/Tokyo", "2026-06-01T06:00:00Z", "2026-06-01T06:00:00.000Z"],
    ["Asia/Tokyo", "2026-06-01T06:00:00.0695+09:00", "2026-05-31T21:00:00.069Z"],
    ["Asia/Tokyo", "2026-06-01T06:00:00-03:30", "2026-06-01T09:30:00.000Z"],
    ["America/New_York", "2026-03-08", "2026-03-08T05:00:00.000Z"], // the day clocks go forward begins in winter time
    ["America/New_York", "2026-03-08T12:00", "2026-03-08T16:00:00.000Z"],
    ["America/New_York", "2026-11-01T12:00", "2026-11-01T17:00:00.000Z"],
    ["UTC", "2024-02-29", "2024-02-29T00:00:00.000Z"],
  ])("%s %s", (zone, text, expected) => {
    expect(new Date(siteZone(zone).instantMs(text) ?? Number.NaN).toISOString()).toBe(expected);
  });

  test.each(["", "2026", "2026-02-31", "2026-13-01", "2026-06-01T25:00", "2026-06-01T06:61:00Z", "yesterday", "2026-06-01T06", "2025-02-29T00:00:00Z"])(
    "no moment: %j",
    (text) => {
      expect(siteZone("Asia/Tokyo").instantMs(text)).toBeNull();
    },
  );
});

test.each([
  ["Asia/Tokyo", "2026-05-31T21:00:00.999Z", "2026-06-01 06:00:00"],
  ["America/St_Johns", "2026-06-01T00:00:00.000Z", "2026-05-31 21:30:00"],
  ["America/New_York", "2026-03-08T06:59:59.000Z", "2026-03-08 01:59:59"],
  ["America/New_York", "2026-03-08T07:00:00.000Z", "2026-03-08 03:00:00"],
  ["UTC", "2026-01-01T00:00:00.000Z", "2026-01-01 00:00:00"],
])("the clocks of %s at %s show %s", (zone, at, expected) => {
  expect(siteZone(zone).localText(Date.parse(at))).toBe(expected);
});

test("what the site's clocks show is read back as the same second, where clocks do not go back", () => {
  for (const name of ["Asia/Tokyo", "UTC", "Asia/Kathmandu"]) {
    const zone = siteZone(name);
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2099, 0) }), (atMs) => {
        expect(zone.instantMs(zone.localText(atMs))).toBe(Math.floor(atMs / 1000) * 1000);
        expect(zone.instantMs(new Date(atMs).toISOString())).toBe(atMs);
      }),
    );
  }
});

test("any text is a moment or null, never an error", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const found = siteZone("Asia/Tokyo").instantMs(text);
      expect(found === null || Number.isSafeInteger(found)).toBe(true);
    }),
  );
});

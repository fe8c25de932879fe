import fc from "fast-check";
import { expect, test } from "vitest";
import { placeAfter } from "../../../firmware-sim/gnss/tractor-path.ts";

const AREA = { lengthM: 100, widthM: 30 };
const anyDistance = fc.double({ min: 0, max: 5e9, noNaN: true });

test("a tractor drives as far as it drives: no jump, no stop, at any time", () => {
  fc.assert(
    fc.property(anyDistance, (m) => {
      const [a, b] = [placeAfter(AREA, m), placeAfter(AREA, m + 0.5)];
      const movedM = Math.hypot(b.alongM - a.alongM, b.acrossM - a.acrossM);
      expect(movedM).toBeLessThan(0.51);
    }),
    { numRuns: 2000 },
  );
});

test("never leaves the field", () => {
  fc.assert(
    fc.property(anyDistance, (m) => {
      const { alongM, acrossM } = placeAfter(AREA, m);
      expect(alongM).toBeGreaterThan(2);
      expect(alongM).toBeLessThan(98);
      expect(acrossM).toBeGreaterThan(1);
      expect(acrossM).toBeLessThan(29);
    }),
    { numRuns: 2000 },
  );
});

test("works the whole width in straight rows", () => {
  const places = Array.from({ length: 4000 }, (_, i) => placeAfter(AREA, i / 2));
  const rows = new Set(places.filter((p) => p.alongM > 10 && p.alongM < 90).map((p) => p.acrossM.toFixed(3)));
  expect(rows.size).toBe(11); // 26 m in steps of 2.4 m
});

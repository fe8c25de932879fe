import { expect, test } from "vitest";
import { geodeticOf } from "../../api/ecef.ts";

// By definition of WGS 84, and the ARP of IGS station TSKB (igs.org log: X -3957199.2, Y 3310199.7, Z 3737711.7; 36°06'20.4"N 140°05'15.0"E)
test.each([
  ["on the equator", { x: 6_378_137, y: 0, z: 0 }, 0, 0, 1e-9],
  ["at the pole", { x: 0, y: 0, z: 6_356_752.314245 }, 90, 0, 1e-9],
  ["Tsukuba", { x: -3_957_199.2, y: 3_310_199.7, z: 3_737_711.7 }, 36.105667, 140.0875, 2e-5],
])("%s", (_, ecef, latDeg, lonDeg, within) => {
  const found = geodeticOf(ecef);
  expect(Math.abs((found?.latDeg ?? 99) - latDeg)).toBeLessThan(within);
  expect(Math.abs((found?.lonDeg ?? 999) - lonDeg)).toBeLessThan(within);
});

test("the Earth's centre is nowhere", () => {
  expect(geodeticOf({ x: 0, y: 0, z: 0 })).toBeNull();
});

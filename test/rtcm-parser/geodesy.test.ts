import fc from "fast-check";
import { ecefToLatLon, latLonToEcef } from "rtcm-parser";
import { expect, test } from "vitest";

// EPSG Guidance Note 7-2, method 9602, worked example on WGS 84; GRS 80 differs by at most 0.1 mm.
const EXAMPLE = {
  geodetic: { latDeg: 53 + 48 / 60 + 33.82 / 3600, lonDeg: 2 + 7 / 60 + 46.38 / 3600, heightM: 73 },
  ecef: { xM: 3_771_793.968, yM: 140_253.342, zM: 5_124_304.349 },
};

test("the worked example of EPSG, both ways", () => {
  const ecef = latLonToEcef(EXAMPLE.geodetic);
  for (const axis of ["xM", "yM", "zM"] as const) expect(Math.abs(ecef[axis] - EXAMPLE.ecef[axis])).toBeLessThan(0.002);
  const geodetic = ecefToLatLon(EXAMPLE.ecef);
  expect(Math.abs(geodetic.latDeg - EXAMPLE.geodetic.latDeg)).toBeLessThan(2e-8);
  expect(Math.abs(geodetic.lonDeg - EXAMPLE.geodetic.lonDeg)).toBeLessThan(2e-8);
  expect(Math.abs(geodetic.heightM - EXAMPLE.geodetic.heightM)).toBeLessThan(0.002);
});

test.each([
  ["equator", { xM: 6_378_137, yM: 0, zM: 0 }, { latDeg: 0, lonDeg: 0, heightM: 0 }],
  ["east", { xM: 0, yM: 6_378_237, zM: 0 }, { latDeg: 0, lonDeg: 90, heightM: 100 }],
  ["north pole", { xM: 0, yM: 0, zM: 6_356_752.3141 }, { latDeg: 90, lonDeg: 0, heightM: 0 }],
  ["south pole", { xM: 0, yM: 0, zM: -6_356_762.3141 }, { latDeg: -90, lonDeg: 0, heightM: 10 }],
])("%s", (_, ecef, { latDeg, lonDeg, heightM }) => {
  const found = ecefToLatLon(ecef);
  expect(found.latDeg).toBeCloseTo(latDeg, 9);
  expect(found.lonDeg).toBeCloseTo(lonDeg, 9);
  expect(found.heightM).toBeCloseTo(heightM, 3);
});

test("there and back, from the sea floor to a satellite", () => {
  const anywhere = fc.record({
    latDeg: fc.double({ min: -90, max: 90, noNaN: true }),
    lonDeg: fc.double({ min: -180, max: 180, noNaN: true }),
    heightM: fc.double({ min: -11_000, max: 10_000_000, noNaN: true }),
  });
  fc.assert(
    fc.property(anywhere, (geodetic) => {
      const ecef = latLonToEcef(geodetic);
      const again = latLonToEcef(ecefToLatLon(ecef));
      expect(Math.hypot(again.xM - ecef.xM, again.yM - ecef.yM, again.zM - ecef.zM)).toBeLessThan(0.00001);
      expect(ecefToLatLon(ecef).heightM).toBeCloseTo(geodetic.heightM, 4);
    }),
  );
});

test("the centre of the earth gives numbers", () => {
  expect(Object.values(ecefToLatLon({ xM: 0, yM: 0, zM: 0 })).every(Number.isFinite)).toBe(true);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { checksumOf, ggaOf, type RoverFix } from "../../../firmware-sim/gnss/nmea-gga.ts";

const FIX: RoverFix = {
  atMs: Date.UTC(2026, 10, 23, 6, 7, 8, 250),
  place: { latDeg: 39.42, lonDeg: 140.55, heightM: 60.6 },
  quality: 4,
  satellites: 28,
  hdop: 0.64,
  ageS: 1.25,
  stationId: 1,
};

test("the checksum is that of published sentences", () => {
  // The examples of the NTRIP 1.0 and u-blox documents.
  expect(checksumOf("GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,")).toBe("47");
  expect(checksumOf("GPGGA,092725.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,")).toBe("5B");
});

test("a fixed rover", () => {
  const body = "GNGGA,060708.25,3925.2000000,N,14033.0000000,E,4,28,0.6,22.600,M,38.0,M,1.3,0001";
  expect(ggaOf(FIX)).toBe(`$${body}*${checksumOf(body)}\r\n`);
});

test("without corrections age and station stay empty", () => {
  expect(ggaOf({ ...FIX, quality: 1, ageS: null, stationId: null })).toMatch(/,E,1,28,0\.6,22\.600,M,38\.0,M,,\*[0-9A-F]{2}\r\n$/);
});

test("any place comes back to 0.2 mm, and minutes never read 60", () => {
  fc.assert(
    fc.property(fc.double({ min: -89.9, max: 89.9, noNaN: true }), fc.double({ min: -179.9, max: 179.9, noNaN: true }), (latDeg, lonDeg) => {
      const [, , lat, ns, lon, ew] = ggaOf({ ...FIX, place: { latDeg, lonDeg, heightM: 0 } }).split(",") as [string, string, string, string, string, string];
      const back = (text: string, digits: number): number => {
        const minutes = Number(text.slice(digits));
        expect(minutes).toBeLessThan(60);
        return Number(text.slice(0, digits)) + minutes / 60;
      };
      expect(Math.abs(back(lat, 2) * (ns === "S" ? -1 : 1) - latDeg)).toBeLessThan(2e-9);
      expect(Math.abs(back(lon, 3) * (ew === "W" ? -1 : 1) - lonDeg)).toBeLessThan(2e-9);
    }),
  );
});

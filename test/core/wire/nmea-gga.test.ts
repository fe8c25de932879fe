import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Gga, GgaCollector, parseGga } from "../../../core/wire/nmea-gga.ts";

const NOTHING: Gga = { timeOfDayMs: null, position: null, fix: "unknown", satellites: null, hdop: null, ageS: null, stationId: null };

/** Sentences of public manuals and captures, and the holes that receivers leave at start-up. */
const ROWS: readonly { name: string; line: string; gga: Gga | null }[] = [
  {
    name: "the example of NMEA manuals",
    line: "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47",
    gga: {
      timeOfDayMs: 45_319_000,
      position: { latDeg: 48 + 7.038 / 60, lonDeg: 11 + 31 / 60, heightM: 545.4 + 46.9 },
      fix: "single",
      satellites: 8,
      hdop: 0.9,
      ageS: null,
      stationId: null,
    },
  },
  {
    name: "RTK fix, southern and western, age and station",
    line: "$GNGGA,031500.25,3925.2000000,S,14033.0000000,W,4,24,0.55,45.0,M,38.0,M,1.2,0012",
    gga: {
      timeOfDayMs: 11_700_250,
      position: { latDeg: -(39 + 25.2 / 60), lonDeg: -(140 + 33 / 60), heightM: 83 },
      fix: "fix",
      satellites: 24,
      hdop: 0.55,
      ageS: 1.2,
      stationId: 12,
    },
  },
  {
    name: "float, of BeiDou's talker",
    line: "$BDGGA,,3925.2,N,14033.0,E,5,10,1.0,45,M,,M,,",
    gga: { ...NOTHING, position: { latDeg: 39.42, lonDeg: 140.55, heightM: null }, fix: "float", satellites: 10, hdop: 1 },
  },
  { name: "DGPS, QZSS's talker", line: "$QZGGA,,,,,,2,,,,,,,,", gga: { ...NOTHING, fix: "dgps" } },
  { name: "nothing known", line: "$GPGGA,,,,,,0,,,,,,,,*66", gga: { ...NOTHING, fix: "none" } },
  { name: "fix 0 with an old position", line: "$GPGGA,,3925.2,N,14033.0,E,0,00,99.9,,,,,,", gga: { ...NOTHING, fix: "none", satellites: 0, hdop: 99.9 } },
  {
    name: "dead reckoning",
    line: "$GPGGA,,3925.2,N,14033.0,E,6,,,,,,,,",
    gga: { ...NOTHING, position: { latDeg: 39.42, lonDeg: 140.55, heightM: null }, fix: "other" },
  },
  { name: "latitude over the pole", line: "$GPGGA,,9101.0,N,14033.0,E,1,,,,,,,,", gga: { ...NOTHING, fix: "single" } },
  { name: "sixty minutes", line: "$GPGGA,,3960.0,N,14033.0,E,1,,,,,,,,", gga: { ...NOTHING, fix: "single" } },
  { name: "no more than its name", line: "$GPGGA,", gga: NOTHING },
  { name: "wrong checksum", line: "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*48", gga: null },
  { name: "another sentence", line: "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A", gga: null },
];

const of = (text: string, cuts: readonly number[]): { gga: Gga[]; passedOver: number } => {
  const collector = new GgaCollector();
  const bytes = Buffer.from(text, "latin1");
  const edges = [0, ...cuts, bytes.length];
  const gga = edges.slice(1).flatMap((edge, i) => [...collector.push(bytes.subarray(edges[i], edge))]);
  return { gga, passedOver: collector.passedOver };
};

describe("GGA", () => {
  test.each(ROWS)("$name", ({ line, gga }) => expect(parseGga(line)).toEqual(gga));

  test("several in a packet, or split over any, among other lines", () => {
    const good = ROWS.filter(({ gga }) => gga !== null);
    const text = ROWS.map(({ line }) => `${line}\r\n`).join("");
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
        expect(
          of(
            text,
            cuts.sort((a, b) => a - b),
          ),
        ).toEqual({ gga: good.map(({ gga }) => gga), passedOver: ROWS.length - good.length });
      }),
    );
  });

  test.each(["\r\n", "\n", "\r"])("lines that end with %j", (end) => {
    const line = ROWS[0]?.line ?? "";
    expect(of(`${line}${end}${line}${end}`, [3, 80]).gga).toEqual([ROWS[0]?.gga, ROWS[0]?.gga]);
  });

  test("a line without end is not collected for ever, and the next one is found", () => {
    const { gga, passedOver } = of(`${"x".repeat(100_000)}\n${ROWS[0]?.line}\n`, [10, 50_000]);
    expect(gga).toEqual([ROWS[0]?.gga]);
    expect(passedOver).toBe(1);
  });

  test("never throws, and gives no number that is none", () => {
    const field = fc.oneof(fc.constantFrom("", "N", "E", "W", "4", "3925.2", "14033.0", "-", "1e5", "NaN"), fc.string({ maxLength: 12 }));
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
        const gga = parseGga(`$GPGGA,${fields.join(",")}`);
        for (const value of [gga?.satellites, gga?.hdop, gga?.ageS, gga?.position?.latDeg, gga?.position?.lonDeg, gga?.timeOfDayMs])
          expect(Number.isNaN(value)).toBe(false);
        const { position } = gga ?? { position: null };
        if (position) expect(Math.abs(position.latDeg) <= 90 && Math.abs(position.lonDeg) <= 180).toBe(true);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => [...new GgaCollector().push(bytes)].length >= 0));
  });
});

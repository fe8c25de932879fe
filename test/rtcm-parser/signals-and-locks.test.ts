import fc from "fast-check";
import { constellationOf, frequencyHz, legacyMinLockS, lockIndicatorFor, type Msm, minLockMs, satelliteName, signalCode } from "rtcm-parser";
import { describe, expect, test } from "vitest";

describe("lock indicators", () => {
  // RTCM 10403.3 tables 3.5-74 (DF402) and 3.5-75 (DF407).
  test.each<[Msm, number, number | null]>([
    [4, 0, 0],
    [4, 1, 32],
    [5, 14, 262_144],
    [2, 15, 524_288],
    [7, 0, 0],
    [7, 63, 63],
    [7, 64, 64],
    [7, 95, 126],
    [6, 96, 128],
    [7, 128, 256],
    [7, 480, 524_288],
    [7, 703, 66_060_288],
    [7, 704, 67_108_864],
    [7, 705, null],
    [6, 1023, null],
    [1, 0, null],
  ])("MSM%d, %d is %s ms or more", (msm, indicator, ms) => expect(minLockMs(msm, indicator)).toBe(ms));

  test("the indicator of a time is the largest that does not claim more", () => {
    fc.assert(
      fc.property(fc.constantFrom<Msm>(4, 5, 6, 7), fc.integer({ min: 0, max: 10 ** 8 }), (msm, ms) => {
        const indicator = lockIndicatorFor(msm, ms);
        expect(minLockMs(msm, indicator)).toBeLessThanOrEqual(ms);
        const last = msm <= 5 ? 15 : 704;
        if (indicator < last) expect(minLockMs(msm, indicator + 1)).toBeGreaterThan(ms);
        else expect(indicator).toBe(last);
      }),
    );
  });

  test("grow with every step", () => {
    for (let i = 1; i <= 704; i += 1) expect(minLockMs(7, i)).toBeGreaterThan(minLockMs(7, i - 1) as number);
  });

  // Table 3.4-2: the first of each run, and the last.
  test.each([
    [0, 0],
    [23, 23],
    [24, 24],
    [48, 72],
    [72, 168],
    [96, 360],
    [120, 744],
    [126, 936],
    [127, 937],
  ])("legacy %d is %d s or more", (indicator, seconds) => expect(legacyMinLockS(indicator)).toBe(seconds));
});

describe("signals", () => {
  test.each([
    ["GPS", 2, "1C", 1575.42e6],
    ["GPS", 10, "2W", 1227.6e6],
    ["GPS", 23, "5Q", 1176.45e6],
    ["GALILEO", 15, "7Q", 1207.14e6],
    ["GALILEO", 20, "8X", 1191.795e6],
    ["GALILEO", 8, "6C", 1278.75e6],
    ["BEIDOU", 2, "2I", 1561.098e6],
    ["BEIDOU", 8, "6I", 1268.52e6],
    ["BEIDOU", 14, "7I", 1207.14e6],
    ["BEIDOU", 25, "7D", 1207.14e6],
    ["BEIDOU", 31, "1P", 1575.42e6],
    ["QZSS", 16, "2L", 1227.6e6],
    ["SBAS", 22, "5I", 1176.45e6],
    ["NAVIC", 22, "5A", 1176.45e6],
    ["NAVIC", 8, "9A", 2492.028e6],
  ] as const)("%s signal %d is %s", (constellation, id, code, hz) => {
    expect(signalCode(constellation, id)).toBe(code);
    expect(frequencyHz(constellation, id)).toBeCloseTo(hz, 3);
  });

  test("GLONASS needs its channel", () => {
    expect(frequencyHz("GLONASS", 2)).toBeNull();
    expect(frequencyHz("GLONASS", 2, -7)).toBeCloseTo(1598.0625e6, 3);
    expect(frequencyHz("GLONASS", 8, 6)).toBeCloseTo(1248.625e6, 3);
  });

  test("an id without a code has none, and no frequency", () => {
    expect(signalCode("QZSS", 6)).toBeNull();
    expect(frequencyHz("GPS", 1)).toBeNull();
  });

  test.each([
    ["GPS", 5, "G05"],
    ["GLONASS", 24, "R24"],
    ["GALILEO", 36, "E36"],
    ["SBAS", 10, "S29"],
    ["QZSS", 3, "J03"],
    ["BEIDOU", 60, "C60"],
    ["NAVIC", 2, "I02"],
  ] as const)("%s %d is %s", (constellation, id, name) => expect(satelliteName(constellation, id)).toBe(name));

  test.each([
    [1070, null],
    [1071, "GPS"],
    [1077, "GPS"],
    [1078, null],
    [1087, "GLONASS"],
    [1137, "NAVIC"],
    [1141, null],
    [1005, null],
  ])("type %d is MSM of %s", (type, constellation) => expect(constellationOf(type)).toBe(constellation));
});

import { encodeMessage, frameOf } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { EPHEMERIS_MAX_AGE_MS, keyOf, movedCache, StationCache } from "../../correction-relay/station-cache.ts";
import { ARP, FILLER, frame1006, frame1033, msm } from "./support.ts";

/** The first 24 bits are what a relay looks at; the rest tells one from another. */
function ephemeris(type: number, satellite: number, content = 0): Uint8Array {
  const bits = type === 1044 ? 4 : 6;
  const word = (type << 12) | (satellite << (12 - bits));
  return frameOf(Uint8Array.of(word >> 16, (word >> 8) & 0xff, word & 0xff, content));
}
const frame1005 = (xM = ARP.xM): Uint8Array =>
  encodeMessage({
    kind: "1005",
    stationId: 0,
    itrfYear: 0,
    gps: true,
    glonass: true,
    galileo: true,
    nonPhysical: false,
    ...ARP,
    xM,
    singleOscillator: false,
    quarterCycle: 0,
  });
const antenna = (type: 1007 | 1008): Uint8Array => frameOf(Uint8Array.of(type >> 4, (type & 15) << 4, 0, 0, 0, 0));
const bias = frameOf(Uint8Array.of(1230 >> 4, (1230 & 15) << 4, 0, 0));

describe("keys", () => {
  test.each([
    ["1005", frame1005()],
    ["1006", frame1006()],
    ["1007", antenna(1007)],
    ["1033", frame1033()],
    ["1230", bias],
    ["1019/12", ephemeris(1019, 12)],
    ["1020/24", ephemeris(1020, 24)],
    ["1042/63", ephemeris(1042, 63)],
    ["1044/10", ephemeris(1044, 10)],
    ["1045/36", ephemeris(1045, 36)],
    ["1046/1", ephemeris(1046, 1)],
    [null, msm(1077, 1000, { announced: false })],
    [null, FILLER],
    [null, frameOf(Uint8Array.of(1019 >> 4, (1019 & 15) << 4))], // cut short before its satellite
  ])("%s", (key, frame) => expect(keyOf(frame)).toBe(key));
});

describe("what a rover is given when it joins", () => {
  test("ARP, antenna, 1033, 1230, ephemerides, in this order however they came", () => {
    const cache = new StationCache();
    const came = [ephemeris(1046, 3), bias, ephemeris(1019, 1), frame1033(), antenna(1008), frame1006()];
    for (const frame of came) cache.put(frame, 0);
    expect(cache.put(msm(1077, 1000, { announced: false }), 0)).toBeNull();
    const wanted = [frame1006(), antenna(1008), frame1033(), bias, ephemeris(1046, 3), ephemeris(1019, 1)];
    expect(Buffer.from(cache.head(0))).toEqual(Buffer.concat(wanted));
  });

  test("of 1005 and 1006, and of 1007 and 1008, the newest alone", () => {
    const cache = new StationCache();
    for (const frame of [frame1005(), antenna(1008), frame1006(), antenna(1007)]) cache.put(frame, 0);
    expect(Buffer.from(cache.head(0))).toEqual(Buffer.concat([frame1006(), antenna(1007)]));
    expect(cache.get("1005")).toEqual(frame1006());
    expect(cache.get("1008")).toEqual(antenna(1007));
    cache.put(frame1005(), 1);
    expect(Buffer.from(cache.head(1))).toEqual(Buffer.concat([frame1005(), antenna(1007)]));
  });

  test("the newest ephemeris of each satellite, until it is four hours old; repeating makes it young again", () => {
    const cache = new StationCache();
    cache.put(ephemeris(1019, 5, 1), 0);
    cache.put(ephemeris(1019, 5, 2), 1000);
    cache.put(ephemeris(1019, 6), 2000);
    expect(Buffer.from(cache.head(2000))).toEqual(Buffer.concat([ephemeris(1019, 5, 2), ephemeris(1019, 6)]));
    cache.put(ephemeris(1019, 6), 3000);
    expect(Buffer.from(cache.head(999 + EPHEMERIS_MAX_AGE_MS))).toHaveLength(2 * 10);
    expect(Buffer.from(cache.head(1000 + EPHEMERIS_MAX_AGE_MS))).toEqual(Buffer.from(ephemeris(1019, 6)));
    expect(cache.framesOf(new Set(["1019/6"]), 2999 + EPHEMERIS_MAX_AGE_MS)).toHaveLength(1);
    expect(cache.framesOf(new Set(["1019/6"]), 3000 + EPHEMERIS_MAX_AGE_MS)).toEqual([]);
    expect(cache.head(3000 + EPHEMERIS_MAX_AGE_MS)).toHaveLength(0);
  });

  test("what is kept is a copy: the bytes it came in are used again", () => {
    const cache = new StationCache();
    const chunk = Buffer.from(frame1006());
    cache.put(chunk, 0);
    chunk.fill(0);
    expect(cache.get("1006")).toEqual(frame1006());
  });

  test("a head that was given away does not change; clearing forgets all", () => {
    const cache = new StationCache();
    cache.put(frame1006(), 0);
    const head = cache.head(0);
    cache.put(frame1033(), 0);
    expect(Buffer.from(head)).toEqual(Buffer.from(frame1006()));
    expect(cache.head(0).length).toBeGreaterThan(head.length);
    cache.clear();
    expect(cache.head(0)).toHaveLength(0);
    expect(cache.get("1006")).toBeUndefined();
  });

  test("under another datum only the reference point differs, in the head, by its key and where it is owed", () => {
    const cache = new StationCache();
    const moved = movedCache(cache, { xM: 0.25, yM: 0, zM: 0 });
    expect(moved.head(0)).toHaveLength(0);
    for (const frame of [frame1033(), frame1005(), bias]) cache.put(frame, 0);
    const there = frame1005(ARP.xM + 0.25);
    expect(Buffer.from(moved.head(0))).toEqual(Buffer.concat([there, frame1033(), bias]));
    expect(moved.head(1)).toBe(moved.head(0));
    expect(moved.get("1006")).toEqual(there);
    expect(moved.framesOf(new Set(["1230", "1005"]), 0)).toEqual([there, bias]);
    expect(Buffer.from(cache.head(0))).toEqual(Buffer.concat([frame1005(), frame1033(), bias]));
  });

  test("any number of ephemerides: no more than the satellite ids there are", () => {
    const cache = new StationCache();
    for (let content = 0; content < 4; content += 1)
      for (const type of [1019, 1020, 1042, 1044, 1045, 1046])
        for (let satellite = 0; satellite < (type === 1044 ? 16 : 64); satellite += 1) cache.put(ephemeris(type, satellite, content), content);
    expect(cache.head(4)).toHaveLength(336 * 10);
  });
});

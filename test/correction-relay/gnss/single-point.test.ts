import { decodeMessage, type Ecef, ecefToLatLon, latLonToEcef } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { AntennaWatch } from "../../../correction-relay/gnss/antenna-watch.ts";
import { EphemerisStore } from "../../../correction-relay/gnss/ephemeris-store.ts";
import { enuOf, siteAt } from "../../../correction-relay/gnss/line-of-sight.ts";
import { mistakenForJgd, tokyoEcef, tokyoLatLon } from "../../../correction-relay/gnss/tokyo-datum.ts";
import { readCapture } from "../../rtcm-parser/captures.ts";
import { describeNeeding } from "../../support/requirements.ts";
import { type SimulatedBase, shifted, simulateBase } from "./simulated-base.ts";

const PLACE = { latDeg: 39.42, lonDeg: 140.55, heightM: 98 };
const HERE = latLonToEcef(PLACE);
/** One position each five seconds is what the check uses of a stream. */
const BASE = { startUnixMs: Date.UTC(2026, 4, 16, 3), seconds: 660, stepMs: 5000, antenna: HERE, seed: 21 } satisfies SimulatedBase;

function watchOf(...streams: readonly SimulatedBase[]): AntennaWatch {
  const watch = new AntennaWatch({ pool: null });
  for (const { unixMs, frames } of streams.flatMap((options) => [...simulateBase(options)])) {
    for (const frame of frames) watch.frame(frame, HERE, unixMs);
  }
  return watch;
}

const east = (m: number): Ecef => shifted(siteAt(HERE), [m, 0, 0]);
const north = (m: number): Ecef => shifted(siteAt(HERE), [0, m, 0]);
const up = (m: number): Ecef => shifted(siteAt(HERE), [0, 0, m]);

describe("a base's own position against the announced one", () => {
  const watch = watchOf(BASE);
  const others = [
    { name: "MISATO2", position: latLonToEcef({ latDeg: 39.44, lonDeg: 140.52, heightM: 80 }) },
    { name: "MISATO3", position: latLonToEcef({ latDeg: 39.4, lonDeg: 140.57, heightM: 75 }) },
  ];

  test("it is good to a metre or two, with the scatter of code", () => {
    const own = watch.singlePoint.own;
    const { eastM, northM, upM } = enuOf(siteAt(HERE), difference(own?.position ?? { xM: 0, yM: 0, zM: 0 }, HERE));
    expect(Math.hypot(eastM, northM)).toBeLessThan(0.7);
    expect(Math.abs(upM)).toBeLessThan(1.5);
    expect(own?.scatterM).toBeLessThan(2);
    expect(watch.singlePoint.counters).toEqual({ solved: 131, unsolved: 0 });
  });

  test.each<{ name: string; announced: Ecef; code: string; ja: RegExp; offM: number }>([
    { name: "the truth", announced: HERE, code: "spp-agrees", ja: /元期と今期/, offM: 0 },
    { name: "6 m beside", announced: east(6), code: "spp-agrees", ja: /合います/, offM: 6 },
    { name: "標高 for 楕円体高", announced: up(-38), code: "spp-elevation-for-height", ja: /楕円体高の欄に標高/, offM: 38 },
    { name: "geoid height added twice", announced: up(38), code: "spp-geoid-twice", ja: /二重/, offM: 38 },
    { name: "another height", announced: up(-98), code: "spp-height", ja: /高さだけが98 m低く/, offM: 98 },
    { name: "one digit of X", announced: { ...HERE, xM: HERE.xM + 100 }, code: "spp-axis", ja: /Xだけが100 m大きく/, offM: 100 },
    { name: "a small digit of Y", announced: { ...HERE, yM: HERE.yM - 20 }, code: "spp-axis", ja: /Yだけが(19|20|21) m小さく/, offM: 20 },
    { name: "X and Y exchanged", announced: { xM: HERE.yM, yM: HERE.xM, zM: HERE.zM }, code: "spp-axes", ja: /Y X Z/, offM: 9_822_080 },
    { name: "sign of X lost", announced: { ...HERE, xM: -HERE.xM }, code: "spp-axes", ja: /-X Y Z/, offM: 7_619_707 },
    { name: "a digit of latitude", announced: latLonToEcef({ ...PLACE, latDeg: 39.52 }), code: "spp-latitude", ja: /緯度だけが11 km北/, offM: 11_103 },
    { name: "a digit of longitude", announced: latLonToEcef({ ...PLACE, lonDeg: 140.549 }), code: "spp-longitude", ja: /経度だけが86 m西/, offM: 86 },
    { name: "Tokyo Datum typed as JGD", announced: mistakenForJgd(HERE, 98), code: "spp-tokyo-datum", ja: /日本測地系/, offM: 434 },
    { name: "Tokyo Datum with 標高", announced: mistakenForJgd(HERE, 60), code: "spp-tokyo-datum", ja: /旧測地系/, offM: 436 },
    { name: "Tokyo Datum on its own axes", announced: tokyoEcef(HERE), code: "spp-tokyo-datum", ja: /日本測地系/, offM: 861 },
    {
      name: "another base's coordinates",
      announced: latLonToEcef({ latDeg: 39.44, lonDeg: 140.52, heightM: 80 }),
      code: "spp-others-position",
      ja: /MISATO2/,
      offM: 3401,
    },
    { name: "neither", announced: shifted(siteAt(HERE), [200, 300, 40]), code: "spp-off", ja: /363 m違い/, offM: 363 },
    { name: "25 m north", announced: north(25), code: "spp-latitude", ja: /北/, offM: 25 },
  ])("$name: $code", ({ announced, code, ja, offM }) => {
    const result = watch.result(announced, others);
    expect(result.note.code).toBe(code);
    expect(result.note.ja).toMatch(ja);
    expect(result.state).toBe(code === "spp-agrees" ? "agrees" : "contradicts");
    expect(Math.abs((result.offM ?? 0) - offM)).toBeLessThan(Math.max(3, 0.02 * offM));
    expect(result.spanS).toBeGreaterThanOrEqual(600);
  });

  test("a station that stands where another was surveyed", () => {
    const swapped = watch.result(others[0]?.position ?? HERE, [...others, { name: "MISATO4", position: east(1) }]);
    expect(swapped).toMatchObject({ state: "contradicts", note: { code: "spp-other-base" } });
    expect(swapped.note.en).toContain("MISATO4");
  });

  test("nothing announced yet", () => {
    expect(watch.result(null, [])).toMatchObject({ state: "insufficient", offM: null, note: { code: "spp-no-antenna" } });
  });
});

describe("what it needs, and what it leaves out", () => {
  test("ten minutes", () => {
    expect(watchOf({ ...BASE, seconds: 500 }).result(HERE, [])).toMatchObject({ state: "insufficient", spanS: 490, note: { code: "spp-averaging" } });
  });

  test.each<{ name: string; options: Partial<SimulatedBase>; code: string }>([
    { name: "ephemerides", options: { ephemerides: false }, code: "spp-no-ephemerides" },
    { name: "five satellites and more", options: { constellations: ["QZSS"] }, code: "spp-few-satellites" },
  ])("$name", ({ options, code }) => {
    expect(watchOf({ ...BASE, seconds: 30, ...options }).result(HERE, [])).toMatchObject({ state: "insufficient", note: { code } });
  });

  test("observations", () => {
    expect(new AntennaWatch({ pool: new EphemerisStore() }).result(HERE, [])).toMatchObject({ note: { code: "spp-no-observations" } });
  });

  test("a system that contradicts the others is left out and named", () => {
    const result = watchOf({ ...BASE, beidouInGpsTime: true }).result(up(-38), []);
    expect(result.note.code).toBe("spp-elevation-for-height");
    expect(result.note.ja).toContain("BeiDou");
    expect(Math.abs((result.upM ?? 0) + 38)).toBeLessThan(2);
  });

  test("one frequency with the ionosphere's model finds the same", () => {
    const watch = watchOf({ ...BASE, frequencies: 1 });
    expect(watch.result(HERE, []).state).toBe("agrees");
    expect(watch.result(up(-38), []).note.code).toBe("spp-elevation-for-height");
    expect(watch.result(east(12), []).state).toBe("contradicts");
  });

  test.each(["GPS", "GLONASS", "GALILEO", "BEIDOU"] as const)("%s alone", (constellation) => {
    const { state, offM } = watchOf({ ...BASE, seed: 4, constellations: [constellation] }).result(HERE, []);
    expect(state).toBe("agrees");
    expect(offM).toBeLessThan(4);
  });

  test("a stream of 2012, and one over a week's end: no clock and no week is asked", () => {
    expect(watchOf({ ...BASE, startUnixMs: Date.UTC(2012, 9, 14, 3) }).result(HERE, []).state).toBe("agrees");
    expect(watchOf({ ...BASE, startUnixMs: Date.UTC(2026, 4, 16, 23, 55) }).result(HERE, []).state).toBe("agrees");
  });

  test("a base that is carried elsewhere is soon judged by where it is now", () => {
    const there = north(300);
    const second = { ...BASE, startUnixMs: BASE.startUnixMs + 660_000, antenna: there };
    const watch = watchOf(BASE, second);
    expect(watch.result(there, []).state).toBe("agrees");
    expect(watch.result(HERE, []).state).toBe("contradicts");
  });
});

describe("Tokyo Datum", () => {
  test("the origin of Japan's survey has both coordinates in law", () => {
    // 測量法施行令: 35°39′29.1572″ 139°44′28.8869″ (JGD2011); before 2002: 35°39′17.5148″ 139°44′40.5020″ (the east moved by 0.3 m in 2011).
    const found = tokyoLatLon(latLonToEcef({ latDeg: 35 + 39 / 60 + 29.1572 / 3600, lonDeg: 139 + 44 / 60 + 28.8869 / 3600, heightM: 60 }));
    expect(Math.abs(found.latDeg - (35 + 39 / 60 + 17.5148 / 3600)) * 111_000).toBeLessThan(2);
    expect(Math.abs(found.lonDeg - (139 + 44 / 60 + 40.502 / 3600)) * 90_000).toBeLessThan(2);
  });
});

describeNeeding(["shared"], "real receivers", () => {
  test.each([
    { name: "ntrip-body-plain.bin", levelM: 1.5, upM: 2 },
    { name: "ntrip-body-chunked.bin", levelM: 1.5, upM: 2 },
    { name: "legacy-1004-1012-eph.rtcm3", levelM: 1.5, upM: 5 },
  ] as const)("$name: the announced position, within metres", ({ name, levelM, upM }) => {
    const { watch, arp } = watchOfCapture(name);
    const own = watch.singlePoint.own?.position as Ecef;
    const off = enuOf(siteAt(own), difference(arp as Ecef, own));
    expect(Math.hypot(off.eastM, off.northM)).toBeLessThan(levelM);
    expect(Math.abs(off.upM)).toBeLessThan(upM);
    expect(watch.result(arp, []).note.code).toBe("spp-averaging");
  });

  test("a station of 2012 on Tanegashima, over a week's end", () => {
    const { watch } = watchOfCapture("base-msm7-japan-gmsd-2012.rtcm3");
    const { latDeg, lonDeg, heightM } = ecefToLatLon(watch.singlePoint.own?.position as Ecef);
    // IGS site log of GMSD: N 30°33′23″ E 131°00′56″, 142 m.
    expect(Math.abs(latDeg - (30 + 33 / 60 + 23 / 3600))).toBeLessThan(0.0003);
    expect(Math.abs(lonDeg - (131 + 0 / 60 + 56 / 3600))).toBeLessThan(0.0003);
    expect(Math.abs(heightM - 142)).toBeLessThan(8);
  });
});

function watchOfCapture(name: Parameters<typeof readCapture>[0]): { readonly watch: AntennaWatch; readonly arp: Ecef | null } {
  const { frames } = readCapture(name);
  const pool = new EphemerisStore();
  for (const frame of frames) pool.put(frame, 0);
  const watch = new AntennaWatch({ pool });
  let arp: Ecef | null = null;
  for (const frame of frames) {
    const message = decodeMessage(frame);
    if (message.kind === "1005" || message.kind === "1006") arp = message;
    watch.frame(frame, arp, 0);
  }
  return { watch, arp };
}

function difference(a: Ecef, b: Ecef): Ecef {
  return { xM: a.xM - b.xM, yM: a.yM - b.yM, zM: a.zM - b.zM };
}

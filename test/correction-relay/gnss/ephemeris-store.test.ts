import { encodeMessage, type MessageToSend } from "rtcm-parser";
import { expect, test } from "vitest";
import { EphemerisStore, isEphemeris } from "../../../correction-relay/gnss/ephemeris-store.ts";
import { readCapture } from "../../rtcm-parser/captures.ts";
import { describeNeeding } from "../../support/requirements.ts";
import { gpsSeconds, type SimulatedSatellite, simulatedSky } from "./simulated-sky.ts";

const START_MS = Date.UTC(2026, 4, 16, 3, 10);
const SKY = simulatedSky(START_MS, 7);
const satellite = (constellation: SimulatedSatellite["constellation"]): SimulatedSatellite =>
  SKY.find((one) => one.constellation === constellation) as SimulatedSatellite;
const G = satellite("GPS");
const E = satellite("GALILEO");
const atS = (afterS: number, of = G): number => of.systemS(gpsSeconds(START_MS) + afterS);
const set = (afterS: number, of = G): MessageToSend => of.broadcast(gpsSeconds(START_MS) + afterS);
const HOUR_S = 3600;

function storeOf(...messages: readonly MessageToSend[]): EphemerisStore {
  const store = new EphemerisStore();
  for (const message of messages) expect(store.put(encodeMessage(message), 0)).toBe(true);
  return store;
}

test.each(["GPS", "GLONASS", "GALILEO", "QZSS", "BEIDOU"] as const)("%s: the broadcast set leads to where the satellite is", (constellation) => {
  const one = satellite(constellation);
  const gpsS = gpsSeconds(START_MS) + 300;
  const found = storeOf(one.broadcast(gpsS)).at(constellation, one.satelliteId, one.systemS(gpsS));
  const truth = one.state(gpsS);
  // 1020 rounds to half a metre, the others to centimetres.
  expect(Math.hypot((found?.xM ?? 0) - truth.xM, (found?.yM ?? 0) - truth.yM, (found?.zM ?? 0) - truth.zM)).toBeLessThan(1.5);
  expect(Math.abs((found?.clockS ?? 1) - truth.clockS)).toBeLessThan(2e-9);
});

test("the newest valid set is used, whatever the order in which mounts bring them", () => {
  const both = [set(0), set(2 * HOUR_S)];
  for (const messages of [both, both.toReversed(), [...both, set(0)]]) {
    const toeS = storeOf(...messages).newest("GPS", G.satelliteId, atS(2 * HOUR_S))?.referenceS;
    expect(toeS).toBe((both[1] as { toeS: number }).toeS);
  }
  // Long before its time the successor is not valid yet.
  const early = storeOf(set(0), set(6 * HOUR_S)).newest("GPS", G.satelliteId, atS(0));
  expect(early?.referenceS).toBe((both[0] as { toeS: number }).toeS);
});

test("nothing is extrapolated beyond a system's limit", () => {
  const store = storeOf(set(0));
  const { toeS } = set(0) as { toeS: number };
  expect(store.newest("GPS", G.satelliteId, toeS + 7200)).not.toBeNull();
  expect(store.newest("GPS", G.satelliteId, toeS + 7201)).toBeNull();
  expect(store.newest("GPS", G.satelliteId, toeS - 7201)).toBeNull();
  expect(store.newest("GPS", 63, atS(0))).toBeNull();
  expect(store.newest("NAVIC", 1, atS(0))).toBeNull();
});

test("a satellite whose newest set says unhealthy is not used, also by an older one that did not", () => {
  const ill = { ...set(2 * HOUR_S), health: 1 } as MessageToSend;
  expect(storeOf(set(0), ill).newest("GPS", G.satelliteId, atS(HOUR_S))).toBeNull();
  // The same issue sent again with another health takes the place of the first.
  expect(storeOf(set(0), { ...set(0), health: 1 } as MessageToSend).newest("GPS", G.satelliteId, atS(0))).toBeNull();
  const qzss = satellite("QZSS");
  const lexOnly = { ...set(0, qzss), health: 1 } as MessageToSend;
  expect(storeOf(lexOnly).newest("QZSS", qzss.satelliteId, atS(0, qzss))).not.toBeNull();
});

test("Galileo's I/NAV goes before F/NAV, and neither replaces the other", () => {
  const inav = set(0, E) as MessageToSend & { readonly kind: "1046" };
  const { bgdE5bE1S: _b, e5bHealth: _h, e5bDvs: _d, e1bHealth: _e, e1bDvs: _v, ...common } = inav;
  const fnav: MessageToSend = { ...common, kind: "1045", e5aHealth: 0, e5aDvs: 0, af0S: inav.af0S + 1e-9 };
  for (const messages of [
    [inav, fnav],
    [fnav, inav],
  ]) {
    const store = storeOf(...messages);
    expect(store.newest("GALILEO", E.satelliteId, atS(0, E))?.message).toBe("1046");
    expect(store.counters.sets).toBe(2);
  }
  expect(storeOf(fnav).newest("GALILEO", E.satelliteId, atS(0, E))?.message).toBe("1045");
});

test("it forgets what nobody says any more, keeps what is repeated, and never more than four sets of a satellite", () => {
  const store = new EphemerisStore();
  const six = 6 * HOUR_S * 1000;
  for (let n = 0; n < 12; n += 1) store.put(encodeMessage(set(n * 2 * HOUR_S)), 0);
  expect(store.counters.sets).toBe(4);
  const e = encodeMessage(set(0, E));
  store.put(e, 0);
  store.put(e, six);
  store.put(e, six + 1_000_000);
  expect(store.counters.sets).toBe(1);
  expect(store.newest("GALILEO", E.satelliteId, atS(0, E))).not.toBeNull();
});

test("frames that are none, or cut short, change nothing", () => {
  const store = new EphemerisStore();
  const whole = encodeMessage(set(0));
  expect(isEphemeris(whole)).toBe(true);
  expect(store.put(encodeMessage({ kind: "empty" }), 0)).toBe(false);
  const short = encodeMessage({ kind: "raw", type: 1019, payload: whole.subarray(3, 30) });
  expect(store.put(short, 0)).toBe(true);
  expect(store.counters).toEqual({ sets: 0, unreadable: 1, dropped: 0 });
});

describeNeeding(["shared"], "a whole sky of broadcast ephemerides", () => {
  test("all five systems, I/NAV and F/NAV apart", () => {
    const store = new EphemerisStore();
    for (const frame of readCapture("broadcast-eph-5gnss-2019.rtcm3").frames) store.put(frame, 0);
    expect(store.counters).toEqual({ sets: 139, unreadable: 0, dropped: 0 });
  });
});

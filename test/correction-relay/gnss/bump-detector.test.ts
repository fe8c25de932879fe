import { decodeMessage, type Ecef, LegacyConverter, latLonToEcef, messageType } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { AntennaWatch } from "../../../correction-relay/gnss/antenna-watch.ts";
import { EphemerisStore, isEphemeris } from "../../../correction-relay/gnss/ephemeris-store.ts";
import type { Enu } from "../../../correction-relay/gnss/line-of-sight.ts";
import { CAPTURES, readCapture } from "../../rtcm-parser/captures.ts";
import { describeNeeding } from "../../support/requirements.ts";
import { type Shift, type SimulatedBase, simulateBase } from "./simulated-base.ts";

const AKITA = latLonToEcef({ latDeg: 39.42, lonDeg: 140.55, heightM: 60 });
const BASE = { startUnixMs: Date.UTC(2026, 4, 16, 1, 20), seconds: 150, antenna: AKITA, seed: 11 } satisfies SimulatedBase;

interface Seen {
  readonly watch: AntennaWatch;
  readonly movedAtS: number | null;
  readonly states: ReadonlySet<string>;
  readonly found: Enu | null;
  readonly displacementM: number | null;
}

/** What a detector makes of a simulated base; `pass` may drop or convert the frames of an epoch. */
function watchOf(options: SimulatedBase, pass = (frames: readonly Uint8Array[], _s: number): readonly Uint8Array[] => frames): Seen {
  const watch = new AntennaWatch({ pool: new EphemerisStore() });
  const states = new Set<string>();
  let movedAtS: number | null = null;
  for (const { unixMs, frames } of simulateBase(options)) {
    const s = (unixMs - options.startUnixMs) / 1000;
    for (const frame of pass(frames, s)) watch.frame(frame, options.announced ?? options.antenna, unixMs);
    states.add(watch.bump.state);
    if (watch.bump.state === "moved") movedAtS ??= s;
  }
  return { watch, movedAtS, states, found: watch.bump.displacementEnu, displacementM: watch.bump.displacementM };
}

const BUMP_AT_S = 90;

describe("a simulated base is pushed, its 1006 unchanged", () => {
  test.each<{ name: string; enuM: Shift; toleranceM: number }>([
    { name: "4 cm east", enuM: [0.04, 0, 0], toleranceM: 0.004 },
    { name: "4 cm north", enuM: [0, 0.04, 0], toleranceM: 0.004 },
    { name: "4 cm up", enuM: [0, 0, 0.04], toleranceM: 0.006 },
    { name: "2 cm south-west", enuM: [-0.0141, -0.0141, 0], toleranceM: 0.004 },
    { name: "30 cm down and aside", enuM: [0.2, 0, -0.22], toleranceM: 0.006 },
  ])("$name: moved, ten seconds later, by as much", ({ enuM, toleranceM }) => {
    const { movedAtS, found, displacementM } = watchOf({ ...BASE, bump: { atS: BUMP_AT_S, enuM } });
    // An epoch is complete when the next begins: one second more.
    expect(movedAtS).toBeGreaterThanOrEqual(BUMP_AT_S + 10);
    expect(movedAtS).toBeLessThanOrEqual(BUMP_AT_S + 13);
    expect(Math.abs((found?.eastM ?? 1) - enuM[0])).toBeLessThan(toleranceM);
    expect(Math.abs((found?.northM ?? 1) - enuM[1])).toBeLessThan(toleranceM);
    expect(Math.abs((found?.upM ?? 1) - enuM[2])).toBeLessThan(toleranceM);
    expect(Math.abs((displacementM ?? 1) - Math.hypot(...enuM))).toBeLessThan(toleranceM);
  });

  test("moved stays moved until staff reset it; then it learns anew", () => {
    const { watch } = watchOf({ ...BASE, seconds: 120, bump: { atS: 60, enuM: [0, 0.04, 0] } });
    expect(watch.bump.state).toBe("moved");
    watch.bump.reset();
    expect([watch.bump.state, watch.bump.displacementM]).toEqual(["insufficient", null]);
  });

  test("a lost second, and half a minute of frames with one system only, do not hide it", () => {
    const lossy = (frames: readonly Uint8Array[], s: number): readonly Uint8Array[] => {
      if (s % 7 === 3 || (s > BUMP_AT_S && s < BUMP_AT_S + 4)) return [];
      return s > 40 && s < 70 ? frames.filter((frame) => messageType(frame) !== 1087) : frames;
    };
    expect(watchOf({ ...BASE, bump: { atS: BUMP_AT_S, enuM: [0.04, 0, 0] } }, lossy).movedAtS).toBeGreaterThanOrEqual(BUMP_AT_S + 10);
  });

  test("1004 and 1012 instead of MSM", () => {
    const converter = new LegacyConverter();
    const legacy = (frames: readonly Uint8Array[]): Uint8Array[] => converter.push(frames);
    const { movedAtS, watch } = watchOf({ ...BASE, bump: { atS: BUMP_AT_S, enuM: [0.04, 0, 0] } }, legacy);
    expect(watch.bump.lastChange?.used).toBeGreaterThan(9);
    expect(movedAtS).toBeGreaterThanOrEqual(BUMP_AT_S + 10);
    expect(movedAtS).toBeLessThanOrEqual(BUMP_AT_S + 13);
  });

  test("while half of the satellites lose lock", () => {
    const slips = [{ atS: BUMP_AT_S, every: 2, cycles: 5, told: true }];
    expect(watchOf({ ...BASE, seconds: 120, slips, bump: { atS: BUMP_AT_S, enuM: [0.04, 0, 0] } }).movedAtS).toBeGreaterThanOrEqual(BUMP_AT_S + 10);
  });

  test("slowly, over ten seconds", () => {
    const motion = (s: number): Shift => [0, Math.min(0.04, Math.max(0, 0.004 * (s - BUMP_AT_S))), 0];
    expect(watchOf({ ...BASE, motion }).movedAtS).toBeLessThanOrEqual(BUMP_AT_S + 25);
  });

  test.each([4, 5, 6] as const)("MSM%i", (msm) => {
    expect(watchOf({ ...BASE, msm, seconds: 120, bump: { atS: BUMP_AT_S, enuM: [0, 0.04, 0] } }).movedAtS).not.toBeNull();
  });

  test("five epochs a second are thinned to one", () => {
    const { movedAtS, watch } = watchOf({ ...BASE, seconds: 80, stepMs: 200, bump: { atS: 60, enuM: [0.04, 0, 0] } });
    expect(watch.bump.counters.compared).toBeLessThanOrEqual(80);
    expect(movedAtS).toBeGreaterThanOrEqual(70);
  });

  test("over a GPS week's end", () => {
    const sunday = Date.UTC(2026, 4, 17) - 18_000;
    const { movedAtS } = watchOf({ ...BASE, startUnixMs: sunday - 85_000, bump: { atS: BUMP_AT_S, enuM: [0.04, 0, 0] } });
    expect(movedAtS).toBeGreaterThanOrEqual(BUMP_AT_S + 10);
  });

  test("after an earthquake that leaves it 5 cm aside", () => {
    const motion = (s: number): Shift => (s < 60 ? [0, 0, 0] : s < 80 ? [0.06 * Math.sin(1.7 * s), 0.04 * Math.sin(2.3 * s), 0] : [0.05, 0, 0]);
    expect(watchOf({ ...BASE, motion }).movedAtS).toBeGreaterThanOrEqual(70);
  });
});

describe("what is no bump", () => {
  const quiet: readonly { readonly name: string; readonly options: Partial<SimulatedBase> }[] = [
    { name: "9 mm", options: { bump: { atS: BUMP_AT_S, enuM: [0.009, 0, 0] } } },
    { name: "somebody leans on the mast for four seconds", options: { motion: (s) => (s >= 90 && s < 94 ? [0.05, 0, -0.01] : [0, 0, 0]) } },
    { name: "an earthquake that leaves it where it was", options: { motion: (s) => (s > 60 && s < 75 ? [0.05 * Math.sin(3 * s), 0, 0] : [0, 0, 0]) } },
    { name: "slips of every fourth satellite, told by the lock indicator", options: { slips: [{ atS: BUMP_AT_S, every: 4, cycles: 3, told: true }] } },
    { name: "slips of every fourth satellite, not told", options: { slips: [{ atS: BUMP_AT_S, every: 4, cycles: -1, told: false }] } },
    { name: "half-cycle slips of every third satellite, not told", options: { slips: [{ atS: BUMP_AT_S, every: 3, cycles: 0.5, told: false }] } },
    { name: "the receiver's clock leaps by a millisecond", options: { clockLeap: { atS: BUMP_AT_S, ms: 1 } } },
    { name: "BeiDou epochs in GPS time", options: { beidouInGpsTime: true } },
  ];
  test.each(quiet)("$name", ({ options }) => {
    const { states, movedAtS } = watchOf({ ...BASE, ...options });
    expect(movedAtS).toBeNull();
    expect(states).toEqual(new Set(["insufficient", "still"]));
  });

  test("twenty minutes over the change of all ephemerides, with wandering satellite clocks: never even in doubt", () => {
    const { watch, states } = watchOf({ ...BASE, startUnixMs: Date.UTC(2026, 4, 16, 1, 45), seconds: 1200, wanderM: 0.001 });
    expect(states).toEqual(new Set(["insufficient", "still"]));
    expect(watch.bump.counters).toMatchObject({ doubts: 0, breaks: 0, unusable: 0 });
    expect(watch.bump.counters.compared).toBeGreaterThan(1150);
  });

  test.each([1, 2, 3])("satellites of a simple simulator that jump with their broadcast sets (seed %i)", (seed) => {
    const { movedAtS, watch } = watchOf({ ...BASE, startUnixMs: Date.UTC(2026, 4, 16, 1, 58), seconds: 180, seed, onBroadcastOrbits: true });
    expect(movedAtS).toBeNull();
    expect(watch.bump.counters.unusable).toBeGreaterThan(0);
  });

  test("a gap of a minute: it begins anew, and what moved meanwhile is not seen", () => {
    const gap = (frames: readonly Uint8Array[], s: number): readonly Uint8Array[] => (s > 60 && s < 120 ? [] : frames);
    const { watch, movedAtS } = watchOf({ ...BASE, bump: { atS: 90, enuM: [0.04, 0, 0] } }, gap);
    expect(movedAtS).toBeNull();
    expect(watch.bump.counters.breaks).toBe(1);
    expect(watch.bump.state).toBe("still");
  });

  test("without ephemerides it cannot tell, and says so", () => {
    const { states, watch } = watchOf({ ...BASE, ephemerides: false, bump: { atS: BUMP_AT_S, enuM: [0.04, 0, 0] } });
    expect(states).toEqual(new Set(["insufficient"]));
    expect(watch.bump.displacementM).toBeNull();
  });

  test("ephemerides of another mount do as well; those of a replayed recording do not disturb a base that has its own", () => {
    const options: SimulatedBase = { ...BASE, seconds: 120, bump: { atS: BUMP_AT_S, enuM: [0.04, 0, 0] } };
    const pool = new EphemerisStore();
    const [mute, talking] = [new AntennaWatch({ pool }), new AntennaWatch({ pool })];
    const elsewhere = [...simulateBase({ ...options, seconds: 1, seed: 99 })].flatMap(({ frames }) => frames);
    for (const [n, { unixMs, frames }] of [...simulateBase(options)].entries()) {
      for (const frame of frames) if (n === 0) pool.put(frame, unixMs);
      for (const frame of frames) if (!isEphemeris(frame)) mute.frame(frame, AKITA, unixMs);
      for (const frame of frames) talking.frame(frame, AKITA, unixMs);
    }
    expect(mute.bump.state).toBe("moved");
    expect(talking.bump.state).toBe("moved");
    const wrongPool = new EphemerisStore();
    const own = new AntennaWatch({ pool: wrongPool });
    for (const { unixMs, frames } of simulateBase(options)) {
      for (const frame of frames) own.frame(frame, AKITA, unixMs);
      for (const frame of elsewhere) wrongPool.put(frame, unixMs);
    }
    expect(own.bump.state).toBe("moved");
  });

  test("an announced position that is 40 m off does not blind it, once its own is known", () => {
    const wrong: Ecef = latLonToEcef({ latDeg: 39.42, lonDeg: 140.55, heightM: 22 });
    const { states, movedAtS } = watchOf({ ...BASE, announced: wrong, seconds: 200, bump: { atS: 160, enuM: [0.04, 0, 0] } });
    expect(states).toContain("still");
    expect(movedAtS).toBeGreaterThanOrEqual(170);
  });
});

describeNeeding(["shared"], "real captures", () => {
  /** Antenna positions that their streams do not announce, as computed from their own ranges. */
  const UNANNOUNCED: Readonly<Record<string, Ecef>> = {
    "base-msm7-japan-gmsd-2012.rtcm3": { xM: -3_607_667, yM: 4_147_867, zM: 3_223_721 },
    "msm7-sbas-eph-1044-1045-1046.rtcm3": { xM: -2_700_402, yM: -4_292_604, zM: 3_855_139 },
  };

  test.each(CAPTURES)("%s: no bump", (name) => {
    const { frames } = readCapture(name);
    const pool = new EphemerisStore();
    // In the pool from the start, as other mounts would have brought them.
    for (const frame of frames) pool.put(frame, 0);
    const watch = new AntennaWatch({ pool });
    let arp = UNANNOUNCED[name] ?? null;
    let nearest = 0;
    for (const frame of frames) {
      if (messageType(frame) === 1005 || messageType(frame) === 1006) {
        const message = decodeMessage(frame);
        if (message.kind === "1005" || message.kind === "1006") arp = message;
      }
      watch.frame(frame, arp, 0);
      expect(watch.bump.state).not.toBe("moved");
      nearest = Math.max(nearest, (watch.bump.displacementM ?? 0) / watch.bump.limitM);
    }
    expect(nearest).toBeLessThan(0.6);
    expect(watch.bump.counters.doubts).toBe(0);
  });

  test.each([
    { name: "ntrip-body-plain.bin", medianMm: 2, mostMm: 4, used: 28 },
    { name: "legacy-1004-1012-eph.rtcm3", medianMm: 4, mostMm: 13, used: 12 },
  ] as const)("$name: the noise of a real receiver's epochs", ({ name, medianMm, mostMm, used }) => {
    const { frames } = readCapture(name);
    const pool = new EphemerisStore();
    for (const frame of frames) pool.put(frame, 0);
    const watch = new AntennaWatch({ pool });
    const arp = frames.map((frame) => decodeMessage(frame)).find((message) => message.kind === "1005" || message.kind === "1006") as unknown as Ecef;
    const changesMm: number[] = [];
    for (const frame of frames) {
      const before = watch.bump.counters.compared;
      watch.frame(frame, arp, 0);
      const { counters, lastChange } = watch.bump;
      if (counters.compared === before || lastChange === null) continue;
      changesMm.push(1000 * Math.hypot(lastChange.movedM.eastM, lastChange.movedM.northM, lastChange.movedM.upM));
      expect(lastChange.used).toBeGreaterThanOrEqual(used);
    }
    changesMm.sort((a, b) => a - b);
    expect(changesMm.length).toBeGreaterThan(25);
    expect(changesMm[changesMm.length >> 1]).toBeLessThan(medianMm);
    expect(changesMm.at(-1)).toBeLessThan(mostMm);
  });
});

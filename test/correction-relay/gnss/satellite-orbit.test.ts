import { readFileSync } from "node:fs";
import { decodeMessage, latLonToEcef } from "rtcm-parser";
import { expect, test } from "vitest";
import { DEFAULT_KLOBUCHAR, klobucharM, saastamoinenM } from "../../../correction-relay/gnss/atmosphere.ts";
import { type Ephemeris, ephemerisOf } from "../../../correction-relay/gnss/ephemeris.ts";
import { directionOf, sightOf, siteAt } from "../../../correction-relay/gnss/line-of-sight.ts";
import { DAY_S, EARTH_RAD_PER_S, LIGHT_MPS, RAD, WEEK_S } from "../../../correction-relay/gnss/physical-constants.ts";
import { isValidAt, satelliteState } from "../../../correction-relay/gnss/satellite-orbit.ts";
import { readCapture } from "../../rtcm-parser/captures.ts";
import { describeNeeding, sharedPath } from "../../support/requirements.ts";

/** Positions, clocks, ranges and delays that RTKLIB computed from the same messages. */
interface OrbitTruth {
  readonly klobuchar: readonly number[];
  readonly receiver: { readonly latDeg: number; readonly lonDeg: number; readonly heightM: number };
  readonly observationTime: { readonly gpsTow: number };
  readonly satellites: readonly {
    readonly sat: string;
    readonly frame: number;
    readonly states: readonly (readonly [week: number, tow: number, x: number, y: number, z: number, clockS: number])[];
    readonly seen?: {
      readonly rangeWithSagnacM: number;
      readonly azDeg: number;
      readonly elDeg: number;
      readonly satClockS: number;
      readonly klobucharL1M: number;
      readonly saastamoinenM: number;
    };
  }[];
}

const LEAP_2019_S = 18;

function systemTimeS(eph: Ephemeris, gpsTowS: number): number {
  if (eph.kind === "glonass") return (((gpsTowS - LEAP_2019_S + 3 * 3600) % DAY_S) + DAY_S) % DAY_S;
  return eph.constellation === "BEIDOU" ? gpsTowS - 14 : gpsTowS;
}

describeNeeding(["shared"], "orbits of broadcast ephemerides", () => {
  const truth = JSON.parse(readFileSync(sharedPath("rtcm/orbit-truth.json"), "utf8")) as OrbitTruth;
  const { frames } = readCapture("broadcast-eph-5gnss-2019.rtcm3");
  const ephemerides = truth.satellites.map(({ sat, frame }) => {
    const eph = ephemerisOf(decodeMessage(frames[frame] as Uint8Array));
    if (eph === null) throw new Error(`${sat}: no ephemeris in frame ${frame}`);
    return { sat, eph };
  });

  test("positions agree with RTKLIB's to its print rounding, clocks to 1e-17 s, of all five systems", () => {
    let compared = 0;
    for (const [i, { sat, states }] of truth.satellites.entries()) {
      const { eph } = ephemerides[i] as { eph: Ephemeris };
      for (const [, towS, x, y, z, clockS] of states) {
        const found = satelliteState(eph, systemTimeS(eph, towS));
        expect(Math.abs(found.xM - x), `${sat} x at ${towS}`).toBeLessThan(1.5e-4);
        expect(Math.abs(found.yM - y), `${sat} y at ${towS}`).toBeLessThan(1.5e-4);
        expect(Math.abs(found.zM - z), `${sat} z at ${towS}`).toBeLessThan(1.5e-4);
        expect(Math.abs(found.clockS - clockS), `${sat} clock at ${towS}`).toBeLessThan(1e-17);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(400);
    expect(new Set(ephemerides.map(({ eph }) => eph.constellation))).toEqual(new Set(["GPS", "QZSS", "GALILEO", "BEIDOU", "GLONASS"]));
  });

  test("a week that rolls over between reference and use changes nothing", () => {
    const { eph } = ephemerides.find((one) => one.sat === "G01") as { eph: Ephemeris };
    const late = { ...eph, referenceS: 604_784, ...(eph.kind === "kepler" ? { clockReferenceS: 604_784 } : {}) };
    expect(isValidAt(late, 100)).toBe(true);
    expect(satelliteState(late, 100)).toEqual(satelliteState(late, 100 + WEEK_S));
    expect(isValidAt(late, 7185)).toBe(false);
  });

  test("ranges, directions and delays of what the receiver saw", () => {
    const site = siteAt(latLonToEcef(truth.receiver));
    const { gpsTow } = truth.observationTime;
    expect([...DEFAULT_KLOBUCHAR.alpha, ...DEFAULT_KLOBUCHAR.beta]).toEqual(truth.klobuchar);
    let compared = 0;
    for (const [i, { sat, seen }] of truth.satellites.entries()) {
      if (seen === undefined) continue;
      const { eph } = ephemerides[i] as { eph: Ephemeris };
      const sentS = systemTimeS(eph, gpsTow) - seen.rangeWithSagnacM / LIGHT_MPS;
      const state = satelliteState(eph, sentS);
      const sight = sightOf(site.ecef, state, EARTH_RAD_PER_S[eph.constellation]);
      const direction = directionOf(site, sight);
      expect(Math.abs(sight.rangeM - seen.rangeWithSagnacM), `${sat} range`).toBeLessThan(2e-3);
      expect(Math.abs(state.clockS - seen.satClockS), `${sat} clock`).toBeLessThan(1e-16);
      // RTKLIB looks to where the satellite was before the earth turned: up to 0.001° beside.
      expect(Math.abs(direction.elevationRad / RAD - seen.elDeg), `${sat} elevation`).toBeLessThan(1e-3);
      expect(Math.abs(((direction.azimuthRad / RAD + 360) % 360) - seen.azDeg) * Math.cos(seen.elDeg * RAD), `${sat} azimuth`).toBeLessThan(1e-3);
      expect(Math.abs(klobucharM(DEFAULT_KLOBUCHAR, direction, gpsTow) - seen.klobucharL1M), `${sat} ionosphere`).toBeLessThan(1e-3);
      expect(Math.abs(saastamoinenM(direction) - seen.saastamoinenM), `${sat} troposphere`).toBeLessThan(1e-3 * seen.saastamoinenM);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(30);
  });
});

import { type Ecef, encodeMessage, epochAtUnixMs, frequencyHz, msmFromObservations, type Observation } from "rtcm-parser";
import { DEFAULT_KLOBUCHAR, ionosphereFactor, klobucharM, saastamoinenM } from "../../../correction-relay/gnss/atmosphere.ts";
import { directionOf, type Site, sightOf, siteAt } from "../../../correction-relay/gnss/line-of-sight.ts";
import { EARTH_RAD_PER_S, LIGHT_MPS, RAD } from "../../../correction-relay/gnss/physical-constants.ts";
import { SeededRandom } from "./random.ts";
import { gpsSeconds, onBroadcastOrbits, type SimulatedSatellite, simulatedSky } from "./simulated-sky.ts";

/** East, north and up, m. */
export type Shift = readonly [eastM: number, northM: number, upM: number];

export interface SimulatedBase {
  readonly startUnixMs: number;
  readonly seconds: number;
  /** Where the antenna truly is at the start. */
  readonly antenna: Ecef;
  /** What 1006 says; default: the truth. It never changes. */
  readonly announced?: Ecef;
  readonly seed: number;
  /** From epoch to epoch; default 1000. */
  readonly stepMs?: number;
  readonly noise?: { readonly codeM: number; readonly phaseM: number };
  /** Random walk of every satellite's clock, m in the first second (and √n times as much in n); default 0. Real ones: 0.0005 to 0.003. */
  readonly wanderM?: number;
  /** The antenna is moved at that second and stays. */
  readonly bump?: { readonly atS: number; readonly enuM: Shift };
  /** Any motion of the antenna instead: seconds since the start to its shift. */
  readonly motion?: (s: number) => Shift;
  /** Cycles by which every nth satellite's first signal jumps at a second, with or without word of it in the lock indicator. */
  readonly slips?: readonly { readonly atS: number; readonly every: number; readonly cycles: number; readonly told: boolean }[];
  /** The receiver's clock leaps by whole milliseconds at that second (code and phase alike). */
  readonly clockLeap?: { readonly atS: number; readonly ms: number };
  readonly constellations?: readonly SimulatedSatellite["constellation"][];
  readonly frequencies?: 1 | 2;
  readonly msm?: 4 | 5 | 6 | 7;
  readonly stationId?: number;
  /** false: observations and 1006 only. */
  readonly ephemerides?: boolean;
  /** Satellites jump with every new broadcast set, as in simple simulators. */
  readonly onBroadcastOrbits?: boolean;
  /** An encoder of 2012 that sends GPS time in the BeiDou epoch. */
  readonly beidouInGpsTime?: boolean;
}

export interface SimulatedEpoch {
  readonly unixMs: number;
  /** In order: 1006 (every 5 s), ephemerides (all at first, then four a second), MSM with the multiple-message bit on all but the last. */
  readonly frames: readonly Uint8Array[];
}

const SIGNALS = { GPS: [2, 16], GLONASS: [2, 8], GALILEO: [2, 15], QZSS: [2, 16], BEIDOU: [2, 14] } as const; // as a u-blox F9P
const ORDER = ["GPS", "GLONASS", "GALILEO", "QZSS", "BEIDOU"] as const;
const MASK_RAD = 10 * RAD;
const CLOCK_OFFSET_S = 2e-5;
const CLOCK_DRIFT = 2e-8;
const EPHEMERIDES_PER_S = 4;
/** A satellite that was out of sight for longer begins a new arc. */
const AWAY_S = 5;

interface Arc {
  readonly sinceMs: number;
  cycles: number;
  lastRangeM: number;
  lastS: number;
}
interface Seen {
  readonly satellite: SimulatedSatellite;
  readonly vacuumM: number; // range less satellite clock
  readonly troposphereM: number;
  readonly ionosphereM: number; // of L1
  readonly elevationRad: number;
}

/**
 * A base as physics would have it: satellites on smooth orbits of which the broadcast sets are roundings, signal flight, rotation of the
 * earth, clocks, air, whole ambiguities, noise. The same options give the same bytes.
 */
export function* simulateBase(options: SimulatedBase): Generator<SimulatedEpoch> {
  const { startUnixMs, seconds, stepMs = 1000, seed } = options;
  const smooth = simulatedSky(startUnixMs, seed).filter(({ constellation }) => (options.constellations ?? ORDER).includes(constellation));
  const sky = options.onBroadcastOrbits === true ? onBroadcastOrbits(smooth) : smooth;
  const receiver = new Receiver(options, new SeededRandom(seed + 1));
  const start = siteAt(options.antenna);
  let turn = 0;
  for (let sinceMs = 0; sinceMs < 1000 * seconds; sinceMs += stepMs) {
    const s = sinceMs / 1000;
    const unixMs = startUnixMs + sinceMs;
    const seen = receiver.see(sky, siteAt(shifted(start, shiftAt(options, s))), s);
    const frames: Uint8Array[] = [];
    if (sinceMs % 5000 === 0) frames.push(positionFrame(options));
    if (options.ephemerides !== false && seen.length > 0 && sinceMs % 1000 === 0) {
      const count = sinceMs === 0 ? seen.length : Math.min(EPHEMERIDES_PER_S, seen.length);
      for (let k = 0; k < count; k += 1, turn += 1) {
        frames.push(encodeMessage((seen[turn % seen.length] as Seen).satellite.broadcast(gpsSeconds(unixMs))));
      }
    }
    frames.push(...receiver.msm(seen, unixMs, s));
    yield { unixMs, frames };
  }
}

function shiftAt({ bump, motion }: SimulatedBase, s: number): Shift {
  if (motion !== undefined) return motion(s);
  return bump !== undefined && s >= bump.atS ? bump.enuM : [0, 0, 0];
}

/** A place moved by metres east, north and up. */
export function shifted({ ecef, sinLat, cosLat, sinLon, cosLon }: Site, [eastM, northM, upM]: Shift): Ecef {
  return {
    xM: ecef.xM - sinLon * eastM - sinLat * cosLon * northM + cosLat * cosLon * upM,
    yM: ecef.yM + cosLon * eastM - sinLat * sinLon * northM + cosLat * sinLon * upM,
    zM: ecef.zM + cosLat * northM + sinLat * upM,
  };
}

function positionFrame({ antenna, announced = antenna, stationId = 0 }: SimulatedBase): Uint8Array {
  const flags = { itrfYear: 0, gps: true, glonass: true, galileo: true, nonPhysical: false, singleOscillator: true, quarterCycle: 0, antennaHeightM: 0 };
  return encodeMessage({ kind: "1006", stationId, ...flags, xM: announced.xM, yM: announced.yM, zM: announced.zM });
}

class Receiver {
  readonly #o: SimulatedBase;
  readonly #random: SeededRandom;
  readonly #arcs = new Map<string, Arc>();
  readonly #wanderM = new Map<SimulatedSatellite, number>();
  #lastS = 0;

  constructor(options: SimulatedBase, random: SeededRandom) {
    this.#o = options;
    this.#random = random;
  }

  see(sky: readonly SimulatedSatellite[], site: Site, s: number): Seen[] {
    const gpsS = gpsSeconds(this.#o.startUnixMs) + s - this.#clockS(s); // true time at which the receiver's clock reads the epoch
    return sky.flatMap((satellite): Seen[] => {
      let flightS = 0.075;
      let sight = sightOf(site.ecef, satellite.state(gpsS - flightS), EARTH_RAD_PER_S[satellite.constellation]);
      if (sight.x * site.cosLat * site.cosLon + sight.y * site.cosLat * site.sinLon + sight.z * site.sinLat < 0.1) return [];
      let state = satellite.state(gpsS - flightS);
      for (let round = 0; round < 3; round += 1) {
        flightS = sight.rangeM / LIGHT_MPS;
        state = satellite.state(gpsS - flightS);
        sight = sightOf(site.ecef, state, EARTH_RAD_PER_S[satellite.constellation]);
      }
      const direction = directionOf(site, sight);
      if (direction.elevationRad < MASK_RAD) return [];
      const ionosphereM = klobucharM(DEFAULT_KLOBUCHAR, direction, gpsS % 86_400);
      const vacuumM = sight.rangeM - LIGHT_MPS * state.clockS + this.#wander(satellite, s);
      return [{ satellite, vacuumM, troposphereM: saastamoinenM(direction), ionosphereM, elevationRad: direction.elevationRad }];
    });
  }

  msm(seen: readonly Seen[], unixMs: number, s: number): Uint8Array[] {
    const { msm = 7, stationId = 0, beidouInGpsTime = false } = this.#o;
    const systems = ORDER.map((constellation) => ({
      constellation,
      observations: seen.filter(({ satellite }) => satellite.constellation === constellation).flatMap((one, i) => this.#observe(one, i, s)),
    })).filter(({ observations }) => observations.length > 0);
    this.#lastS = s;
    return systems.map(({ constellation, observations }, i) => {
      const epoch = epochAtUnixMs(constellation === "BEIDOU" && beidouInGpsTime ? "GPS" : constellation, unixMs);
      return encodeMessage(msmFromObservations({ constellation, msm, stationId, ...epoch, multipleMessage: i < systems.length - 1 }, observations));
    });
  }

  #wander(satellite: SimulatedSatellite, s: number): number {
    const { wanderM = 0 } = this.#o;
    if (wanderM === 0) return 0;
    const nowM = (this.#wanderM.get(satellite) ?? 0) + wanderM * Math.sqrt(s - this.#lastS) * this.#random.normal();
    this.#wanderM.set(satellite, nowM);
    return nowM;
  }

  #clockS(s: number): number {
    const { clockLeap } = this.#o;
    return CLOCK_OFFSET_S + CLOCK_DRIFT * s + (clockLeap !== undefined && s >= clockLeap.atS ? clockLeap.ms / 1000 : 0);
  }

  #observe(seen: Seen, index: number, s: number): Observation[] {
    const { satellite, vacuumM, troposphereM, ionosphereM, elevationRad } = seen;
    const { frequencies = 2, noise = { codeM: 0.25, phaseM: 0.002 } } = this.#o;
    const { constellation, satelliteId, channel } = satellite;
    const rangeM = vacuumM + LIGHT_MPS * this.#clockS(s) + troposphereM;
    return SIGNALS[constellation].slice(0, frequencies).map((signalId, band): Observation => {
      const hz = frequencyHz(constellation, signalId, channel) as number;
      const wavelengthM = LIGHT_MPS / hz;
      const delayM = ionosphereM * ionosphereFactor(hz);
      const pseudorangeM = rangeM + delayM + LIGHT_MPS * (satellite.codeDelaysS[band] as number) + noise.codeM * this.#random.normal();
      const carrierM = rangeM - delayM;
      const arc = this.#arcOf(`${constellation}/${satelliteId}/${signalId}`, { s, slip: band === 0 ? this.#slipAt(s, index) : null });
      // Whole from the start, near the code, and kept until lock is lost.
      if (Number.isNaN(arc.cycles)) arc.cycles = Math.round((pseudorangeM - carrierM) / wavelengthM) + Math.floor(20 * this.#random.uniform()) - 10;
      const rateMps = Number.isNaN(arc.lastRangeM) || s === arc.lastS ? null : (carrierM - arc.lastRangeM) / (s - arc.lastS);
      arc.lastRangeM = carrierM;
      arc.lastS = s;
      return {
        satelliteId,
        signalId,
        pseudorangeM,
        phaseRangeM: carrierM + arc.cycles * wavelengthM + noise.phaseM * this.#random.normal(),
        rangeRateMps: this.#leapsAt(s) ? null : rateMps,
        cnrDbHz: Math.round((30 + 20 * Math.sin(elevationRad) - 4 * band) * 16) / 16,
        lockMs: 1000 * s - arc.sinceMs,
        halfCycle: false,
        ...(constellation === "GLONASS" ? { glonassChannel: channel } : {}),
      };
    });
  }

  #leapsAt(s: number): boolean {
    const { clockLeap } = this.#o;
    return clockLeap !== undefined && s >= clockLeap.atS && this.#lastS < clockLeap.atS;
  }

  #slipAt(s: number, index: number): { readonly cycles: number; readonly told: boolean } | null {
    return this.#o.slips?.find((slip) => s >= slip.atS && this.#lastS < slip.atS && index % slip.every === 0) ?? null;
  }

  #arcOf(key: string, { s, slip }: { readonly s: number; readonly slip: { readonly cycles: number; readonly told: boolean } | null }): Arc {
    const old = this.#arcs.get(key);
    const away = old !== undefined && s - old.lastS > AWAY_S;
    if (old !== undefined && !away && slip === null) return old;
    const began = old === undefined || away || slip?.told === true;
    const arc: Arc = {
      sinceMs: began ? 1000 * s - (s === 0 ? 600_000 : 0) : old.sinceMs, // at the start everything has been in lock for ten minutes
      cycles: old === undefined || away ? Number.NaN : old.cycles + (slip?.cycles ?? 0),
      lastRangeM: Number.NaN,
      lastS: s,
    };
    this.#arcs.set(key, arc);
    return arc;
  }
}

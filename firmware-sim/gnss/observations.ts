import { type Constellation, type Ecef, frequencyHz, type Geodetic, latLonToEcef, type Observation } from "rtcm-parser";
import { fraction, hash32, spread } from "../noise.ts";
import { distanceM, enuBetween } from "./local-frame.ts";
import { SIMULATED, satellitesAt } from "./orbits.ts";

/** Two signals of each system, as a u-blox F9P tracks them (ids of RTCM 10403.3 tables 3.5-91…). */
const SIGNALS: Readonly<Record<string, readonly [first: number, second: number]>> = {
  GPS: [2, 16], // 1C, 2L
  GLONASS: [2, 8], // 1C, 2C
  GALILEO: [2, 15], // 1C, 7Q
  QZSS: [2, 16], // 1C, 2L
  BEIDOU: [2, 14], // 2I, 7I
};

/** Frequency channel by slot 1…24; satellites opposite each other share one. */
const GLONASS_CHANNELS = [1, -4, 5, 6, 1, -4, 5, 6, -2, -7, 0, -1, -2, -7, 0, -1, 4, -3, 3, 2, 4, -3, 3, 2] as const;

const MASK_DEG = 10;
const LIGHT_MPS = 299_792_458;
const RATE_OVER_MS = 500;
const CODE_NOISE_M = 0.25;
const PHASE_NOISE_M = 0.002;

export interface Visible {
  readonly constellation: Constellation;
  readonly id: number;
  readonly rangeM: number;
  readonly rateMps: number;
  readonly elevationDeg: number;
}

/** The satellites above 10° from a place at a time. */
export function skyAt(place: Geodetic, unixMs: number): Visible[] {
  const here = latLonToEcef(place);
  return SIMULATED.flatMap((constellation) => {
    const before = satellitesAt(constellation, unixMs - RATE_OVER_MS);
    const after = satellitesAt(constellation, unixMs + RATE_OVER_MS);
    return satellitesAt(constellation, unixMs).flatMap(({ id, position }, i): Visible[] => {
      const { eastM, northM, upM } = enuBetween(here, position, place);
      const elevationDeg = (Math.atan2(upM, Math.hypot(eastM, northM)) * 180) / Math.PI;
      if (elevationDeg < MASK_DEG) return [];
      const rateMps = ((rangeTo(after[i]?.position) - rangeTo(before[i]?.position)) / (2 * RATE_OVER_MS)) * 1000;
      return [{ constellation, id, rangeM: distanceM(here, position), rateMps, elevationDeg }];
    });
  });

  function rangeTo(position: Ecef | undefined): number {
    return position === undefined ? 0 : distanceM(here, position);
  }
}

/**
 * What a receiver says of one visible satellite: range with noise, phase with a whole number of cycles for the arc, Doppler,
 * C/N0 by elevation. Geometry only: clocks and atmosphere are left out, so ranges agree with the orbits and nothing else.
 */
export function observationsOf(sat: Visible, input: { readonly unixMs: number; readonly lockMs: number; readonly station: number }): Observation[] {
  const { constellation, id } = sat;
  const channel = constellation === "GLONASS" ? (GLONASS_CHANNELS[id - 1] ?? 0) : undefined;
  return (SIGNALS[constellation] ?? []).map((signalId, i): Observation => {
    const seed = hash32(input.station, SIMULATED.indexOf(constellation), id, signalId);
    const wavelengthM = LIGHT_MPS / (frequencyHz(constellation, signalId, channel) ?? 1575.42e6);
    const cycles = Math.round(20 * fraction(seed) - 10); // of the arc; whole, or no receiver would ever fix it
    const cnrDbHz = 30 + 20 * Math.sin((sat.elevationDeg * Math.PI) / 180) - 4 * i + 0.6 * spread(seed, input.unixMs, 1);
    return {
      satelliteId: id,
      signalId,
      pseudorangeM: sat.rangeM + CODE_NOISE_M * spread(seed, input.unixMs, 2),
      phaseRangeM: sat.rangeM + cycles * wavelengthM + PHASE_NOISE_M * spread(seed, input.unixMs, 3),
      rangeRateMps: sat.rateMps + 0.02 * spread(seed, input.unixMs, 4),
      cnrDbHz: Math.round(cnrDbHz * 16) / 16,
      lockMs: input.lockMs,
      halfCycle: false,
      ...(channel === undefined ? {} : { glonassChannel: channel }),
    };
  });
}

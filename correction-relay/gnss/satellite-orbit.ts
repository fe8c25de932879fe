import type { Ephemeris } from "./ephemeris.ts";
import { glonassState } from "./glonass-orbit.ts";
import { keplerState } from "./kepler-orbit.ts";
import { circleDifference, DAY_S, type Navigation, WEEK_S } from "./physical-constants.ts";

/** Where a satellite is and how far its clock is ahead of its system's time. */
export interface SatelliteState {
  readonly xM: number;
  readonly yM: number;
  readonly zM: number;
  /** s; relativistic term in, group delay not. */
  readonly clockS: number;
}

/** How far from its reference time an ephemeris is used, s. */
const VALID_S: Readonly<Record<Navigation, number>> = { GPS: 7200, QZSS: 7200, GALILEO: 14_400, BEIDOU: 21_600, GLONASS: 1800 };

/** The circle on which a system counts its time: the week, for GLONASS the day. */
export function periodS(constellation: Navigation): number {
  return constellation === "GLONASS" ? DAY_S : WEEK_S;
}

/**
 * @param systemS the system's own time: GPS, Galileo and QZSS seconds of the GPS week, BeiDou of the BDT week (GPS time - 14 s),
 *   GLONASS of the day in UTC + 3 h. No leap second and no full week is needed.
 */
export function satelliteState(eph: Ephemeris, systemS: number): SatelliteState {
  return eph.kind === "glonass" ? glonassState(eph, systemS) : keplerState(eph, systemS);
}

/** Age of an ephemeris at a time of its system: negative before its reference time. */
export function ephemerisAgeS(eph: Ephemeris, systemS: number): number {
  return circleDifference(systemS, eph.referenceS, periodS(eph.constellation));
}

export function isValidAt(eph: Ephemeris, systemS: number): boolean {
  return Math.abs(ephemerisAgeS(eph, systemS)) <= VALID_S[eph.constellation];
}

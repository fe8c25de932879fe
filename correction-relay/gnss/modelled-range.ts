import { DEFAULT_KLOBUCHAR, klobucharM, saastamoinenM } from "./atmosphere.ts";
import type { Ephemeris } from "./ephemeris.ts";
import { directionOf, type Sight, type Site, sightOf } from "./line-of-sight.ts";
import { DAY_S, EARTH_RAD_PER_S, LIGHT_MPS } from "./physical-constants.ts";
import { satelliteState } from "./satellite-orbit.ts";

/** What a range should be, but for the receiver's clock. */
export interface ModelledRange {
  readonly sight: Sight;
  readonly elevationRad: number;
  /** Geometric range less the satellite's clock, m. */
  readonly vacuumM: number;
  readonly troposphereM: number;
  /** Of L1; a code is late by it × `ionosphereFactor`, a phase early. */
  readonly ionosphereL1M: number;
}

/**
 * @param epochS reception by the receiver's clock, in the satellite's system time (week; GLONASS: day)
 * @param pseudorangeM tells when the signal left, whatever the receiver's clock: a metre of error moves no satellite by more than 3 µm
 */
export function modelledRange(eph: Ephemeris, site: Site, epochS: number, pseudorangeM: number): ModelledRange {
  const leftS = epochS - pseudorangeM / LIGHT_MPS; // by the satellite's clock
  // Drift and relativistic term are missing: below 5e-7 s, in which no satellite comes nearer by more than half a millimetre.
  const clockS = eph.kind === "glonass" ? -eph.tauNS : eph.clock[0];
  const exact = satelliteState(eph, leftS - clockS);
  const sight = sightOf(site.ecef, exact, EARTH_RAD_PER_S[eph.constellation]);
  const direction = directionOf(site, sight);
  const inAir = direction.elevationRad > 0;
  return {
    sight,
    elevationRad: direction.elevationRad,
    vacuumM: sight.rangeM - LIGHT_MPS * exact.clockS,
    troposphereM: inAir ? saastamoinenM(direction) : 0,
    ionosphereL1M: inAir ? klobucharM(DEFAULT_KLOBUCHAR, direction, dayS(eph, epochS)) : 0,
  };
}

/** Time of the GPS day, to some seconds: the ionosphere's model knows the time of day only. */
function dayS(eph: Ephemeris, epochS: number): number {
  return (eph.kind === "glonass" ? epochS - 3 * 3600 : epochS) % DAY_S;
}

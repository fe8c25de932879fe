import type { KeplerEphemeris } from "./ephemeris.ts";
import { circleDifference, EARTH_RAD_PER_S, LIGHT_MPS, MU_M3_PER_S2, RAD, WEEK_S } from "./physical-constants.ts";
import type { SatelliteState } from "./satellite-orbit.ts";

const KEPLER_TOLERANCE_RAD = 1e-14;
const KEPLER_ROUNDS_MAX = 30;
/** BDS-SIS-ICD-2.1 §5.2.4.12: the frame of a geostationary orbit is tilted by -5°. */
const GEO_SIN = Math.sin(-5 * RAD);
const GEO_COS = Math.cos(-5 * RAD);

/**
 * Position (ECEF at that instant, m) and clock (s, relativistic term in, group delay not) at a time of the system's own week, s.
 * IS-GPS-200 §20.3.3.4.3, which Galileo and BeiDou share but for their constants.
 */
export function keplerState(eph: KeplerEphemeris, weekS: number): SatelliteState {
  const mu = MU_M3_PER_S2[eph.constellation];
  const earth = EARTH_RAD_PER_S[eph.constellation];
  const sinceS = circleDifference(weekS, eph.referenceS, WEEK_S);
  const aM = eph.sqrtA * eph.sqrtA;
  const e = eph.eccentricity;
  const anomaly = eccentricAnomalyRad(eph.m0Rad + (Math.sqrt(mu / (aM * aM * aM)) + eph.deltaNRadPerS) * sinceS, e);
  const [sinE, cosE] = [Math.sin(anomaly), Math.cos(anomaly)];
  const argument = Math.atan2(Math.sqrt(1 - e * e) * sinE, cosE - e) + eph.omegaRad;
  const [sin2u, cos2u] = [Math.sin(2 * argument), Math.cos(2 * argument)];
  const u = argument + eph.cusRad * sin2u + eph.cucRad * cos2u;
  const r = aM * (1 - e * cosE) + eph.crsM * sin2u + eph.crcM * cos2u;
  const i = eph.i0Rad + eph.idotRadPerS * sinceS + eph.cisRad * sin2u + eph.cicRad * cos2u;
  const [x, y] = [r * Math.cos(u), r * Math.sin(u)];
  const [yLevel, z] = [y * Math.cos(i), y * Math.sin(i)];
  const geostationary = isGeostationary(eph);
  const node = eph.omega0Rad + (eph.omegaDotRadPerS - (geostationary ? 0 : earth)) * sinceS - earth * eph.referenceS;
  const xM = x * Math.cos(node) - yLevel * Math.sin(node);
  const yM = x * Math.sin(node) + yLevel * Math.cos(node);
  const clockSinceS = circleDifference(weekS, eph.clockReferenceS, WEEK_S);
  const [af0, af1, af2] = eph.clock;
  const clockS = af0 + af1 * clockSinceS + af2 * clockSinceS * clockSinceS - (2 * Math.sqrt(mu * aM) * e * sinE) / (LIGHT_MPS * LIGHT_MPS);
  if (!geostationary) return { xM, yM, zM: z, clockS };
  const [sin, cos] = [Math.sin(earth * sinceS), Math.cos(earth * sinceS)];
  return {
    xM: xM * cos + yM * sin * GEO_COS + z * sin * GEO_SIN,
    yM: -xM * sin + yM * cos * GEO_COS + z * cos * GEO_SIN,
    zM: -yM * GEO_SIN + z * GEO_COS,
    clockS,
  };
}

/** Solves E - e·sin E = M by Newton's rule. */
function eccentricAnomalyRad(meanRad: number, e: number): number {
  let anomaly = meanRad;
  for (let round = 0; round < KEPLER_ROUNDS_MAX; round += 1) {
    const step = (anomaly - e * Math.sin(anomaly) - meanRad) / (1 - e * Math.cos(anomaly));
    anomaly -= step;
    if (Math.abs(step) < KEPLER_TOLERANCE_RAD) break;
  }
  return anomaly;
}

/** C01–C05 and C59–C63 (BDS-SIS-ICD: ranging codes of the geostationary satellites). */
function isGeostationary({ constellation, satelliteId }: KeplerEphemeris): boolean {
  return constellation === "BEIDOU" && (satelliteId <= 5 || satelliteId >= 59);
}

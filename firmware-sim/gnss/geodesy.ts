/** WGS 84 (NIMA TR8350.2). Latitude and longitude in degrees, heights above the ellipsoid in m, ECEF in m. */
export interface Geodetic {
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly heightM: number;
}
export interface Ecef {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}
/** Metres east, north and up of an origin on the ground. */
export interface Enu {
  readonly eastM: number;
  readonly northM: number;
  readonly upM: number;
}

const A_M = 6_378_137;
const F = 1 / 298.257223563;
const E2 = F * (2 - F);
const RAD = Math.PI / 180;

export function ecefOf({ latDeg, lonDeg, heightM }: Geodetic): Ecef {
  const sinLat = Math.sin(latDeg * RAD);
  const cosLat = Math.cos(latDeg * RAD);
  const n = A_M / Math.sqrt(1 - E2 * sinLat * sinLat);
  return {
    x: (n + heightM) * cosLat * Math.cos(lonDeg * RAD),
    y: (n + heightM) * cosLat * Math.sin(lonDeg * RAD),
    z: (n * (1 - E2) + heightM) * sinLat,
  };
}

/** Moves along the ellipsoid by metres: good to 1 mm over a field (curvature beyond the radii at the origin is left out). */
export function moved(origin: Geodetic, by: { readonly eastM: number; readonly northM: number }): Geodetic {
  const sinLat = Math.sin(origin.latDeg * RAD);
  const w = 1 - E2 * sinLat * sinLat;
  const meridianM = (A_M * (1 - E2)) / w ** 1.5;
  const normalM = A_M / Math.sqrt(w);
  return {
    latDeg: origin.latDeg + by.northM / (meridianM + origin.heightM) / RAD,
    lonDeg: origin.lonDeg + by.eastM / ((normalM + origin.heightM) * Math.cos(origin.latDeg * RAD)) / RAD,
    heightM: origin.heightM,
  };
}

/** An ECEF vector in the local frame (east, north, up) of a place. */
export function enuOf(vector: Ecef, at: Geodetic): Enu {
  const [sinLat, cosLat] = [Math.sin(at.latDeg * RAD), Math.cos(at.latDeg * RAD)];
  const [sinLon, cosLon] = [Math.sin(at.lonDeg * RAD), Math.cos(at.lonDeg * RAD)];
  const { x, y, z } = vector;
  return {
    eastM: -sinLon * x + cosLon * y,
    northM: -sinLat * cosLon * x - sinLat * sinLon * y + cosLat * z,
    upM: cosLat * cosLon * x + cosLat * sinLon * y + sinLat * z,
  };
}

/** GRS 80 (Moritz 2000, J. Geodesy 74:128), of ITRF and JGD2011; WGS 84 differs from it by 0.1 mm in the semi-minor axis. */
const A_M = 6_378_137;
const FLATTENING = 1 / 298.257_222_101;
const E2 = FLATTENING * (2 - FLATTENING);
const B_M = A_M * (1 - FLATTENING);
const DEG = Math.PI / 180;

/** Earth-centred, earth-fixed. +x to latitude 0, longitude 0; +z to the north pole. */
export interface Ecef {
  readonly xM: number;
  readonly yM: number;
  readonly zM: number;
}

/** Geodetic, north and east positive, height above the ellipsoid. */
export interface Geodetic {
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly heightM: number;
}

/**
 * By Bowring's formula (1976, Survey Review 23:181) and two rounds of it: below 0.01 mm within 10 000 km of the surface.
 * The centre of the earth, where no direction is defined, gives latitude 0.
 */
export function ecefToLatLon({ xM, yM, zM }: Ecef): Geodetic {
  const p = Math.hypot(xM, yM);
  let reduced = Math.atan2(zM * A_M, p * B_M);
  let lat = 0;
  for (let round = 0; round < 3; round += 1) {
    lat = Math.atan2(zM + (E2 / (1 - E2)) * B_M * Math.sin(reduced) ** 3, p - E2 * A_M * Math.cos(reduced) ** 3);
    reduced = Math.atan2(B_M * Math.sin(lat), A_M * Math.cos(lat));
  }
  if (p === 0 && zM === 0) return { latDeg: 0, lonDeg: 0, heightM: -A_M };
  const sin = Math.sin(lat);
  const heightM = p * Math.cos(lat) + zM * sin - A_M * Math.sqrt(1 - E2 * sin * sin);
  return { latDeg: lat / DEG, lonDeg: Math.atan2(yM, xM) / DEG, heightM };
}

export function latLonToEcef({ latDeg, lonDeg, heightM }: Geodetic): Ecef {
  const lat = latDeg * DEG;
  const lon = lonDeg * DEG;
  const n = A_M / Math.sqrt(1 - E2 * Math.sin(lat) ** 2);
  const r = (n + heightM) * Math.cos(lat);
  return { xM: r * Math.cos(lon), yM: r * Math.sin(lon), zM: (n * (1 - E2) + heightM) * Math.sin(lat) };
}

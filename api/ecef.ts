// WGS 84 (NIMA TR8350.2): semi-major axis in m, flattening
const A_M = 6_378_137;
const F = 1 / 298.257223563;
const B_M = A_M * (1 - F);
const E2 = F * (2 - F);
const EP2 = E2 / (1 - E2);

/** Earth-centred x, y, z in m to geodetic latitude and longitude, by Bowring's formula (below 1e-9° near the ground). null at the Earth's centre. */
export function geodeticOf(ecef: { readonly x: number; readonly y: number; readonly z: number }): { latDeg: number; lonDeg: number } | null {
  const { x, y, z } = ecef;
  const p = Math.hypot(x, y);
  if (Math.hypot(p, z) < 1_000_000) return null; // an antenna inside the Earth is no position
  const theta = Math.atan2(z * A_M, p * B_M);
  const lat = Math.atan2(z + EP2 * B_M * Math.sin(theta) ** 3, p - E2 * A_M * Math.cos(theta) ** 3);
  return { latDeg: (lat * 180) / Math.PI, lonDeg: (Math.atan2(y, x) * 180) / Math.PI };
}

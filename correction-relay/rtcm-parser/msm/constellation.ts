export type Constellation = "GPS" | "GLONASS" | "GALILEO" | "SBAS" | "QZSS" | "BEIDOU" | "NAVIC";
export type Msm = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** RTCM 10403.3 §3.5.16: type = 1070 + 10 × place in this list + MSM number. */
const ORDER: readonly Constellation[] = ["GPS", "GLONASS", "GALILEO", "SBAS", "QZSS", "BEIDOU", "NAVIC"];
const FIRST_BASE = 1070;

/** Constellation and MSM number of a message type; null when it is no MSM. Does not allocate. */
export function constellationOf(type: number): Constellation | null {
  return isMsm(type) ? (ORDER[Math.floor((type - FIRST_BASE) / 10)] as Constellation) : null;
}

export function isMsm(type: number): boolean {
  const msm = type % 10;
  return type > FIRST_BASE && type < FIRST_BASE + 10 * ORDER.length && msm >= 1 && msm <= 7;
}

/** The MSM number of a type for which `isMsm` holds. */
export function msmOf(type: number): Msm {
  return (type % 10) as Msm;
}

export function msmType(constellation: Constellation, msm: Msm): number {
  return FIRST_BASE + 10 * ORDER.indexOf(constellation) + msm;
}

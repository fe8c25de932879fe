/** Speed of light, m/s. */
export const LIGHT_MPS = 299_792_458;
/** Rotation of the earth, rad/s, as the broadcast orbits of each system define it (IS-GPS-200, OS SIS ICD, BDS-SIS-ICD, GLONASS ICD). */
export const EARTH_RAD_PER_S = { GPS: 7.2921151467e-5, GALILEO: 7.2921151467e-5, QZSS: 7.2921151467e-5, BEIDOU: 7.292115e-5, GLONASS: 7.292115e-5 } as const;
/** Gravity × mass of the earth, m³/s², likewise. */
export const MU_M3_PER_S2 = { GPS: 3.986005e14, GALILEO: 3.986004418e14, QZSS: 3.986005e14, BEIDOU: 3.986004418e14, GLONASS: 3.9860044e14 } as const;
export const L1_HZ = 1575.42e6;
export const WEEK_S = 604_800;
export const DAY_S = 86_400;
export const RAD = Math.PI / 180;

/** The systems that broadcast ephemerides which RTCM 3 carries and we decode. */
export type Navigation = keyof typeof EARTH_RAD_PER_S;

/** a - b on a circle of `period`: from -period/2 up to period/2. */
export function circleDifference(a: number, b: number, period: number): number {
  const d = (((a - b) % period) + period) % period;
  return d >= period / 2 ? d - period : d;
}

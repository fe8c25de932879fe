import { L1_HZ, LIGHT_MPS } from "./physical-constants.ts";

/** Coefficients that stand in where none are broadcast, as in RTCM 3: those of RTKLIB, which are GPS's of 2004-01-01. */
export const DEFAULT_KLOBUCHAR: Klobuchar = { alpha: [0.1118e-7, -0.7451e-8, -0.5961e-7, 0.1192e-6], beta: [0.1167e6, -0.2294e6, -0.1311e6, 0.1049e7] };

export interface Klobuchar {
  readonly alpha: readonly [number, number, number, number];
  readonly beta: readonly [number, number, number, number];
}

/** Towards a satellite from a place. */
export interface Direction {
  readonly latRad: number;
  readonly lonRad: number;
  readonly heightM: number;
  readonly azimuthRad: number;
  readonly elevationRad: number;
}

const DAY_S = 86_400;
const LEAST_DELAY_S = 5e-9;
const LEAST_PERIOD_S = 72_000;
const PEAK_S = 50_400; // 14:00 local

/** Ionospheric delay of L1, m (IS-GPS-200 §20.3.3.5.2.5). It removes about half of what there is. */
export function klobucharM({ alpha, beta }: Klobuchar, { latRad, lonRad, azimuthRad, elevationRad }: Direction, gpsS: number): number {
  const elevation = elevationRad / Math.PI; // in semicircles, as the whole algorithm
  const earthAngle = 0.0137 / (elevation + 0.11) - 0.022;
  const pierceLat = Math.max(-0.416, Math.min(0.416, latRad / Math.PI + earthAngle * Math.cos(azimuthRad)));
  const pierceLon = lonRad / Math.PI + (earthAngle * Math.sin(azimuthRad)) / Math.cos(pierceLat * Math.PI);
  const magneticLat = pierceLat + 0.064 * Math.cos((pierceLon - 1.617) * Math.PI);
  const localS = (((43_200 * pierceLon + gpsS) % DAY_S) + DAY_S) % DAY_S;
  const amplitude = Math.max(0, cubic(alpha, magneticLat));
  const period = Math.max(LEAST_PERIOD_S, cubic(beta, magneticLat));
  const phase = (2 * Math.PI * (localS - PEAK_S)) / period;
  const bulge = Math.abs(phase) < 1.57 ? amplitude * (1 - (phase * phase) / 2 + phase ** 4 / 24) : 0;
  return LIGHT_MPS * (1 + 16 * (0.53 - elevation) ** 3) * (LEAST_DELAY_S + bulge);
}

/** Ionospheric delay grows with the inverse square of the frequency. */
export function ionosphereFactor(frequencyHz: number): number {
  return (L1_HZ / frequencyHz) ** 2;
}

const cubic = (c: Klobuchar["alpha"], x: number): number => c[0] + x * (c[1] + x * (c[2] + x * c[3]));

/** Tropospheric delay, m: Saastamoinen's model in the standard atmosphere, by default with 70 % humidity. 0 where that has no meaning. */
export function saastamoinenM({ latRad, heightM, elevationRad }: Direction, humidity = 0.7): number {
  if (heightM < -100 || heightM > 10_000 || elevationRad <= 0) return 0;
  const height = Math.max(0, heightM);
  const pressureHpa = 1013.25 * (1 - 2.2557e-5 * height) ** 5.2568;
  const temperatureK = 15 - 6.5e-3 * height + 273.16;
  const vapourHpa = 6.108 * humidity * Math.exp((17.15 * temperatureK - 4684) / (temperatureK - 38.45));
  const sinElevation = Math.sin(elevationRad);
  const dryM = (0.0022768 * pressureHpa) / (1 - 0.00266 * Math.cos(2 * latRad) - (0.00028 * height) / 1000) / sinElevation;
  return dryM + (0.002277 * (1255 / temperatureK + 0.05) * vapourHpa) / sinElevation;
}

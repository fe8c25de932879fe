import { type Ecef, latLonToEcef } from "rtcm-parser";
import { RAD } from "./physical-constants.ts";

/** Tokyo Datum to JGD: what is added to ECEF coordinates, m (Geographical Survey Institute, at the datum's origin; good to about 10 m over Japan). */
const TO_JGD: Ecef = { xM: -146.414, yM: 507.337, zM: 680.507 };
/** Bessel 1841. */
const A_M = 6_377_397.155;
const FLATTENING = 1 / 299.152813;

/** The same point with Tokyo Datum coordinates, ECEF on that datum's own axes. */
export function tokyoEcef({ xM, yM, zM }: Ecef): Ecef {
  return { xM: xM - TO_JGD.xM, yM: yM - TO_JGD.yM, zM: zM - TO_JGD.zM };
}

/** Latitude and longitude of a point as Tokyo Datum maps have them (Bowring's formula on Bessel's ellipsoid). */
export function tokyoLatLon(point: Ecef): { readonly latDeg: number; readonly lonDeg: number } {
  const { xM, yM, zM } = tokyoEcef(point);
  const e2 = FLATTENING * (2 - FLATTENING);
  const bM = A_M * (1 - FLATTENING);
  const p = Math.hypot(xM, yM);
  const reduced = Math.atan2(zM * A_M, p * bM);
  const lat = Math.atan2(zM + (e2 / (1 - e2)) * bM * Math.sin(reduced) ** 3, p - e2 * A_M * Math.cos(reduced) ** 3);
  return { latDeg: lat / RAD, lonDeg: Math.atan2(yM, xM) / RAD };
}

/** Where a point seems to lie when its Tokyo Datum latitude and longitude are taken for JGD: about 450 m beside. */
export function mistakenForJgd(point: Ecef, heightM: number): Ecef {
  return latLonToEcef({ ...tokyoLatLon(point), heightM });
}

import { type Ecef, type Geodetic, latLonToEcef } from "rtcm-parser";

/** Metres east, north and up of a place. */
export interface Enu {
  readonly eastM: number;
  readonly northM: number;
  readonly upM: number;
}

const RAD = Math.PI / 180;
const STEP_DEG = 1e-5;

/** Moves a place by metres over the ellipsoid: good to 1 mm over a field (the curvature within it is left out). */
export function moved(origin: Geodetic, by: { readonly eastM: number; readonly northM: number }): Geodetic {
  const here = latLonToEcef(origin);
  const degPerM = (there: Geodetic): number => STEP_DEG / distanceM(here, latLonToEcef(there));
  return {
    latDeg: origin.latDeg + by.northM * degPerM({ ...origin, latDeg: origin.latDeg + STEP_DEG }),
    lonDeg: origin.lonDeg + by.eastM * degPerM({ ...origin, lonDeg: origin.lonDeg + STEP_DEG }),
    heightM: origin.heightM,
  };
}

/** The vector between two points in the local frame (east, north, up) of a place. */
export function enuBetween(from: Ecef, to: Ecef, at: Geodetic): Enu {
  const [sinLat, cosLat] = [Math.sin(at.latDeg * RAD), Math.cos(at.latDeg * RAD)];
  const [sinLon, cosLon] = [Math.sin(at.lonDeg * RAD), Math.cos(at.lonDeg * RAD)];
  const [x, y, z] = [to.xM - from.xM, to.yM - from.yM, to.zM - from.zM];
  return {
    eastM: -sinLon * x + cosLon * y,
    northM: -sinLat * cosLon * x - sinLat * sinLon * y + cosLat * z,
    upM: cosLat * cosLon * x + cosLat * sinLon * y + sinLat * z,
  };
}

export function distanceM(a: Ecef, b: Ecef): number {
  return Math.hypot(a.xM - b.xM, a.yM - b.yM, a.zM - b.zM);
}

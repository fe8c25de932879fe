import { type Ecef, ecefToLatLon } from "rtcm-parser";
import type { Direction } from "./atmosphere.ts";
import { LIGHT_MPS, RAD } from "./physical-constants.ts";

/** A place on the ground, with what every satellite seen from there needs. */
export interface Site {
  readonly ecef: Ecef;
  readonly latRad: number;
  readonly lonRad: number;
  readonly heightM: number;
  readonly sinLat: number;
  readonly cosLat: number;
  readonly sinLon: number;
  readonly cosLon: number;
}

/** East, north, up; m. */
export interface Enu {
  readonly eastM: number;
  readonly northM: number;
  readonly upM: number;
}

export function siteAt(ecef: Ecef): Site {
  const { latDeg, lonDeg, heightM } = ecefToLatLon(ecef);
  const [latRad, lonRad] = [latDeg * RAD, lonDeg * RAD];
  return { ecef, latRad, lonRad, heightM, sinLat: Math.sin(latRad), cosLat: Math.cos(latRad), sinLon: Math.sin(lonRad), cosLon: Math.cos(lonRad) };
}

export interface Sight {
  /** Geometric range with the rotation of the earth during the flight (Sagnac), m. */
  readonly rangeM: number;
  /** Unit vector from the site to the satellite, ECEF of the reception. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** @param satellite its position at transmission, in the frame of that instant */
export function sightOf(site: Ecef, satellite: Ecef, earthRadPerS: number): Sight {
  let rangeM = Math.hypot(satellite.xM - site.xM, satellite.yM - site.yM, satellite.zM - site.zM);
  let [x, y, z] = [0, 0, 0];
  for (let round = 0; round < 2; round += 1) {
    const turn = (earthRadPerS * rangeM) / LIGHT_MPS;
    const [sin, cos] = [Math.sin(turn), Math.cos(turn)];
    x = cos * satellite.xM + sin * satellite.yM - site.xM;
    y = -sin * satellite.xM + cos * satellite.yM - site.yM;
    z = satellite.zM - site.zM;
    rangeM = Math.sqrt(x * x + y * y + z * z);
  }
  return { rangeM, x: x / rangeM, y: y / rangeM, z: z / rangeM };
}

export function enuOf(site: Site, { xM, yM, zM }: Ecef): Enu {
  const { sinLat, cosLat, sinLon, cosLon } = site;
  return {
    eastM: -sinLon * xM + cosLon * yM,
    northM: -sinLat * cosLon * xM - sinLat * sinLon * yM + cosLat * zM,
    upM: cosLat * cosLon * xM + cosLat * sinLon * yM + sinLat * zM,
  };
}

export function directionOf(site: Site, sight: Sight): Direction {
  const { eastM, northM, upM } = enuOf(site, { xM: sight.x, yM: sight.y, zM: sight.z });
  return {
    latRad: site.latRad,
    lonRad: site.lonRad,
    heightM: site.heightM,
    azimuthRad: Math.atan2(eastM, northM),
    elevationRad: Math.asin(Math.max(-1, Math.min(1, upM))),
  };
}

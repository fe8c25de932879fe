import { type Ecef, ecefToLatLon } from "rtcm-parser";
import { type Enu, enuOf, siteAt } from "./line-of-sight.ts";
import { RAD } from "./physical-constants.ts";
import { mistakenForJgd, tokyoEcef } from "./tokyo-datum.ts";

/** Announced less own position: what kind of mistake explains it. Axis names as in 1005: X, Y, Z. */
export type PositionFault =
  | { readonly kind: "none" }
  | { readonly kind: "other-base"; readonly name: string } // it stands where that base was surveyed
  | { readonly kind: "others-position"; readonly name: string } // it announces what was surveyed for that base
  | { readonly kind: "elevation"; readonly offM: number } // 標高 for 楕円体高
  | { readonly kind: "geoid-twice"; readonly offM: number }
  | { readonly kind: "height"; readonly offM: number }
  | { readonly kind: "tokyo-datum"; readonly offM: number }
  | { readonly kind: "axes"; readonly axes: string } // which own axis stands at X, Y, Z: "Y X Z", "-X Y Z"
  | { readonly kind: "axis"; readonly axis: "X" | "Y" | "Z"; readonly offM: number }
  | { readonly kind: "latitude"; readonly offM: number } // north positive
  | { readonly kind: "longitude"; readonly offM: number } // east positive
  | { readonly kind: "off"; readonly offM: number };

export interface KnownBase {
  readonly name: string;
  readonly position: Ecef;
}

/** What is found from here on, m. */
export const FAULT_M = 10;
/** As near as an explanation must come. */
const SAME_PLACE_M = 15;
const TOKYO_M = 30;
/** Geoid above the ellipsoid in Japan, with 8 m for our own error: 20 m (Hokkaido's east) to 46 m. */
const GEOID_M = { least: 18, most: 52 };
const JAPAN = { latDeg: [20, 46], lonDeg: [122, 154] } as const;

export interface Comparison {
  readonly fault: PositionFault;
  /** Announced less own, in the frame of the own position. */
  readonly off: Enu;
  readonly offM: number;
}

/**
 * @param heightLimitM what the own height may be wrong by: more than 10 m where one frequency leaves the ionosphere in
 * @param others surveys of the site's other bases
 */
export function compare(
  announced: Ecef,
  own: Ecef,
  { heightLimitM, others }: { readonly heightLimitM: number; readonly others: readonly KnownBase[] },
): Comparison {
  const offEcef = minus(announced, own);
  const off = enuOf(siteAt(own), offEcef);
  const offM = size(offEcef);
  const level = Math.hypot(off.eastM, off.northM);
  const done = (fault: PositionFault): Comparison => ({ fault, off, offM });
  if (level <= FAULT_M && Math.abs(off.upM) <= heightLimitM) return done({ kind: "none" });
  if (level <= FAULT_M) return done(heightFault(own, off.upM));
  return done(
    swapped(announced, own, others) ??
      tokyo(announced, own, offM) ??
      axes(announced, own) ??
      oneAxis(offEcef) ??
      oneAngle(announced, own) ?? { kind: "off", offM },
  );
}

function heightFault(own: Ecef, upM: number): PositionFault {
  const aside = Math.abs(upM);
  if (!isInJapan(own) || aside < GEOID_M.least || aside > GEOID_M.most) return { kind: "height", offM: upM };
  return upM < 0 ? { kind: "elevation", offM: upM } : { kind: "geoid-twice", offM: upM };
}

function swapped(announced: Ecef, own: Ecef, others: readonly KnownBase[]): PositionFault | null {
  const there = others.find(({ position }) => isNear(position, own, SAME_PLACE_M));
  if (there !== undefined) return { kind: "other-base", name: there.name };
  const copied = others.find(({ position }) => isNear(position, announced, 1));
  return copied === undefined ? null : { kind: "others-position", name: copied.name };
}

/** Height is left out of it: it may be 標高, or come from another ellipsoid. */
function tokyo(announced: Ecef, own: Ecef, offM: number): PositionFault | null {
  if (!isInJapan(own)) return null;
  const site = siteAt(own);
  const explains = (point: Ecef): boolean => {
    const { eastM, northM } = enuOf(site, minus(announced, point));
    return Math.hypot(eastM, northM) <= TOKYO_M;
  };
  return explains(mistakenForJgd(own, site.heightM)) || explains(tokyoEcef(own)) ? { kind: "tokyo-datum", offM } : null;
}

const AXES = ["X", "Y", "Z"] as const;
const ORDERS = [
  [0, 1, 2],
  [1, 0, 2],
  [0, 2, 1],
  [2, 1, 0],
  [1, 2, 0],
  [2, 0, 1],
] as const;

/** Axes in another order, or with another sign. */
function axes(announced: Ecef, own: Ecef): PositionFault | null {
  const own3 = [own.xM, own.yM, own.zM] as const;
  for (const order of ORDERS) {
    for (let signs = 0; signs < 8; signs += 1) {
      if (order === ORDERS[0] && signs === 0) continue;
      const sign = (axis: number): number => (((signs >> axis) & 1) === 1 ? -1 : 1);
      const [xM, yM, zM] = [sign(0) * own3[order[0]], sign(1) * own3[order[1]], sign(2) * own3[order[2]]];
      if (!isNear({ xM, yM, zM }, announced, SAME_PLACE_M)) continue;
      return { kind: "axes", axes: order.map((axis, i) => `${sign(i) < 0 ? "-" : ""}${AXES[axis]}`).join(" ") };
    }
  }
  return null;
}

function oneAxis({ xM, yM, zM }: Ecef): PositionFault | null {
  const offs = [xM, yM, zM];
  const wrong = offs.flatMap((offM, i) => (Math.abs(offM) > FAULT_M ? [i] : []));
  const axis = wrong[0];
  return wrong.length === 1 && axis !== undefined ? { kind: "axis", axis: AXES[axis] as "X" | "Y" | "Z", offM: offs[axis] as number } : null;
}

/** For bases that were set up by latitude, longitude and height. */
function oneAngle(announced: Ecef, own: Ecef): PositionFault | null {
  const [a, o] = [ecefToLatLon(announced), ecefToLatLon(own)];
  if (Math.abs(a.heightM - o.heightM) > FAULT_M) return null;
  const northM = (a.latDeg - o.latDeg) * RAD * EARTH_M;
  const eastM = (a.lonDeg - o.lonDeg) * RAD * EARTH_M * Math.cos(o.latDeg * RAD);
  if (Math.abs(eastM) <= FAULT_M) return { kind: "latitude", offM: northM };
  return Math.abs(northM) <= FAULT_M ? { kind: "longitude", offM: eastM } : null;
}

const EARTH_M = 6_371_000;

function isInJapan(place: Ecef): boolean {
  const { latDeg, lonDeg } = ecefToLatLon(place);
  return latDeg > JAPAN.latDeg[0] && latDeg < JAPAN.latDeg[1] && lonDeg > JAPAN.lonDeg[0] && lonDeg < JAPAN.lonDeg[1];
}

const minus = (a: Ecef, b: Ecef): Ecef => ({ xM: a.xM - b.xM, yM: a.yM - b.yM, zM: a.zM - b.zM });
const size = ({ xM, yM, zM }: Ecef): number => Math.hypot(xM, yM, zM);
const isNear = (a: Ecef, b: Ecef, withinM: number): boolean => size(minus(a, b)) <= withinM;

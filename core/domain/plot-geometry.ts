import type { Polygon } from "./site.ts";

/** Geodetic, north and east positive. */
export interface Place {
  readonly latDeg: number;
  readonly lonDeg: number;
}
/** Degrees. Plots do not cross the 180th meridian. */
export interface Bounds {
  readonly south: number;
  readonly west: number;
  readonly north: number;
  readonly east: number;
}

const DEG = Math.PI / 180;
const EARTH_RADIUS_M = 6_371_008.8; // mean radius R1 of GRS 80 (Moritz 2000)
const M_PER_DEG = EARTH_RADIUS_M * DEG;

/** Along the great circle, m: on the sphere, so within 0.5 % of the ellipsoid. */
export function distanceM(a: Place, b: Place): number {
  const sinLat = Math.sin(((b.latDeg - a.latDeg) * DEG) / 2);
  const sinLon = Math.sin(((b.lonDeg - a.lonDeg) * DEG) / 2);
  const h = sinLat * sinLat + Math.cos(a.latDeg * DEG) * Math.cos(b.latDeg * DEG) * sinLon * sinLon;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Even-odd over all rings (RFC 7946 §3.1.6), so that a hole is outside. Without rings nothing is inside. */
export function contains(polygon: Polygon, { latDeg, lonDeg }: Place): boolean {
  let inside = false;
  for (const ring of polygon.coordinates) {
    let previous = ring[ring.length - 1];
    for (const point of ring) {
      const [lonA, latA] = previous as readonly [number, number];
      const [lonB, latB] = point;
      if (latA > latDeg !== latB > latDeg && lonDeg < ((lonB - lonA) * (latDeg - latA)) / (latB - latA) + lonA) inside = !inside;
      previous = point;
    }
  }
  return inside;
}

/** To the nearest border, of a hole too, m; on the plane that touches the place, good to some km. Infinity without rings. */
export function borderDistanceM(polygon: Polygon, { latDeg, lonDeg }: Place): number {
  const east = M_PER_DEG * Math.cos(latDeg * DEG);
  let least = Number.POSITIVE_INFINITY;
  for (const ring of polygon.coordinates) {
    let previous = ring[ring.length - 1];
    for (const point of ring) {
      const [lonA, latA] = previous as readonly [number, number];
      const ax = (lonA - lonDeg) * east;
      const ay = (latA - latDeg) * M_PER_DEG;
      const dx = (point[0] - lonA) * east;
      const dy = (point[1] - latA) * M_PER_DEG;
      const length2 = dx * dx + dy * dy;
      const along = length2 === 0 ? 0 : Math.max(0, Math.min(1, -(ax * dx + ay * dy) / length2));
      const x = ax + along * dx;
      const y = ay + along * dy;
      least = Math.min(least, x * x + y * y);
      previous = point;
    }
  }
  return Math.sqrt(least);
}

/** How far outside, m; 0 inside. */
export function outsideM(polygon: Polygon, place: Place): number {
  return contains(polygon, place) ? 0 : borderDistanceM(polygon, place);
}

/** null without a point. */
export function boundsOf(polygon: Polygon): Bounds | null {
  let [south, west, north, east] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const ring of polygon.coordinates) {
    for (const [lonDeg, latDeg] of ring) {
      if (latDeg < south) south = latDeg;
      if (latDeg > north) north = latDeg;
      if (lonDeg < west) west = lonDeg;
      if (lonDeg > east) east = lonDeg;
    }
  }
  return south <= north && west <= east ? { south, west, north, east } : null;
}

export const middleOf = ({ south, west, north, east }: Bounds): Place => ({ latDeg: (south + north) / 2, lonDeg: (west + east) / 2 });

export const diagonalM = ({ south, west, north, east }: Bounds): number => distanceM({ latDeg: south, lonDeg: west }, { latDeg: north, lonDeg: east });

export function widened(bounds: Bounds, byM: number): Bounds {
  const lat = byM / M_PER_DEG;
  const lon = lat / Math.max(0.01, Math.cos(Math.max(Math.abs(bounds.south), Math.abs(bounds.north)) * DEG));
  return { south: bounds.south - lat, west: bounds.west - lon, north: bounds.north + lat, east: bounds.east + lon };
}

export const overlaps = (a: Bounds, b: Bounds): boolean => a.south <= b.north && b.south <= a.north && a.west <= b.east && b.west <= a.east;

export const holds = ({ south, west, north, east }: Bounds, { latDeg, lonDeg }: Place): boolean =>
  south <= latDeg && latDeg <= north && west <= lonDeg && lonDeg <= east;

/** Do the two come as near as `limitM`, or overlap? Borders of plots apart come nearest at a corner of one of them. */
export function within(
  a: { readonly geometry: Polygon; readonly bounds: Bounds },
  b: { readonly geometry: Polygon; readonly bounds: Bounds },
  limitM: number,
): boolean {
  return cornersWithin(a, b, limitM) || cornersWithin(b, a, limitM);
}

function cornersWithin(of: { readonly geometry: Polygon }, to: { readonly geometry: Polygon; readonly bounds: Bounds }, limitM: number): boolean {
  const reach = widened(to.bounds, limitM);
  for (const ring of of.geometry.coordinates) {
    for (const [lonDeg, latDeg] of ring) {
      const corner = { latDeg, lonDeg };
      if (holds(reach, corner) && (borderDistanceM(to.geometry, corner) <= limitM || contains(to.geometry, corner))) return true;
    }
  }
  return false;
}

/** Where most of them are: medians, so that one far slip of the pen moves nothing. null without a place. */
export function middleOfMost(places: readonly Place[]): Place | null {
  if (places.length === 0) return null;
  const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
  return { latDeg: median(places.map((p) => p.latDeg)), lonDeg: median(places.map((p) => p.lonDeg)) };
}

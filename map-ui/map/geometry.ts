import type { Polygon } from "../../core/domain/site.ts";

export type LatLon = readonly [latDeg: number, lonDeg: number];

/** Is this a place on the map? Web Mercator ends at 85.05°. */
export function isPlace(latDeg: unknown, lonDeg: unknown): boolean {
  return Number.isFinite(latDeg) && Number.isFinite(lonDeg) && Math.abs(latDeg as number) <= 85 && Math.abs(lonDeg as number) <= 180;
}

/** Rings as [lat, lon]; null when anything in them is no place, so that one bad plot is left out and the rest is drawn. */
export function usableRings(polygon: Polygon): readonly (readonly LatLon[])[] | null {
  const rings: LatLon[][] = [];
  for (const ring of polygon.coordinates ?? []) {
    const points: LatLon[] = [];
    for (const [lonDeg, latDeg] of ring) {
      if (!isPlace(latDeg, lonDeg)) return null;
      points.push([latDeg, lonDeg]);
    }
    if (points.length < 3) return null;
    rings.push(points);
  }
  return rings.length > 0 ? rings : null;
}

/** Area centroid of the outer ring, where a label stands; the mean of the points when the area is nil. */
export function centroidOf(ring: readonly LatLon[]): LatLon {
  const [lat0, lon0] = ring[0] ?? [0, 0]; // near the ring, so that the cross products keep their digits
  let area = 0;
  let lat = 0;
  let lon = 0;
  for (let i = 0; i < ring.length; i++) {
    const [aLat, aLon] = ring[i] ?? [0, 0];
    const [bLat, bLon] = ring[(i + 1) % ring.length] ?? [0, 0];
    const cross = (aLon - lon0) * (bLat - lat0) - (bLon - lon0) * (aLat - lat0);
    area += cross;
    lat += (aLat + bLat - 2 * lat0) * cross;
    lon += (aLon + bLon - 2 * lon0) * cross;
  }
  if (Math.abs(area) < 1e-14) {
    const sum = ring.reduce((s, [a, b]) => [s[0] + a, s[1] + b] as const, [0, 0] as LatLon);
    return [sum[0] / ring.length, sum[1] / ring.length];
  }
  return [lat0 + lat / (3 * area), lon0 + lon / (3 * area)];
}

/** How wide a plot is from west to east, in degrees: its area by its height, as a long plot that stands askew is narrower than its box. */
export function widthDegOf(ring: readonly LatLon[]): number {
  const [lat0, lon0] = ring[0] ?? [0, 0];
  let twice = 0;
  for (let i = 0; i < ring.length; i++) {
    const [aLat, aLon] = ring[i] ?? [0, 0];
    const [bLat, bLon] = ring[(i + 1) % ring.length] ?? [0, 0];
    twice += (aLon - lon0) * (bLat - lat0) - (bLon - lon0) * (aLat - lat0);
  }
  const [low, high] = boxOf(ring);
  const heightDeg = high[0] - low[0];
  return heightDeg > 0 ? Math.abs(twice) / 2 / heightDeg : 0;
}

export type Box = readonly [southWest: LatLon, northEast: LatLon];

function boxOf(points: readonly LatLon[]): Box {
  let [south, west, north, east] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [lat, lon] of points) {
    south = Math.min(south, lat);
    west = Math.min(west, lon);
    north = Math.max(north, lat);
    east = Math.max(east, lon);
  }
  return [
    [south, west],
    [north, east],
  ];
}

/** The box, widened to the points that lie at most its own width or height beside it. */
export function withNear(box: Box, points: readonly LatLon[]): Box {
  const [[south, west], [north, east]] = box;
  const [height, width] = [north - south, east - west];
  const near = points.filter(([lat, lon]) => lat > south - height && lat < north + height && lon > west - width && lon < east + width);
  return boxOf([...box, ...near]);
}

const TOWN_DEG = 0.5; // about 50 km: further away from the middle is another place, or a slip of the pen

/** The box around the points that belong together; outliers do not zoom the town away. */
export function townBox(points: readonly LatLon[]): Box | null {
  if (points.length === 0) return null;
  const midLat = median(points.map((p) => p[0]));
  const midLon = median(points.map((p) => p[1]));
  return boxOf(points.filter(([lat, lon]) => Math.abs(lat - midLat) <= TOWN_DEG && Math.abs(lon - midLon) <= TOWN_DEG));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Course from a to b in degrees clockwise from north; null when they are the same place. */
export function courseDeg(a: LatLon, b: LatLon): number | null {
  const north = b[0] - a[0];
  const east = (b[1] - a[1]) * Math.cos((a[0] * Math.PI) / 180);
  if (Math.hypot(north, east) < 1e-7) return null; // 1 cm: standing still, GNSS noise would spin the arrow
  return ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360;
}

/** Hands out places on the screen so that no two lie nearer than `gapPx`; first come, first served. */
export class Spread {
  readonly #gapPx: number;
  readonly #taken = new Map<string, { readonly x: number; readonly y: number }>(); // by cell of gapPx / √2: at most one each

  constructor(gapPx: number) {
    this.#gapPx = gapPx;
  }

  /** True when the place was free; it is taken then. */
  take(place: { readonly x: number; readonly y: number }): boolean {
    const cellPx = this.#gapPx / Math.SQRT2;
    const [column, row] = [Math.floor(place.x / cellPx), Math.floor(place.y / cellPx)];
    for (let dx = -2; dx <= 2; dx += 1) {
      for (let dy = -2; dy <= 2; dy += 1) {
        const other = this.#taken.get(`${column + dx} ${row + dy}`);
        if (other && Math.hypot(other.x - place.x, other.y - place.y) < this.#gapPx) return false;
      }
    }
    this.#taken.set(`${column} ${row}`, place);
    return true;
  }
}

import type { TrackPoint } from "../core/domain/history.ts";

/** RFC 7946: one Feature per point, so that map programs colour and filter by what each says. `next`: see TrackSchema. */
export function trackGeoJson(roverId: string, points: readonly TrackPoint[], next: string | null): object {
  return {
    type: "FeatureCollection",
    roverId,
    next,
    features: points.map(({ latDeg, lonDeg, heightM, ...properties }) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: heightM === null ? [lonDeg, latDeg] : [lonDeg, latDeg, heightM] },
      properties,
    })),
  };
}

import { type Constellation, constellationOf, ecefToLatLon } from "rtcm-parser";
import type { Base } from "../core/domain/site.ts";
import type { FeedForm } from "./feed-forms.ts";
import type { StreamForm } from "./health.ts";

/** What a form of a stream holds, from what the base sends: the words of its line in the sourcetable. */
export function formShown(sent: StreamForm, form: FeedForm): StreamForm {
  if (form === "as-sent") return sent;
  const best = new Map<number, number>();
  for (const { type, ratePerS } of sent.types) {
    const shown = typeIn(type, form);
    if (shown !== null) best.set(shown, Math.max(best.get(shown) ?? 0, ratePerS));
  }
  return {
    types: [...best].map(([type, ratePerS]) => ({ type, ratePerS })).sort((a, b) => a.type - b.type),
    constellations: form === "legacy" ? sent.constellations.filter((c) => LEGACY_SYSTEMS.includes(c)) : sent.constellations,
    carriers: sent.carriers,
    bytesPerS: sent.bytesPerS,
  };
}

const LEGACY_SYSTEMS: readonly Constellation[] = ["GPS", "GLONASS", "SBAS"];
const MOVING_BASE = 4072;

function typeIn(type: number, form: FeedForm): number | null {
  if (type === MOVING_BASE) return null;
  const constellation = constellationOf(type);
  if (form === "msm4") {
    if (isLegacyObservation(type)) return null;
    return constellation === null ? type : type - (type % 10) + 4;
  }
  if (form === "legacy" && constellation !== null) {
    if (constellation === "GPS" || constellation === "SBAS") return 1004;
    return constellation === "GLONASS" ? 1012 : null;
  }
  return type;
}

const isLegacyObservation = (type: number): boolean => (type >= 1001 && type <= 1004) || (type >= 1009 && type <= 1012);

/** Where a surveyed base stands; null: it is not surveyed. */
export function surveyedPosition({ antenna }: Base): { readonly latDeg: number; readonly lonDeg: number } | null {
  return antenna === null ? null : ecefToLatLon({ xM: antenna.x, yM: antenna.y, zM: antenna.z });
}

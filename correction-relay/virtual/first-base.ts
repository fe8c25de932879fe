import type { Sentence } from "../../core/domain/live.ts";
import { distanceM, type Place } from "../../core/domain/plot-geometry.ts";
import { type BaseView, type BaseViews, bestBase, rankOf } from "./base-view.ts";
import { CHOICE_WORDS } from "./choice-words.ts";

/** After so long a tractor has been put away, or driven elsewhere. */
const RECENT_MS = 600_000;

export interface LastService {
  readonly baseId: string;
  readonly plotId: string | null; // that it was in, on FIELD
  readonly atMs: number; // when it was served last
}

export interface FirstBaseOf {
  readonly last: LastService | null;
  readonly configured: string | null; // base id of the rover on file
  readonly place: Place | null;
  readonly centre: Place | null;
  readonly nowMs: number;
}

export interface FirstBase {
  readonly view: BaseView;
  readonly reason: Sentence;
  readonly provisional: boolean; // chosen without a position: the first one may change it
}

export const isRecent = (last: LastService, nowMs: number): boolean => nowMs - last.atMs < RECENT_MS;

/** A pool holds one datum: for a rover that of its last base, else of its configured one, else of most bases. */
export function datumOf(views: BaseViews, { last, configured }: { readonly last: string | null; readonly configured: string | null }): string | null {
  for (const id of [last, configured]) {
    const view = id === null ? undefined : views.byId.get(id);
    if (view !== undefined) return view.datum;
  }
  return views.poolDatum;
}

/**
 * The base to begin with. The last one of a moment ago goes on, also through a gap of its uplink. Then by position, else,
 * so that a console gets data at once: the last one at all, the configured one, the nearest to the site.
 */
export function firstBase(views: BaseViews, { last, configured, place, centre, nowMs }: FirstBaseOf): FirstBase | null {
  const lastView = last === null ? undefined : views.byId.get(last.baseId);
  if (
    last !== null &&
    lastView !== undefined &&
    isRecent(last, nowMs) &&
    lastView.health.state !== "failed" &&
    !lastView.health.recovering &&
    reaches(lastView, place)
  )
    return { view: lastView, reason: CHOICE_WORDS.lastBase(lastView.name), provisional: false };
  const datum = datumOf(views, { last: last?.baseId ?? null, configured });
  if (place !== null) {
    const nearest = bestBase(views, { near: place, limited: true, datum, rankMax: 2 });
    return nearest === null ? null : { view: nearest.view, reason: CHOICE_WORDS.nearest(nearest.view.name), provisional: false };
  }
  const own = configured === null ? undefined : views.byId.get(configured);
  if (lastView !== undefined && rankOf(lastView) !== null) return { view: lastView, reason: CHOICE_WORDS.lastBase(lastView.name), provisional: true };
  if (own !== undefined && rankOf(own) !== null && own.datum === datum) return { view: own, reason: CHOICE_WORDS.configuredBase(own.name), provisional: true };
  const middle = bestBase(views, { near: centre, limited: false, datum, rankMax: 2 });
  return middle === null ? null : { view: middle.view, reason: CHOICE_WORDS.siteBase(middle.view.name), provisional: true };
}

const reaches = (view: BaseView, place: Place | null): boolean => place === null || distanceM(place, view.place) <= view.maxBaselineKm * 1000;

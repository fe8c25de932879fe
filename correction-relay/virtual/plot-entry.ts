import type { Sentence } from "../../core/domain/live.ts";
import type { Place } from "../../core/domain/plot-geometry.ts";
import { aligned } from "../../core/domain/pool-base.ts";
import type { Plot } from "../../core/domain/site.ts";
import { alignedBase, type BaseView, type BaseViews, bestBase, rankOf } from "./base-view.ts";
import { CHOICE_WORDS } from "./choice-words.ts";
import type { Anchor } from "./failover.ts";

export interface Entry {
  readonly plot: Plot;
  readonly anchor: Anchor | null; // rows of this plot were driven with this base, in a stay that is not over
  readonly current: BaseView | null;
  readonly place: Place | null;
  readonly datum: string | null; // of the rover's pool, where the plot has no home base
}

export type EntryStep = { readonly kind: "use"; readonly view: BaseView; readonly reason: Sentence } | { readonly kind: "end" } | { readonly kind: "nothing" };

/** Which base a plot is worked with, decided once, on entering it. */
export function onEntering(views: BaseViews, entry: Entry): EntryStep {
  return entry.anchor === null ? withHome(views, entry) : withAnchor(views, entry, entry.anchor);
}

/** Sound enough to begin with: data flow, or will within seconds. */
const isSound = ({ health }: BaseView): boolean => (health.state === "healthy" || health.state === "silent") && !health.recovering;

function withHome(views: BaseViews, { plot, current, place, datum }: Entry): EntryStep {
  const home = plot.base === null ? undefined : views.byId.get(plot.base);
  if (home !== undefined && isSound(home)) return { kind: "use", view: home, reason: CHOICE_WORDS.homeBase(home.name, plot.name) };
  const pool = home === undefined ? datum : home.datum;
  const best = (rankMax: 0 | 2): BaseView | null => bestBase(views, { near: place, limited: true, datum: pool, rankMax })?.view ?? null;
  const likeHome = home === undefined ? null : alignedBase(views, home, place);
  const kept = current !== null && current.datum === pool ? current : null;
  const chosen =
    (likeHome !== null && rankOf(likeHome) === 0 ? likeHome : null) ??
    (kept !== null && rankOf(kept) === 0 ? kept : null) ??
    best(0) ??
    (home !== undefined && rankOf(home) === 1 ? home : null) ??
    (kept !== null && kept.health.state !== "failed" ? kept : null) ??
    best(2);
  if (chosen === null) return { kind: "nothing" };
  return { kind: "use", view: chosen, reason: plot.base === null ? CHOICE_WORDS.nearest(chosen.name) : CHOICE_WORDS.homeUnavailable(chosen.name, plot.name) };
}

function withAnchor(views: BaseViews, { plot, current, place }: Entry, anchor: Anchor): EntryStep {
  const own = views.byId.get(anchor.id);
  if (own !== undefined && (isSound(own) || rankOf(own) === 1)) return { kind: "use", view: own, reason: CHOICE_WORDS.homeBase(own.name, plot.name) };
  const kept = current !== null && rankOf(current) !== null && aligned(current, anchor) ? current : null;
  const view = kept ?? alignedBase(views, anchor, place);
  return view === null ? { kind: "end" } : { kind: "use", view, reason: CHOICE_WORDS.homeUnavailable(view.name, plot.name) };
}

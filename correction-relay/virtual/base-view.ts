import type { Sentence } from "../../core/domain/live.ts";
import { distanceM, type Place } from "../../core/domain/plot-geometry.ts";
import { aligned } from "../../core/domain/pool-base.ts";

/**
 * healthy: data flow and nothing speaks against them; silent: none for some seconds, perhaps a gap of the uplink;
 * soft-fault: data flow, worse than they should be; failed: it may not be used.
 */
export interface PoolHealth {
  readonly state: "healthy" | "silent" | "soft-fault" | "failed";
  readonly failure: "hard" | "silence" | "satellites" | null; // of failed
  readonly reason: Sentence | null; // of soft-fault and failed
  readonly lastDataAtMs: number; // arrival of the last epoch that was relayed; before the relay's start when there was none
  readonly recovering: boolean; // it has failed, and is not yet healthy again for a minute
  readonly healthyForMs: number; // since its last failure; Infinity without one
}

/** A base as the choice for a rover sees it. There is one view per pool base (`isPoolBase`), made anew at each look. */
export interface BaseView {
  readonly id: string;
  readonly name: string;
  readonly place: Place; // of its surveyed antenna
  readonly datum: string | null; // as `datumText`
  readonly maxBaselineKm: number;
  readonly alignedWith: readonly string[];
  readonly inPool: boolean; // may be chosen for a rover now
  readonly health: PoolHealth;
}

export interface BaseViews {
  readonly byId: ReadonlyMap<string, BaseView>;
  readonly poolDatum: string | null; // of a rover without a base of its own
}

/** How good a new choice it is: 0 healthy; 1 with a soft fault; 2 healthy for less than a minute after a failure; null: none at all. */
export function rankOf({ inPool, health }: BaseView): 0 | 1 | 2 | null {
  if (!inPool) return null;
  if (health.state === "soft-fault") return health.recovering ? null : 1;
  if (health.state !== "healthy") return null;
  return health.recovering ? 2 : 0;
}

export interface Wanted {
  readonly near: Place | null; // whence distances count
  readonly limited: boolean; // each base serves as far as its maximum baseline only
  readonly datum: string | null;
  readonly not?: string | null; // this one is not wanted
  readonly rankMax: 0 | 1 | 2;
}

/** The best base of a pool, among equals the nearest, at last by id; null when there is none. */
export function bestBase({ byId }: BaseViews, { near, limited, datum, not, rankMax }: Wanted): { readonly view: BaseView; readonly distanceM: number } | null {
  let best: BaseView | null = null;
  let bestRank: number = rankMax;
  let bestM = Number.POSITIVE_INFINITY;
  for (const view of byId.values()) {
    if (view.id === not || view.datum !== datum) continue;
    const rank = rankOf(view);
    if (rank === null || rank > bestRank) continue;
    const farM = near === null ? 0 : distanceM(near, view.place);
    if (limited && farM > view.maxBaselineKm * 1000) continue;
    if (best !== null && rank === bestRank && (farM > bestM || (farM === bestM && view.id > best.id))) continue;
    best = view;
    bestRank = rank;
    bestM = farM;
  }
  return best === null ? null : { view: best, distanceM: bestM };
}

/** The nearest base that is on file as aligned with this one and is healthy, or at least has satellites enough. */
export function alignedBase(
  views: BaseViews,
  to: { readonly id: string; readonly datum: string | null; readonly alignedWith: readonly string[] },
  near: Place | null,
): BaseView | null {
  const byId = new Map<string, BaseView>();
  for (const view of views.byId.values()) if (view.id !== to.id && aligned(view, to)) byId.set(view.id, view);
  return bestBase({ ...views, byId }, { near, limited: near !== null, datum: to.datum, rankMax: 1 })?.view ?? null;
}

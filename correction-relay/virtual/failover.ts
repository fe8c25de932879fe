import type { Sentence } from "../../core/domain/live.ts";
import type { Place } from "../../core/domain/plot-geometry.ts";
import { aligned } from "../../core/domain/pool-base.ts";
import { alignedBase, type BaseView, type BaseViews, bestBase, rankOf } from "./base-view.ts";
import { CHOICE_WORDS } from "./choice-words.ts";

/** Why a base may not be used any more; null: it may, perhaps with a gap or a soft fault. */
export function failureOf(view: BaseView | undefined): Sentence | null {
  if (view === undefined) return CHOICE_WORDS.gone;
  return view.health.state === "failed" ? (view.health.reason ?? CHOICE_WORDS.noBase) : null;
}

export interface Failed {
  readonly baseId: string;
  readonly flowing: BaseView | null; // the base before it, whose data go on since the failed one has not sent any yet
  /** Of this base rows were driven with, in this plot or (place unknown) perhaps: another one must be aligned with it. null: no such base. */
  readonly anchor: Anchor | null;
  readonly place: Place | null;
  readonly centre: Place | null;
  readonly datum: string | null;
}

export interface Anchor {
  readonly id: string;
  readonly datum: string | null;
  readonly alignedWith: readonly string[];
}

export type WhatThen = { readonly kind: "switch"; readonly view: BaseView } | { readonly kind: "end" } | { readonly kind: "nothing-better" };

/**
 * Where rows were driven, a jump in mid-row is worse than a stop: the anchor itself, an aligned base, or the end.
 * Elsewhere: the next healthy base of the pool.
 */
export function whatThen(views: BaseViews, { baseId, flowing, anchor, place, centre, datum }: Failed): WhatThen {
  if (flowing !== null && rankOf(flowing) !== null && (anchor === null || anchor.id === flowing.id || aligned(anchor, flowing)))
    return { kind: "switch", view: flowing };
  if (anchor === null) {
    const next = bestBase(views, { near: place ?? centre, limited: place !== null, datum, not: baseId, rankMax: 2 });
    return next === null ? { kind: "nothing-better" } : { kind: "switch", view: next.view };
  }
  const same = anchor.id === baseId ? undefined : views.byId.get(anchor.id);
  if (same !== undefined && rankOf(same) === 0) return { kind: "switch", view: same };
  const view = alignedBase(without(views, baseId), anchor, place);
  return view === null ? { kind: "end" } : { kind: "switch", view };
}

function without({ byId, poolDatum }: BaseViews, id: string): BaseViews {
  const others = new Map(byId);
  others.delete(id);
  return { byId: others, poolDatum };
}

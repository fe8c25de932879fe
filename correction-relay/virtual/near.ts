import { distanceM, type Place } from "../../core/domain/plot-geometry.ts";
import { type BaseView, type BaseViews, bestBase } from "./base-view.ts";

// A 600 m field between two bases changes their distances by less than 1.2 km in all.
const MARGIN_M = 2000;
const MARGIN_SHARE = 0.2;
const FOR_MS = 30_000;

export type NearStep =
  | { readonly kind: "stay" }
  | { readonly kind: "move"; readonly view: BaseView }
  | { readonly kind: "too-far"; readonly view: BaseView | null };

const STAY: NearStep = { kind: "stay" };

/** A rover keeps its base until another one is nearer by a margin, or its own too far away, for some time. */
export class NearRule {
  #nearer: { readonly id: string; readonly sinceMs: number } | null = null;
  #farSinceMs: number | null = null;

  /** At each usable position, at its arrival. */
  look(views: BaseViews, of: { readonly current: BaseView; readonly place: Place; readonly nowMs: number }): NearStep {
    const { current, place, nowMs } = of;
    const currentM = distanceM(place, current.place);
    const best = bestBase(views, { near: place, limited: true, datum: current.datum, rankMax: 0 });
    if (currentM > current.maxBaselineKm * 1000) {
      this.#farSinceMs ??= nowMs;
      if (nowMs - this.#farSinceMs >= FOR_MS) return { kind: "too-far", view: best?.view ?? null };
    } else this.#farSinceMs = null;
    const isNearer = best !== null && best.view.id !== current.id && best.distanceM < currentM - Math.max(MARGIN_M, MARGIN_SHARE * currentM);
    if (!isNearer) this.#nearer = null;
    else if (this.#nearer?.id !== best.view.id) this.#nearer = { id: best.view.id, sinceMs: nowMs };
    else if (nowMs - this.#nearer.sinceMs >= FOR_MS) return { kind: "move", view: best.view };
    return STAY;
  }

  /** Another base, or the rule did not hold for a while. */
  reset(): void {
    this.#nearer = null;
    this.#farSinceMs = null;
  }
}

import { ecefToLatLon } from "rtcm-parser";
import type { Sentence } from "../../core/domain/live.ts";
import type { Place } from "../../core/domain/plot-geometry.ts";
import { datumText, isPoolBase, MAX_BASELINE_KM, poolDatum } from "../../core/domain/pool-base.ts";
import type { Base } from "../../core/domain/site.ts";
import type { BaseView, BaseViews, PoolHealth } from "./base-view.ts";
import { CHOICE_WORDS } from "./choice-words.ts";

/** What the relay sees of a base at this moment. */
export interface BaseSigns {
  readonly base: Base;
  readonly stop: Sentence | null; // guard stop, bump, staff stop, or not confirmed since 全基準局を再確認
  readonly passing: boolean; // the guard lets its data through
  readonly lastDataAtMs: number | null; // arrival of the last epoch that was relayed
  readonly softFault: Sentence | null; // constellation, CN0, CRC share
  readonly tooFewSatellitesForMs: number; // without a break; 0: enough for RTK
}

export interface BasePoolOptions {
  readonly failoverAfterMs: () => number; // `site.failoverAfterS`
  readonly startedAtMs: number; // of the relay: a base that was not heard yet is silent since then
}

const SILENT_AFTER_MS = 3000; // three epochs of 1 Hz
const TOO_FEW_FOR_MS = 5000;
const HEALTHY_AGAIN_AFTER_MS = 60_000;

interface Past {
  failed: boolean; // not yet healthy for a minute since
  healthySinceMs: number | null;
}

/**
 * Which bases may serve NEAR and FIELD. Of a mount's permission nothing is known here: a rover that may use `NEAR` may be
 * served by any base of the pool, also by one whose own mount it may not ask for.
 */
export class BasePool {
  readonly #o: BasePoolOptions;
  readonly #past = new Map<string, Past>();
  readonly #places = new WeakMap<Base, Place>();
  #dueAtMs: number | null = null;

  constructor(options: BasePoolOptions) {
    this.#o = options;
  }

  /** When the next base will have been silent, or short of satellites, for too long: look again then. null: none is. */
  get dueAtMs(): number | null {
    return this.#dueAtMs;
  }

  /** Once a second, at each stop of a base and at `dueAtMs`. Bases that left the catalog are forgotten. */
  look(signs: Iterable<BaseSigns>, nowMs: number): BaseViews {
    const byId = new Map<string, BaseView>();
    const bases: Base[] = [];
    this.#dueAtMs = null;
    for (const one of signs) {
      bases.push(one.base);
      if (isPoolBase(one.base)) byId.set(one.base.id, this.#viewOf(one, one.base.antenna, nowMs));
    }
    for (const id of this.#past.keys()) if (!byId.has(id)) this.#past.delete(id);
    return { byId, poolDatum: poolDatum(bases) };
  }

  #viewOf(signs: BaseSigns, antenna: NonNullable<Base["antenna"]>, nowMs: number): BaseView {
    const { id, name, datum, maxBaselineKm, alignedWith } = signs.base;
    return {
      id,
      name,
      place: this.#placeOf(signs.base, antenna),
      datum: datumText(datum),
      maxBaselineKm: maxBaselineKm ?? MAX_BASELINE_KM,
      alignedWith,
      inPool: signs.stop === null && signs.passing,
      health: this.#healthOf(signs, nowMs),
    };
  }

  #placeOf(base: Base, { x, y, z }: NonNullable<Base["antenna"]>): Place {
    let place = this.#places.get(base);
    if (place === undefined) {
      place = ecefToLatLon({ xM: x, yM: y, zM: z });
      this.#places.set(base, place);
    }
    return place;
  }

  #healthOf(signs: BaseSigns, nowMs: number): PoolHealth {
    const { base, stop, lastDataAtMs, softFault, tooFewSatellitesForMs } = signs;
    const failoverAfterMs = this.#o.failoverAfterMs();
    const silentForMs = nowMs - (lastDataAtMs ?? this.#o.startedAtMs);
    const heard = lastDataAtMs ?? Number.NEGATIVE_INFINITY;
    if (stop !== null) return this.#failed(base, { failure: "hard", reason: stop, lastDataAtMs: heard });
    if (silentForMs >= failoverAfterMs) return this.#failed(base, { failure: "silence", reason: CHOICE_WORDS.silent(base.name), lastDataAtMs: heard });
    if (tooFewSatellitesForMs >= TOO_FEW_FOR_MS)
      return this.#failed(base, { failure: "satellites", reason: softFault ?? CHOICE_WORDS.tooFewSatellites(base.name), lastDataAtMs: heard });
    if (lastDataAtMs === null || silentForMs >= SILENT_AFTER_MS) this.#due(nowMs + failoverAfterMs - silentForMs);
    if (tooFewSatellitesForMs > 0) this.#due(nowMs + TOO_FEW_FOR_MS - tooFewSatellitesForMs);
    const silent = lastDataAtMs === null || silentForMs >= SILENT_AFTER_MS;
    const state = silent ? "silent" : softFault !== null || tooFewSatellitesForMs > 0 ? "soft-fault" : "healthy";
    const healthyForMs = this.#healthyForMs(base.id, state === "healthy", nowMs);
    return {
      state,
      failure: null,
      reason: state === "soft-fault" ? (softFault ?? CHOICE_WORDS.tooFewSatellites(base.name)) : null,
      lastDataAtMs: heard,
      recovering: healthyForMs < HEALTHY_AGAIN_AFTER_MS,
      healthyForMs,
    };
  }

  #due(atMs: number): void {
    this.#dueAtMs = Math.min(this.#dueAtMs ?? atMs, atMs);
  }

  /** A base that has sent nothing since the relay's start has not failed before our eyes: it is welcome as soon as it comes. */
  #failed(base: Base, of: Pick<PoolHealth, "failure" | "reason" | "lastDataAtMs">): PoolHealth {
    const past = this.#pastOf(base.id);
    if (of.failure !== "silence" || of.lastDataAtMs !== Number.NEGATIVE_INFINITY) past.failed = true;
    past.healthySinceMs = null;
    return { state: "failed", ...of, recovering: past.failed, healthyForMs: 0 };
  }

  #healthyForMs(baseId: string, healthy: boolean, nowMs: number): number {
    const past = this.#pastOf(baseId);
    if (!past.failed) return Number.POSITIVE_INFINITY;
    past.healthySinceMs = healthy ? (past.healthySinceMs ?? nowMs) : null;
    const forMs = past.healthySinceMs === null ? 0 : nowMs - past.healthySinceMs;
    if (forMs < HEALTHY_AGAIN_AFTER_MS) return forMs;
    past.failed = false;
    return Number.POSITIVE_INFINITY;
  }

  #pastOf(baseId: string): Past {
    let past = this.#past.get(baseId);
    if (past === undefined) {
      past = { failed: false, healthySinceMs: null };
      this.#past.set(baseId, past);
    }
    return past;
  }
}

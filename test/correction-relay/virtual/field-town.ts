import { latLonToEcef } from "rtcm-parser";
import type { FixState, Sentence } from "../../../core/domain/live.ts";
import type { Place } from "../../../core/domain/plot-geometry.ts";
import { PlotIndex } from "../../../core/domain/plot-index.ts";
import type { Base, Plot } from "../../../core/domain/site.ts";
import { DatumMemory } from "../../../correction-relay/virtual/datums.ts";
import type { LastService } from "../../../correction-relay/virtual/first-base.ts";
import { BasePool, type BaseSigns } from "../../../correction-relay/virtual/pool.ts";
import { type BaseViews, type Decision, RoverChooser } from "../../../correction-relay/virtual/rover-chooser.ts";
import { baseOf } from "../support.ts";

/** A flat town around 39.42 N, 140.55 E: places in metres east and north. */
export interface Xy {
  readonly eastM: number;
  readonly northM: number;
}
const M_PER_DEG = 111_195;
const EAST_M_PER_DEG = M_PER_DEG * Math.cos((39.42 * Math.PI) / 180);
export const placeOf = ({ eastM, northM }: Xy): Place => ({ latDeg: 39.42 + northM / M_PER_DEG, lonDeg: 140.55 + eastM / EAST_M_PER_DEG });

export function plotOf(id: string, of: Xy & { readonly widthM: number; readonly heightM: number }, base: string | null = null): Plot {
  const corner = (x: number, y: number): readonly [number, number] => {
    const { lonDeg, latDeg } = placeOf({ eastM: of.eastM + x, northM: of.northM + y });
    return [lonDeg, latDeg];
  };
  const ring = [corner(0, 0), corner(of.widthM, 0), corner(of.widthM, of.heightM), corner(0, of.heightM), corner(0, 0)];
  return { id, name: id, geometry: { type: "Polygon", coordinates: [ring] }, base, fude: null, crop: null };
}

export function townBase(id: string, at: Xy, more: Partial<Base> = {}): Base {
  const { xM, yM, zM } = latLonToEcef({ ...placeOf(at), heightM: 90 });
  return baseOf(id.toUpperCase(), { id, name: id, stationId: 1, antenna: { x: xM, y: yM, z: zM }, ...more });
}

export interface TownOptions {
  readonly mode: "NEAR" | "FIELD";
  readonly bases: readonly Base[];
  readonly plots?: readonly Plot[];
  readonly configured?: string | null;
  readonly last?: LastService | null;
  readonly datums?: Readonly<Record<string, string>>;
  readonly failoverAfterS?: number;
}

const STEP_MS = 100;
const START_MS = Date.UTC(2026, 4, 20, 0, 0, 0);

/**
 * Bases with one epoch a second each, a pool and one rover, looked at as the relay does: once a second, at each stop and
 * when the pool says so. `delivered` is what the rover was sent: the base in use goes on until the first epoch of the next.
 */
export class FieldTown {
  readonly delivered: { readonly atMs: number; readonly baseId: string; readonly plotId: string | null }[] = [];
  readonly told: { readonly atMs: number; readonly decision: Decision }[] = [];
  readonly alarms: Sentence[] = [];
  readonly chooser: RoverChooser;
  readonly #pool: BasePool;
  readonly #signs = new Map<string, { -readonly [K in keyof BaseSigns]: BaseSigns[K] } & { silent: boolean; tooFewSinceMs: number | null }>();
  #views: BaseViews;
  #current: string | null = null;
  nowMs = START_MS;
  /** Where the rover is; null: it sends no GGA. */
  at: Xy | null = null;
  fix: FixState = "fix";
  ggaEveryMs = 1000;

  constructor({ mode, bases, plots = [], configured = null, last = null, datums = {}, failoverAfterS = 8 }: TownOptions) {
    this.#pool = new BasePool({ failoverAfterMs: () => failoverAfterS * 1000, startedAtMs: START_MS - 3_600_000 });
    for (const base of bases) {
      this.#signs.set(base.id, {
        base,
        stop: null,
        passing: true,
        lastDataAtMs: START_MS - 100,
        softFault: null,
        tooFewSatellitesForMs: 0,
        silent: false,
        tooFewSinceMs: null,
      });
    }
    const index = new PlotIndex(plots);
    this.#views = this.#look();
    this.chooser = new RoverChooser({
      mode,
      plots: () => index,
      bases: () => this.#views,
      configuredBase: () => configured,
      siteCentre: () => placeOf({ eastM: 0, northM: 0 }),
      last,
      datums: new DatumMemory(datums),
      nowMs: START_MS,
    });
    this.decide();
  }

  get decision(): Decision {
    return this.told[this.told.length - 1]?.decision as Decision;
  }

  /** Bases that the rover was sent data of, in order, repeats left out. */
  get sequence(): string[] {
    return this.delivered.map(({ baseId }) => baseId).filter((id, i, all) => id !== all[i - 1]);
  }

  get lastDeliveredAtMs(): number {
    return this.delivered.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  }

  silence(baseId: string, silent: boolean): void {
    this.#of(baseId).silent = silent;
  }

  stop(baseId: string, reason: Sentence | null): void {
    this.#of(baseId).stop = reason;
    this.decide();
  }

  soft(baseId: string, fault: Sentence | null, tooFewSatellites = false): void {
    this.#of(baseId).softFault = fault;
    this.#of(baseId).tooFewSinceMs = tooFewSatellites ? this.nowMs : null;
  }

  remove(baseId: string): void {
    this.#signs.delete(baseId);
    this.decide();
  }

  change(baseId: string, more: Partial<Base>): void {
    const signs = this.#of(baseId);
    signs.base = { ...signs.base, ...more };
  }

  /** For so long, the rover going straight from where it is to `to`. */
  run(forS: number, to: Xy | null = this.at): void {
    const from = this.at ?? to;
    const steps = Math.round((forS * 1000) / STEP_MS);
    for (let i = 1; i <= steps; i += 1) {
      if (from !== null && to !== null)
        this.at = { eastM: from.eastM + ((to.eastM - from.eastM) * i) / steps, northM: from.northM + ((to.northM - from.northM) * i) / steps };
      this.#step();
    }
  }

  /** Straight to there at a tractor's pace. */
  drive(to: Xy, speedMPerS = 2): void {
    const from = this.at ?? to;
    this.run(Math.max(1, Math.hypot(to.eastM - from.eastM, to.northM - from.northM) / speedMPerS), to);
  }

  decide(): void {
    this.#views = this.#look();
    const decision = this.chooser.decide(this.nowMs);
    this.alarms.push(...this.chooser.takeAlarms());
    if (decision !== this.told.at(-1)?.decision) this.told.push({ atMs: this.nowMs, decision });
    if (decision.kind === "end" || decision.kind === "none") this.#current = null;
    else if (this.#current !== null && (this.#signs.get(this.#current)?.stop ?? null) !== null) this.#current = null;
  }

  #of(baseId: string) {
    const signs = this.#signs.get(baseId);
    if (signs === undefined) throw new RangeError(`no base ${baseId}`);
    return signs;
  }

  #step(): void {
    this.nowMs += STEP_MS;
    const sinceStartMs = this.nowMs - START_MS;
    for (const [i, signs] of [...this.#signs.values()].entries()) {
      if (signs.silent || signs.stop !== null || sinceStartMs % 1000 !== (i * 300) % 1000) continue;
      signs.lastDataAtMs = this.nowMs;
      this.#epoch(signs.base.id);
    }
    const position = this.at === null ? null : { ...placeOf(this.at), heightM: 90 };
    if (position !== null && sinceStartMs % this.ggaEveryMs === 200) this.chooser.heard({ position, fix: this.fix }, this.nowMs);
    const dueAtMs = this.#pool.dueAtMs;
    if (sinceStartMs % 1000 === 500 || (dueAtMs !== null && this.nowMs >= dueAtMs)) this.decide();
  }

  #epoch(baseId: string): void {
    const decision = this.decision;
    if (decision.kind === "end" || decision.kind === "none") return;
    if (baseId === decision.baseId) this.#current = baseId;
    if (this.#current === baseId) this.delivered.push({ atMs: this.nowMs, baseId, plotId: this.chooser.plotId });
  }

  #look(): BaseViews {
    for (const signs of this.#signs.values()) signs.tooFewSatellitesForMs = signs.tooFewSinceMs === null ? 0 : this.nowMs - signs.tooFewSinceMs;
    return this.#pool.look(this.#signs.values(), this.nowMs);
  }
}

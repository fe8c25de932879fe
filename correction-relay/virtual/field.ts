import { borderDistanceM, contains, type Place } from "../../core/domain/plot-geometry.ts";
import type { PlotIndex } from "../../core/domain/plot-index.ts";
import type { Plot } from "../../core/domain/site.ts";
import type { Gga } from "../../core/wire/nmea-gga.ts";

/** Where a GGA with fix ≥ 1 says that the rover is; null for one without: it says nothing. */
export function usablePlace({ position, fix }: Pick<Gga, "position" | "fix">): Place | null {
  if (position === null || fix === "none" || fix === "unknown") return null;
  return position.latDeg === 0 && position.lonDeg === 0 ? null : position;
}

/** From the second GGA inside a plot until 20 s outside its 30 m margin: a headland turn is a part of it. */
export interface Stay {
  readonly plotId: string;
  baseId: string | null; // the last one of which data came in this stay
  ended: boolean; // corrections have ended in it
}

interface OpenStay extends Stay {
  outsideSinceMs: number | null; // of its margin
}

const INSIDE_TIMES = 2;
const MARGIN_M = 30;
const OUTSIDE_FOR_MS = 20_000;
/** Borders are drawn from pictures, and an antenna reaches over them in the row beside: so far outside, a tractor is over the bund. */
const OVER_THE_BORDER_M = 3;
/** Once corrections have ended a position is good to some metres, and drifts: then it takes more, and for as long as leaving takes. */
const SURELY_OVER_M = 10;
const STAYS_MAX = 4; // the oldest is forgotten

/** Which plot a rover works in. */
export class PlotPresence {
  readonly #plots: () => PlotIndex<Plot>;
  #stays: OpenStay[] = []; // newest last; not yet left, also while the rover turns in a plot beside
  #inside: { readonly plotId: string; times: number; readonly sinceMs: number } | null = null; // to be entered
  #place: Place | null = null;

  constructor(plots: () => PlotIndex<Plot>) {
    this.#plots = plots;
  }

  get stay(): Stay | null {
    return this.#stays.at(-1) ?? null;
  }

  get plot(): Plot | null {
    const stay = this.#stays.at(-1);
    return stay === undefined ? null : (this.#plots().get(stay.plotId) ?? null);
  }

  /** The plot that it has been seen in, and not yet entered. */
  get entering(): Plot | null {
    return this.#inside === null ? null : (this.#plots().get(this.#inside.plotId) ?? null);
  }

  /** Neither in a plot nor seen in one: known to be outside, as far as the last position tells. */
  get isOutside(): boolean {
    return this.#stays.length === 0 && this.#inside === null && this.#place !== null;
  }

  /** Last usable position. */
  get place(): Place | null {
    return this.#place;
  }

  /** A rover that was in this plot a moment ago, before its connection or the relay began anew. */
  resume(plotId: string, baseId: string | null): void {
    if (this.#plots().get(plotId) !== undefined) this.#stays.push({ plotId, baseId, ended: false, outsideSinceMs: null });
  }

  /** A position with fix ≥ 1, at its arrival. Without any, nothing is entered and nothing left. */
  heard(place: Place, nowMs: number): void {
    this.#place = place;
    const current = this.#stays.at(-1);
    const plot = current === undefined ? undefined : this.#plots().get(current.plotId);
    const inCurrent = plot !== undefined && contains(plot.geometry, place);
    if (inCurrent && this.#stays.length === 1) {
      (current as OpenStay).outsideSinceMs = null;
      this.#inside = null;
      return;
    }
    const overM = plot === undefined ? Number.POSITIVE_INFINITY : inCurrent ? 0 : borderDistanceM(plot.geometry, place);
    this.#leave(place, nowMs);
    if (inCurrent) this.#inside = null;
    else this.#enter(place, { overM, left: this.#stays.at(-1) !== current }, nowMs);
  }

  #leave(place: Place, nowMs: number): void {
    let left = false;
    for (const stay of this.#stays) {
      const plot = this.#plots().get(stay.plotId);
      const near = plot !== undefined && (contains(plot.geometry, place) || borderDistanceM(plot.geometry, place) <= MARGIN_M);
      stay.outsideSinceMs = near ? null : (stay.outsideSinceMs ?? nowMs);
      if (plot === undefined || isLeft(stay, nowMs)) left = true;
    }
    if (left) this.#stays = this.#stays.filter((stay) => !isLeft(stay, nowMs) && this.#plots().get(stay.plotId) !== undefined);
  }

  #enter(place: Place, from: { readonly overM: number; readonly left: boolean }, nowMs: number): void {
    const current = from.left ? undefined : this.#stays.at(-1);
    const plot = this.#plotAt(place, current);
    if (plot === null || (current?.ended && from.overM <= SURELY_OVER_M)) {
      this.#inside = null;
      return;
    }
    if (this.#inside?.plotId === plot.id) this.#inside.times += 1;
    else this.#inside = { plotId: plot.id, times: 1, sinceMs: nowMs };
    if (this.#inside.times < INSIDE_TIMES) return;
    if (current !== undefined && from.overM <= OVER_THE_BORDER_M) return;
    if (current?.ended && nowMs - this.#inside.sinceMs < OUTSIDE_FOR_MS) return;
    this.#inside = null;
    const again = this.#stays.find((stay) => stay.plotId === plot.id) ?? { plotId: plot.id, baseId: null, ended: false, outsideSinceMs: null };
    this.#stays = [...this.#stays.filter((stay) => stay !== again), again].slice(-STAYS_MAX);
  }

  /** Of plots that overlap: the one that is being entered already, one with the home base in use, the smallest, the first by id. */
  #plotAt(place: Place, current: Stay | undefined): Plot | null {
    const found = this.#plots().at(place);
    if (found.length <= 1) return found[0] ?? null;
    const rank = (plot: Plot): number => (plot.id === this.#inside?.plotId ? 0 : plot.base !== null && plot.base === current?.baseId ? 1 : 2);
    return found.reduce((best, plot) => {
      const [a, b] = [rank(best), rank(plot)];
      if (a !== b) return a < b ? best : plot;
      const [areaA, areaB] = [areaDeg2(best), areaDeg2(plot)];
      if (areaA !== areaB) return areaA < areaB ? best : plot;
      return best.id < plot.id ? best : plot;
    });
  }
}

const isLeft = ({ outsideSinceMs }: OpenStay, nowMs: number): boolean => outsideSinceMs !== null && nowMs - outsideSinceMs >= OUTSIDE_FOR_MS;

function areaDeg2({ geometry }: Plot): number {
  const ring = geometry.coordinates[0] ?? [];
  let twice = 0;
  for (let i = 0; i < ring.length; i += 1) {
    const [x, y] = ring[i] as readonly [number, number];
    const [nextX, nextY] = ring[(i + 1) % ring.length] as readonly [number, number];
    twice += x * nextY - nextX * y;
  }
  return Math.abs(twice) / 2;
}

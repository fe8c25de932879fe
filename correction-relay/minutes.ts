import type { Constellation } from "rtcm-parser";
import type { BaseMinute } from "../core/domain/base-minute.ts";
import { Histogram } from "./quantiles.ts";

export const MINUTE_MS = 60_000;
const KEPT = 60;

/** What is counted of one base in one minute. */
export class Minute {
  readonly startMs: number;
  bytes = 0;
  frames = 0;
  epochs = 0;
  missedEpochs = 0;
  duplicates = 0;
  outOfOrder = 0;
  crcFailures = 0;
  reconnects = 0;
  slips = 0;
  satelliteS = 0;
  cells = 0;
  halfCycles = 0;
  observedS = 0; // seconds with an epoch
  readonly cnrDbHz = new Histogram({ least: 0, step: 0.25, bins: 256 });
  readonly latencyMs = new Histogram({ least: -1000, step: 20, bins: 351 });
  medianDbHz: number | null = null; // once the minute is over
  readonly satellites = new Map<Constellation, { sum: number; epochs: number }>();

  constructor(startMs: number) {
    this.startMs = startMs;
  }
}

export interface HourSums {
  readonly epochs: number;
  readonly missedEpochs: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
  readonly reconnects: number;
  readonly slips: number;
  readonly satelliteS: number;
  readonly cells: number;
  readonly halfCycles: number;
  readonly observedS: number;
}

/** The minute that runs and the hour before it: what every verdict about stability rests on. */
export class Minutes {
  #current: Minute | null = null;
  readonly #done: Minute[] = []; // oldest first
  #waiting = 0; // how many of the done ones, at the end, were not handed out yet

  /** The one to count in. A clock that steps back counts in the newest. */
  at(nowMs: number): Minute {
    const startMs = startOf(nowMs);
    if (this.#current !== null && startMs <= this.#current.startMs) return this.#current;
    if (this.#current !== null) {
      this.#current.medianDbHz = this.#current.cnrDbHz.quantile(0.5);
      this.#done.push(this.#current);
      this.#waiting += 1;
    }
    this.#current = new Minute(startMs);
    while ((this.#done[0]?.startMs ?? startMs) < startMs - KEPT * MINUTE_MS) this.#done.shift();
    this.#waiting = Math.min(this.#waiting, this.#done.length);
    return this.#current;
  }

  /** The oldest minute that is over and was not handed out before. */
  take(nowMs: number): Minute | null {
    this.at(nowMs);
    if (this.#waiting === 0) return null;
    const minute = this.#done[this.#done.length - this.#waiting] ?? null;
    this.#waiting -= 1;
    return minute;
  }

  /** Of the minute that runs and those of the last hour. */
  hour(nowMs: number): HourSums {
    const current = this.at(nowMs);
    const sums = { epochs: 0, missedEpochs: 0, duplicates: 0, outOfOrder: 0, reconnects: 0, slips: 0, satelliteS: 0, cells: 0, halfCycles: 0, observedS: 0 };
    for (const minute of [...this.#done, current]) for (const name of SUMMED) sums[name] += minute[name];
    return sums;
  }

  /** Best of the whole minutes of the last hour; null with fewer than ten of them. */
  bestMedianCnrDbHz(nowMs: number, sinceMs: number): number | null {
    this.at(nowMs);
    let minutes = 0;
    let best = Number.NEGATIVE_INFINITY;
    for (const { startMs, medianDbHz } of this.#done) {
      if (startMs < sinceMs || medianDbHz === null) continue;
      minutes += 1;
      best = Math.max(best, medianDbHz);
    }
    return minutes < EVIDENCE_MINUTES ? null : best;
  }

  /** Of the minute that runs or, when it is young, of the one before. */
  latencyMedianMs(nowMs: number): number | null {
    return this.#recent(nowMs).latencyMs.quantile(0.5);
  }

  leastLatencyMs(nowMs: number): number | null {
    return this.#recent(nowMs).latencyMs.quantile(0);
  }

  #recent(nowMs: number): Minute {
    const current = this.at(nowMs);
    return current.latencyMs.count >= 10 ? current : (this.#done.at(-1) ?? current);
  }
}

/** The row that is kept of a minute. */
export function minuteOf(minute: Minute, baseId: string, verdict: BaseMinute["verdict"]): BaseMinute {
  const { bytes, frames, epochs, missedEpochs, duplicates, outOfOrder, crcFailures, reconnects, slips } = minute;
  const satellites: Partial<Record<Constellation, number>> = {};
  for (const [name, { sum, epochs: count }] of minute.satellites) satellites[name] = Math.round((sum / count) * 10) / 10;
  return {
    baseId,
    at: new Date(minute.startMs).toISOString(),
    bytes,
    frames,
    epochs,
    missedEpochs,
    duplicates,
    outOfOrder,
    crcFailures,
    reconnects,
    satellites,
    medianCnrDbHz: minute.medianDbHz,
    latencyMedianMs: minute.latencyMs.quantile(0.5),
    latencyP95Ms: minute.latencyMs.quantile(0.95),
    slips,
    satelliteS: Math.round(minute.satelliteS),
    verdict,
  };
}

const EVIDENCE_MINUTES = 10;
const startOf = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS;
const SUMMED = ["epochs", "missedEpochs", "duplicates", "outOfOrder", "reconnects", "slips", "satelliteS", "cells", "halfCycles", "observedS"] as const;

import { type Constellation, decodeMessage, legacyMinLockS, type RtcmMessage } from "rtcm-parser";
import type { Minute } from "./minutes.ts";
import { median } from "./quantiles.ts";

const SECONDS_KEPT = 10;
const FRESH_MS = 5000;
const LOCK_KEPT_MS = 10_000; // a satellite that was away for longer begins anew

interface Cell {
  readonly satelliteId: number;
  readonly signalId: number;
  readonly cnrDbHz: number | null;
  readonly minLockMs: number | null;
  readonly halfCycle: boolean | null; // null: not told
}

/** How well a base hears, from a sample of its observations: at most one epoch a second and system is decoded. */
export class SignalWatch {
  readonly #locks = new Map<Constellation, Map<number, { minLockMs: number; atMs: number }>>();
  readonly #latest = new Map<Constellation, { atMs: number; cnrsDbHz: number[] }>();
  readonly #secondsDbHz: number[] = []; // medians over all systems, the last ones
  #secondAtMs = Number.NEGATIVE_INFINITY;

  /** Over the last ten seconds; null when nothing told it. */
  medianCnrDbHz(nowMs: number): number | null {
    return nowMs - this.#secondAtMs > FRESH_MS ? null : median(this.#secondsDbHz);
  }

  /** The time of a system begins anew: a lower lock is no slip. */
  forget(constellation: Constellation): void {
    this.#locks.delete(constellation);
  }

  reset(): void {
    this.#locks.clear();
    this.#latest.clear();
    this.#secondsDbHz.length = 0;
    this.#secondAtMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * One frame of an epoch that is sampled.
   * @param first of this system in this epoch
   * @param watchedS since this system's last sample
   * @throws RtcmError
   */
  sample(
    frame: Uint8Array,
    of: { readonly constellation: Constellation; readonly first: boolean; readonly watchedS: number; readonly atMs: number },
    minute: Minute,
  ): void {
    const { constellation, first, watchedS, atMs } = of;
    const cells = cellsOf(decodeMessage(frame));
    if (first) {
      this.#closeSecond(atMs);
      this.#latest.set(constellation, { atMs, cnrsDbHz: [] });
    }
    const cnrsDbHz = this.#latest.get(constellation)?.cnrsDbHz;
    const locks = this.#locksOf(constellation);
    const satellites = new Set<number>();
    const slipped = new Set<number>();
    for (const { satelliteId, signalId, cnrDbHz, minLockMs, halfCycle } of cells) {
      satellites.add(satelliteId);
      minute.cells += 1;
      if (halfCycle === true) minute.halfCycles += 1;
      if (cnrDbHz !== null && cnrDbHz > 0) {
        minute.cnrDbHz.add(cnrDbHz);
        cnrsDbHz?.push(cnrDbHz);
      }
      if (minLockMs === null) continue;
      const key = satelliteId * 64 + signalId;
      const before = locks.get(key);
      // RTCM 10403.3 DF402, DF407, DF013: the indicator falls, also to a lower one that is not zero, when lock was lost.
      if (before !== undefined && atMs - before.atMs <= LOCK_KEPT_MS && minLockMs < before.minLockMs) slipped.add(satelliteId);
      locks.set(key, { minLockMs, atMs });
    }
    minute.slips += slipped.size;
    minute.satelliteS += satellites.size * Math.min(watchedS, LOCK_KEPT_MS / 1000);
  }

  #closeSecond(atMs: number): void {
    if (atMs - this.#secondAtMs < 900) return;
    this.#secondAtMs = atMs;
    const all: number[] = [];
    for (const { atMs: at, cnrsDbHz } of this.#latest.values()) if (atMs - at <= FRESH_MS) all.push(...cnrsDbHz);
    const middle = median(all);
    if (middle === null) return;
    this.#secondsDbHz.push(middle);
    if (this.#secondsDbHz.length > SECONDS_KEPT) this.#secondsDbHz.shift();
  }

  /** At most 64 satellites × 64 signals each. */
  #locksOf(constellation: Constellation): Map<number, { minLockMs: number; atMs: number }> {
    let locks = this.#locks.get(constellation);
    if (locks === undefined) {
      locks = new Map();
      this.#locks.set(constellation, locks);
    }
    return locks;
  }
}

function cellsOf(message: RtcmMessage): readonly Cell[] {
  switch (message.kind) {
    case "msm":
      return message.msm < 4 ? [] : message.cells;
    case "1001":
    case "1002":
    case "1003":
    case "1004":
    case "1009":
    case "1010":
    case "1011":
    case "1012":
      return message.satellites.flatMap(legacyCells);
    default:
      return [];
  }
}

interface LegacySatellite {
  readonly satelliteId: number;
  readonly l1LockIndicator: number;
  readonly l1CnrDbHz?: number | null;
  readonly l2LockIndicator?: number;
  readonly l2CnrDbHz?: number | null;
}

function legacyCells(satellite: LegacySatellite): Cell[] {
  const { satelliteId, l1LockIndicator, l2LockIndicator } = satellite;
  const cells: Cell[] = [
    { satelliteId, signalId: 1, cnrDbHz: satellite.l1CnrDbHz ?? null, minLockMs: legacyMinLockS(l1LockIndicator) * 1000, halfCycle: null },
  ];
  if (l2LockIndicator !== undefined) {
    cells.push({ satelliteId, signalId: 2, cnrDbHz: satellite.l2CnrDbHz ?? null, minLockMs: legacyMinLockS(l2LockIndicator) * 1000, halfCycle: null });
  }
  return cells;
}

import type { Ecef } from "rtcm-parser";
import { type Enu, type Site, siteAt } from "./line-of-sight.ts";
import type { ObservationEpoch } from "./observation-epoch.ts";
import type { Ephemerides } from "./own-ephemerides-first.ts";
import { displacementBetween } from "./phase-change.ts";
import { type PhaseEpoch, phaseEpochOf } from "./phase-epoch.ts";
import type { Change } from "./robust-displacement.ts";
import { SatelliteNoise } from "./satellite-noise.ts";
import { StepWatch } from "./step-watch.ts";

/** Faster streams are thinned out to this. */
const STEP_MIN_MS = 950;
/** Longer gaps are not bridged: what clocks and air do in between is as large as what is looked for. */
const GAP_MAX_MS = 15_000;
/** A corrected reference point matters from here on: directions to satellites, and how they turn, hardly change before. */
const SAME_SITE_M = 3;
/**
 * A stiff mast moves, and every satellite agrees on it as well as before. Where they agree three times worse than usual, something else has
 * happened: orbits that jumped, an interference.
 */
const AGREE_M = 0.006;
const AGREE_TIMES = 3;
const USUAL_S = 60;

export interface BumpCounters {
  /** Epochs compared, and those that could not be: too few satellites with ephemerides, or no agreement. */
  readonly compared: number;
  readonly unusable: number;
  /** Times that the stream did not hang together for longer than 15 s. */
  readonly breaks: number;
  /** Satellites left out because they disagreed. */
  readonly leftOut: number;
  readonly doubts: number;
  readonly doubtsDropped: number;
}

/**
 * Tells when the antenna of a base is pushed although its 1005/1006 stays: the carrier phases' change from epoch to epoch, less what
 * satellites, clocks and air account for, is the antenna's own displacement. More than 15 mm beside the last minute's drift that does not
 * return within ten seconds is "moved", until `reset`.
 *
 * What it cannot see: a push slower than about 1 mm/s (it looks like the drift of orbits and air); a move during a gap of over 15 s, or in
 * the first 20 s after one; a move that made every satellite lose lock; anything without ephemerides of six satellites or more. Where the
 * satellites' clocks wander, the limit rises with them (`limitM`).
 */
export class BumpDetector {
  readonly #ephemerides: Ephemerides;
  #noise = new SatelliteNoise();
  #watch = new StepWatch();
  #site: Site | null = null;
  #last: PhaseEpoch | null = null;
  #lastStationId: number | null = null;
  #lastChange: Change | null = null;
  #usualRmsM: number | null = null;
  #compared = 0;
  #unusable = 0;
  #breaks = 0;
  #leftOut = 0;

  constructor({ ephemerides }: { readonly ephemerides: Ephemerides }) {
    this.#ephemerides = ephemerides;
  }

  /** "insufficient": not enough satellites with ephemerides, or not for 20 s yet. A displacement in doubt is still "still". */
  get state(): "insufficient" | "still" | "moved" {
    const { state } = this.#watch;
    return state === "suspect" ? "still" : state;
  }

  /** Something larger than the limit is there, for less than ten seconds so far. */
  get suspect(): boolean {
    return this.#watch.state === "suspect";
  }

  /** Of the antenna against where the last minute would have it, m; once moved, as it was found. null while insufficient. */
  get displacementM(): number | null {
    const off = this.#watch.off;
    return off === null ? null : Math.hypot(off.eastM, off.northM, off.upM);
  }

  get displacementEnu(): Enu | null {
    return this.#watch.off;
  }

  /** What is found in any direction, m: 15 mm, or more where clocks, air or a poor sky drown it. */
  get limitM(): number {
    return this.#watch.limitM;
  }

  /** The last comparison of two epochs, for evidence. */
  get lastChange(): Pick<Change, "used" | "leftOut" | "rmsM" | "movedM" | "sigmaM"> | null {
    return this.#lastChange;
  }

  get counters(): BumpCounters {
    const { doubts, dropped } = this.#watch.counters;
    return { compared: this.#compared, unusable: this.#unusable, breaks: this.#breaks, leftOut: this.#leftOut, doubts, doubtsDropped: dropped };
  }

  /** @param arp the base's position: good to some metres, or directions turn otherwise than they seem and nothing agrees */
  epoch(epoch: ObservationEpoch, arp: Ecef): void {
    const site = this.#siteOf(arp);
    if (this.#lastStationId !== null && epoch.stationId !== this.#lastStationId) this.#breakOff();
    this.#lastStationId = epoch.stationId;
    const last = this.#last;
    const spanMs = last === null ? 0 : epoch.streamMs - last.streamMs;
    if (last !== null && spanMs > 0 && spanMs < STEP_MIN_MS) return;
    const now = phaseEpochOf(epoch, site, this.#ephemerides);
    if (last === null || spanMs === 0 || spanMs > GAP_MAX_MS) {
      if (last !== null) this.#breakOff();
      this.#last = now;
      return;
    }
    const change = displacementBetween(last, now, { site, noise: this.#noise });
    this.#lastChange = change;
    if (change === null || !this.#agreesAsUsual(change, spanMs / 1000)) {
      // The next epoch may again agree with the last good one: a lost frame or a passing lorry breaks nothing.
      this.#unusable += 1;
      if (last.points.size < now.points.size && this.#watch.state === "insufficient") this.#last = now;
      return;
    }
    this.#noise.learn(change.residualsM, spanMs / 1000);
    this.#compared += 1;
    this.#leftOut += change.leftOut;
    this.#last = now;
    this.#watch.add(now.streamMs / 1000, change.movedM, change.sigmaM);
  }

  /** Staff have looked: what is now is where it belongs. */
  reset(): void {
    this.#watch = new StepWatch();
    this.#noise = new SatelliteNoise();
    this.#usualRmsM = null;
    this.#last = null;
    this.#lastChange = null;
    this.#lastStationId = null;
  }

  #agreesAsUsual({ rmsM }: Change, spanS: number): boolean {
    const usualM = this.#usualRmsM ?? rmsM;
    if (rmsM > Math.max(AGREE_M, AGREE_TIMES * usualM)) return false;
    this.#usualRmsM = usualM + Math.min(1, spanS / USUAL_S) * (rmsM - usualM);
    return true;
  }

  #siteOf(arp: Ecef): Site {
    const { ecef } = this.#site ?? { ecef: null };
    if (ecef !== null && this.#site !== null && Math.hypot(ecef.xM - arp.xM, ecef.yM - arp.yM, ecef.zM - arp.zM) < SAME_SITE_M) return this.#site;
    if (this.#site !== null) this.#breakOff();
    this.#site = siteAt(arp);
    return this.#site;
  }

  #breakOff(): void {
    if (this.#last === null) return;
    this.#last = null;
    this.#breaks += 1;
    this.#watch.breakOff();
  }
}

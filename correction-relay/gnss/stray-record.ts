import type { Enu } from "./line-of-sight.ts";

/** How long the record reaches back. */
const MEMORY_S = 300;
/** It outweighs the promise after so long, and never by more than `KEPT_MAX_S` to this. */
const PROMISE_S = 40;
const KEPT_MAX_S = 600;
/** What satellites promise for ten seconds is asked of a line that leans on the minute before. */
const PROMISE_FACTOR = 1.25;
/** A gap between two entries counts up to this. */
const STEP_MAX_S = 15;
const SIGMA_MIN_M = 0.001;

/**
 * How far a sum of displacements has strayed by itself, axis by axis, as a multiple of what the satellites promised: when a system is lost,
 * the promise grows at once, and with it what is expected.
 */
export class StrayRecord {
  #square = { eastM: 0, northM: 0, upM: 0 }; // mean squares of stray / promise
  #keptS = 0;
  #lastS: number | null = null;

  /** One sigma by record and promise. */
  sigmaM(promisedM: Enu): Enu {
    const own = Math.min(this.#keptS, KEPT_MAX_S);
    const of = (axis: keyof Enu): number => {
      const factor2 = (PROMISE_FACTOR * PROMISE_FACTOR * PROMISE_S + this.#square[axis] * own) / (PROMISE_S + own);
      return Math.max(SIGMA_MIN_M, promisedM[axis] * Math.sqrt(factor2));
    };
    return { eastM: of("eastM"), northM: of("northM"), upM: of("upM") };
  }

  learn(strayM: Enu, promisedM: Enu, atS: number): void {
    const stepS = Math.min(STEP_MAX_S, this.#lastS === null ? 1 : atS - this.#lastS);
    this.#lastS = atS;
    this.#keptS += stepS;
    const share = Math.min(1, stepS / Math.min(this.#keptS, MEMORY_S));
    const of = (axis: keyof Enu): number => this.#square[axis] + share * ((strayM[axis] / promisedM[axis]) ** 2 - this.#square[axis]);
    this.#square = { eastM: of("eastM"), northM: of("northM"), upM: of("upM") };
  }
}

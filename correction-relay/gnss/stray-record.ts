import type { Enu } from "./line-of-sight.ts";

/** How long the record reaches back, and how long it must have been kept to outweigh the promise. */
const MEMORY_S = 300;
const PROMISE_S = 40;
/** What satellites promise for ten seconds is asked of a line that leans on the minute before. */
const PROMISE_FACTOR = 1.25;
/** A gap between two entries counts up to this. */
const STEP_MAX_S = 15;
const SIGMA_MIN_M = 0.001;

/** How far a sum of displacements has strayed by itself, axis by axis. Poor skies stray upwards more than sidewards. */
export class StrayRecord {
  #square = { eastM: 0, northM: 0, upM: 0 }; // mean squares, m²
  #keptS = 0;
  #lastS: number | null = null;

  /** One sigma by record and promise. */
  sigmaM(promisedM: Enu): Enu {
    const own = Math.min(this.#keptS, MEMORY_S);
    const of = (axis: keyof Enu): number => {
      const promised = PROMISE_FACTOR * promisedM[axis];
      return Math.max(SIGMA_MIN_M, Math.sqrt((promised * promised * PROMISE_S + this.#square[axis] * own) / (PROMISE_S + own)));
    };
    return { eastM: of("eastM"), northM: of("northM"), upM: of("upM") };
  }

  learn(strayM: Enu, atS: number): void {
    const stepS = Math.min(STEP_MAX_S, this.#lastS === null ? 1 : atS - this.#lastS);
    this.#lastS = atS;
    this.#keptS += stepS;
    const share = Math.min(1, stepS / Math.min(this.#keptS, MEMORY_S));
    const { eastM, northM, upM } = this.#square;
    this.#square = {
      eastM: eastM + share * (strayM.eastM ** 2 - eastM),
      northM: northM + share * (strayM.northM ** 2 - northM),
      upM: upM + share * (strayM.upM ** 2 - upM),
    };
  }
}

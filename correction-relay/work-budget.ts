const FRAME_WORK = 1000; // handing one on costs about as much as a CRC over this

/** Of a source session so far. */
export interface SourceWork {
  readonly checkedBytes: number;
  readonly frames: number;
}

/**
 * How much a source may make us do: bytes under a CRC, and frames handed on. Bytes received are no measure: a false long
 * header in every second byte costs 500 times what a frame costs.
 */
export class WorkBudget {
  readonly #perMs: number;
  readonly #burst: number;
  #left: number;
  #atMs: number;
  #done = 0;

  constructor({ perS, burst }: { readonly perS: number; readonly burst: number }, nowMs: number) {
    this.#perMs = perS / 1000;
    this.#burst = burst;
    this.#left = burst;
    this.#atMs = nowMs;
  }

  /** Takes what was done since the last call. @returns ms until the source may be read on; 0 = at once */
  spend(total: SourceWork, nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    const done = workOf(total);
    this.#left = Math.min(this.#burst, this.#left + elapsedMs * this.#perMs) - (done - this.#done);
    this.#done = done;
    if (this.#left >= 0) return 0;
    const waitMs = Math.ceil(-this.#left / this.#perMs);
    this.#left = 0; // paid by waiting, whatever the clock does meanwhile
    this.#atMs = nowMs + waitMs;
    return waitMs;
  }
}

export const workOf = ({ checkedBytes, frames }: SourceWork): number => checkedBytes + frames * FRAME_WORK;

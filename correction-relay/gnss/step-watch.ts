import { type Line, lineThrough, type Sample } from "./drift-line.ts";
import type { Enu } from "./line-of-sight.ts";
import { StrayRecord } from "./stray-record.ts";

export type StepState = "insufficient" | "still" | "suspect" | "moved";

/** More than this, and it does not return within ten seconds: moved. */
const MOVED_M = 0.015;
/** And more than this many times what the sum strays by itself: chance must not stop a base in a hundred years. */
const MOVED_SIGMAS = 6;
const RETURN_S = 10;
/** Back below this share of either limit counts as returned. */
const RETURNED_SHARE = 2 / 3;
/** The drift line leans on so much. */
const WINDOW_S = 60;
/** Samples whose mean answers whether it has returned, and whether it has stayed. */
const LATELY = 3;
const STAYED = 6;
/** A doubt that neither returns nor holds is dropped: the line has become too old to lean on. */
const DOUBT_MAX_S = 30;

/**
 * Finds a step in a sum of displacements that drifts and is noisy: what lies beside the line through the last minute by more than the limit,
 * and is still there after ten seconds. How the sum strays without any step is learned all the time, with the same question: how far is
 * it, ten seconds later, from where the line then led?
 */
export class StepWatch {
  readonly #stray = new StrayRecord();
  #samples: Sample[] = [];
  #lines: { readonly atS: number; readonly line: Line }[] = []; // of the last ten seconds
  #doubt: { readonly sinceS: number; readonly line: Line } | null = null;
  #sum: Enu = { eastM: 0, northM: 0, upM: 0 };
  #promised: Enu = { eastM: 0, northM: 0, upM: 0 };
  #sigma: Enu = { eastM: 0, northM: 0, upM: 0 };
  #state: StepState = "insufficient";
  #off: Enu | null = null;
  #doubts = 0;
  #dropped = 0;

  get state(): StepState {
    return this.#state;
  }

  /** Beside the line now, smoothed; when moved: as it was found. null while there is no line. */
  get off(): Enu | null {
    return this.#off;
  }

  /** What is found in whatever direction, m. */
  get limitM(): number {
    const { eastM, northM, upM } = this.#sigma;
    return Math.max(MOVED_M, MOVED_SIGMAS * Math.max(eastM, northM, upM));
  }

  /** Times that something looked moved; of them, those that were given up undecided. */
  get counters(): { readonly doubts: number; readonly dropped: number } {
    return { doubts: this.#doubts, dropped: this.#dropped };
  }

  /** One more displacement since the last; `sigmaM` as the satellites promise for ten seconds. */
  add(atS: number, movedM: Enu, sigmaM: Enu): void {
    if (this.#state === "moved") return;
    const { eastM, northM, upM } = this.#sum;
    this.#sum = { eastM: eastM + movedM.eastM, northM: northM + movedM.northM, upM: upM + movedM.upM };
    this.#promised = sigmaM;
    this.#sigma = this.#stray.sigmaM(sigmaM);
    const sample: Sample = { atS, at: this.#sum, usable: true };
    const line = this.#doubt === null ? lineThrough(this.#samples, atS - WINDOW_S) : null;
    this.#samples.push(sample);
    while (atS - (this.#samples[0] as Sample).atS > WINDOW_S + DOUBT_MAX_S) this.#samples.shift();
    if (this.#doubt !== null) this.#decide(this.#doubt, atS);
    else if (line !== null) this.#watch(sample, line);
    else this.#state = "insufficient";
  }

  /** What comes next does not hang together with what was. */
  breakOff(): void {
    if (this.#state === "moved") return;
    if (this.#doubt !== null) this.#dropped += 1;
    this.#samples = [];
    this.#settle("insufficient");
    this.#off = null;
  }

  #watch(sample: Sample, line: Line): void {
    this.#state = "still";
    this.#off = meanOff(line, this.#samples.slice(-LATELY));
    if (this.#isBeyond(meanOff(line, [sample]), 1)) {
      this.#doubts += 1;
      this.#state = "suspect";
      this.#doubt = { sinceS: sample.atS, line };
      return;
    }
    this.#lines.push({ atS: sample.atS, line });
    const old = this.#lines[0] as { atS: number; line: Line };
    if (sample.atS - old.atS < RETURN_S) return;
    this.#stray.learn(meanOff(old.line, this.#samples.slice(-STAYED)), this.#promised, sample.atS);
    this.#lines.shift();
  }

  #decide({ sinceS, line }: { readonly sinceS: number; readonly line: Line }, nowS: number): void {
    const since = this.#samples.filter((sample) => sample.atS >= sinceS);
    const late = since.slice(1).slice(-LATELY);
    this.#off = meanOff(line, late.length > 0 ? late : since);
    if (late.length === LATELY && !this.#isBeyond(this.#off, RETURNED_SHARE)) {
      for (const sample of since.slice(0, -LATELY)) sample.usable = false;
      this.#settle("still");
      return;
    }
    if (nowS - sinceS < RETURN_S || late.length < LATELY) return;
    const off = meanOff(line, since.slice(-STAYED));
    // Behind a gap the mean may still hold the excursion that has ended since.
    if (this.#isBeyond(off, 1) && late.every((sample) => this.#isBeyond(meanOff(line, [sample]), RETURNED_SHARE))) {
      this.#off = off;
      this.#state = "moved";
    } else if (nowS - sinceS > DOUBT_MAX_S) {
      this.#dropped += 1;
      this.#samples = since;
      this.#settle("still");
    }
  }

  #settle(state: "still" | "insufficient"): void {
    this.#doubt = null;
    this.#lines = [];
    this.#state = state;
  }

  #isBeyond({ eastM, northM, upM }: Enu, share: number): boolean {
    const sigma = this.#sigma;
    const sigmas = Math.hypot(eastM / sigma.eastM, northM / sigma.northM, upM / sigma.upM);
    return Math.hypot(eastM, northM, upM) > share * MOVED_M && sigmas > share * MOVED_SIGMAS;
  }
}

function meanOff(line: Line, samples: readonly Sample[]): Enu {
  let [eastM, northM, upM] = [0, 0, 0];
  for (const { at, atS } of samples) {
    const from = line(atS);
    eastM += at.eastM - from.eastM;
    northM += at.northM - from.northM;
    upM += at.upM - from.upM;
  }
  const n = samples.length;
  return { eastM: eastM / n, northM: northM / n, upM: upM / n };
}

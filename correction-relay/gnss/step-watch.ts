import type { Ecef } from "rtcm-parser";

export type StepState = "insufficient" | "still" | "suspect" | "moved";

/** More than this, and it does not return within ten seconds: moved. */
export const MOVED_M = 0.015;
const RETURN_S = 10;
/** Back below this share of the limit counts as returned. */
const RETURNED_SHARE = 2 / 3;
/** The limit never lies closer than this many sigmas to what the satellites can tell, nor to how the sum really strayed of late. */
const LIMIT_SIGMAS = 3;
const STRAY_MEMORY_S = 120;
/** Straight line through what was before: its slope is the drift of clocks, orbits and air. */
const WINDOW_S = 60;
const LEARN_S = 20;
const LEARN_SAMPLES = 8;
/** Samples that are averaged before one asks whether it has returned. */
const SMOOTH_SAMPLES = 3;
/** A doubt that neither returns nor holds is dropped, because the line has become too old to lean on. */
const DOUBT_MAX_S = 30;

interface Sample {
  readonly atS: number;
  readonly at: Ecef; // sum of displacements
  usable: boolean; // for the line
}
interface Line {
  readonly at: (s: number) => Ecef;
}

/**
 * Finds a step in a sum of displacements that also drifts and is noisy: what lies beside the line through the last minute by more than the
 * limit, and stays there for ten seconds. A push slower than about 1 mm/s looks like drift and is not seen.
 */
export class StepWatch {
  #samples: Sample[] = [];
  #doubt: { readonly sinceS: number; readonly line: Line } | null = null;
  #sum: Ecef = { xM: 0, yM: 0, zM: 0 };
  #state: StepState = "insufficient";
  #offM: Ecef | null = null;
  #limitM = MOVED_M;
  #strayM2 = 0; // mean square of what lies beside the line while nothing is in doubt
  #lastS: number | null = null;
  #doubts = 0;
  #dropped = 0;

  get state(): StepState {
    return this.#state;
  }

  /** Beside the line now, smoothed; when moved: as it was found. null while there is no line. */
  get offM(): Ecef | null {
    return this.#offM;
  }

  /** Limit in force, m: `MOVED_M`, or more where satellites or sky cannot tell so little. */
  get limitM(): number {
    return this.#limitM;
  }

  /** Times that something looked moved; of them, those that were given up undecided. */
  get counters(): { readonly doubts: number; readonly dropped: number } {
    return { doubts: this.#doubts, dropped: this.#dropped };
  }

  /** One more displacement since the last; `sigmaM` as the satellites promise. */
  add(atS: number, movedM: Ecef, sigmaM: number): void {
    if (this.#state === "moved") return;
    const { xM, yM, zM } = this.#sum;
    this.#sum = { xM: xM + movedM.xM, yM: yM + movedM.yM, zM: zM + movedM.zM };
    this.#limitM = Math.max(MOVED_M, LIMIT_SIGMAS * sigmaM, LIMIT_SIGMAS * Math.sqrt(this.#strayM2));
    const sample: Sample = { atS, at: this.#sum, usable: true };
    if (this.#doubt === null) this.#watch(sample);
    this.#samples.push(sample);
    if (this.#doubt !== null) this.#decide(this.#doubt, atS);
    while (this.#samples.length > 0 && atS - (this.#samples[0] as Sample).atS > WINDOW_S + DOUBT_MAX_S) this.#samples.shift();
  }

  /** What comes next does not hang together with what was. */
  breakOff(): void {
    if (this.#state === "moved") return;
    if (this.#doubt !== null) this.#dropped += 1;
    this.#samples = [];
    this.#doubt = null;
    this.#state = "insufficient";
    this.#offM = null;
  }

  #watch(sample: Sample): void {
    const line = lineThrough(this.#samples, sample.atS - WINDOW_S);
    if (line === null) {
      this.#state = "insufficient";
      this.#offM = null;
      return;
    }
    this.#state = "still";
    this.#offM = this.#meanOff(line, [...this.#samples.slice(1 - SMOOTH_SAMPLES), sample]);
    if (size(minus(sample.at, line.at(sample.atS))) <= this.#limitM) {
      this.#learn(size(this.#offM), sample.atS);
      return;
    }
    this.#doubts += 1;
    this.#state = "suspect";
    this.#doubt = { sinceS: sample.atS, line };
  }

  #learn(offM: number, nowS: number): void {
    const share = 1 - Math.exp(-(nowS - (this.#lastS ?? nowS)) / STRAY_MEMORY_S);
    this.#strayM2 += share * (offM * offM - this.#strayM2);
    this.#lastS = nowS;
  }

  #decide({ sinceS, line }: { readonly sinceS: number; readonly line: Line }, nowS: number): void {
    const since = this.#samples.filter((sample) => sample.atS >= sinceS);
    const lately = since.slice(-SMOOTH_SAMPLES);
    this.#offM = this.#meanOff(line, lately);
    const returned = lately.length === SMOOTH_SAMPLES && size(this.#offM) < RETURNED_SHARE * this.#limitM;
    if (returned) {
      for (const sample of since.slice(0, -SMOOTH_SAMPLES)) sample.usable = false;
      this.#settle();
      return;
    }
    if (nowS - sinceS < RETURN_S) return;
    const offM = this.#meanOff(line, since.slice(-2 * SMOOTH_SAMPLES));
    if (size(offM) > this.#limitM) {
      this.#offM = offM;
      this.#state = "moved";
    } else if (nowS - sinceS > DOUBT_MAX_S) {
      this.#dropped += 1;
      this.#samples = since;
      this.#settle();
    }
  }

  #settle(): void {
    this.#doubt = null;
    this.#state = "still";
  }

  #meanOff(line: Line, samples: readonly Sample[]): Ecef {
    let sum: Ecef = { xM: 0, yM: 0, zM: 0 };
    for (const { at, atS } of samples) {
      const off = minus(at, line.at(atS));
      sum = { xM: sum.xM + off.xM, yM: sum.yM + off.yM, zM: sum.zM + off.zM };
    }
    return { xM: sum.xM / samples.length, yM: sum.yM / samples.length, zM: sum.zM / samples.length };
  }
}

/** Least squares, each coordinate by itself; null before there is enough to lean on. */
function lineThrough(samples: readonly Sample[], fromS: number): Line | null {
  const usable = samples.filter((sample) => sample.usable && sample.atS >= fromS);
  const first = usable[0];
  const last = usable.at(-1);
  if (first === undefined || last === undefined || usable.length < LEARN_SAMPLES || last.atS - first.atS < LEARN_S) return null;
  const n = usable.length;
  const middleS = usable.reduce((sum, { atS }) => sum + atS, 0) / n;
  const spread = usable.reduce((sum, { atS }) => sum + (atS - middleS) ** 2, 0);
  const regress = (of: (at: Ecef) => number): { readonly mean: number; readonly slope: number } => ({
    mean: usable.reduce((sum, { at }) => sum + of(at), 0) / n,
    slope: usable.reduce((sum, { at, atS }) => sum + of(at) * (atS - middleS), 0) / spread,
  });
  const [x, y, z] = [regress((at) => at.xM), regress((at) => at.yM), regress((at) => at.zM)];
  return {
    at: (s) => ({ xM: x.mean + x.slope * (s - middleS), yM: y.mean + y.slope * (s - middleS), zM: z.mean + z.slope * (s - middleS) }),
  };
}

const minus = (a: Ecef, b: Ecef): Ecef => ({ xM: a.xM - b.xM, yM: a.yM - b.yM, zM: a.zM - b.zM });
const size = ({ xM, yM, zM }: Ecef): number => Math.hypot(xM, yM, zM);

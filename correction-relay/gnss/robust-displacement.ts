import { medianOf, NormalEquations } from "./least-squares.ts";
import type { Enu } from "./line-of-sight.ts";
import type { Navigation } from "./physical-constants.ts";

/** One satellite's unexplained change of range between two epochs, and the direction to it. */
export interface Row {
  readonly satellite: string;
  readonly constellation: Navigation;
  changeM: number;
  readonly wrapM: number | null;
  readonly east: number;
  readonly north: number;
  readonly up: number;
  readonly sigmaM: number;
}

export interface Change {
  readonly movedM: Enu;
  /** Satellites that agree, and those that do not. */
  readonly used: number;
  readonly leftOut: number;
  /** Of the agreeing ones' residuals, m. */
  readonly rmsM: number;
  /** What this displacement may be wrong by (one sigma), by the satellites' sigmas and their places in the sky. */
  readonly sigmaM: Enu;
  /** What is left of each agreeing satellite's change, m. */
  readonly residualsM: ReadonlyMap<string, number>;
}

const SATELLITES_MIN = 6;
const REDUNDANCY_MIN = 2;
/** If more disagree than this share, none is believed. */
const LEFT_OUT_SHARE_MAX = 0.4;
/** A residual above this, and above five times what is usual here, is no noise: half a cycle of L1 is 95 mm, a quarter of L5 64 mm. */
const OUTLIER_M = 0.03;
const OUTLIER_SCALES = 5;
const ROUNDS = 10;
/** A geometry that is worse tells nothing of centimetres. */
const SIGMA_MAX_M = 0.05;
const RMS_MAX_M = 0.02;

/**
 * Displacement and one clock change per system out of the satellites' changes: weights that fall with the residual (Cauchy) find what
 * most satellites agree on, whatever the others say; then the agreeing ones alone are solved.
 */
export class RobustDisplacement {
  readonly #rows: readonly Row[];
  readonly #systems: readonly Navigation[];
  readonly #equations: NormalEquations;
  readonly #row: Float64Array;

  constructor(rows: readonly Row[]) {
    const counts = new Map<Navigation, number>();
    for (const { constellation } of rows) counts.set(constellation, (counts.get(constellation) ?? 0) + 1);
    // Alone in its system a satellite only tells the clock of that system.
    this.#systems = [...counts].filter(([, n]) => n > 1).map(([system]) => system);
    this.#rows = rows.filter(({ constellation }) => this.#systems.includes(constellation));
    this.#equations = new NormalEquations(3 + this.#systems.length);
    this.#row = new Float64Array(3 + this.#systems.length);
  }

  /** null: too few satellites, too weak a geometry, or no agreement. */
  solve(): Change | null {
    const rows = this.#rows;
    if (rows.length < this.#fewest) return null;
    let residuals = this.#centred();
    let scaleM = scaleOf(residuals);
    for (let round = 0; round < ROUNDS; round += 1) {
      const solution = this.#solve(rows, (i) => {
        const r = (residuals[i] as number) / (2 * scaleM);
        return 1 / (1 + r * r);
      });
      if (solution === null) return null;
      residuals = this.#residuals(rows, solution.x);
      scaleM = scaleOf(residuals);
    }
    const limitM = Math.max(OUTLIER_M, OUTLIER_SCALES * scaleM);
    return this.#final(rows.filter((_, i) => Math.abs(residuals[i] as number) <= limitM));
  }

  #final(agreeing: readonly Row[]): Change | null {
    const leftOut = this.#rows.length - agreeing.length;
    if (leftOut > LEFT_OUT_SHARE_MAX * this.#rows.length) return null;
    return new RobustDisplacement(agreeing).#plain(leftOut);
  }

  #plain(leftOut: number): Change | null {
    const rows = this.#rows;
    if (rows.length < this.#fewest) return null;
    const solution = this.#solve(rows, () => 1);
    if (solution === null) return null;
    const [eastM, northM, upM] = solution.x as unknown as [number, number, number];
    const residuals = this.#residuals(rows, solution.x);
    const rmsM = Math.sqrt(residuals.reduce((sum, r) => sum + r * r, 0) / rows.length);
    const sigma = (axis: number): number => Math.sqrt(solution.variance[axis] as number) * UNIT_SIGMA_M;
    const sigmaM = { eastM: sigma(0), northM: sigma(1), upM: sigma(2) };
    if (Math.hypot(sigmaM.eastM, sigmaM.northM, sigmaM.upM) > SIGMA_MAX_M || rmsM > RMS_MAX_M) return null;
    const residualsM = new Map(rows.map((row, i) => [row.satellite, residuals[i] as number]));
    return { movedM: { eastM, northM, upM }, used: rows.length, leftOut, rmsM, sigmaM, residualsM };
  }

  get #fewest(): number {
    return Math.max(SATELLITES_MIN, 3 + this.#systems.length + REDUNDANCY_MIN);
  }

  /** Distance of each change from the middle of its system: where a start without any solution has to begin. */
  #centred(): number[] {
    const middle = new Map(
      this.#systems.map((system) => [system, medianOf(this.#rows.filter((row) => row.constellation === system).map((row) => row.changeM))]),
    );
    return this.#rows.map((row) => row.changeM - (middle.get(row.constellation) as number));
  }

  #solve(rows: readonly Row[], weightOf: (i: number) => number): ReturnType<NormalEquations["solve"]> {
    this.#equations.clear();
    for (const [i, row] of rows.entries()) {
      this.#equations.add(this.#design(row), row.changeM, weightOf(i) * (UNIT_SIGMA_M / row.sigmaM) ** 2);
    }
    return this.#equations.solve();
  }

  /** A step towards a satellite makes its range shorter. */
  #design(row: Row): Float64Array {
    this.#row.fill(0);
    this.#row[0] = -row.east;
    this.#row[1] = -row.north;
    this.#row[2] = -row.up;
    this.#row[3 + this.#systems.indexOf(row.constellation)] = 1;
    return this.#row;
  }

  #residuals(rows: readonly Row[], x: Float64Array): number[] {
    return rows.map((row) => {
      const clockM = x[3 + this.#systems.indexOf(row.constellation)] as number;
      return row.changeM - clockM + row.east * (x[0] as number) + row.north * (x[1] as number) + row.up * (x[2] as number);
    });
  }
}

const UNIT_SIGMA_M = 0.003;
const SCALE_MIN_M = 0.002;

/** What a residual usually is: the median of the sizes, as a standard deviation. */
function scaleOf(residuals: readonly number[]): number {
  return Math.max(SCALE_MIN_M, 1.4826 * medianOf(residuals.map(Math.abs)));
}

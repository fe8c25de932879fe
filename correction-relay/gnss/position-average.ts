import type { Ecef } from "rtcm-parser";
import { medianOf } from "./least-squares.ts";
import type { Navigation } from "./physical-constants.ts";
import type { PointSolution } from "./point-solution.ts";

/** Solutions kept: half an hour at one each five seconds. */
const KEPT_MAX = 360;
/** A pause between two solutions counts up to this. */
const STEP_MAX_S = 15;
/** The newest so many decide whether the station is another than before. */
const NEWEST = 12;
/** So far from the rest, they speak of another place: the rest goes. */
const ELSEWHERE_M = 50;

export interface AveragePosition {
  readonly position: Ecef;
  /** How far single solutions usually lie from it, m. */
  readonly scatterM: number;
  readonly spanS: number;
  readonly count: number;
  readonly ionosphereM: number;
  /** Systems left out in most of the solutions. */
  readonly leftOutSystems: readonly Navigation[];
}

/** The middle of the last half hour's positions: errors of code and air come and go in minutes. */
export class PositionAverage {
  #average: AveragePosition | null = null; // of what is kept, when asked since
  #kept: { readonly atS: number; readonly solution: PointSolution }[] = [];

  get spanS(): number {
    let spanS = 0;
    for (let i = 1; i < this.#kept.length; i += 1) {
      spanS += Math.min(STEP_MAX_S, (this.#kept[i] as { atS: number }).atS - (this.#kept[i - 1] as { atS: number }).atS);
    }
    return spanS;
  }

  get newest(): Ecef | undefined {
    return this.#kept.at(-1)?.solution.position;
  }

  add(atS: number, solution: PointSolution): void {
    this.#average = null;
    this.#kept.push({ atS, solution });
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
    if (this.#kept.length > 2 * NEWEST && this.#kept.length % NEWEST === 0) this.#noticeAnotherPlace();
  }

  clear(): void {
    this.#average = null;
    this.#kept = [];
  }

  average(): AveragePosition | null {
    if (this.#average === null && this.#kept.length > 0) this.#average = this.#compute();
    return this.#average;
  }

  #compute(): AveragePosition {
    const solutions = this.#kept.map(({ solution }) => solution);
    const position = middleOf(solutions);
    const left = new Map<Navigation, number>();
    for (const { leftOutSystems } of solutions) for (const system of leftOutSystems) left.set(system, (left.get(system) ?? 0) + 1);
    return {
      position,
      scatterM: medianOf(solutions.map((one) => apartM(one.position, position))),
      spanS: this.spanS,
      count: solutions.length,
      ionosphereM: medianOf(solutions.map(({ ionosphereM }) => ionosphereM)),
      leftOutSystems: [...left].filter(([, times]) => 2 * times > solutions.length).map(([system]) => system),
    };
  }

  #noticeAnotherPlace(): void {
    const newest = this.#kept.slice(-NEWEST);
    const older = this.#kept.slice(0, -NEWEST);
    const solutionsOf = (of: typeof newest): PointSolution[] => of.map(({ solution }) => solution);
    if (apartM(middleOf(solutionsOf(newest)), middleOf(solutionsOf(older))) > ELSEWHERE_M) this.#kept = newest;
  }
}

function middleOf(solutions: readonly PointSolution[]): Ecef {
  return {
    xM: medianOf(solutions.map(({ position }) => position.xM)),
    yM: medianOf(solutions.map(({ position }) => position.yM)),
    zM: medianOf(solutions.map(({ position }) => position.zM)),
  };
}

const apartM = (a: Ecef, b: Ecef): number => Math.hypot(a.xM - b.xM, a.yM - b.yM, a.zM - b.zM);

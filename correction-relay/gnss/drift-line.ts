import type { Enu } from "./line-of-sight.ts";

export interface Sample {
  readonly atS: number;
  /** Sum of displacements up to then. */
  readonly at: Enu;
  /** false: it belongs to an excursion that came back. */
  usable: boolean;
}

/** Where the drift leads at a time. */
export type Line = (atS: number) => Enu;

/** Fewer say nothing of a drift. */
const SPAN_MIN_S = 20;
const SAMPLES_MIN = 8;

/** The straight line through what lies since `fromS`, each coordinate by least squares; null before there is enough. */
export function lineThrough(samples: readonly Sample[], fromS: number): Line | null {
  let [n, sumS, firstS, lastS] = [0, 0, 0, 0];
  for (const { atS, usable } of samples) {
    if (!usable || atS < fromS) continue;
    if (n === 0) firstS = atS;
    lastS = atS;
    n += 1;
    sumS += atS;
  }
  if (n < SAMPLES_MIN || lastS - firstS < SPAN_MIN_S) return null;
  const middleS = sumS / n;
  const [mean, slope] = [new Float64Array(3), new Float64Array(3)];
  let spread = 0;
  for (const { atS, at, usable } of samples) {
    if (!usable || atS < fromS) continue;
    const s = atS - middleS;
    spread += s * s;
    for (const [axis, m] of [at.eastM, at.northM, at.upM].entries()) {
      mean[axis] = (mean[axis] as number) + m / n;
      slope[axis] = (slope[axis] as number) + m * s;
    }
  }
  const on = (axis: number, s: number): number => (mean[axis] as number) + ((slope[axis] as number) / spread) * (s - middleS);
  return (s) => ({ eastM: on(0, s), northM: on(1, s), upM: on(2, s) });
}

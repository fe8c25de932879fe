import type { Ecef } from "rtcm-parser";
import type { CodeRange } from "./code-range.ts";
import type { Navigation } from "./physical-constants.ts";
import { fitPoint, type PointFit } from "./point-fit.ts";

export interface PointSolution {
  readonly position: Ecef;
  readonly used: number;
  readonly sigmaM: number;
  readonly ionosphereM: number;
  /** Systems that contradict the others as a whole. */
  readonly leftOutSystems: readonly Navigation[];
}

const SATELLITES_MIN = 5;
const REDUNDANCY_MIN = 1;
/** Of the position; what is worse cannot find 10 m in an average. */
const SIGMA_MAX_M = 20;
const UNIT_ERROR_MAX = 2.5;
const OFF_SIGMAS_MAX = 5;
/** Single satellites are left out first, as the likelier explanation; then whole systems; then single ones up to this share. */
const FEW_OUTLIERS = 2;
const OUTLIER_SHARE = 0.35;

/**
 * The position on which the ranges agree. A system that contradicts the others as a whole is left out and named.
 * @param start a position known to be near, or undefined
 */
export function solvePoint(ranges: readonly CodeRange[], start: Ecef | undefined): PointSolution | null {
  const few = withoutOutliers(ranges, FEW_OUTLIERS, start);
  if (few !== null) return solutionOf(few, []);
  const systems = [...new Set(ranges.map(({ constellation }) => constellation))];
  if (systems.length > 1) {
    const without = systems.flatMap((system) => {
      const fit = withoutOutliers(
        only(ranges, (other) => other !== system),
        FEW_OUTLIERS,
        start,
      );
      return fit === null ? [] : [{ fit, leftOut: [system] }];
    });
    const alone = systems.flatMap((system) => {
      const fit = withoutOutliers(
        only(ranges, (other) => other === system),
        FEW_OUTLIERS,
        start,
      );
      return fit === null ? [] : [{ fit, leftOut: systems.filter((other) => other !== system) }];
    });
    const best = [...without, ...alone].sort((a, b) => b.fit.ranges.length - a.fit.ranges.length)[0];
    if (best !== undefined) return solutionOf(best.fit, best.leftOut);
  }
  const many = withoutOutliers(ranges, Math.floor(OUTLIER_SHARE * ranges.length), start);
  return many === null ? null : solutionOf(many, []);
}

function only(ranges: readonly CodeRange[], wanted: (system: Navigation) => boolean): CodeRange[] {
  return ranges.filter(({ constellation }) => wanted(constellation));
}

/** Leaves out the worst, one by one, until the others agree; null when they do not after `most`. */
function withoutOutliers(ranges: readonly CodeRange[], most: number, start: Ecef | undefined): PointFit | null {
  let left = ranges;
  for (let outliers = 0; outliers <= most; outliers += 1) {
    const fit = fitPoint(left, start);
    if (fit === null || !isEnough(fit)) return null;
    if (fit.unitError <= UNIT_ERROR_MAX && fit.offSigmas.every((sigmas) => Math.abs(sigmas) <= OFF_SIGMAS_MAX)) return fit;
    let worst = 0;
    for (const [i, sigmas] of fit.offSigmas.entries()) if (Math.abs(sigmas) > Math.abs(fit.offSigmas[worst] as number)) worst = i;
    const out = fit.ranges[worst];
    left = left.filter((range) => range !== out);
  }
  return null;
}

function isEnough({ ranges, sigmaM }: PointFit): boolean {
  const systems = new Set(ranges.map(({ constellation }) => constellation)).size;
  return ranges.length >= Math.max(SATELLITES_MIN, 3 + systems + REDUNDANCY_MIN) && sigmaM <= SIGMA_MAX_M;
}

function solutionOf({ position, ranges, sigmaM, ionosphereM }: PointFit, leftOutSystems: readonly Navigation[]): PointSolution {
  return { position, used: ranges.length, sigmaM, ionosphereM, leftOutSystems };
}

import type { Ecef } from "rtcm-parser";
import { DEFAULT_KLOBUCHAR, klobucharM, saastamoinenM } from "./atmosphere.ts";
import type { CodeRange } from "./code-range.ts";
import { NormalEquations } from "./least-squares.ts";
import { directionOf, sightOf, siteAt } from "./line-of-sight.ts";
import { type Navigation, RAD } from "./physical-constants.ts";

/** A position by least squares, with what each range disagrees by in its own sigmas. */
export interface PointFit {
  readonly position: Ecef;
  readonly ranges: readonly CodeRange[];
  readonly offSigmas: readonly number[];
  /** Root of the sum of squares over the redundancy: about 1 when all is well. */
  readonly unitError: number;
  /** Of the position, m. */
  readonly sigmaM: number;
  /** Mean of the modelled ionosphere left in the ranges, as the delay of L1 at the zenith, m; 0 with two frequencies. */
  readonly ionosphereM: number;
}

const ROUNDS = 12;
const SETTLED_M = 1e-3;
const MASK_RAD = 12 * RAD;
/** Code noise and multipath at the zenith, m: one frequency, and two (which amplify it threefold). */
const SIGMA_M = { single: 1.5, dual: 3.5 };
/** Klobuchar's model is wrong by about this share of itself. */
const IONOSPHERE_SHARE = 0.5;
/** Outside these heights above the ellipsoid an interim position says nothing of elevations and air. */
const HEIGHT_M = { least: -1000, most: 20_000 };

/**
 * Position and one clock per system out of code ranges, from `start` or from the centre of the earth.
 * @returns null when there are too few for the unknowns, or the geometry is singular
 */
export function fitPoint(ranges: readonly CodeRange[], start: Ecef = { xM: 0, yM: 0, zM: 0 }): PointFit | null {
  const systems = [...new Set(ranges.map(({ constellation }) => constellation))];
  let position = start;
  for (let round = 0; round < ROUNDS; round += 1) {
    const step = oneRound(ranges, systems, position);
    if (step === null) return null;
    position = step.position;
    if (step.movedM < SETTLED_M) return step.fit;
  }
  return null;
}

interface Round {
  readonly position: Ecef;
  readonly movedM: number;
  readonly fit: PointFit;
}

function oneRound(ranges: readonly CodeRange[], systems: readonly Navigation[], position: Ecef): Round | null {
  const rows = rowsAt(ranges, position);
  const unknowns = 3 + systems.length;
  if (rows.length < unknowns) return null;
  const equations = new NormalEquations(unknowns);
  const design = rows.map((row) => {
    const line = new Float64Array(unknowns);
    line.set([-row.x, -row.y, -row.z]);
    line[3 + systems.indexOf(row.range.constellation)] = 1;
    equations.add(line, row.offM, 1 / (row.sigmaM * row.sigmaM));
    return line;
  });
  const solution = equations.solve();
  if (solution === null) return null;
  const { x, variance } = solution;
  const [dx, dy, dz] = x as unknown as [number, number, number];
  const offSigmas = rows.map((row, i) => (row.offM - (design[i] as Float64Array).reduce((sum, a, k) => sum + a * (x[k] as number), 0)) / row.sigmaM);
  const redundancy = Math.max(1, rows.length - unknowns);
  return {
    position: { xM: position.xM + dx, yM: position.yM + dy, zM: position.zM + dz },
    movedM: Math.hypot(dx, dy, dz),
    fit: {
      position: { xM: position.xM + dx, yM: position.yM + dy, zM: position.zM + dz },
      ranges: rows.map(({ range }) => range),
      offSigmas,
      unitError: Math.sqrt(offSigmas.reduce((sum, s) => sum + s * s, 0) / redundancy),
      sigmaM: Math.sqrt((variance[0] as number) + (variance[1] as number) + (variance[2] as number)),
      ionosphereM: rows.reduce((sum, row) => sum + row.zenithIonosphereM, 0) / rows.length,
    },
  };
}

interface Row {
  readonly range: CodeRange;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly offM: number;
  readonly sigmaM: number;
  readonly zenithIonosphereM: number;
}

function rowsAt(ranges: readonly CodeRange[], position: Ecef): Row[] {
  const site = siteAt(position);
  const onEarth = site.heightM > HEIGHT_M.least && site.heightM < HEIGHT_M.most;
  return ranges.flatMap((range): Row[] => {
    const sight = sightOf(position, range, range.earthRadPerS);
    const { x, y, z } = sight;
    if (!onEarth) return [{ range, x, y, z, offM: range.rangeM - sight.rangeM, sigmaM: SIGMA_M.single, zenithIonosphereM: 0 }];
    const direction = directionOf(site, sight);
    if (direction.elevationRad < MASK_RAD) return [];
    const ionosphereM = range.ionosphere === 0 ? 0 : range.ionosphere * klobucharM(DEFAULT_KLOBUCHAR, direction, range.dayS);
    const sin = Math.sin(direction.elevationRad);
    const noiseM = (range.ionosphere === 0 ? SIGMA_M.dual : SIGMA_M.single) / sin;
    const offM = range.rangeM - sight.rangeM - ionosphereM - saastamoinenM(direction);
    return [{ range, x, y, z, offM, sigmaM: Math.hypot(noiseM, IONOSPHERE_SHARE * ionosphereM), zenithIonosphereM: ionosphereM * sin }];
  });
}

import { type Bounds, diagonalM, middleOf, widened, within } from "../core/domain/plot-geometry.ts";
import { PlotIndex, type Shaped } from "../core/domain/plot-index.ts";

export interface Outlined extends Shaped {
  readonly bounds: Bounds;
}

const BUND_M = 3; // plots that share a bund: one block between farm roads
const ROAD_M = 40; // across a farm road and its ditches
/** A plain of paddies hangs together for 10 km; a neighbourhood is what a tractor works in a day. */
const EXTENT_M = 2000;
const CELL_DEG = 0.01; // about 1 km: how larger ones are cut

/**
 * Groups of plots (positions in what was given) that are worked together and so want one base: connected over roads; where
 * that reaches too far, cut by a grid of about 1 km, but never through a block of plots that share bunds.
 */
export function neighbourhoods(plots: readonly Outlined[]): number[][] {
  const blocks = new Sets(plots.length);
  const districts = new Sets(plots.length);
  const distinct = oncePerOutline(plots, [blocks, districts]);
  const index = new PlotIndex(distinct.map((i) => plots[i] as Outlined));
  for (const [at, i] of distinct.entries()) {
    const plot = plots[i] as Outlined;
    for (const otherAt of index.touching(widened(plot.bounds, ROAD_M))) {
      const j = distinct[otherAt] as number;
      const other = plots[j] as Outlined;
      if (otherAt <= at || blocks.same(i, j)) continue;
      if (within(plot, other, BUND_M)) {
        blocks.join(i, j);
        districts.join(i, j);
      } else if (!districts.same(i, j) && within(plot, other, ROAD_M)) districts.join(i, j);
    }
  }
  return [...districts.groups()].flatMap((district) => cut(district, blocks, plots));
}

/** The first plot of each outline; the others are joined to it: comparing thousands of copies with each other would take minutes. */
function oncePerOutline(plots: readonly Outlined[], joined: readonly Sets[]): number[] {
  const first = new Map<string, number>();
  const distinct: number[] = [];
  for (const [i, { bounds }] of plots.entries()) {
    const outline = `${bounds.south} ${bounds.west} ${bounds.north} ${bounds.east}`;
    const same = first.get(outline);
    if (same === undefined) {
      first.set(outline, i);
      distinct.push(i);
    } else for (const sets of joined) sets.join(same, i);
  }
  return distinct;
}

function cut(district: readonly number[], blocks: Sets, plots: readonly Outlined[]): number[][] {
  if (diagonalM(around(district, plots)) <= EXTENT_M) return [[...district]];
  const cells = new Map<string, number[]>();
  for (const block of groupBy(district, (i) => blocks.of(i))) {
    const whole = around(block, plots);
    const isWhole = diagonalM(whole) <= EXTENT_M;
    for (const i of block) {
      const { latDeg, lonDeg } = middleOf(isWhole ? whole : (plots[i] as Outlined).bounds);
      const cell = `${Math.floor(latDeg / CELL_DEG)} ${Math.floor(lonDeg / CELL_DEG)}`;
      const list = cells.get(cell);
      if (list === undefined) cells.set(cell, [i]);
      else list.push(i);
    }
  }
  return [...cells.values()];
}

function around(members: readonly number[], plots: readonly Outlined[]): Bounds {
  let [south, west, north, east] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const i of members) {
    const { bounds } = plots[i] as Outlined;
    south = Math.min(south, bounds.south);
    west = Math.min(west, bounds.west);
    north = Math.max(north, bounds.north);
    east = Math.max(east, bounds.east);
  }
  return { south, west, north, east };
}

function groupBy(members: Iterable<number>, keyOf: (i: number) => number): number[][] {
  const groups = new Map<number, number[]>();
  for (const i of members) {
    const list = groups.get(keyOf(i));
    if (list === undefined) groups.set(keyOf(i), [i]);
    else list.push(i);
  }
  return [...groups.values()];
}

/** Disjoint sets of 0 … size − 1, joined two by two. */
class Sets {
  readonly #parents: Int32Array;

  constructor(size: number) {
    this.#parents = Int32Array.from({ length: size }, (_, i) => i);
  }

  of(i: number): number {
    let at = i;
    while (this.#parents[at] !== at) {
      this.#parents[at] = this.#parents[this.#parents[at] as number] as number;
      at = this.#parents[at] as number;
    }
    return at;
  }

  same(a: number, b: number): boolean {
    return this.of(a) === this.of(b);
  }

  join(a: number, b: number): void {
    const [x, y] = [this.of(a), this.of(b)];
    if (x !== y) this.#parents[Math.max(x, y)] = Math.min(x, y);
  }

  groups(): number[][] {
    return groupBy(this.#parents.keys(), (i) => this.of(i));
  }
}

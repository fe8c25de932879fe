import { type Bounds, boundsOf, contains, type Place } from "./plot-geometry.ts";
import type { Polygon } from "./site.ts";

export interface Shaped {
  readonly id: string;
  readonly geometry: Polygon;
}

const CELL_DEG = 0.001; // about 100 m: a paddy lies in one to four cells
const ROW = 360 / CELL_DEG;
const CELLS_MAX = 256; // of one plot: what is larger is looked at in every search

/** Finds among a town's plots (60,000) the ones at a place, in some microseconds. Plots without a usable ring are never found. */
export class PlotIndex<P extends Shaped> {
  readonly #plots: readonly P[];
  readonly #byId = new Map<string, number>();
  readonly #bounds: Float64Array; // south, west, north, east of each plot; NaN, which is nowhere, without a ring
  readonly #cells = new Map<number, number[]>();
  readonly #large: number[] = [];

  constructor(plots: readonly P[]) {
    this.#plots = plots;
    this.#bounds = new Float64Array(plots.length * 4).fill(Number.NaN);
    for (let i = 0; i < plots.length; i += 1) {
      const { id, geometry } = plots[i] as P;
      this.#byId.set(id, i);
      const bounds = boundsOf(geometry);
      if (bounds === null) continue;
      this.#bounds.set([bounds.south, bounds.west, bounds.north, bounds.east], i * 4);
      this.#file(i, bounds);
    }
  }

  get(id: string): P | undefined {
    const i = this.#byId.get(id);
    return i === undefined ? undefined : this.#plots[i];
  }

  /** All plots that the place is inside of, in the order of the catalog within a cell. */
  at(place: Place): P[] {
    const found: P[] = [];
    this.#addAt(place, this.#cells.get(cellOf(place.latDeg, place.lonDeg)) ?? NONE, found);
    this.#addAt(place, this.#large, found);
    return found;
  }

  /** Positions (in what was given) of the plots whose bounds overlap these, each once. */
  touching(bounds: Bounds): Set<number> {
    const found = new Set<number>();
    const add = (i: number): void => {
      const at = i * 4;
      const [south, west, north, east] = [this.#bounds[at], this.#bounds[at + 1], this.#bounds[at + 2], this.#bounds[at + 3]] as [
        number,
        number,
        number,
        number,
      ];
      if (south <= bounds.north && bounds.south <= north && west <= bounds.east && bounds.west <= east) found.add(i);
    };
    if (cellsIn(bounds) > CELLS_MAX) {
      for (let i = 0; i < this.#plots.length; i += 1) add(i);
      return found;
    }
    this.#large.forEach(add);
    for (const cell of cells(bounds)) for (const i of this.#cells.get(cell) ?? NONE) add(i);
    return found;
  }

  #addAt(place: Place, among: readonly number[], found: P[]): void {
    const { latDeg, lonDeg } = place;
    const bounds = this.#bounds;
    for (const i of among) {
      const at = i * 4;
      if (latDeg < (bounds[at] as number) || latDeg > (bounds[at + 2] as number) || lonDeg < (bounds[at + 1] as number) || lonDeg > (bounds[at + 3] as number))
        continue;
      const plot = this.#plots[i] as P;
      if (contains(plot.geometry, place)) found.push(plot);
    }
  }

  #file(i: number, bounds: Bounds): void {
    if (cellsIn(bounds) > CELLS_MAX) {
      this.#large.push(i);
      return;
    }
    for (const cell of cells(bounds)) {
      const list = this.#cells.get(cell);
      if (list === undefined) this.#cells.set(cell, [i]);
      else list.push(i);
    }
  }
}

const NONE: readonly number[] = [];
const row = (latDeg: number): number => Math.floor((latDeg + 90) / CELL_DEG);
const column = (lonDeg: number): number => Math.floor((lonDeg + 180) / CELL_DEG);
const cellOf = (latDeg: number, lonDeg: number): number => row(latDeg) * ROW + column(lonDeg);
const cellsIn = ({ south, west, north, east }: Bounds): number => (row(north) - row(south) + 1) * (column(east) - column(west) + 1);

function cells({ south, west, north, east }: Bounds): number[] {
  const found: number[] = [];
  for (let y = row(south); y <= row(north); y += 1) for (let x = column(west); x <= column(east); x += 1) found.push(y * ROW + x);
  return found;
}

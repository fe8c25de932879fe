/** One point of a stored series. `ownReasons`: what the value alone, its decoder and its clock gave, without the reasons of neighbours. */
export interface SeriesPoint {
  readonly timeMs: number;
  readonly value: number | null;
  readonly ownReasons: readonly string[];
}

/** How far a verdict looks: `rows` stored points and `ms`, whichever is less. */
export interface Reach {
  readonly ms: number;
  readonly rows: number;
}

/** Beyond this two points are no neighbours: a gap. */
const LINK_ROWS = 3;
const LINK_MS = 6 * 3_600_000;

/** How many points, and how near, say what came before and after something. */
export const AROUND = 3;
export const AROUND_ROWS = 8;
export const AROUND_MS = 12 * 3_600_000;

/** No value, no meaning, or no time that can be trusted: such a point says nothing about its neighbours. */
const UNUSABLE: ReadonlySet<string> = new Set(["sentinel", "range", "clock", "missing", "not-a-number"]);

/**
 * The usable points of a window, as columns that are used again from call to call: a verdict must cost no allocation. `row` is the place in
 * the window, unusable points included: all limits count in rows, so that no verdict depends on more than its reach.
 */
export class Trace {
  count = 0;
  timeMs = new Float64Array(512);
  value = new Float64Array(512);
  row = new Int32Array(512);
  /** Of a trace made by `loadRest`: the place of each point in the other one. */
  origin = new Int32Array(512);
  readonly #linkRows: number;

  /** `hidden`: rows that may lie between neighbours because they were left out of this trace. */
  constructor(hidden = 0) {
    this.#linkRows = LINK_ROWS + hidden;
  }

  load(points: readonly SeriesPoint[], from: number, to: number): void {
    this.#reserve(to - from);
    this.count = 0;
    for (let i = from; i < to; i += 1) {
      const { timeMs, value, ownReasons } = points[i] as SeriesPoint;
      if (value === null || (ownReasons.length > 0 && isUnusable(ownReasons))) continue;
      this.#push(timeMs, value, i);
    }
  }

  /** The points of `other` that `left` does not mark. */
  loadRest(other: Trace, left: Uint8Array): void {
    this.#reserve(other.count);
    this.count = 0;
    for (let i = 0; i < other.count; i += 1) {
      if (left[i] === 1) continue;
      this.origin[this.count] = i;
      this.#push(other.timeMs[i] as number, other.value[i] as number, other.row[i] as number);
    }
  }

  /** Whether `i` and the point before it are neighbours. */
  isLinked(i: number): boolean {
    if (i < 1 || i >= this.count) return false;
    return this.isNear(i - 1, i, this.#linkRows, LINK_MS);
  }

  isNear(a: number, b: number, rows: number, ms: number): boolean {
    return (this.row[b] as number) - (this.row[a] as number) <= rows && (this.timeMs[b] as number) - (this.timeMs[a] as number) <= ms;
  }

  /** Hours from `a` to `b`. */
  hours(a: number, b: number): number {
    return ((this.timeMs[b] as number) - (this.timeMs[a] as number)) / 3_600_000;
  }

  #push(timeMs: number, value: number, row: number): void {
    this.timeMs[this.count] = timeMs;
    this.value[this.count] = value;
    this.row[this.count] = row;
    this.count += 1;
  }

  #reserve(size: number): void {
    if (size <= this.value.length) return;
    const room = 2 ** Math.ceil(Math.log2(size));
    this.timeMs = new Float64Array(room);
    this.value = new Float64Array(room);
    this.row = new Int32Array(room);
    this.origin = new Int32Array(room);
  }
}

function isUnusable(reasons: readonly string[]): boolean {
  for (const reason of reasons) if (UNUSABLE.has(reason)) return true;
  return false;
}

import type { Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag } from "../core/domain/reading.ts";
import { neighbourReasons, reachOf } from "./quality/neighbours.ts";
import { flagOf, NEIGHBOUR_REASONS } from "./quality.ts";

export interface JudgedRow {
  readonly timeMs: number;
  readonly value: number | null;
  readonly flag: QualityFlag;
  readonly reasons: string; // comma-separated
}
/** The readings as far as judging by neighbours needs them, inside a transaction. */
export interface NeighbourStore {
  touched(): ReadonlyMap<number, { readonly deviceId: string; readonly quantity: Quantity; readonly timesMs: readonly number[] }>;
  window(series: number, span: { fromMs: number; toMs: number; ms: number; rows: number }): readonly JudgedRow[];
  rejudge(series: number, timeMs: number, judgement: { flag: QualityFlag; reasons: string }): void;
}

/**
 * Judges by their neighbours all readings that what this transaction changed can have a say about: so flags follow from the series
 * as it stands, whatever the order in which it came.
 */
export function judgeTouched(store: NeighbourStore, intervalSOf: (deviceId: string) => number): void {
  for (const [series, { deviceId, quantity, timesMs }] of store.touched()) {
    const reach = reachOf(quantity);
    if (reach === null) continue;
    const sorted = timesMs.length === 1 ? timesMs : [...timesMs].sort((a, b) => a - b);
    for (const [fromMs, toMs] of clusters(sorted, 2 * reach.ms)) {
      const rows = store.window(series, { fromMs, toMs, ms: 2 * reach.ms, rows: 2 * reach.rows });
      judgeWindow(store, { series, quantity, intervalS: intervalSOf(deviceId), rows, fromMs, toMs, reach });
    }
  }
}

interface Window {
  readonly series: number;
  readonly quantity: Quantity;
  readonly intervalS: number;
  readonly rows: readonly JudgedRow[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly reach: { readonly ms: number; readonly rows: number };
}

function judgeWindow(store: NeighbourStore, { series, quantity, intervalS, rows, fromMs, toMs, reach }: Window): void {
  let from = rows.findIndex((row) => row.timeMs >= fromMs);
  if (from < 0) from = rows.length; // the changed one was taken back, and nothing is later
  let to = from;
  while (to < rows.length && (rows[to] as JudgedRow).timeMs <= toMs) to += 1;
  const first = Math.max(0, from - reach.rows);
  const last = Math.min(rows.length, to + reach.rows);
  while (from > first && fromMs - (rows[from - 1] as JudgedRow).timeMs <= reach.ms) from -= 1;
  while (to < last && (rows[to] as JudgedRow).timeMs - toMs <= reach.ms) to += 1;
  if (to === from) return;
  const points = rows.map(({ timeMs, value, reasons }) => ({ timeMs, value, ownReasons: ownOf(reasons) }));
  const found = neighbourReasons({ quantity, intervalS }, points, from, to);
  for (let i = from; i < to; i += 1) {
    const row = rows[i] as JudgedRow;
    const own = points[i]?.ownReasons ?? [];
    const all = found[i - from]?.length ? [...own, ...(found[i - from] as readonly string[])] : own;
    const reasons = all.join(",");
    const flag = flagOf(row.value, all);
    if (reasons !== row.reasons || flag !== row.flag) store.rejudge(series, row.timeMs, { flag, reasons });
  }
}

const NONE: readonly string[] = [];

function ownOf(reasons: string): readonly string[] {
  return reasons === "" ? NONE : reasons.split(",").filter((reason) => !NEIGHBOUR_REASONS.has(reason));
}

/** Runs of times with no gap wider than `gapMs`. */
function clusters(sortedMs: readonly number[], gapMs: number): [fromMs: number, toMs: number][] {
  const found: [number, number][] = [];
  for (const ms of sortedMs) {
    const last = found.at(-1);
    if (last !== undefined && ms - last[1] <= gapMs) last[1] = ms;
    else found.push([ms, ms]);
  }
  return found;
}

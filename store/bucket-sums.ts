import type { DatabaseSync, StatementSync } from "node:sqlite";
import { DAY_MS, HOUR_MS } from "./day-calendar.ts";
import type { BucketPlan } from "./series-buckets.ts";
import type { Bucket } from "./telemetry.ts";

interface Span {
  readonly fromMs: number;
  readonly toMs: number; // exclusive
}
interface HourSpan {
  readonly from: number; // Unix hours
  readonly to: number; // exclusive
}
type Row = readonly [at: number, n: number, min: number, sum: number, max: number];

const DAY_HOURS = 24;
const DIRTY_DAYS_MAX = 60; // beyond, hours are read throughout instead of day by day

/**
 * Sums of a series per bucket: from the days and hours made already where those fit into buckets, and from the readings for hours that
 * changed since and for what the ends cut off. The answer is that of the readings alone.
 */
export class BucketSums {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: DatabaseSync) {
    this.#sql = prepare(db);
  }

  /** All buckets of `plan`, of the readings within `span`. Several series are taken together. */
  of(series: readonly number[], plan: BucketPlan, span: Span): Bucket[] {
    const sums = new Accumulator(plan);
    const within: Span = { fromMs: Math.max(span.fromMs, plan.firstMs), toMs: Math.min(span.toMs, plan.firstMs + plan.count * plan.widthMs) };
    const byHours = plan.widthMs % HOUR_MS === 0 && plan.firstMs % HOUR_MS === 0;
    for (const id of series) {
      if (byHours) this.#addRollups(sums, id, within);
      else this.#addReadings(sums, id, within);
    }
    return sums.buckets();
  }

  #addRollups(sums: Accumulator, series: number, { fromMs, toMs }: Span): void {
    const whole: HourSpan = { from: Math.ceil(fromMs / HOUR_MS), to: Math.floor(toMs / HOUR_MS) };
    const dirty = whole.from < whole.to ? hoursOf(this.#sql.dirty.all(series, whole.from, whole.to)) : [];
    if (whole.from >= whole.to || 2 * dirty.length > whole.to - whole.from) {
      this.#addReadings(sums, series, { fromMs, toMs });
      return;
    }
    this.#addReadings(sums, series, { fromMs, toMs: whole.from * HOUR_MS });
    this.#addReadings(sums, series, { fromMs: whole.to * HOUR_MS, toMs });
    for (const { from, to } of runsOf(dirty)) this.#addReadings(sums, series, { fromMs: from * HOUR_MS, toMs: to * HOUR_MS });
    const passOver = new Set(dirty);
    for (const { from, to } of this.#addDays(sums, series, whole, dirty)) {
      for (const row of rowsOf(this.#sql.hours.all(series, from, to))) if (!passOver.has(row[0])) sums.add(row[0] * HOUR_MS, row);
    }
  }

  /** Adds the days that fit and of which nothing changed; returns what is left to the hours. */
  #addDays(sums: Accumulator, series: number, whole: HourSpan, dirty: readonly number[]): HourSpan[] {
    const { fixedMs } = (this.#sql.zone.get() ?? { fixedMs: null }) as { fixedMs: number | null };
    const { widthMs, firstMs } = sums.plan;
    if (fixedMs === null || fixedMs % HOUR_MS !== 0 || widthMs % DAY_MS !== 0 || (firstMs + fixedMs) % DAY_MS !== 0) return [whole];
    const offset = fixedMs / HOUR_MS;
    const [firstDay, endDay] = [Math.ceil((whole.from + offset) / DAY_HOURS), Math.floor((whole.to + offset) / DAY_HOURS)];
    const changed = new Set(dirty.map((hour) => Math.floor((hour + offset) / DAY_HOURS)));
    if (firstDay >= endDay || changed.size > DIRTY_DAYS_MAX) return [whole];
    const hoursOfDays = (from: number, to: number): HourSpan => ({ from: from * DAY_HOURS - offset, to: to * DAY_HOURS - offset });
    for (const row of rowsOf(this.#sql.days.all(series, firstDay, endDay))) if (!changed.has(row[0])) sums.add(row[0] * DAY_MS - fixedMs, row);
    const days = hoursOfDays(firstDay, endDay);
    return [
      { from: whole.from, to: days.from },
      ...[...changed].filter((day) => day >= firstDay && day < endDay).map((day) => hoursOfDays(day, day + 1)),
      { from: days.to, to: whole.to },
    ];
  }

  #addReadings(sums: Accumulator, series: number, { fromMs, toMs }: Span): void {
    if (fromMs >= toMs) return;
    const { firstMs, widthMs } = sums.plan;
    for (const row of rowsOf(this.#sql.readings.all({ series, from: fromMs, to: toMs, first: firstMs, width: widthMs })))
      sums.add(firstMs + row[0] * widthMs, row);
  }
}

/** One slot per bucket. */
class Accumulator {
  readonly plan: BucketPlan;
  readonly #n: Float64Array;
  readonly #min: Float64Array;
  readonly #sum: Float64Array;
  readonly #max: Float64Array;

  constructor(plan: BucketPlan) {
    this.plan = plan;
    this.#n = new Float64Array(plan.count);
    this.#min = new Float64Array(plan.count).fill(Number.POSITIVE_INFINITY);
    this.#sum = new Float64Array(plan.count);
    this.#max = new Float64Array(plan.count).fill(Number.NEGATIVE_INFINITY);
  }

  /** `row` lies within the bucket that holds `atMs`. */
  add(atMs: number, [, n, min, sum, max]: Row): void {
    const i = Math.floor((atMs - this.plan.firstMs) / this.plan.widthMs);
    this.#n[i] = (this.#n[i] as number) + n;
    this.#sum[i] = (this.#sum[i] as number) + sum;
    if (min < (this.#min[i] as number)) this.#min[i] = min;
    if (max > (this.#max[i] as number)) this.#max[i] = max;
  }

  buckets(): Bucket[] {
    const { firstMs, widthMs, count } = this.plan;
    const out: Bucket[] = [];
    for (let i = 0; i < count; i += 1) {
      const [atMs, n, min, max] = [firstMs + i * widthMs, this.#n[i] as number, this.#min[i] as number, this.#max[i] as number];
      // Rounding, or a sum beyond the range of a double, must not put a mean outside of its readings.
      out.push(n === 0 ? [atMs, 0, null, null, null] : [atMs, n, min, Math.min(max, Math.max(min, (this.#sum[i] as number) / n)), max]);
    }
    return out;
  }
}

/** Ascending hours as spans without holes. */
function runsOf(hours: readonly number[]): HourSpan[] {
  const runs: { from: number; to: number }[] = [];
  for (const hour of hours) {
    const last = runs.at(-1);
    if (last?.to === hour) last.to = hour + 1;
    else runs.push({ from: hour, to: hour + 1 });
  }
  return runs;
}

const rowsOf = (rows: unknown): readonly Row[] => rows as readonly Row[];
const hoursOf = (rows: unknown): number[] => (rows as readonly (readonly [number])[]).map(([hour]) => hour);

function prepare(db: DatabaseSync) {
  const statements = {
    hours: db.prepare("SELECT hour, n, min, sum, max FROM rollup_hour WHERE series = ? AND hour >= ? AND hour < ?"),
    days: db.prepare("SELECT day, n, min, sum, max FROM rollup_day WHERE series = ? AND day >= ? AND day < ?"),
    dirty: db.prepare("SELECT hour FROM rollup_dirty WHERE series = ? AND hour >= ? AND hour < ? ORDER BY hour"),
    readings: db.prepare(
      `SELECT (time_ms - CAST(:first AS INTEGER)) / CAST(:width AS INTEGER) AS i, count(*), min(value), sum(value), max(value)
       FROM reading WHERE series = :series AND time_ms >= :from AND time_ms < :to AND flag IN (1, 2, 3) AND value IS NOT NULL GROUP BY i`,
    ),
  } satisfies Record<string, StatementSync>;
  for (const statement of Object.values(statements)) statement.setReturnArrays(true); // half the time of objects
  return { ...statements, zone: db.prepare("SELECT fixed_ms AS fixedMs FROM rollup_zone") };
}

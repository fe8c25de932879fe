import type { DatabaseSync, StatementSync } from "node:sqlite";
import { QUANTITIES, type Quantity } from "../core/domain/quantity.ts";
import type { Reading } from "../core/domain/reading.ts";
import { BucketSums } from "./bucket-sums.ts";
import { DAY_MS } from "./day-calendar.ts";
import { type NamedRows, NO_ROWS, PLAIN_COLUMNS, type PlainRow, RowNames, toReadings } from "./named-rows.ts";
import { type Extent, planBuckets, pointBuckets, type TimedValue } from "./series-buckets.ts";
import type { LatestFilter, ReadingQuery, Series, SeriesQuery } from "./telemetry.ts";

/** Where a page of rows begins: strictly after (time, series), looking `widthMs` ahead at a time. */
export interface RowCursor {
  readonly timeMs: number;
  readonly series: number;
  readonly widthMs: number;
  readonly gap: boolean; // nothing was found just before: look where the next reading lies
}
export interface RowPage {
  readonly found: NamedRows;
  readonly next: RowCursor | null; // null: nothing lies ahead
}

const FIRST_WIDTH_MS = 60_000;
const STEP_MS = 50; // what one step may take before the window is narrowed
const WIDEST_MS = 30 * DAY_MS;
const TIME_MAX_MS = 8.64e15; // end of ECMAScript time

/** Synchronous queries on readings.db, each one short read transaction. */
export class SqliteQueries {
  readonly #db: DatabaseSync;
  readonly #names: RowNames;
  readonly #sums: BucketSums;
  readonly #zoneOffsetMs: number;
  readonly #statements = new Map<string, StatementSync>(); // one per shape of query: a handful
  readonly #nowMs: () => number;

  constructor(db: DatabaseSync, zoneOffsetMs: number, nowMs: () => number = () => performance.now()) {
    this.#db = db;
    this.#names = new RowNames(db);
    this.#sums = new BucketSums(db);
    this.#zoneOffsetMs = zoneOffsetMs;
    this.#nowMs = nowMs;
  }

  latest(filter: LatestFilter): Reading[] {
    return toReadings(this.latestRows(filter));
  }

  /** In order of device, quantity and depth. */
  latestRows(filter: LatestFilter): NamedRows {
    // Newest first along the primary key: without a plot the first row is the answer; with one, those after a move are passed over.
    const inPlot = filter.plotId === undefined ? "" : "AND (SELECT plot FROM reading_origin WHERE id = n.origin) = :plot";
    const newest = `SELECT n.time_ms FROM reading n WHERE n.series = s.id ${inPlot} ORDER BY n.time_ms DESC LIMIT 1`;
    const { where, values } = seriesFilter(filter);
    const rows = this.#readings(
      `SELECT ${PLAIN_COLUMNS} FROM series s CROSS JOIN reading r ON r.series = s.id AND r.time_ms = (${newest})
       ${where} ORDER BY s.device, s.quantity, s.depth_cm`,
      values,
    );
    return this.#names.of(rows);
  }

  series(query: SeriesQuery): Series {
    // One moment for all of its statements, unless the caller's transaction is one already.
    if (this.#db.isTransaction) return this.#series(query);
    this.#db.exec("BEGIN");
    try {
      return this.#series(query);
    } finally {
      this.#db.exec("COMMIT");
    }
  }

  #series(query: SeriesQuery): Series {
    const { quantity, depthCm } = query;
    const unit = QUANTITIES[quantity].unit;
    const max = Math.max(1, Math.floor(query.max));
    const span = { fromMs: timeOf(query.fromMs, -TIME_MAX_MS), toMs: timeOf(query.toMs, TIME_MAX_MS) };
    const found = this.#statement(
      `SELECT id FROM series WHERE device = :device AND quantity = :quantity ${depthCm === undefined ? "" : "AND depth_cm = :depth"}`,
    ).all({ device: query.deviceId, quantity, ...(depthCm === undefined ? {} : { depth: depthCm ?? -1 }) }) as { id: number }[];
    const ids = found.map(({ id }) => id);
    const extent = this.#extent(ids, span, max + 1);
    if (extent === null) return { unit, buckets: [] };
    if (extent.n <= max) {
      const buckets = pointBuckets(this.#points(ids, span));
      if (buckets.length <= max) return { unit, buckets };
    }
    const plan = planBuckets(extent, max, this.#zoneOffsetMs);
    return { unit, buckets: this.#sums.of(ids, plan, span) };
  }

  /** `n` is counted up to `enough`; null: no reading. */
  #extent(ids: readonly number[], { fromMs, toMs }: { fromMs: number; toMs: number }, enough: number): Extent | null {
    const within = "FROM reading WHERE series = ? AND time_ms >= ? AND time_ms < ? AND flag IN (1, 2, 3) AND value IS NOT NULL";
    const end = (id: number, order: "ASC" | "DESC") =>
      (this.#statement(`SELECT time_ms AS at ${within} ORDER BY time_ms ${order} LIMIT 1`).get(id, fromMs, toMs) as { at: number } | undefined)?.at;
    let [n, firstMs, lastMs] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const id of ids) {
      firstMs = Math.min(firstMs, end(id, "ASC") ?? firstMs);
      lastMs = Math.max(lastMs, end(id, "DESC") ?? lastMs);
      if (n < enough) n += (this.#statement(`SELECT count(*) AS n FROM (SELECT 1 ${within} LIMIT ?)`).get(id, fromMs, toMs, enough - n) as { n: number }).n;
    }
    return n === 0 ? null : { n, firstMs, lastMs };
  }

  #points(ids: readonly number[], { fromMs, toMs }: { fromMs: number; toMs: number }): TimedValue[] {
    return this.#statement(
      `SELECT time_ms AS timeMs, value FROM reading WHERE series IN (SELECT value FROM json_each(:ids)) AND time_ms >= :from AND time_ms < :to
       AND flag IN (1, 2, 3) AND value IS NOT NULL ORDER BY time_ms, series`,
    ).all({ ids: JSON.stringify(ids), from: fromMs, to: toMs }) as unknown as TimedValue[];
  }

  /**
   * The next rows in order of (time, series), from a window of time whose width follows what is found and how long that took:
   * neither a dense hour, nor an empty year, nor a plot that is nearly never hit makes one step long.
   */
  page(query: ReadingQuery, after: RowCursor | null, limit: number): RowPage {
    const startedMs = this.#nowMs();
    const { where, values } = seriesFilter(query);
    const toMs = timeOf(query.toMs, TIME_MAX_MS);
    const from = after ?? { timeMs: timeOf(query.fromMs, -TIME_MAX_MS), series: -1, widthMs: FIRST_WIDTH_MS, gap: true };
    const startMs = from.gap ? this.#firstTime(query, from.timeMs) : from.timeMs;
    if (startMs === null || startMs >= toMs) return { found: NO_ROWS, next: null };
    const endMs = Math.min(toMs, startMs + from.widthMs);
    const plot = query.plotId === undefined ? "" : "AND r.origin IN (SELECT id FROM reading_origin WHERE plot = :plot)";
    const rows = this.#readings(
      `SELECT ${PLAIN_COLUMNS} FROM series s CROSS JOIN reading r ON r.series = s.id
       ${where === "" ? "WHERE" : `${where} AND`} r.time_ms >= :start AND r.time_ms < :end AND (r.time_ms > :afterMs OR r.series > :afterSeries) ${plot}
       ORDER BY r.time_ms, r.series LIMIT :limit`,
      {
        ...values,
        start: startMs,
        end: endMs,
        afterMs: from.timeMs,
        afterSeries: from.series,
        limit,
      },
    );
    // Rows of other plots are read and left out, so there the time tells; a day is narrow enough for any number of series.
    const slow = query.plotId !== undefined && from.widthMs > DAY_MS && this.#nowMs() - startedMs > STEP_MS;
    const tooWide = rows.length === limit || slow;
    const widthMs = tooWide ? Math.max(1, Math.floor(from.widthMs / 2)) : rows.length < limit / 4 ? Math.min(WIDEST_MS, from.widthMs * 4) : from.widthMs;
    const last = rows.length === limit ? rows.at(-1) : undefined;
    const next: RowCursor = last ? { timeMs: last[1], series: last[0], widthMs, gap: false } : { timeMs: endMs, series: -1, widthMs, gap: rows.length === 0 };
    return { found: this.#names.of(rows), next: next.timeMs >= toMs ? null : next };
  }

  /** Where the next reading of any plot lies: passes over times without data in one step. */
  #firstTime(query: ReadingQuery, fromMs: number): number | null {
    const { where, values } = seriesFilter(query);
    const found = this.#statement(
      `SELECT min((SELECT r.time_ms FROM reading r WHERE r.series = s.id AND r.time_ms >= :at ORDER BY r.time_ms LIMIT 1)) AS at FROM series s ${where}`,
    ).get({ ...values, at: fromMs }) as { at: number | null };
    return found.at;
  }

  #readings(sql: string, values: Record<string, string | number>): PlainRow[] {
    const statement = this.#statement(sql);
    statement.setReturnArrays(true); // less than half the time of objects, here and on the way to the other thread
    return statement.all(values) as unknown as PlainRow[];
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

function seriesFilter(query: { deviceIds?: readonly string[]; plotId?: string; quantity?: Quantity }): { where: string; values: Record<string, string> } {
  const parts: string[] = [];
  const values: Record<string, string> = {};
  if (query.deviceIds !== undefined) {
    parts.push("s.device IN (SELECT value FROM json_each(:devices))");
    values["devices"] = JSON.stringify(query.deviceIds);
  }
  if (query.plotId !== undefined) {
    parts.push("s.id IN (SELECT t.series FROM series_origin t WHERE t.origin IN (SELECT id FROM reading_origin WHERE plot = :plot))");
    values["plot"] = query.plotId;
  }
  if (query.quantity !== undefined) {
    parts.push("s.quantity = :quantity");
    values["quantity"] = query.quantity;
  }
  return { where: parts.length === 0 ? "" : `WHERE ${parts.join(" AND ")}`, values };
}

/** STRICT integer columns are compared with integers; infinities mean unbounded. */
function timeOf(ms: number | undefined, unbounded: number): number {
  if (ms === undefined || Number.isNaN(ms)) return unbounded;
  return Math.ceil(Math.min(TIME_MAX_MS, Math.max(-TIME_MAX_MS, ms)));
}

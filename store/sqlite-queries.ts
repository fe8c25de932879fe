import type { DatabaseSync, StatementSync } from "node:sqlite";
import { QUANTITIES, type Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag, Reading, TimeSource } from "../core/domain/reading.ts";
import { type Extent, fillBuckets, planBuckets, pointBuckets, type TimedValue } from "./series-buckets.ts";
import type { Bucket, LatestFilter, ReadingQuery, Series, SeriesQuery } from "./telemetry.ts";

/** Where a page of rows begins: strictly after (time, series), looking `widthMs` ahead at a time. */
export interface RowCursor {
  readonly timeMs: number;
  readonly series: number;
  readonly widthMs: number;
}
export interface RowPage {
  readonly rows: Reading[];
  readonly next: RowCursor | null; // null: nothing lies ahead
}

const COLUMNS = `s.id AS series, s.device, s.quantity, s.depth_cm, r.time_ms, r.value, r.flag, r.reasons, r.plot, r.received_ms, r.time_source, c.name AS codec, c.sha256`;
const FIRST_WIDTH_MS = 60_000;
const WIDEST_MS = 30 * 86_400_000;
const TIME_MAX_MS = 8.64e15; // end of ECMAScript time

interface Row {
  series: number;
  device: string;
  quantity: Quantity;
  depth_cm: number;
  time_ms: number;
  value: number | null;
  flag: QualityFlag;
  reasons: string;
  plot: string | null;
  received_ms: number;
  time_source: TimeSource;
  codec: string;
  sha256: string;
}

/** Synchronous queries on readings.db. Each is one statement, so one short read transaction. */
export class SqliteQueries {
  readonly #db: DatabaseSync;
  readonly #zoneOffsetMs: number;
  readonly #statements = new Map<string, StatementSync>(); // one per shape of query: a handful

  constructor(db: DatabaseSync, zoneOffsetMs: number) {
    this.#db = db;
    this.#zoneOffsetMs = zoneOffsetMs;
  }

  latest(filter: LatestFilter): Reading[] {
    // Newest first along the primary key: without a plot the first row is the answer; with one, those after a move are passed over.
    const newest = `SELECT time_ms FROM reading WHERE series = s.id ${filter.plotId === undefined ? "" : "AND plot = :plot"} ORDER BY time_ms DESC LIMIT 1`;
    const { where, values } = seriesFilter(filter);
    const rows = this.#statement(
      `SELECT ${COLUMNS} FROM series s JOIN reading r ON r.series = s.id AND r.time_ms = (${newest}) JOIN codec c ON c.id = r.codec
       ${where} ORDER BY s.device, s.quantity, s.depth_cm`,
    ).all({ ...values, ...(filter.plotId === undefined ? {} : { plot: filter.plotId }) });
    return (rows as unknown as Row[]).map(toReading);
  }

  series(query: SeriesQuery): Series {
    const unit = QUANTITIES[query.quantity].unit;
    const max = Math.max(1, Math.floor(query.max));
    const depth = query.depthCm === undefined ? "" : "AND s.depth_cm = :depth";
    const from = `FROM reading r WHERE r.series IN (SELECT s.id FROM series s WHERE s.device = :device AND s.quantity = :quantity ${depth})
      AND r.time_ms >= :from AND r.time_ms < :to AND r.flag NOT IN (4, 9) AND r.value IS NOT NULL`;
    const values = {
      device: query.deviceId,
      quantity: query.quantity,
      from: timeOf(query.fromMs, -TIME_MAX_MS),
      to: timeOf(query.toMs, TIME_MAX_MS),
      ...(query.depthCm === undefined ? {} : { depth: query.depthCm ?? -1 }),
    };
    const extent = this.#statement(`SELECT count(*) AS n, min(r.time_ms) AS firstMs, max(r.time_ms) AS lastMs ${from}`).get(values) as unknown as Extent;
    if (extent.n === 0) return { unit, buckets: [] };
    if (extent.n <= max) {
      const points = this.#statement(`SELECT r.time_ms AS timeMs, r.value ${from} ORDER BY r.time_ms, r.series`).all(values);
      const buckets = pointBuckets(points as unknown as TimedValue[]);
      if (buckets.length <= max) return { unit, buckets };
    }
    const plan = planBuckets(extent, max, this.#zoneOffsetMs);
    const found = this.#statement(
      `SELECT (r.time_ms - CAST(:origin AS INTEGER)) / CAST(:width AS INTEGER) AS i, count(*) AS n, min(r.value) AS lo, avg(r.value) AS mean, max(r.value) AS hi ${from} GROUP BY i ORDER BY i`,
    ).all({ ...values, origin: plan.firstMs, width: plan.widthMs }) as unknown as { i: number; n: number; lo: number; mean: number; hi: number }[];
    const buckets = fillBuckets(
      plan,
      found.map((b): Bucket => [plan.firstMs + b.i * plan.widthMs, b.n, b.lo, b.mean, b.hi]),
    );
    return { unit, buckets };
  }

  /**
   * The next rows in order of (time, series), from a window of time whose width follows the density of what is found:
   * neither a dense hour nor an empty year makes one step long. A plot is compared after the page is cut, for the same reason.
   */
  page(query: ReadingQuery, after: RowCursor | null, limit: number): RowPage {
    const { where, values } = seriesFilter(query);
    const toMs = timeOf(query.toMs, TIME_MAX_MS);
    const from = after ?? { timeMs: timeOf(query.fromMs, -TIME_MAX_MS), series: -1, widthMs: FIRST_WIDTH_MS };
    const jump = this.#statement(
      `SELECT min((SELECT r.time_ms FROM reading r WHERE r.series = s.id AND r.time_ms >= :at ORDER BY r.time_ms LIMIT 1)) AS at FROM series s ${where}`,
    ).get({ ...values, at: from.timeMs }) as { at: number | null };
    if (jump.at === null || jump.at >= toMs) return { rows: [], next: null };
    const startMs = jump.at;
    const endMs = Math.min(toMs, startMs + from.widthMs);
    const rows = this.#statement(
      `SELECT ${COLUMNS} FROM series s CROSS JOIN reading r ON r.series = s.id JOIN codec c ON c.id = r.codec
       ${where === "" ? "WHERE" : `${where} AND`} r.time_ms >= :start AND r.time_ms < :end AND (r.time_ms > :afterMs OR r.series > :afterSeries)
       ORDER BY r.time_ms, s.id LIMIT :limit`,
    ).all({ ...values, start: startMs, end: endMs, afterMs: from.timeMs, afterSeries: from.series, limit }) as unknown as Row[];
    const last = rows.at(-1);
    const next: RowCursor =
      rows.length === limit && last
        ? { timeMs: last.time_ms, series: last.series, widthMs: Math.max(1, Math.floor(from.widthMs / 2)) }
        : { timeMs: endMs, series: -1, widthMs: rows.length < limit / 4 ? Math.min(WIDEST_MS, from.widthMs * 4) : from.widthMs };
    const wanted = query.plotId === undefined ? rows : rows.filter((r) => r.plot === query.plotId);
    return { rows: wanted.map(toReading), next: next.timeMs >= toMs ? null : next };
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

function seriesFilter(query: { deviceIds?: readonly string[]; quantity?: Quantity }): { where: string; values: Record<string, string> } {
  const parts: string[] = [];
  const values: Record<string, string> = {};
  if (query.deviceIds !== undefined) {
    parts.push("s.device IN (SELECT value FROM json_each(:devices))");
    values["devices"] = JSON.stringify(query.deviceIds);
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

function toReading(row: Row): Reading {
  return {
    deviceId: row.device,
    plotId: row.plot,
    quantity: row.quantity,
    depthCm: row.depth_cm === -1 ? null : row.depth_cm,
    value: row.value,
    unit: QUANTITIES[row.quantity].unit,
    timeMs: row.time_ms,
    receivedAtMs: row.received_ms,
    timeSource: row.time_source,
    quality: { flag: row.flag, reasons: row.reasons === "" ? [] : row.reasons.split(",") },
    codec: { id: row.codec, sha256: row.sha256 },
  };
}

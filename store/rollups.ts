import type { DatabaseSync, StatementSync } from "node:sqlite";
import { transaction } from "../core/runtime/sqlite.ts";
import { DayCalendar, HOUR_MS, type ZoneOffsets } from "./day-calendar.ts";

interface DirtyHour {
  readonly series: number;
  readonly hour: number; // Unix hours
}

const LAST_HOUR = Number.MAX_SAFE_INTEGER;

/**
 * Hourly and daily sums in readings.db. What changed is made again from the readings in order of time, never added to, so that
 * any order of arrival leaves the same bits. Days are those of the site's calendar. One of these per file, in the thread that writes it.
 */
export class Rollups {
  readonly #db: DatabaseSync;
  readonly #calendar: DayCalendar;
  readonly #sql: ReturnType<typeof prepare>;
  #after: DirtyHour = { series: 0, hour: -LAST_HOUR }; // where the last step ended: the next begins there, so that no series waits for another

  /** With other days than those in the file, all are marked to be made again. */
  constructor(db: DatabaseSync, zone: ZoneOffsets) {
    this.#db = db;
    this.#calendar = new DayCalendar(zone);
    this.#sql = prepare(db);
    this.#adoptZone();
  }

  /**
   * Makes at most `maxHours` hours and their days again, in one transaction; returns how many hours. With `endedByMs` hours that go on
   * after it (Unix ms) stay marked: the running hour of a busy series need not be made again with each reading, since `series` asks the
   * readings of marked hours.
   */
  step(maxHours: number, endedByMs = Number.POSITIVE_INFINITY): number {
    const beforeHour = Number.isFinite(endedByMs) ? Math.floor(endedByMs / HOUR_MS) : LAST_HOUR;
    const hours = this.#pick(maxHours, beforeHour);
    if (hours.length === 0) return 0;
    transaction(this.#db, () => this.#make(hours));
    this.#after = hours.at(-1) as DirtyHour;
    return hours.length;
  }

  /** How many hours are marked, counted up to `max`. */
  dirtyHours(max = 100_000): number {
    return (this.#sql.count.get(max) as { n: number }).n;
  }

  #pick(maxHours: number, beforeHour: number): DirtyHour[] {
    const { series, hour } = this.#after;
    const ahead = this.#sql.dirtyAfter.all(series, hour, beforeHour, maxHours) as unknown as DirtyHour[];
    if (ahead.length === maxHours) return ahead;
    return [...ahead, ...(this.#sql.dirtyUpTo.all(series, hour, beforeHour, maxHours - ahead.length) as unknown as DirtyHour[])];
  }

  #make(hours: readonly DirtyHour[]): void {
    const days = new Map<number, Set<number>>(); // series -> days, each made once
    for (const { series, hour } of hours) {
      const fromMs = hour * HOUR_MS;
      const { changes } = this.#sql.makeHour.run({ series, key: hour, from: fromMs, to: fromMs + HOUR_MS });
      if (changes === 0) this.#sql.dropHour.run(series, hour);
      this.#sql.clean.run(series, hour);
      const touched = days.get(series) ?? new Set();
      if (touched.size === 0) days.set(series, touched);
      touched.add(this.#calendar.dayOf(fromMs));
      touched.add(this.#calendar.dayOf(fromMs + HOUR_MS - 1));
    }
    for (const [series, touched] of days) for (const day of touched) this.#makeDay(series, day);
  }

  #makeDay(series: number, day: number): void {
    const { fromMs, toMs } = this.#calendar.spanOf(day);
    const wholeHours = fromMs % HOUR_MS === 0 && toMs % HOUR_MS === 0;
    const { changes } = wholeHours
      ? this.#sql.makeDayOfHours.run({ series, key: day, from: fromMs / HOUR_MS, to: toMs / HOUR_MS })
      : this.#sql.makeDay.run({ series, key: day, from: fromMs, to: toMs });
    if (changes === 0) this.#sql.dropDay.run(series, day);
  }

  #adoptZone(): void {
    const { offsets, fixedMs } = this.#calendar;
    const known = this.#db.prepare("SELECT offsets FROM rollup_zone").get() as { offsets: string } | undefined;
    if (known?.offsets === offsets) return;
    transaction(this.#db, () => {
      this.#db.exec("DELETE FROM rollup_day; INSERT OR IGNORE INTO rollup_dirty SELECT series, hour FROM rollup_hour");
      this.#db.prepare("INSERT OR REPLACE INTO rollup_zone (id, offsets, fixed_ms) VALUES (1, ?, ?)").run(offsets, fixedMs);
    });
  }
}

function prepare(db: DatabaseSync) {
  // Sums beyond the range of a double stay finite: the column takes no other value.
  const sums = "count(*), max(-1.7976931348623157e308, min(1.7976931348623157e308, sum(value))), min(value), max(value)";
  const readings =
    "(SELECT value FROM reading WHERE series = :series AND time_ms >= :from AND time_ms < :to AND flag IN (1, 2, 3) AND value IS NOT NULL ORDER BY time_ms)";
  const daySums = "sum(n), max(-1.7976931348623157e308, min(1.7976931348623157e308, sum(sum))), min(min), max(max)";
  return {
    makeHour: db.prepare(
      `INSERT OR REPLACE INTO rollup_hour (series, hour, n, sum, min, max) SELECT :series, :key, ${sums} FROM ${readings} HAVING count(*) > 0`,
    ),
    makeDay: db.prepare(`INSERT OR REPLACE INTO rollup_day (series, day, n, sum, min, max) SELECT :series, :key, ${sums} FROM ${readings} HAVING count(*) > 0`),
    makeDayOfHours: db.prepare(
      `INSERT OR REPLACE INTO rollup_day (series, day, n, sum, min, max) SELECT :series, :key, ${daySums}
       FROM (SELECT n, sum, min, max FROM rollup_hour WHERE series = :series AND hour >= :from AND hour < :to ORDER BY hour) HAVING count(*) > 0`,
    ),
    dropHour: db.prepare("DELETE FROM rollup_hour WHERE series = ? AND hour = ?"),
    dropDay: db.prepare("DELETE FROM rollup_day WHERE series = ? AND day = ?"),
    clean: db.prepare("DELETE FROM rollup_dirty WHERE series = ? AND hour = ?"),
    count: db.prepare("SELECT count(*) AS n FROM (SELECT 1 FROM rollup_dirty LIMIT ?)"),
    dirtyAfter: db.prepare("SELECT series, hour FROM rollup_dirty WHERE (series, hour) > (?, ?) AND hour < ? ORDER BY series, hour LIMIT ?"),
    dirtyUpTo: db.prepare("SELECT series, hour FROM rollup_dirty WHERE (series, hour) <= (?, ?) AND hour < ? ORDER BY series, hour LIMIT ?"),
  } satisfies Record<string, StatementSync>;
}

import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { QualityFlag } from "../../core/domain/reading.ts";
import { siteZone } from "../../core/domain/site-zone.ts";
import { DAY_MS, DayCalendar, HOUR_MS } from "../../store/day-calendar.ts";
import { readingsMigrations } from "../../store/readings-schema.ts";
import { Rollups } from "../../store/rollups.ts";
import { SqliteQueries } from "../../store/sqlite-queries.ts";
import type { Bucket } from "../../store/telemetry.ts";

const T0_MS = Date.UTC(2026, 2, 27, 3);
const ZONES = ["Asia/Tokyo", "UTC", "Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe"] as const;
const DEPTHS = [-1, 10];

interface Change {
  readonly series: number;
  readonly timeMs: number;
  readonly reading: { readonly value: number | null; readonly flag: QualityFlag } | null; // null: taken away
}

/** A readings.db in memory, with one device and two depths. */
class Store {
  readonly db = new DatabaseSync(":memory:");
  readonly #put;
  readonly #remove;
  readonly #mark;

  constructor() {
    for (const migration of readingsMigrations) this.db.exec(migration);
    this.db.exec(
      "INSERT INTO codec VALUES (1, 'c', 'ff'); INSERT INTO reading_origin (id, plot, codec, time_source, reasons) VALUES (1, 'p', 1, 'device', '')",
    );
    for (const [i, depth] of DEPTHS.entries()) this.db.prepare("INSERT INTO series VALUES (?, 'd', 'soil.ec', ?)").run(i + 1, depth);
    this.#put = this.db.prepare("INSERT OR REPLACE INTO reading VALUES (?, ?, ?, ?, 1, 0, 0, 0, 0)");
    this.#remove = this.db.prepare("DELETE FROM reading WHERE series = ? AND time_ms = ?");
    this.#mark = this.db.prepare("INSERT OR IGNORE INTO rollup_dirty VALUES (?, ?)");
  }

  apply({ series, timeMs, reading }: Change): void {
    if (reading) this.#put.run(series, timeMs, reading.value, reading.flag);
    else this.#remove.run(series, timeMs);
    this.#mark.run(series, Math.floor(timeMs / HOUR_MS));
  }

  rows(table: string): unknown[] {
    return this.db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all();
  }

  clear(): void {
    this.db.exec("DELETE FROM reading; DELETE FROM rollup_hour; DELETE FROM rollup_day; DELETE FROM rollup_dirty");
  }
}

function settle(rollups: Rollups): void {
  while (rollups.step(7) > 0);
}

const value = fc.oneof(fc.double({ min: -50, max: 50, noNaN: true }), fc.constantFrom(0.1, -0.1, 1e-9, 1e15, 0));
const reading = fc.oneof(
  { weight: 8, arbitrary: fc.record({ value, flag: fc.constantFrom<QualityFlag>(1, 1, 1, 2, 3, 4) }) },
  { weight: 1, arbitrary: fc.constant({ value: null, flag: 9 as const }) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const change: fc.Arbitrary<Change> = fc.record({
  series: fc.constantFrom(1, 2),
  timeMs: fc.integer({ min: 0, max: 300 }).map((m) => T0_MS + m * 17 * 60_000 + m),
  reading,
});
const changes = fc.array(change, { maxLength: 150 });
const zone = fc.constantFrom(...ZONES);

/** What stands in the end: the last change of each place. */
function standing(all: readonly Change[]): Change[] {
  const last = new Map(all.map((c) => [`${c.series} ${c.timeMs}`, c]));
  return [...last.values()].filter((c) => c.reading !== null);
}

describe("rollups", () => {
  let store: Store;
  beforeEach(() => {
    store = new Store();
    return () => store.db.close();
  });

  test("any order of arrival, with changes on the way, leaves the same bits as all at once in order", () => {
    fc.assert(
      fc.property(changes, fc.array(fc.nat(20)), fc.infiniteStream(fc.nat()), zone, (given, stepsAfter, chance, timeZone) => {
        store.clear();
        let rollups = new Rollups(store.db, siteZone(timeZone));
        given.forEach((c, i) => {
          store.apply(c);
          if (stepsAfter.includes(i)) rollups.step(3);
        });
        settle(rollups);
        const [hours, days] = [store.rows("rollup_hour"), store.rows("rollup_day")];

        store.clear();
        rollups = new Rollups(store.db, siteZone(timeZone));
        const shuffled = standing(given)
          .map((c) => ({ c, at: chance.next().value }))
          .sort((a, b) => a.at - b.at);
        for (const { c } of shuffled) store.apply(c);
        settle(rollups);
        expect(store.rows("rollup_hour")).toEqual(hours);
        expect(store.rows("rollup_day")).toEqual(days);
        expect(rollups.dirtyHours()).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  test("hold n, sum, least and greatest of flags 1 to 3 of each hour and each day of the site's calendar, and nothing else", () => {
    fc.assert(
      fc.property(changes, zone, (given, timeZone) => {
        store.clear();
        for (const c of given) store.apply(c);
        settle(new Rollups(store.db, siteZone(timeZone)));
        const { offsetMs } = siteZone(timeZone);
        for (const [table, keyOf] of [
          ["rollup_hour", (ms: number) => Math.floor(ms / HOUR_MS)],
          ["rollup_day", (ms: number) => Math.floor((ms + offsetMs(ms)) / DAY_MS)],
        ] as const) {
          const groups = new Map<string, number[]>();
          for (const { series, timeMs, reading: r } of standing(given)) {
            if (!r || r.value === null || r.flag > 3) continue;
            const key = `${series} ${keyOf(timeMs)}`;
            groups.set(key, [...(groups.get(key) ?? []), r.value]);
          }
          const found = new Map((store.rows(table) as Record<string, number>[]).map((r) => [`${r["series"]} ${r["hour"] ?? r["day"]}`, r]));
          expect([...found.keys()].sort()).toEqual([...groups.keys()].sort());
          for (const [key, values] of groups) {
            const row = found.get(key);
            expect([row?.["n"], row?.["min"], row?.["max"]]).toEqual([values.length, Math.min(...values), Math.max(...values)].map((v) => v + 0));
            const scale = values.reduce((sum, v) => sum + Math.abs(v), 0);
            expect(Math.abs((row?.["sum"] ?? Number.NaN) - values.reduce((sum, v) => sum + v, 0))).toBeLessThanOrEqual(1e-12 * scale);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test("sums beyond the range of a double stay finite, and means within their readings", () => {
    for (let i = 0; i < 3000; i += 1) store.apply({ series: 1, timeMs: T0_MS + i * 600_000, reading: { value: i % 3 === 0 ? -1.7e308 : 1.7e308, flag: 1 } });
    settle(new Rollups(store.db, siteZone("Asia/Tokyo")));
    for (const r of [...store.rows("rollup_hour"), ...store.rows("rollup_day")] as { sum: number }[]) expect(Number.isFinite(r.sum)).toBe(true);
    const { buckets } = new SqliteQueries(store.db, 0).series({ deviceId: "d", quantity: "soil.ec", max: 40 });
    for (const [, n, min, mean, max] of buckets) expect(n > 0 && (mean as number) >= (min as number) && (mean as number) <= (max as number)).toBe(true);
  });

  test("a step makes so many hours; each series has its turn; the running hour may wait", () => {
    const rollups = new Rollups(store.db, siteZone("Asia/Tokyo"));
    const at = (series: number, hour: number) => store.apply({ series, timeMs: T0_MS + hour * HOUR_MS, reading: { value: hour, flag: 1 } });
    for (let hour = 0; hour < 5; hour += 1) at(1, hour);
    for (let hour = 0; hour < 3; hour += 1) at(2, hour);
    expect(rollups.dirtyHours()).toBe(8);
    expect(rollups.dirtyHours(5)).toBe(5);
    expect(rollups.step(4)).toBe(4);
    for (let hour = 0; hour < 4; hour += 1) at(1, hour); // series 1 changes again and again
    expect(rollups.step(4)).toBe(4);
    expect(store.db.prepare("SELECT count(*) AS n FROM rollup_dirty WHERE series = 2").get()).toEqual({ n: 0 });
    expect(rollups.step(100, T0_MS + 2.5 * HOUR_MS)).toBe(2);
    expect(store.db.prepare("SELECT min(hour) AS hour FROM rollup_dirty").get()).toEqual({ hour: T0_MS / HOUR_MS + 2 });
    expect(rollups.step(100)).toBe(2);
    expect(rollups.step(100)).toBe(0);
  });

  test("another zone makes the days again, the same zone nothing", () => {
    for (let hour = 0; hour < 72; hour += 1) store.apply({ series: 1, timeMs: T0_MS + hour * HOUR_MS, reading: { value: hour, flag: 1 } });
    settle(new Rollups(store.db, siteZone("Asia/Tokyo")));
    const [hours, japanese] = [store.rows("rollup_hour"), store.rows("rollup_day")];
    expect(new Rollups(store.db, siteZone("Asia/Tokyo")).step(1)).toBe(0);
    expect(new Rollups(store.db, { offsetMs: () => 9 * HOUR_MS }).step(1)).toBe(0);
    settle(new Rollups(store.db, siteZone("America/New_York")));
    expect(store.rows("rollup_hour")).toEqual(hours);
    expect(store.rows("rollup_day")).not.toEqual(japanese);
    settle(new Rollups(store.db, siteZone("Asia/Tokyo")));
    expect(store.rows("rollup_day")).toEqual(japanese);
  });
});

describe("series", () => {
  let store: Store;
  beforeEach(() => {
    store = new Store();
    return () => store.db.close();
  });

  const end = fc.option(
    fc.integer({ min: -200, max: 6000 }).map((m) => T0_MS + m * 60_000 + 7),
    { nil: undefined },
  );
  const query = fc.record({ fromMs: end, toMs: end, max: fc.integer({ min: 1, max: 60 }), depthCm: fc.constantFrom(undefined, null, 10) });

  test("are the same from rollups as from the readings alone, whatever was made already", () => {
    fc.assert(
      fc.property(changes, changes, query, zone, fc.integer({ min: 0, max: 40 }), (before, after, { fromMs, toMs, depthCm, max }, timeZone, steps) => {
        store.clear();
        for (const c of before) store.apply(c);
        const rollups = new Rollups(store.db, siteZone(timeZone));
        settle(rollups);
        for (const c of after) store.apply(c);
        rollups.step(steps);
        const ask = (): readonly Bucket[] =>
          new SqliteQueries(store.db, siteZone(timeZone).offsetMs(T0_MS)).series({
            deviceId: "d",
            quantity: "soil.ec",
            max,
            ...(depthCm === undefined ? {} : { depthCm }),
            ...(fromMs === undefined ? {} : { fromMs }),
            ...(toMs === undefined ? {} : { toMs }),
          }).buckets;
        const answer = ask();
        // with every hour marked, and no sums at all, only the readings can answer
        store.db.exec(
          "INSERT OR IGNORE INTO rollup_dirty SELECT DISTINCT series, CAST(floor(time_ms / 3600000.0) AS INTEGER) FROM reading; DELETE FROM rollup_hour; DELETE FROM rollup_day",
        );
        const expected = ask();
        expect(answer.map(([at, n, min, , hi]) => [at, n, min, hi])).toEqual(expected.map(([at, n, min, , hi]) => [at, n, min, hi]));
        answer.forEach(([, , min, mean, hi], i) => {
          const other = expected[i]?.[3] ?? null;
          if (mean === null || other === null) expect(mean).toBe(other);
          else expect(Math.abs(mean - other)).toBeLessThanOrEqual(1e-12 * Math.max(Math.abs(min ?? 0), Math.abs(hi ?? 0)));
        });
      }),
      { numRuns: 400 },
    );
  });

  test("of a long time are read from the sums: readings that no sum knows do not change them", () => {
    for (let i = 0; i < 400; i += 1) store.apply({ series: 1, timeMs: T0_MS + i * 3 * HOUR_MS, reading: { value: i, flag: 1 } });
    settle(new Rollups(store.db, siteZone("Asia/Tokyo")));
    const ask = (max: number) => new SqliteQueries(store.db, 9 * HOUR_MS).series({ deviceId: "d", quantity: "soil.ec", max }).buckets;
    const [hourly, daily] = [ask(300), ask(60)];
    store.db.exec(`UPDATE reading SET value = -1 WHERE time_ms = ${T0_MS + 30 * HOUR_MS}`); // unmarked, as no writer would
    expect(ask(300)).toEqual(hourly);
    expect(ask(60)).toEqual(daily);
    store.db.exec(`INSERT INTO rollup_dirty VALUES (1, ${T0_MS / HOUR_MS + 30})`);
    expect(ask(300)).not.toEqual(hourly);
    expect(ask(60)).not.toEqual(daily);
  });
});

describe("the calendar's days", () => {
  test.each([
    ["Asia/Tokyo", "2026-06-01", "2026-05-31T15:00:00.000Z", 24],
    ["Asia/Kolkata", "2026-06-01", "2026-05-31T18:30:00.000Z", 24],
    ["America/New_York", "2026-03-08", "2026-03-08T05:00:00.000Z", 23],
    ["America/New_York", "2026-11-01", "2026-11-01T04:00:00.000Z", 25],
    ["Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00.000Z", 24.5],
    ["Pacific/Kiritimati", "2026-06-01", "2026-05-31T10:00:00.000Z", 24],
  ])("%s, %s begins at %s and has %d hours", (timeZone, date, begins, hours) => {
    const calendar = new DayCalendar(siteZone(timeZone));
    const day = Date.parse(date) / DAY_MS;
    const { fromMs, toMs } = calendar.spanOf(day);
    expect(new Date(fromMs).toISOString()).toBe(begins);
    expect((toMs - fromMs) / HOUR_MS).toBe(hours);
    expect([calendar.dayOf(fromMs - 1), calendar.dayOf(fromMs), calendar.dayOf(toMs - 1), calendar.dayOf(toMs)]).toEqual([day - 1, day, day, day + 1]);
  });

  test("zones with the same clocks are alike, others are not", () => {
    const offsetsOf = (timeZone: string) => new DayCalendar(siteZone(timeZone)).offsets;
    expect(offsetsOf("Asia/Seoul")).toBe(offsetsOf("Asia/Tokyo"));
    expect(new Set(["Asia/Tokyo", "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"].map(offsetsOf)).size).toBe(5);
    expect(new DayCalendar(siteZone("Asia/Tokyo")).fixedMs).toBe(9 * HOUR_MS);
    expect(new DayCalendar(siteZone("Europe/Berlin")).fixedMs).toBeNull();
  });
});

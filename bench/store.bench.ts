import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { readingsCsv } from "../api/csv.ts";
import { siteZone } from "../core/domain/site-zone.ts";
import { openForReading, openForWriting } from "../core/runtime/sqlite.ts";
import { readingsMigrations } from "../store/readings-schema.ts";
import { SqliteQueries } from "../store/sqlite-queries.ts";
import { openSqliteReader } from "../store/sqlite-reader.ts";
import { DEVICES, deviceName, MEASURED, writeTown, YEAR_FROM_MS, YEAR_TO_MS } from "./store/town.ts";

/**
 * readings.db at its size of years: bytes for each reading with all of its columns, indices and rollups, and how long the
 * questions of the map and the API take. Arguments: rows (20 million), path of the file (1.2 GB): one that is there is asked as it is,
 * and it stays; without a path a temporary one is made and removed.
 */
const rows = Number(process.argv[2] ?? 20_000_000);
const given = process.argv[3];
const path = given ?? join(mkdtempSync(join(tmpdir(), "azemichi-bench-")), "readings.db");
const ROUNDS = 21;
const ZONE_MS = 9 * 3_600_000;
const YEAR = { deviceId: deviceName(0), quantity: "water.level", fromMs: YEAR_FROM_MS, toMs: YEAR_TO_MS } as const;

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

/** The first time on a connection of its own, then the median of the rounds. */
async function timed<T>(name: string, open: () => { readonly ask: () => T | Promise<T>; close(): unknown }, check: (answer: T) => boolean): Promise<void> {
  const { ask, close } = open();
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const startMs = performance.now();
    const answer = await ask();
    times.push(performance.now() - startMs);
    if (!check(answer)) throw new Error(`${name}: a wrong answer`);
  }
  await close();
  const [first, ...rest] = times as [number, ...number[]];
  rest.sort((a, b) => a - b);
  console.log(`${name.padEnd(52)} ${ms(rest[Math.floor(rest.length / 2)] as number).padStart(10)}  first ${ms(first)}, worst ${ms(rest.at(-1) as number)}`);
}

function queries<T>(ask: (queries: SqliteQueries) => T): () => { readonly ask: () => T; close(): void } {
  return () => {
    const db = openForReading(path, readingsMigrations) as DatabaseSync;
    const made = new SqliteQueries(db, ZONE_MS);
    return { ask: () => ask(made), close: () => db.close() };
  };
}

function throughThread<T>(ask: (reader: ReturnType<typeof openSqliteReader>) => Promise<T>): () => { readonly ask: () => Promise<T>; close(): unknown } {
  return () => {
    const reader = openSqliteReader(path, { zoneOffsetMs: ZONE_MS });
    return { ask: () => ask(reader), close: () => reader.close() };
  };
}

function reportSize(): void {
  const db = openForReading(path, readingsMigrations) as DatabaseSync;
  const { written } = db.prepare("SELECT count(*) AS written FROM reading").get() as { written: number };
  const bytes = statSync(path).size;
  console.log(`${written} readings, ${(bytes / 1e6).toFixed(0)} MB: ${(bytes / written).toFixed(1)} bytes each, of which`);
  const parts = db.prepare("SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name ORDER BY bytes DESC LIMIT 4").all() as {
    name: string;
    bytes: number;
  }[];
  for (const part of parts) console.log(`  ${part.name.padEnd(20)} ${(part.bytes / written).toFixed(2)}`);
  db.close();
}

function build(): void {
  const db = openForWriting(path, readingsMigrations);
  db.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000"); // it may be lost: it is made for this
  const startMs = performance.now();
  const written = writeTown(db, rows);
  console.log(`${written} readings written in ${((performance.now() - startMs) / 1000).toFixed(0)} s, rollups included`);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}

/** The whole file as CSV, taken as fast as it comes. */
async function exportAll(): Promise<void> {
  const reader = openSqliteReader(path, { zoneOffsetMs: ZONE_MS });
  const csv = readingsCsv(reader.rows({}), { header: "machine", zone: siteZone("Asia/Tokyo"), deviceName: (id) => id });
  const startMs = performance.now();
  let [bytes, beginRss, mostRss] = [0, 0, 0];
  for await (const chunk of csv) {
    bytes += chunk.length;
    const { rss } = process.memoryUsage();
    if (beginRss === 0 && bytes > 2e7) beginRss = rss; // compiled, and its first pages read
    mostRss = Math.max(mostRss, rss);
  }
  await reader.close();
  const s = (performance.now() - startMs) / 1000;
  console.log(
    `export of all: ${(bytes / 1e6).toFixed(0)} MB in ${s.toFixed(0)} s; memory after 20 MB ${Math.round(beginRss / 1e6)} MB, at most ${Math.round(mostRss / 1e6)} MB`,
  );
}

try {
  console.log(`node ${process.version}`);
  if (!existsSync(path)) build();
  reportSize();
  const total = (buckets: readonly (readonly [number, number, ...unknown[]])[]): number => buckets.reduce((sum, [, n]) => sum + n, 0);
  const counts = queries((q) => [total(q.series({ ...YEAR, max: 8760 }).buckets), total(q.series({ ...YEAR, max: 366 }).buckets)])();
  const [n, byDay] = counts.ask() as [number, number];
  counts.close();
  if (n !== byDay || n < 50_000) throw new Error(`a year holds ${n} readings by hours and ${byDay} by days`);
  const isYear = ({ buckets }: { buckets: readonly (readonly [number, number, ...unknown[]])[] }): boolean => total(buckets) === n;
  const all = DEVICES * MEASURED.length;
  await timed(
    "year of one series (52,560) -> 8,760 hourly means",
    queries((q) => q.series({ ...YEAR, max: 8760 })),
    (s) => isYear(s) && s.buckets.length === 8760,
  );
  await timed(
    "the same through the reader's thread",
    throughThread((r) => r.series({ ...YEAR, max: 8760 })),
    isYear,
  );
  await timed(
    "year -> 365 daily means",
    queries((q) => q.series({ ...YEAR, max: 365 })),
    (s) => isYear(s) && s.buckets.length === 365,
  );
  await timed(
    "year -> 800 buckets, as the map asks",
    queries((q) => q.series({ ...YEAR, max: 800 })),
    isYear,
  );
  await timed(
    `latest of ${all} series`,
    queries((q) => q.latest({})),
    (l) => l.length === all,
  );
  await timed(
    "the same through the reader's thread",
    throughThread((r) => r.latest({})),
    (l) => l.length === all,
  );
  await timed(
    "latest of one plot",
    queries((q) => q.latest({ plotId: "plot-7" })),
    (l) => l.length === MEASURED.length,
  );
  await exportAll();
} finally {
  if (given === undefined) rmSync(dirname(path), { recursive: true, force: true });
}

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag, Reading, TimeSource } from "../core/domain/reading.ts";
import { BulkInsert } from "./bulk-insert.ts";
import { ORIGIN_JOIN, READING_COLUMNS, type ReadingRow, toReading } from "./reading-row.ts";

/** What decides between two uplinks that both have a reading for one device, quantity, depth and time: the greater (fCnt, hash) wins. */
export interface ReadingRank {
  readonly fCnt: number;
  readonly payloadHash: string; // hex
  readonly uplinkSeq: number; // journal number: an uplink read again replaces what it gave before
}

/** A reading as neighbours judge it. */
export interface JudgedRow {
  readonly timeMs: number;
  readonly value: number | null;
  readonly flag: QualityFlag;
  readonly reasons: string; // comma-separated
}

/** What a transaction has changed so far in one series. */
export interface Touched {
  readonly deviceId: string;
  readonly quantity: Quantity;
  readonly timesMs: readonly number[]; // unordered, each at least once
}

interface Series {
  readonly id: number;
  readonly deviceId: string;
  readonly quantity: Quantity;
  latestMs: number; // -Infinity = no reading
}
interface Origin {
  readonly plot: string; // '' = none
  readonly codec: number;
  readonly timeSource: TimeSource;
  readonly reasons: string;
}
type RawRow = readonly [timeMs: number, value: number | null, flag: QualityFlag, origin: number];
interface Existing {
  readonly value: number | null;
  readonly flag: QualityFlag;
  readonly origin: number;
  readonly f_cnt: number;
  readonly hash: number;
  readonly uplink_seq: number;
}

const HOUR_MS = 3_600_000;
const CACHED_MAX = 100_000; // names of series and origins remembered; beyond, all are looked up again
const HASH_DIGITS = 7;

/** The readings of readings.db as the thread that processes uplinks writes them. Everything here happens inside the caller's transaction. */
export class ReadingWriter {
  readonly #feedsOutbox: boolean;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #series = new Map<string, Series>();
  readonly #byId = new Map<number, Series>();
  readonly #origins = new Map<string, number>();
  readonly #originById = new Map<number, Origin>();
  readonly #codecs = new Map<string, number>();
  readonly #touched = new Map<number, number[]>();
  readonly #inserts: BulkInsert; // of rows that are later than all of their series; every other statement sees them after a flush
  readonly #outbox: BulkInsert;
  #changes = 0;

  constructor(db: DatabaseSync, options: { outbox: "fed" | "off" }) {
    this.#feedsOutbox = options.outbox === "fed";
    this.#sql = prepare(db);
    this.#inserts = new BulkInsert(db, "INSERT INTO reading (series, time_ms, value, flag, origin, lag_ms, f_cnt, hash, uplink_seq)", 9);
    this.#outbox = new BulkInsert(db, "INSERT INTO outbox (series, time_ms, gone_plot)", 3);
    for (const statement of [this.#sql.reading, this.#sql.before, this.#sql.between, this.#sql.after]) statement.setReturnArrays(true);
  }

  /** How many readings were written, changed or taken back since the start. */
  get changes(): number {
    return this.#changes;
  }

  /** Stores a reading with its own reasons; what its neighbours say of it is judged anew afterwards. False: a greater one stands there. */
  put(reading: Reading, rank: ReadingRank): boolean {
    const series = this.#seriesOf(reading);
    const hash = hashOf(rank.payloadHash);
    const { timeMs, value, quality } = reading;
    const reasons = quality.reasons.join(",");
    const lagMs = reading.receivedAtMs - timeMs;
    const existing = timeMs > series.latestMs ? undefined : this.#find(series.id, timeMs);
    if (existing === undefined) {
      const origin = this.#originOf({ plot: reading.plotId ?? "", codec: this.#codecOf(reading), timeSource: reading.timeSource, reasons });
      this.#inserts.add(series.id, timeMs, value, quality.flag, origin, lagMs, rank.fCnt, hash, rank.uplinkSeq);
      if (timeMs > series.latestMs) series.latestMs = timeMs;
    } else {
      const own = existing.uplink_seq === rank.uplinkSeq;
      if (!own && (existing.f_cnt > rank.fCnt || (existing.f_cnt === rank.fCnt && existing.hash >= hash))) return false;
      const { plot } = this.#origin(existing.origin); // frozen when first stored (DESIGN.md §6)
      const origin = this.#originOf({ plot, codec: this.#codecOf(reading), timeSource: reading.timeSource, reasons });
      if (own && existing.value === value && existing.flag === quality.flag && existing.origin === origin) return true; // read again, and nothing new
      this.#sql.update.run(value, quality.flag, origin, lagMs, rank.fCnt, hash, rank.uplinkSeq, series.id, timeMs);
    }
    this.#changed(series.id, timeMs, null);
    return true;
  }

  /** Takes back what an uplink gave a device between two times, but for what `keeps` names. Returns the times at which a reading went. */
  takeBack(
    given: { deviceId: string; uplinkSeq: number; firstMs: number; lastMs: number },
    keeps: (quantity: Quantity, depthCm: number | null, timeMs: number) => boolean,
  ): number[] {
    this.#inserts.flush();
    const gone: number[] = [];
    for (const { id, quantity, depthCm } of this.#sql.seriesOfDevice.all(given.deviceId) as unknown as { id: number; quantity: Quantity; depthCm: number }[]) {
      const rows = this.#sql.givenBy.all(id, given.firstMs, given.lastMs, given.uplinkSeq) as unknown as { timeMs: number; origin: number }[];
      for (const { timeMs, origin } of rows) {
        if (keeps(quantity, depthCm === -1 ? null : depthCm, timeMs)) continue;
        this.#sql.remove.run(id, timeMs);
        const series = this.#seriesById(id);
        if (timeMs === series.latestMs) series.latestMs = this.#latestOf(id);
        this.#changed(id, timeMs, this.#origin(origin).plot);
        gone.push(timeMs);
      }
    }
    return gone;
  }

  /** What changed since `settle`, by series id. */
  touched(): ReadonlyMap<number, Touched> {
    const found = new Map<number, Touched>();
    for (const [id, timesMs] of this.#touched) {
      const { deviceId, quantity } = this.#seriesById(id);
      found.set(id, { deviceId, quantity, timesMs });
    }
    return found;
  }

  /** Rows in order of time: `rows` at most before `fromMs` and after `toMs`, none further than `ms` away, and all between. */
  window(series: number, span: { fromMs: number; toMs: number; ms: number; rows: number }): JudgedRow[] {
    this.#inserts.flush();
    const { fromMs, toMs, ms, rows } = span;
    const before = (this.#sql.before.all(series, fromMs, fromMs - ms, rows) as unknown as RawRow[]).reverse();
    const between = this.#sql.between.all(series, fromMs, toMs) as unknown as RawRow[];
    const after = toMs >= this.#seriesById(series).latestMs ? [] : (this.#sql.after.all(series, toMs, toMs + ms, rows) as unknown as RawRow[]);
    const found: JudgedRow[] = [];
    for (const part of [before, between, after])
      for (const [timeMs, value, flag, origin] of part) found.push({ timeMs, value, flag, reasons: this.#origin(origin).reasons });
    return found;
  }

  /** Gives a reading another judgement; its value stays. */
  rejudge(series: number, timeMs: number, judgement: { flag: QualityFlag; reasons: string }): void {
    const existing = this.#find(series, timeMs);
    if (existing === undefined) return;
    const origin = this.#originOf({ ...this.#origin(existing.origin), reasons: judgement.reasons });
    this.#sql.judge.run(judgement.flag, origin, series, timeMs);
    this.#changed(series, timeMs, null);
  }

  /** The newest reading of each series touched since `settle` in which it is among what changed. */
  newest(): Reading[] {
    this.#inserts.flush();
    const found: Reading[] = [];
    for (const [id, timesMs] of this.#touched) {
      const { latestMs } = this.#seriesById(id);
      if (latestMs === Number.NEGATIVE_INFINITY || !timesMs.some((ms) => ms >= latestMs)) continue;
      const row = this.#sql.reading.get(id, latestMs) as unknown as ReadingRow | undefined;
      if (row !== undefined) found.push(toReading(row));
    }
    return found;
  }

  /** Marks the hours of what changed for the rollups, and begins to collect anew. The last thing before a commit. */
  settle(): void {
    this.#inserts.flush();
    this.#outbox.flush();
    for (const [id, timesMs] of this.#touched) {
      let marked = Number.NaN; // most changes of a batch lie in one hour
      for (const timeMs of timesMs) {
        const hour = Math.floor(timeMs / HOUR_MS);
        if (hour !== marked) this.#sql.dirty.run(id, hour);
        marked = hour;
      }
    }
    this.#touched.clear();
  }

  /** After a rollback: what was remembered may not be in the file. */
  forget(): void {
    this.#series.clear();
    this.#byId.clear();
    this.#origins.clear();
    this.#originById.clear();
    this.#codecs.clear();
    this.#touched.clear();
    this.#inserts.forget();
    this.#outbox.forget();
  }

  #find(series: number, timeMs: number): Existing | undefined {
    this.#inserts.flush();
    return this.#sql.find.get(series, timeMs) as Existing | undefined;
  }

  #changed(series: number, timeMs: number, gonePlot: string | null): void {
    this.#changes += 1;
    if (this.#feedsOutbox) this.#outbox.add(series, timeMs, gonePlot);
    const times = this.#touched.get(series);
    if (times === undefined) this.#touched.set(series, [timeMs]);
    else if (times.at(-1) !== timeMs) times.push(timeMs);
  }

  #seriesOf(reading: Reading): Series {
    const depth = reading.depthCm ?? -1;
    const key = `${reading.deviceId}|${reading.quantity}|${depth}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const found = this.#sql.findSeries.get(reading.deviceId, reading.quantity, depth) as { id: number } | undefined;
    const id = found?.id ?? Number(this.#sql.addSeries.run(reading.deviceId, reading.quantity, depth).lastInsertRowid);
    const series = {
      id,
      deviceId: reading.deviceId,
      quantity: reading.quantity,
      latestMs: found === undefined ? Number.NEGATIVE_INFINITY : this.#latestOf(id),
    };
    if (this.#series.size >= CACHED_MAX) {
      this.#series.clear();
      this.#byId.clear();
    }
    this.#series.set(key, series);
    this.#byId.set(id, series);
    return series;
  }

  #seriesById(id: number): Series {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const row = this.#sql.seriesById.get(id) as unknown as { deviceId: string; quantity: Quantity; depthCm: number };
    return this.#seriesOf({ deviceId: row.deviceId, quantity: row.quantity, depthCm: row.depthCm === -1 ? null : row.depthCm } as Reading);
  }

  #originOf(origin: Origin): number {
    const key = `${origin.codec}|${origin.timeSource}|${origin.reasons}|${origin.plot}`;
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    const { plot, codec, timeSource, reasons } = origin;
    const found = this.#sql.findOrigin.get(codec, plot, reasons, timeSource) as { id: number } | undefined;
    const id = found?.id ?? Number(this.#sql.addOrigin.run(plot, codec, timeSource, reasons).lastInsertRowid);
    if (this.#origins.size >= CACHED_MAX) this.#origins.clear();
    this.#origins.set(key, id);
    return id;
  }

  #origin(id: number): Origin {
    const known = this.#originById.get(id);
    if (known !== undefined) return known;
    const origin = this.#sql.originById.get(id) as unknown as Origin;
    if (this.#originById.size >= CACHED_MAX) this.#originById.clear();
    this.#originById.set(id, origin);
    return origin;
  }

  #codecOf({ codec }: Reading): number {
    const key = `${codec.id}|${codec.sha256}`;
    const known = this.#codecs.get(key);
    if (known !== undefined) return known;
    const found = this.#sql.findCodec.get(codec.id, codec.sha256) as { id: number } | undefined;
    const id = found?.id ?? Number(this.#sql.addCodec.run(codec.id, codec.sha256).lastInsertRowid);
    this.#codecs.set(key, id);
    return id;
  }

  #latestOf(series: number): number {
    this.#inserts.flush();
    return (this.#sql.latestOf.get(series) as { timeMs: number } | undefined)?.timeMs ?? Number.NEGATIVE_INFINITY;
  }
}

/** The first 28 bits order as the whole hash does, and take four bytes. */
function hashOf(hex: string): number {
  return hex === "" ? 0 : Number.parseInt(hex.slice(0, HASH_DIGITS), 16);
}

function prepare(db: DatabaseSync) {
  const raw = "SELECT time_ms, value, flag, origin FROM reading WHERE series = ?"; // without a join: hundreds of rows are read for one that is new
  return {
    find: db.prepare("SELECT value, flag, origin, f_cnt, hash, uplink_seq FROM reading WHERE series = ? AND time_ms = ?"),
    update: db.prepare("UPDATE reading SET value = ?, flag = ?, origin = ?, lag_ms = ?, f_cnt = ?, hash = ?, uplink_seq = ? WHERE series = ? AND time_ms = ?"),
    judge: db.prepare("UPDATE reading SET flag = ?, origin = ? WHERE series = ? AND time_ms = ?"),
    remove: db.prepare("DELETE FROM reading WHERE series = ? AND time_ms = ?"),
    seriesOfDevice: db.prepare("SELECT id, quantity, depth_cm AS depthCm FROM series WHERE device = ?"),
    seriesById: db.prepare("SELECT device AS deviceId, quantity, depth_cm AS depthCm FROM series WHERE id = ?"),
    givenBy: db.prepare("SELECT time_ms AS timeMs, origin FROM reading WHERE series = ? AND time_ms BETWEEN ? AND ? AND uplink_seq = ?"),
    before: db.prepare(`${raw} AND time_ms < ? AND time_ms >= ? ORDER BY time_ms DESC LIMIT ?`),
    between: db.prepare(`${raw} AND time_ms BETWEEN ? AND ? ORDER BY time_ms`),
    after: db.prepare(`${raw} AND time_ms > ? AND time_ms <= ? ORDER BY time_ms LIMIT ?`),
    reading: db.prepare(`SELECT ${READING_COLUMNS} FROM series s CROSS JOIN reading r ON r.series = s.id ${ORIGIN_JOIN} WHERE s.id = ? AND r.time_ms = ?`),
    dirty: db.prepare("INSERT OR IGNORE INTO rollup_dirty (series, hour) VALUES (?, ?)"),
    findSeries: db.prepare("SELECT id FROM series WHERE device = ? AND quantity = ? AND depth_cm = ?"),
    addSeries: db.prepare("INSERT INTO series (device, quantity, depth_cm) VALUES (?, ?, ?)"),
    findOrigin: db.prepare("SELECT id FROM reading_origin WHERE codec = ? AND plot = ? AND reasons = ? AND time_source = ?"),
    addOrigin: db.prepare("INSERT INTO reading_origin (plot, codec, time_source, reasons) VALUES (?, ?, ?, ?)"),
    originById: db.prepare("SELECT plot, codec, time_source AS timeSource, reasons FROM reading_origin WHERE id = ?"),
    findCodec: db.prepare("SELECT id FROM codec WHERE name = ? AND sha256 = ?"),
    addCodec: db.prepare("INSERT INTO codec (name, sha256) VALUES (?, ?)"),
    latestOf: db.prepare("SELECT time_ms AS timeMs FROM reading WHERE series = ? ORDER BY time_ms DESC LIMIT 1"),
  } satisfies Record<string, StatementSync>;
}

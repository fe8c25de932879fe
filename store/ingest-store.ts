import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { UplinkOutcome } from "../core/domain/ledger.ts";
import type { Reading } from "../core/domain/reading.ts";
import { openForReading, transaction } from "../core/runtime/sqlite.ts";
import { readingsMigrations } from "./readings-schema.ts";

/** What decides between two uplinks that both have a reading for one device, quantity, depth and time: the greater pair wins. */
export interface ReadingRank {
  readonly fCnt: number;
  readonly payloadHash: string;
  readonly uplinkSeq: number; // journal number, for tracing; takes no part in the choice
}
export interface PutReading {
  readonly changed: boolean; // false: a greater one was already there
  readonly newest: boolean; // no reading of this device, quantity and depth is later
  readonly plotId: string | null; // as frozen when first stored
}

export interface SessionRow {
  readonly number: number;
  readonly sessionKey: string | null;
  readonly startMs: number;
  readonly joined: boolean;
  readonly lastFCnt: number;
  readonly lastTimeMs: number;
}
export interface FrameRow {
  readonly devEui: string;
  readonly fCnt: number;
  readonly fPort: number; // -1 = none
  readonly payloadHash: string;
}
export interface UplinkAccount {
  readonly seq: number;
  readonly source: string;
  readonly outcome: UplinkOutcome;
  readonly reason: string; // "" for stored
  readonly device: string | null;
  readonly receivedAtMs: number;
}

const SESSIONS_PER_DEVICE_MAX = 50; // the newest; a device with more resets than that within memory is broken

/** The last journal number that readings.db has seen; 0 before it is made. For those who do not write it. */
export function processedUpTo(path: string): number {
  const db = openForReading(path, readingsMigrations);
  if (!db) return 0;
  try {
    return (db.prepare("SELECT cursor FROM progress").get() as { cursor: number }).cursor;
  } finally {
    db.close();
  }
}

/** readings.db as the thread that processes uplinks writes it. Nothing here begins a transaction but `transaction`. */
export class IngestStore {
  readonly #db: DatabaseSync;
  readonly #feedsOutbox: boolean;
  readonly #series = new Map<string, number>();
  readonly #codecs = new Map<string, number>();
  readonly #newestMs = new Map<number, number>(); // series -> its latest event time
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: DatabaseSync, options: { outbox: "fed" | "off" }) {
    this.#db = db;
    this.#feedsOutbox = options.outbox === "fed";
    this.#sql = prepare(db);
  }

  /** Everything inside becomes durable together, or not at all. */
  transaction<T>(work: () => T): T {
    try {
      return transaction(this.#db, work);
    } catch (error) {
      // What was remembered may not be in the file.
      this.#series.clear();
      this.#codecs.clear();
      this.#newestMs.clear();
      throw error;
    }
  }

  cursor(): number {
    return (this.#sql.cursor.get() as { cursor: number }).cursor;
  }

  advance(cursor: number): void {
    if (this.#feedsOutbox) this.#sql.advanceFed.run(cursor, cursor);
    else this.#sql.advance.run(cursor);
  }

  /** Queues the readings of the time in which InfluxDB was not configured. Returns how many; 0 once it is done. */
  catchUpOutbox(): number {
    const { cursor, fed } = this.#sql.progress.get() as { cursor: number; fed: number };
    if (!this.#feedsOutbox || fed >= cursor) return 0;
    return this.transaction(() => {
      const { changes } = this.#sql.catchUp.run(fed);
      this.#sql.advanceFed.run(cursor, cursor);
      return Number(changes);
    });
  }

  sessions(devEui: string): SessionRow[] {
    const rows = this.#sql.sessions.all(devEui, SESSIONS_PER_DEVICE_MAX) as unknown as (Omit<SessionRow, "joined"> & { joined: number })[];
    return rows.map((row) => ({
      number: row.number,
      sessionKey: row.sessionKey,
      startMs: row.startMs,
      joined: row.joined === 1,
      lastFCnt: row.lastFCnt,
      lastTimeMs: row.lastTimeMs,
    }));
  }

  saveSession(devEui: string, s: SessionRow): void {
    this.#sql.saveSession.run(devEui, s.number, s.sessionKey, s.startMs, s.joined ? 1 : 0, s.lastFCnt, s.lastTimeMs);
  }

  framesLike(key: FrameRow, fromMs: number, toMs: number): { session: number; timeMs: number }[] {
    return this.#sql.framesLike.all(key.devEui, key.fCnt, key.fPort, key.payloadHash, fromMs, toMs) as unknown as { session: number; timeMs: number }[];
  }

  hasFrame(key: FrameRow, session: number): boolean {
    return this.#sql.hasFrame.get(key.devEui, key.fCnt, key.fPort, key.payloadHash, session) !== undefined;
  }

  saveFrame(key: FrameRow, at: { session: number; timeMs: number; receivedAtMs: number }): void {
    this.#sql.saveFrame.run(key.devEui, key.fCnt, key.fPort, key.payloadHash, at.timeMs, at.session, at.receivedAtMs);
  }

  putReading(reading: Reading, rank: ReadingRank): PutReading {
    const series = this.#seriesOf(reading);
    const latestMs = this.#latestOf(series);
    const row = this.#sql.putReading.get(
      series,
      reading.timeMs,
      reading.value,
      reading.quality.flag,
      reading.quality.reasons.join(","),
      reading.plotId,
      reading.receivedAtMs,
      reading.timeSource,
      this.#codecOf(reading),
      rank.fCnt,
      rank.payloadHash,
      rank.uplinkSeq,
    ) as { plot: string | null } | undefined;
    if (row === undefined) return { changed: false, newest: false, plotId: reading.plotId };
    if (this.#feedsOutbox) this.#sql.toOutbox.run(series, reading.timeMs);
    const newest = reading.timeMs >= latestMs;
    if (newest) this.#newestMs.set(series, reading.timeMs);
    return { changed: true, newest, plotId: row.plot };
  }

  account(uplink: UplinkAccount): void {
    this.#sql.account.run(uplink.seq, uplink.source, uplink.outcome, uplink.reason, uplink.device, uplink.receivedAtMs);
  }

  count(source: string, outcome: UplinkOutcome, n: number): void {
    this.#sql.count.run(source, outcome, n);
  }

  #seriesOf(reading: Reading): number {
    const depth = reading.depthCm ?? -1;
    const key = `${reading.deviceId}|${reading.quantity}|${depth}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const found = this.#sql.findSeries.get(reading.deviceId, reading.quantity, depth) as { id: number } | undefined;
    const id = found?.id ?? Number(this.#sql.addSeries.run(reading.deviceId, reading.quantity, depth).lastInsertRowid);
    this.#series.set(key, id);
    return id;
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
    const known = this.#newestMs.get(series);
    if (known !== undefined) return known;
    const row = this.#sql.latestOf.get(series) as { timeMs: number } | undefined;
    const latestMs = row?.timeMs ?? Number.NEGATIVE_INFINITY;
    this.#newestMs.set(series, latestMs);
    return latestMs;
  }
}

function prepare(db: DatabaseSync) {
  return {
    cursor: db.prepare("SELECT cursor FROM progress"),
    advance: db.prepare("UPDATE progress SET cursor = ?"),
    progress: db.prepare("SELECT cursor, fed FROM progress"),
    advanceFed: db.prepare("UPDATE progress SET cursor = ?, fed = ?"),
    catchUp: db.prepare("INSERT INTO outbox (series, time_ms) SELECT series, time_ms FROM reading WHERE uplink_seq > ? ORDER BY uplink_seq"),
    sessions: db.prepare(
      `SELECT number, session_key AS sessionKey, start_ms AS startMs, joined, last_f_cnt AS lastFCnt, last_time_ms AS lastTimeMs
       FROM session WHERE dev_eui = ? ORDER BY number DESC LIMIT ?`,
    ),
    saveSession: db.prepare(
      "INSERT OR REPLACE INTO session (dev_eui, number, session_key, start_ms, joined, last_f_cnt, last_time_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ),
    framesLike: db.prepare(
      "SELECT session, time_ms AS timeMs FROM frame WHERE dev_eui = ? AND f_cnt = ? AND f_port = ? AND payload_hash = ? AND time_ms BETWEEN ? AND ?",
    ),
    hasFrame: db.prepare("SELECT 1 FROM frame WHERE dev_eui = ? AND f_cnt = ? AND f_port = ? AND payload_hash = ? AND session = ? LIMIT 1"),
    saveFrame: db.prepare("INSERT OR IGNORE INTO frame (dev_eui, f_cnt, f_port, payload_hash, time_ms, session, received_ms) VALUES (?, ?, ?, ?, ?, ?, ?)"),
    putReading: db.prepare(
      `INSERT INTO reading (series, time_ms, value, flag, reasons, plot, received_ms, time_source, codec, f_cnt, payload_hash, uplink_seq)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (series, time_ms) DO UPDATE SET value = excluded.value, flag = excluded.flag, reasons = excluded.reasons,
         received_ms = excluded.received_ms, time_source = excluded.time_source, codec = excluded.codec,
         f_cnt = excluded.f_cnt, payload_hash = excluded.payload_hash, uplink_seq = excluded.uplink_seq
       WHERE (excluded.f_cnt, excluded.payload_hash) > (reading.f_cnt, reading.payload_hash)
       RETURNING plot`,
    ),
    toOutbox: db.prepare("INSERT INTO outbox (series, time_ms) VALUES (?, ?)"),
    account: db.prepare("INSERT INTO uplink_result (seq, source, outcome, reason, device, received_ms) VALUES (?, ?, ?, ?, ?, ?)"),
    count: db.prepare("INSERT INTO ledger (source, outcome, n) VALUES (?, ?, ?) ON CONFLICT (source, outcome) DO UPDATE SET n = n + excluded.n"),
    findSeries: db.prepare("SELECT id FROM series WHERE device = ? AND quantity = ? AND depth_cm = ?"),
    addSeries: db.prepare("INSERT INTO series (device, quantity, depth_cm) VALUES (?, ?, ?)"),
    findCodec: db.prepare("SELECT id FROM codec WHERE name = ? AND sha256 = ?"),
    addCodec: db.prepare("INSERT INTO codec (name, sha256) VALUES (?, ?)"),
    latestOf: db.prepare("SELECT time_ms AS timeMs FROM reading WHERE series = ? ORDER BY time_ms DESC LIMIT 1"),
  } satisfies Record<string, StatementSync>;
}

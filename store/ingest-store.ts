import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { UplinkOutcome } from "../core/domain/ledger.ts";
import { openForReading, transaction } from "../core/runtime/sqlite.ts";
import { BulkInsert } from "./bulk-insert.ts";
import { FrameStore } from "./frame-store.ts";
import { ReadingWriter } from "./reading-writer.ts";
import { readingsMigrations } from "./readings-schema.ts";

/** What became of one uplink. Times are Unix ms. */
export interface UplinkAccount {
  readonly seq: number;
  readonly source: string;
  readonly outcome: UplinkOutcome;
  readonly reason: string; // "" for stored
  readonly device: string | null; // our id, else the name that came
  readonly receivedAtMs: number;
  readonly timeMs: number | null; // event time
  readonly firstMs: number | null; // of the readings that it gave
  readonly lastMs: number | null;
}

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
  readonly readings: ReadingWriter;
  readonly frames: FrameStore;
  readonly #db: DatabaseSync;
  readonly #feedsOutbox: boolean;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #accounts: BulkInsert;

  constructor(db: DatabaseSync, options: { outbox: "fed" | "off" }) {
    this.readings = new ReadingWriter(db, options);
    this.frames = new FrameStore(db);
    this.#db = db;
    this.#feedsOutbox = options.outbox === "fed";
    this.#sql = prepare(db);
    const columns = "seq, source, outcome, reason, device, received_ms, time_ms, first_ms, last_ms";
    this.#accounts = new BulkInsert(db, `INSERT OR REPLACE INTO uplink_result (${columns})`, 9);
  }

  /** Everything inside becomes durable together, or not at all. */
  transaction<T>(work: () => T): T {
    try {
      return transaction(this.#db, () => {
        const result = work();
        this.#accounts.flush();
        this.readings.settle();
        this.frames.flush();
        return result;
      });
    } catch (error) {
      this.#accounts.forget();
      this.readings.forget();
      this.frames.forget();
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

  /** While InfluxDB is switched off, what changes among readings of before has to be sent again later. */
  unfeed(uplinkSeq: number): void {
    if (!this.#feedsOutbox) this.#sql.unfeed.run(uplinkSeq - 1);
  }

  account(uplink: UplinkAccount): void {
    const { seq, source, outcome, reason, device, receivedAtMs, timeMs, firstMs, lastMs } = uplink;
    this.#accounts.add(seq, source, outcome, reason, device, receivedAtMs, timeMs, firstMs, lastMs);
  }

  /** What was written of an uplink before; undefined = not processed yet, or forgotten. */
  accountOf(seq: number): UplinkAccount | undefined {
    this.#accounts.flush();
    return this.#sql.accountOf.get(seq) as unknown as UplinkAccount | undefined;
  }

  /** Moves an uplink's own time, and that of its readings. */
  retime(seq: number, span: { timeMs: number; firstMs: number | null; lastMs: number | null }): void {
    this.#accounts.flush();
    this.#sql.retime.run(span.timeMs, span.firstMs, span.lastMs, seq);
  }

  /** Other uplinks of the device that may have given a reading at `timeMs`. */
  othersAt(device: string, timeMs: number, seq: number): number[] {
    this.#accounts.flush();
    return (this.#sql.othersAt.all({ device, at: timeMs, until: timeMs + LATE_MS, seq }) as { seq: number }[]).map((row) => row.seq);
  }

  count(source: string, outcome: UplinkOutcome, n: number): void {
    this.#sql.count.run(source, outcome, n);
  }
}

/** How much later than its oldest record a frame may be sent. */
const LATE_MS = 8 * 86_400_000;

function prepare(db: DatabaseSync) {
  return {
    cursor: db.prepare("SELECT cursor FROM progress"),
    advance: db.prepare("UPDATE progress SET cursor = ?"),
    progress: db.prepare("SELECT cursor, fed FROM progress"),
    advanceFed: db.prepare("UPDATE progress SET cursor = ?, fed = ?"),
    unfeed: db.prepare("UPDATE progress SET fed = min(fed, ?)"),
    catchUp: db.prepare("INSERT INTO outbox (series, time_ms) SELECT series, time_ms FROM reading WHERE uplink_seq > ? ORDER BY uplink_seq"),
    accountOf: db.prepare(
      `SELECT seq, source, outcome, reason, device, received_ms AS receivedAtMs, time_ms AS timeMs, first_ms AS firstMs, last_ms AS lastMs
       FROM uplink_result WHERE seq = ?`,
    ),
    othersAt: db.prepare(
      `SELECT seq FROM uplink_result WHERE device = :device AND time_ms >= :at AND time_ms <= :until AND first_ms <= :at AND outcome = 'stored' AND seq <> :seq
       ORDER BY seq`,
    ),
    retime: db.prepare("UPDATE uplink_result SET time_ms = ?, first_ms = ?, last_ms = ? WHERE seq = ?"),
    count: db.prepare("INSERT INTO ledger (source, outcome, n) VALUES (?, ?, ?) ON CONFLICT (source, outcome) DO UPDATE SET n = n + excluded.n"),
  } satisfies Record<string, StatementSync>;
}

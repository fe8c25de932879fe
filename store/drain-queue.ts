import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag } from "../core/domain/reading.ts";
import { transaction } from "../core/runtime/sqlite.ts";
import { outboxDepth } from "./ledger-reader.ts";
import type { InfluxPoint } from "./line-protocol.ts";

/** A reading on its way out, as it stands now: what was written again meanwhile goes out with its newest value. */
export interface Outgoing extends InfluxPoint {
  readonly seq: number;
  readonly series: number;
}

/** The drain's side of readings.db: the head of the outbox, and the books of what became of it. */
export class DrainQueue {
  readonly #db: DatabaseSync;
  readonly #head: StatementSync;
  readonly #oldest: StatementSync;
  #lastError: string | null | undefined; // undefined: as another process left it

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#head = db.prepare(
      `SELECT o.seq, o.series, o.time_ms, s.device, s.quantity, s.depth_cm, r.value, r.flag, r.plot
       FROM outbox o CROSS JOIN series s ON s.id = o.series CROSS JOIN reading r ON r.series = o.series AND r.time_ms = o.time_ms
       ORDER BY o.seq LIMIT ?`,
    );
    this.#oldest = db.prepare(
      `SELECT r.received_ms AS oldestReceivedMs FROM outbox o JOIN reading r ON r.series = o.series AND r.time_ms = o.time_ms
       WHERE o.seq = (SELECT min(seq) FROM outbox)`,
    );
  }

  /** The oldest rows in commit order. */
  next(limit: number): Outgoing[] {
    const rows = this.#head.all(limit) as unknown as {
      seq: number;
      series: number;
      time_ms: number;
      device: string;
      quantity: Quantity;
      depth_cm: number;
      value: number | null;
      flag: QualityFlag;
      plot: string | null;
    }[];
    return rows.map((r) => ({
      seq: r.seq,
      series: r.series,
      deviceId: r.device,
      plotId: r.plot,
      quantity: r.quantity,
      depthCm: r.depth_cm === -1 ? null : r.depth_cm,
      value: r.value,
      timeMs: r.time_ms,
      flag: r.flag,
    }));
  }

  /** Removes the head up to `throughSeq` and books it, in one transaction. */
  settle(batch: { throughSeq: number; accepted: number; refused: readonly { row: Outgoing; reason: string }[] }): void {
    const lastError = batch.refused.at(-1)?.reason ?? null;
    transaction(this.#db, () => {
      const keep = this.#db.prepare("INSERT OR REPLACE INTO influx_refused (seq, series, time_ms, reason) VALUES (?, ?, ?, ?)");
      for (const { row, reason } of batch.refused) keep.run(row.seq, row.series, row.timeMs, reason);
      this.#db.prepare("DELETE FROM outbox WHERE seq <= ?").run(batch.throughSeq);
      this.#db
        .prepare("UPDATE influx_progress SET sent = sent + ?, refused = refused + ?, last_error = ?")
        .run(batch.accepted, batch.refused.length, lastError);
    });
    this.#lastError = lastError;
  }

  /** Keeps the reason where every process can read it. False when it is the one already there: a retry costs no write. */
  noteError(reason: string): boolean {
    if (this.#lastError === reason) return false;
    this.#db.prepare("UPDATE influx_progress SET last_error = ?").run(reason);
    this.#lastError = reason;
    return true;
  }

  backlog(): { readonly depth: number; readonly oldestReceivedMs: number | null } {
    const row = this.#oldest.get() as { oldestReceivedMs: number } | undefined;
    return { depth: outboxDepth(this.#db), oldestReceivedMs: row?.oldestReceivedMs ?? null };
  }
}

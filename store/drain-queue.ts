import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag } from "../core/domain/reading.ts";
import { transaction } from "../core/runtime/sqlite.ts";
import { outboxDepth } from "./ledger-reader.ts";
import type { InfluxPoint } from "./line-protocol.ts";

/** A point on its way out, as it stands now: what was written again meanwhile goes out with its newest value. */
export interface Outgoing extends InfluxPoint {
  readonly seq: number; // its newest change among those read
  readonly series: number;
}
/** The head of the outbox: `changes` rows that come to `points`. `throughSeq`: the last of them; null when the outbox is empty. */
export interface OutgoingBatch {
  readonly changes: number;
  readonly points: readonly Outgoing[];
  readonly throughSeq: number | null;
}

interface HeadRow {
  readonly seq: number;
  readonly series: number;
  readonly time_ms: number;
  readonly gone_plot: string | null;
  readonly device: string;
  readonly quantity: Quantity;
  readonly depth_cm: number;
  readonly value: number | null;
  readonly flag: QualityFlag | null; // null: no reading stands there
  readonly plot: string | null;
}

const OLDEST_AMONG = 1000;

/**
 * The drain's side of readings.db: the head of the outbox, and the books of what became of it. Each row of the outbox is a change
 * of one (series, time), and its number is that change's revision: a reading changed after it was read for sending has a greater
 * number, which settling what was read does not remove, so it is sent again.
 */
export class DrainQueue {
  readonly #db: DatabaseSync;
  readonly #head: StatementSync;
  readonly #oldest: StatementSync;
  #lastError: string | null | undefined; // undefined: as another process left it

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#head = db.prepare(
      `SELECT o.seq, o.series, o.time_ms, o.gone_plot, s.device, s.quantity, s.depth_cm, r.value, r.flag, g.plot
       FROM outbox o CROSS JOIN series s ON s.id = o.series
         LEFT JOIN reading r ON r.series = o.series AND r.time_ms = o.time_ms LEFT JOIN reading_origin g ON g.id = r.origin
       ORDER BY o.seq LIMIT ?`,
    );
    this.#oldest = db.prepare(
      `SELECT r.time_ms + r.lag_ms AS oldestReceivedMs FROM (SELECT seq, series, time_ms FROM outbox ORDER BY seq LIMIT ?) o
       JOIN reading r ON r.series = o.series AND r.time_ms = o.time_ms ORDER BY o.seq LIMIT 1`,
    );
  }

  /** The oldest changes, up to `limit`, in commit order. Several of one point are sent once, at the place of the last. */
  next(limit: number): OutgoingBatch {
    const rows = this.#head.all(limit) as unknown as HeadRow[];
    const last = new Map<string, Outgoing>();
    for (const row of rows) {
      const point = toOutgoing(row);
      if (point === null) continue;
      const key = `${row.series}|${row.time_ms}|${point.plotId ?? ""}`;
      last.delete(key); // to the place of this change
      last.set(key, point);
    }
    return { changes: rows.length, points: [...last.values()], throughSeq: rows.at(-1)?.seq ?? null };
  }

  /** Removes the head up to `throughSeq` and books it, in one transaction. */
  settle(batch: { throughSeq: number; accepted: number; refused: readonly { row: Outgoing; reason: string }[] }): void {
    const nothingSent = batch.accepted + batch.refused.length === 0;
    const lastError = nothingSent ? this.#lastErrorKept() : (batch.refused.at(-1)?.reason ?? null);
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

  #lastErrorKept(): string | null {
    return (this.#db.prepare("SELECT last_error AS lastError FROM influx_progress").get() as { lastError: string | null }).lastError;
  }

  /** Keeps the reason where every process can read it. False when it is the one already there: a retry costs no write. */
  noteError(reason: string): boolean {
    if (this.#lastError === reason) return false;
    this.#db.prepare("UPDATE influx_progress SET last_error = ?").run(reason);
    this.#lastError = reason;
    return true;
  }

  backlog(): { readonly depth: number; readonly oldestReceivedMs: number | null } {
    const row = this.#oldest.get(OLDEST_AMONG) as { oldestReceivedMs: number } | undefined;
    return { depth: outboxDepth(this.#db), oldestReceivedMs: row?.oldestReceivedMs ?? null };
  }
}

/**
 * The point that a change stands for. The plot is part of a point's identity: a reading that was taken back and stands again in
 * another plot is two points, of which the change that took it back ends the old one. Null: a later change tells what became of it.
 */
function toOutgoing(row: HeadRow): Outgoing | null {
  const stands = row.flag !== null && (row.gone_plot === null || row.gone_plot === row.plot);
  if (!stands && row.gone_plot === null) return null;
  const plot = row.gone_plot ?? row.plot;
  return {
    seq: row.seq,
    series: row.series,
    deviceId: row.device,
    plotId: plot === "" ? null : plot,
    quantity: row.quantity,
    depthCm: row.depth_cm === -1 ? null : row.depth_cm,
    value: stands ? row.value : null,
    timeMs: row.time_ms,
    flag: stands && row.flag !== null ? row.flag : 9,
  };
}

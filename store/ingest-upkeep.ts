import type { DatabaseSync } from "node:sqlite";

/** A gateway as readings.db remembers it. */
export interface GatewayRow {
  readonly gatewayId: string; // as the network names it
  readonly online: boolean | null;
  readonly lastSeenMs: number | null;
  readonly atMs: number;
}

const OUTBOX_HEAD = 1000;
const REMOVE_ROWS = 2000;

/** The side of readings.db that does not process uplinks: gateways, and what may be forgotten. */
export class IngestUpkeep {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  gateways(): GatewayRow[] {
    const rows = this.#db.prepare("SELECT gateway AS gatewayId, online, last_seen_ms AS lastSeenMs, at_ms AS atMs FROM gateway_state").all();
    return (rows as unknown as (Omit<GatewayRow, "online"> & { online: number | null })[]).map((row) => ({
      gatewayId: row.gatewayId,
      online: row.online === null ? null : row.online === 1,
      lastSeenMs: row.lastSeenMs,
      atMs: row.atMs,
    }));
  }

  saveGateways(rows: readonly GatewayRow[]): void {
    const save = this.#db.prepare("INSERT OR REPLACE INTO gateway_state (gateway, online, last_seen_ms, at_ms) VALUES (?, ?, ?, ?)");
    for (const row of rows) save.run(row.gatewayId, row.online === null ? null : row.online ? 1 : 0, row.lastSeenMs, row.atMs);
  }

  /** The last journal number of which nothing is needed any more: processed, and sent to InfluxDB where that is on. */
  doneUpTo(): number {
    const { cursor } = this.#db.prepare("SELECT cursor FROM progress").get() as { cursor: number };
    const { seq } = this.#db
      .prepare(
        `SELECT min(r.uplink_seq) AS seq FROM (SELECT series, time_ms FROM outbox ORDER BY seq LIMIT ?) o
         JOIN reading r ON r.series = o.series AND r.time_ms = o.time_ms`,
      )
      .get(OUTBOX_HEAD) as { seq: number | null };
    return seq === null ? cursor : Math.min(cursor, seq - 1);
  }

  /** Removes one step of what belongs to uplinks received before `receivedBeforeMs`, and of older duplicate keys; false when nothing is left to remove. */
  forgetStep(before: { receivedBeforeMs: number; upToSeq: number; keysBeforeMs: number }): boolean {
    const results = this.#db
      .prepare("DELETE FROM uplink_result WHERE seq IN (SELECT seq FROM uplink_result WHERE seq <= ? AND received_ms < ? ORDER BY seq LIMIT ?)")
      .run(before.upToSeq, before.receivedBeforeMs, REMOVE_ROWS);
    const frames = this.#db
      .prepare(
        `DELETE FROM frame WHERE (dev_eui, f_cnt, f_port, payload_hash, time_ms, session) IN
           (SELECT dev_eui, f_cnt, f_port, payload_hash, time_ms, session FROM frame WHERE received_ms < ? ORDER BY received_ms LIMIT ?)`,
      )
      .run(before.keysBeforeMs, REMOVE_ROWS);
    const removed = Number(results.changes) + Number(frames.changes);
    if (removed > 0) return true;
    this.#db
      .prepare("DELETE FROM session AS s WHERE last_time_ms < ? AND number < (SELECT max(number) FROM session WHERE dev_eui = s.dev_eui)")
      .run(before.receivedBeforeMs);
    return false;
  }
}

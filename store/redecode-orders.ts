import type { DatabaseSync } from "node:sqlite";
import type { RedecodeOrder, RedecodeProgress } from "../core/domain/codec.ts";
import { transaction } from "../core/runtime/sqlite.ts";

export type NewRedecode = Omit<RedecodeOrder, "id" | "cancelledAtMs">;

const KEPT = 500; // beyond, the oldest go, with their place in the queue

interface Row {
  readonly id: number;
  readonly atMs: number;
  readonly kind: "codec" | "device";
  readonly name: string;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly username: string;
  readonly reason: string;
  readonly cancelledAtMs: number | null;
}
const COLUMNS = "seq AS id, at_ms AS atMs, kind, name, from_ms AS fromMs, to_ms AS toMs, username, reason, cancelled_ms AS cancelledAtMs";

/** Writes down that uplinks are to be read again; `field` begins when it sees the catalog change. */
export function addRedecode(db: DatabaseSync, order: NewRedecode): RedecodeOrder {
  return transaction(db, () => insertRedecode(db, order));
}

/** The same inside the caller's transaction. */
export function insertRedecode(db: DatabaseSync, order: NewRedecode): RedecodeOrder {
  const { what } = order;
  const row = db
    .prepare(`INSERT INTO redecode (at_ms, kind, name, from_ms, to_ms, username, reason, cancelled_ms) VALUES (?, ?, ?, ?, ?, ?, ?, NULL) RETURNING ${COLUMNS}`)
    .get(order.atMs, what.kind, what.kind === "codec" ? what.codecId : what.deviceId, order.fromMs, order.toMs, order.username, order.reason) as unknown as Row;
  db.prepare("DELETE FROM redecode WHERE seq <= ?").run(row.id - KEPT);
  return orderOf(row);
}

/** Undefined: no such order. An order that was cancelled before stays as it is. */
export function cancelRedecode(db: DatabaseSync, id: number, atMs: number): RedecodeOrder | undefined {
  const row = db.prepare(`UPDATE redecode SET cancelled_ms = coalesce(cancelled_ms, ?2) WHERE seq = ?1 RETURNING ${COLUMNS}`).get(id, atMs);
  return row === undefined ? undefined : orderOf(row as unknown as Row);
}

/** Newest first; of one codec or device, or of all. */
export function listRedecodes(db: DatabaseSync, filter: { readonly what: RedecodeOrder["what"] | null; readonly max: number }): RedecodeOrder[] {
  const { what, max } = filter;
  const rows = db
    .prepare(`SELECT ${COLUMNS} FROM redecode WHERE ?1 IS NULL OR (kind = ?1 AND name = ?2) ORDER BY seq DESC LIMIT ?3`)
    .all(what?.kind ?? null, what === null ? null : what.kind === "codec" ? what.codecId : what.deviceId, max);
  return (rows as unknown as Row[]).map(orderOf);
}

/** All that are kept, oldest first: which of them have ended is known in readings.db. */
export function readRedecodes(db: DatabaseSync): RedecodeOrder[] {
  return (db.prepare(`SELECT ${COLUMNS} FROM redecode ORDER BY seq`).all() as unknown as Row[]).map(orderOf);
}

function orderOf({ kind, name, ...row }: Row): RedecodeOrder {
  return { ...row, what: kind === "codec" ? { kind, codecId: name } : { kind, deviceId: name } };
}

interface Job {
  readonly state: RedecodeProgress["state"];
  readonly total: number;
  readonly done: number;
  readonly changed: number;
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly error: string | null;
}

/** How far an order is, by what `field` wrote into readings.db; undefined: that file is not there yet. */
export function redecodeProgress(readings: DatabaseSync | undefined, order: RedecodeOrder): RedecodeProgress {
  const job = readings
    ?.prepare("SELECT state, total, done, changed, started_ms AS startedMs, ended_ms AS endedMs, error FROM redecode_job WHERE id = ? AND ordered_ms = ?")
    .get(order.id, order.atMs) as unknown as Job | undefined;
  const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  if (job !== undefined) {
    const { state, total, done, changed, startedMs, endedMs, error } = job;
    return { id: order.id, state, total, done, changed, startedAt: time(startedMs), endedAt: time(endedMs), error };
  }
  const state = order.cancelledAtMs === null ? "waiting" : "cancelled";
  return { id: order.id, state, total: 0, done: 0, changed: 0, startedAt: null, endedAt: time(order.cancelledAtMs), error: null };
}

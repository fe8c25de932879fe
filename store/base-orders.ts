import type { DatabaseSync } from "node:sqlite";
import type { Catalog } from "../core/domain/site.ts";
import type { StaffOrder, StaffOrderKind } from "../core/domain/staff-order.ts";
import { transaction } from "../core/runtime/sqlite.ts";

export type NewOrder = Pick<StaffOrder, "kind" | "baseId" | "username" | "reason"> & { readonly atMs: number };

const KEPT = 10_000; // beyond, the oldest go, but for the newest of each kind and base: those are in force

const COLUMNS = "seq AS id, at_ms AS atMs, kind, base AS baseId, username, reason";
type Row = Pick<StaffOrder, "id" | "kind" | "baseId" | "username" | "reason"> & { readonly atMs: number };
const orderOf = ({ atMs, ...row }: Row): StaffOrder => ({ ...row, at: new Date(atMs).toISOString() });

/** Writes down what staff ordered; the relay acts on it when it sees the catalog change. */
export function addOrder(db: DatabaseSync, order: NewOrder): StaffOrder {
  return transaction(db, () => {
    // a clock that was set back must not make this order older than what it overrules
    const { newest } = db.prepare("SELECT coalesce(max(at_ms), 0) AS newest FROM base_order").get() as { newest: number };
    const atMs = Math.max(order.atMs, newest + 1);
    const row = db
      .prepare(`INSERT INTO base_order (at_ms, kind, base, username, reason) VALUES (?, ?, ?, ?, ?) RETURNING ${COLUMNS}`)
      .get(atMs, order.kind, order.baseId, order.username, order.reason) as unknown as Row;
    db.prepare("DELETE FROM base_order WHERE seq <= ? AND seq NOT IN (SELECT max(seq) FROM base_order GROUP BY base, kind)").run(row.id - KEPT);
    return orderOf(row);
  });
}

/** Newest first. */
export function listOrders(db: DatabaseSync, filter: { readonly baseId: string | null; readonly max: number }): StaffOrder[] {
  const rows = db
    .prepare(`SELECT ${COLUMNS} FROM base_order WHERE ?1 IS NULL OR base = ?1 OR base IS NULL ORDER BY seq DESC LIMIT ?2`)
    .all(filter.baseId, filter.max);
  return (rows as unknown as Row[]).map(orderOf);
}

/** What is in force now. */
export function readOrders(db: DatabaseSync): Pick<Catalog, "orders" | "recheckedAtMs"> {
  const rows = db.prepare("SELECT base, kind, max(seq) AS seq, at_ms AS atMs FROM base_order GROUP BY base, kind").all() as unknown as {
    base: string | null;
    kind: StaffOrderKind;
    seq: number;
    atMs: number;
  }[];
  const byBase = new Map<string, Partial<Record<StaffOrderKind, { seq: number; atMs: number }>>>();
  let recheckedAtMs: number | null = null;
  for (const { base, kind, seq, atMs } of rows) {
    if (kind === "recheck") recheckedAtMs = atMs;
    else if (base !== null) byBase.set(base, { ...byBase.get(base), [kind]: { seq, atMs } });
  }
  const orders = [...byBase].map(([baseId, { confirm, stop, start }]) => ({
    baseId,
    confirmedAtMs: confirm?.atMs ?? null,
    stoppedAtMs: stop && stop.seq > (start?.seq ?? 0) ? stop.atMs : null,
  }));
  return { orders, recheckedAtMs };
}

import type { DatabaseSync } from "node:sqlite";
import type { Ledger, LedgerCounts, UplinkOutcome } from "../core/domain/ledger.ts";

/** What the journal holds beyond a cursor, by source. The journal satisfies it; the reader of the ledger declares it. */
export interface Backlog {
  pendingAfter(cursor: number): ReadonlyMap<string, number>;
}

type Counts = { -readonly [K in keyof LedgerCounts]: number };

/**
 * The ledger as it stands on disk, whoever is running. Cursor and outcomes come from one read transaction, and what is pending
 * is counted beyond that cursor, so that the sum holds while uplinks are processed. `db`: readings.db, undefined before it exists.
 */
export function readLedger(db: DatabaseSync | undefined, backlog: Backlog): Ledger {
  const disk = db ? readDisk(db) : EMPTY;
  const bySource: Record<string, Counts> = Object.create(null) as Record<string, Counts>;
  const total = zero();
  const of = (source: string): Counts => {
    bySource[source] ??= zero();
    return bySource[source];
  };
  const add = (source: string, column: UplinkOutcome | "pending", n: number) => {
    for (const counts of [of(source), total]) {
      counts[column] += n;
      counts.received += n;
    }
  };
  for (const { source, outcome, n } of disk.outcomes) add(source, outcome, n);
  for (const [source, n] of backlog.pendingAfter(disk.cursor)) add(source, "pending", n);
  return { total, bySource: { ...bySource }, influx: disk.influx };
}

interface OnDisk {
  readonly cursor: number;
  readonly outcomes: readonly { source: string; outcome: UplinkOutcome; n: number }[];
  readonly influx: Ledger["influx"];
}
const EMPTY: OnDisk = { cursor: 0, outcomes: [], influx: { sent: 0, backlog: 0, refused: 0, lastError: null } };

function readDisk(db: DatabaseSync): OnDisk {
  db.exec("BEGIN");
  try {
    const progress = db.prepare("SELECT cursor FROM progress").get() as { cursor: number };
    const outcomes = db.prepare("SELECT source, outcome, n FROM ledger").all() as unknown as OnDisk["outcomes"];
    const influx = db.prepare("SELECT sent, refused, last_error AS lastError FROM influx_progress").get() as Omit<Ledger["influx"], "backlog">;
    return { cursor: progress.cursor, outcomes, influx: { ...influx, backlog: outboxDepth(db) } };
  } finally {
    db.exec("COMMIT");
  }
}

/** Sequence numbers have no holes (AUTOINCREMENT goes back with its transaction) and only the head is removed: no counting of rows. */
export function outboxDepth(db: DatabaseSync): number {
  const ends = db.prepare("SELECT (SELECT min(seq) FROM outbox) AS head, (SELECT max(seq) FROM outbox) AS tail").get() as {
    head: number | null;
    tail: number | null;
  };
  return ends.head === null || ends.tail === null ? 0 : ends.tail - ends.head + 1;
}

function zero(): Counts {
  return { received: 0, stored: 0, duplicate: 0, rejected: 0, quarantined: 0, pending: 0 };
}

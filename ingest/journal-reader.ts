import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { openForReading } from "../core/runtime/sqlite.ts";
import { JOURNAL_FILE } from "./journal.ts";
import { journalMigrations } from "./journal-schema.ts";

export interface JournaledUplink {
  readonly seq: number;
  readonly receivedAtMs: number;
  readonly source: string;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly dup: boolean;
}

/** journal.db for those who read it: the pipeline, and the ledger (also while `field` is down). */
export interface JournalReader {
  /** At most `max` uplinks after the cursor, in order of arrival. */
  readAfter(cursor: number, max: number): JournaledUplink[];
  /** One uplink; undefined = never was, or is pruned. */
  read(seq: number): JournaledUplink | undefined;
  /** How many uplinks of each source are journaled after the cursor. */
  pendingAfter(cursor: number): Map<string, number>;
  /** Number of the newest uplink; 0 = none. */
  lastSeq(): number;
  /** When the newest uplink was received, Unix ms; null = none. */
  lastReceivedMs(): number | null;
  /** Number of the oldest uplink kept; null = none. */
  firstSeq(): number | null;
  close(): void;
}

/** `undefined` as long as there is no journal in the folder. */
export function openJournal(folder: string): JournalReader | undefined {
  const db = openForReading(join(folder, JOURNAL_FILE), journalMigrations);
  return db && readerOf(db);
}

interface Row {
  seq: number;
  received_ms: number;
  source: string;
  topic: string;
  payload: Uint8Array;
  dup: number;
}

function readerOf(db: DatabaseSync): JournalReader {
  const after = db.prepare("SELECT seq, received_ms, source, topic, payload, dup FROM uplink WHERE seq > ? ORDER BY seq LIMIT ?");
  const one = db.prepare("SELECT seq, received_ms, source, topic, payload, dup FROM uplink WHERE seq = ?");
  const pending = db.prepare("SELECT source, count(*) AS n FROM uplink WHERE seq > ? GROUP BY source");
  const last = db.prepare("SELECT max(seq) AS seq FROM uplink");
  const lastReceived = db.prepare("SELECT received_ms FROM uplink ORDER BY seq DESC LIMIT 1");
  const first = db.prepare("SELECT min(seq) AS seq FROM uplink");
  return {
    readAfter: (cursor, max) => (after.all(cursor, max) as unknown as Row[]).map(uplinkOf),
    read: (seq) => {
      const row = one.get(seq) as unknown as Row | undefined;
      return row && uplinkOf(row);
    },
    pendingAfter: (cursor) => new Map((pending.all(cursor) as { source: string; n: number }[]).map(({ source, n }) => [source, n])),
    lastSeq: () => (last.get() as { seq: number | null }).seq ?? 0,
    lastReceivedMs: () => (lastReceived.get() as { received_ms: number } | undefined)?.received_ms ?? null,
    firstSeq: () => (first.get() as { seq: number | null }).seq,
    close: () => db.close(),
  };
}

function uplinkOf(row: Row): JournaledUplink {
  return { seq: row.seq, receivedAtMs: row.received_ms, source: row.source, topic: row.topic, payload: row.payload, dup: row.dup === 1 };
}

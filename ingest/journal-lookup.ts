import { join } from "node:path";
import { openForReading } from "../core/runtime/sqlite.ts";
import { JOURNAL_FILE } from "./journal.ts";
import { journalMigrations } from "./journal-schema.ts";

/** An uplink in the journal without its bytes. */
export interface JournalHead {
  readonly seq: number;
  readonly receivedAtMs: number;
  readonly source: string;
  readonly topic: string;
}
export interface JournalEntry extends JournalHead {
  readonly payload: Uint8Array;
  readonly dup: boolean;
}

/** journal.db for those who look for single uplinks in it. Numbers ascend in order of arrival. */
export interface JournalLookup {
  /** undefined = never was, or is pruned. */
  read(seq: number): JournalEntry | undefined;
  topicOf(seq: number): string | undefined;
  /** Newest first, among `afterSeq` < number < `beforeSeq`. */
  newest(range: { afterSeq: number; beforeSeq: number; fromMs: number; toMs: number; source: string | null; max: number }): JournalHead[];
  /** Numbers between which whatever was received in [fromMs, toMs) lies; a clock that was set back is allowed for. Null = open. */
  numbersOf(period: { fromMs: number | null; toMs: number | null }): { lowest: number | null; highest: number | null };
  close(): void;
}

const CLOCK_ROWS = 1000; // around a moment: both passes of a clock that was set back lie among them

/** `undefined` as long as there is no journal in the folder. */
export function openJournalLookup(folder: string): JournalLookup | undefined {
  const db = openForReading(join(folder, JOURNAL_FILE), journalMigrations);
  if (db === undefined) return undefined;
  const one = db.prepare("SELECT seq, received_ms AS receivedAtMs, source, topic, payload, dup FROM uplink WHERE seq = ?");
  const topic = db.prepare("SELECT topic FROM uplink WHERE seq = ?");
  const newest = db.prepare(
    `SELECT seq, received_ms AS receivedAtMs, source, topic FROM uplink
     WHERE seq > :after AND seq < :before AND received_ms >= :from AND received_ms < :to AND (:source IS NULL OR source = :source)
     ORDER BY seq DESC LIMIT :max`,
  );
  const highest = db.prepare("SELECT max(seq) AS seq FROM (SELECT seq FROM uplink WHERE received_ms < ? ORDER BY received_ms DESC LIMIT ?)");
  const lowest = db.prepare("SELECT min(seq) AS seq FROM (SELECT seq FROM uplink WHERE received_ms >= ? ORDER BY received_ms LIMIT ?)");
  const oldest = db.prepare("SELECT (SELECT min(received_ms) FROM uplink) AS ms, (SELECT max(seq) FROM uplink) AS last"); // each by its index;
  return {
    read: (seq) => {
      const row = one.get(seq) as (Omit<JournalEntry, "dup"> & { dup: number }) | undefined;
      return row && { seq: row.seq, receivedAtMs: row.receivedAtMs, source: row.source, topic: row.topic, payload: row.payload, dup: row.dup === 1 };
    },
    topicOf: (seq) => (topic.get(seq) as { topic: string } | undefined)?.topic,
    newest: ({ afterSeq, beforeSeq, fromMs, toMs, source, max }) =>
      newest.all({ after: afterSeq, before: beforeSeq, from: fromMs, to: toMs, source, max }) as unknown as JournalHead[],
    numbersOf: ({ fromMs, toMs }) => {
      const kept = oldest.get() as { ms: number | null; last: number | null };
      // What lies before the oldest that is kept has numbers that nobody knows here.
      const isBeforeKept = (ms: number): boolean => kept.ms === null || ms <= kept.ms;
      const low = fromMs === null || isBeforeKept(fromMs) ? null : ((lowest.get(fromMs, CLOCK_ROWS) as { seq: number | null }).seq ?? (kept.last ?? 0) + 1);
      const high = toMs === null || isBeforeKept(toMs) ? null : (highest.get(toMs, CLOCK_ROWS) as { seq: number | null }).seq;
      return { lowest: low, highest: high };
    },
    close: () => db.close(),
  };
}

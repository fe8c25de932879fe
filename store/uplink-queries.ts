import type { DatabaseSync } from "node:sqlite";
import type { UplinkOutcome } from "../core/domain/ledger.ts";
import { readingToJson } from "../core/domain/reading.ts";
import type { UplinkDetailJson, UplinkJson, UplinkPageJson, UplinkState, UplinkSummaryJson } from "../core/domain/uplink-json.ts";
import { copiedFrameKeys, frameOf, type RawHead, type RawUplink, type RawUplinks, rawOf } from "./raw-uplink.ts";
import { ORIGIN_JOIN, READING_COLUMNS, type ReadingRow, toReading } from "./reading-row.ts";

/** Absent = any. The period is of receipt, [fromMs, toMs). */
export interface UplinkFilter {
  readonly outcome?: UplinkState;
  readonly reason?: string;
  readonly device?: string;
  readonly source?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly beforeSeq?: number;
  readonly max: number;
}

const SEQ_MAX = Number.MAX_SAFE_INTEGER;
const TIME_MAX_MS = 8.64e15;
const STEP_SEQS = 50_000; // looked through at a time
const STEP_MS = 20; // a step that took less is followed by a wider one
const BUDGET_MS = 250; // then what was found is the page, and the next one goes on from there
const SUMMARY_SEQS = 300_000; // counted at most
const SUMMARY_ROWS = 500;
const COLUMNS = "seq, received_ms AS receivedMs, time_ms AS timeMs, source, device, outcome, reason, first_ms AS firstMs, last_ms AS lastMs";

interface ResultRow {
  readonly seq: number;
  readonly receivedMs: number;
  readonly timeMs: number | null;
  readonly source: string;
  readonly device: string | null;
  readonly outcome: UplinkOutcome;
  readonly reason: string;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

/** Where every uplink ended up, from readings.db and the journal beside it. `db` undefined: nothing has been processed yet. */
export class UplinkQueries {
  readonly #db: DatabaseSync | undefined;
  readonly #raw: RawUplinks | undefined;
  readonly #nowMs: () => number;

  constructor(db: DatabaseSync | undefined, raw: RawUplinks | undefined, nowMs: () => number = () => performance.now()) {
    this.#db = db;
    this.#raw = raw;
    this.#nowMs = nowMs;
  }

  /** Newest first. What is pending stands in front: it came last. */
  list(filter: UplinkFilter): UplinkPageJson {
    const before = filter.beforeSeq ?? SEQ_MAX;
    const cursor = this.#cursor();
    const pending = this.#pending(filter, { afterSeq: cursor, beforeSeq: before, max: filter.max });
    if (pending.length === filter.max || filter.outcome === "pending")
      return { uplinks: pending, next: pending.length === filter.max ? (pending.at(-1)?.seq ?? null) : null };
    const found = this.#processed({ ...filter, beforeSeq: Math.min(before, cursor + 1), max: filter.max - pending.length });
    const uplinks = [...pending, ...found.rows.map((row) => summaryOf(row, this.#raw?.topicOf(row.seq) ?? null))];
    return { uplinks, next: found.next };
  }

  /** null: there is no such uplink, or it is forgotten. */
  one(seq: number): UplinkDetailJson | null {
    const row = this.#db?.prepare(`SELECT ${COLUMNS} FROM uplink_result WHERE seq = ?`).get(seq) as ResultRow | undefined;
    const raw = this.#raw?.read(seq);
    if (row === undefined && raw === undefined) return null;
    const head = row ? summaryOf(row, raw?.topic ?? null) : pendingOf(raw as RawUplink);
    return {
      ...head,
      raw: rawOf(raw),
      frame: raw ? frameOf(raw) : null,
      readings: row ? this.#readings(row) : [],
      copyOf: row?.outcome === "duplicate" && raw ? this.#copiedBy(row, raw) : null,
    };
  }

  /** By source, outcome and reason, of what was received from `fromMs` on; the most frequent first. */
  summary(fromMs: number): UplinkSummaryJson {
    const last = (this.#db?.prepare("SELECT max(seq) AS seq FROM uplink_result").get() as { seq: number | null } | undefined)?.seq ?? 0;
    const lowest = this.#raw?.numbersOf({ fromMs, toMs: null }).lowest ?? 0;
    const floor = Math.max(lowest, last - SUMMARY_SEQS + 1);
    const rows = (this.#db
      ?.prepare(
        `SELECT source, outcome, reason, count(*) AS count, max(received_ms) AS lastMs FROM uplink_result
         WHERE seq >= ? AND received_ms >= ? GROUP BY source, outcome, reason ORDER BY count DESC LIMIT ?`,
      )
      .all(floor, fromMs, SUMMARY_ROWS) ?? []) as unknown as { source: string; outcome: UplinkOutcome; reason: string; count: number; lastMs: number }[];
    const counts = rows.map(({ source, outcome, reason, count, lastMs }) => ({ source, outcome, reason, count, lastAt: text(lastMs) }));
    const isCut =
      floor > lowest && this.#db?.prepare("SELECT 1 FROM uplink_result WHERE seq < ? AND received_ms >= ? LIMIT 1").get(floor, fromMs) !== undefined;
    return { from: text(fromMs), complete: !isCut && rows.length < SUMMARY_ROWS, counts };
  }

  #cursor(): number {
    return (this.#db?.prepare("SELECT cursor FROM progress").get() as { cursor: number } | undefined)?.cursor ?? 0;
  }

  #pending(filter: UplinkFilter, range: { afterSeq: number; beforeSeq: number; max: number }): UplinkJson[] {
    // Neither a reason nor a device is known of them yet.
    if (this.#raw === undefined || (filter.outcome ?? "pending") !== "pending" || filter.reason !== undefined || filter.device !== undefined) return [];
    const fromMs = filter.fromMs ?? -TIME_MAX_MS;
    return this.#raw.newest({ ...range, fromMs, toMs: filter.toMs ?? TIME_MAX_MS, source: filter.source ?? null }).map(pendingOf);
  }

  #processed(filter: UplinkFilter & { readonly beforeSeq: number }): { rows: readonly ResultRow[]; next: number | null } {
    if (this.#db === undefined) return { rows: [], next: null };
    const { fromMs, toMs, max } = filter;
    const bounds = fromMs === undefined && toMs === undefined ? undefined : this.#raw?.numbersOf({ fromMs: fromMs ?? null, toMs: toMs ?? null });
    const first = (this.#db.prepare("SELECT min(seq) AS seq FROM uplink_result").get() as { seq: number | null }).seq ?? SEQ_MAX;
    const lowest = Math.max(first, bounds?.lowest ?? 0);
    let before = Math.min(filter.beforeSeq, (bounds?.highest ?? SEQ_MAX - 1) + 1);
    const find = this.#finder(filter);
    const rows: ResultRow[] = [];
    const startedMs = this.#nowMs();
    // A device's own rows lie together: one step finds them all.
    for (let width = filter.device === undefined ? STEP_SEQS : SEQ_MAX; before > lowest; ) {
      const stepMs = this.#nowMs();
      const floor = Math.max(lowest, before - width);
      rows.push(...find(floor, before, max - rows.length));
      const last = rows.at(-1);
      if (rows.length >= max && last) return { rows, next: last.seq };
      before = floor;
      if (this.#nowMs() - startedMs > BUDGET_MS) break;
      if (this.#nowMs() - stepMs < STEP_MS) width *= 4;
    }
    return { rows, next: before > lowest ? before : null };
  }

  #finder(filter: UplinkFilter): (floor: number, before: number, max: number) => ResultRow[] {
    const parts: string[] = [];
    const values: Record<string, string | number> = {};
    const add = (sql: string, name: string, value: string | number | undefined): void => {
      if (value === undefined) return;
      parts.push(sql);
      values[name] = value;
    };
    add("outcome = :outcome", "outcome", filter.outcome);
    add("reason = :reason", "reason", filter.reason);
    add("device = :device", "device", filter.device);
    add("source = :source", "source", filter.source);
    add("received_ms >= :from", "from", filter.fromMs);
    add("received_ms < :to", "to", filter.toMs);
    // `+seq`: by the index of devices, not through every uplink
    const seq = filter.device === undefined ? "seq" : "+seq";
    const statement = this.#db?.prepare(
      `SELECT ${COLUMNS} FROM uplink_result WHERE ${[`${seq} >= :floor`, `${seq} < :before`, ...parts].join(" AND ")} ORDER BY ${seq} DESC LIMIT :max`,
    );
    return (floor, before, max) => (statement?.all({ ...values, floor, before, max }) ?? []) as unknown as ResultRow[];
  }

  #readings(row: ResultRow): UplinkDetailJson["readings"] {
    if (this.#db === undefined || row.device === null || row.firstMs === null || row.lastMs === null) return [];
    const statement = this.#db.prepare(
      `SELECT ${READING_COLUMNS} FROM series s CROSS JOIN reading r ON r.series = s.id ${ORIGIN_JOIN}
       WHERE s.device = ? AND r.time_ms BETWEEN ? AND ? AND r.uplink_seq = ? ORDER BY r.time_ms, s.quantity, s.depth_cm`,
    );
    statement.setReturnArrays(true);
    return (statement.all(row.device, row.firstMs, row.lastMs, row.seq) as unknown as ReadingRow[]).map((found) => readingToJson(toReading(found)));
  }

  /** The uplink whose frame came first, by the key that made this one a duplicate. */
  #copiedBy(row: ResultRow, raw: RawUplink): number | null {
    const find = this.#db?.prepare(
      `SELECT uplink_seq AS seq FROM frame WHERE dev_eui = ? AND f_cnt = ? AND f_port = ? AND payload_hash = ? AND uplink_seq NOT IN (0, ?)
       ORDER BY abs(time_ms - ?), uplink_seq LIMIT 1`,
    );
    for (const key of copiedFrameKeys(raw, row.device)) {
      const found = find?.get(key.name, key.fCnt, key.fPort, key.payloadHash, row.seq, row.timeMs ?? row.receivedMs) as { seq: number } | undefined;
      if (found) return found.seq;
    }
    return null;
  }
}

const text = (ms: number): string => new Date(ms).toISOString();

function summaryOf(row: ResultRow, topic: string | null): UplinkJson {
  return {
    seq: row.seq,
    receivedAt: text(row.receivedMs),
    time: row.timeMs === null ? null : text(row.timeMs),
    source: row.source,
    device: row.device,
    outcome: row.outcome,
    reason: row.reason,
    topic,
  };
}

function pendingOf(head: RawHead): UplinkJson {
  return {
    seq: head.seq,
    receivedAt: text(head.receivedAtMs),
    time: null,
    source: head.source,
    device: null,
    outcome: "pending",
    reason: "",
    topic: head.topic,
  };
}

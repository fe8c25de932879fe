import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { UplinkOutcome } from "../core/domain/ledger.ts";

export interface JobRow {
  readonly id: number; // of the catalog's order
  readonly orderedAtMs: number;
  readonly state: "running" | "done" | "cancelled" | "failed";
  readonly total: number; // uplinks
  readonly done: number;
  readonly changed: number; // readings
}

const JOBS_KEPT = 1000;

/** Which uplinks are to be read again, and how far that is: the books of readings.db for it. */
export class RedecodeJobs {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: DatabaseSync) {
    this.#sql = prepare(db);
  }

  /** Uplinks of a device or of an unknown name, oldest event first. */
  uplinksOf(device: string, filter: { outcome: UplinkOutcome; reason: string | null }): number[] {
    const rows = filter.reason === null ? this.#sql.ofDevice.all(device, filter.outcome) : this.#sql.ofDeviceFor.all(device, filter.outcome, filter.reason);
    return (rows as { seq: number }[]).map(({ seq }) => seq);
  }

  /** What was no duplicate and has an event time before `toMs`, after `place`, in order of (time, seq). */
  uplinksAfter(place: { device: string; timeMs: number; seq: number }, toMs: number, max: number): { seq: number; timeMs: number }[] {
    return this.#sql.after.all(place.device, place.timeMs, place.seq, toMs, max) as { seq: number; timeMs: number }[];
  }

  countUplinks(device: string, fromMs: number, toMs: number): number {
    return (this.#sql.count.get(device, fromMs, toMs) as { n: number }).n;
  }

  job(order: { id: number; atMs: number }): JobRow | undefined {
    return this.#sql.job.get(order.id, order.atMs) as unknown as JobRow | undefined;
  }

  saveJob(job: JobRow & { startedMs: number; endedMs: number | null; error: string | null }): void {
    const { id, orderedAtMs, state, total, done, changed, startedMs, endedMs, error } = job;
    this.#sql.save.run(id, orderedAtMs, state, total, done, changed, startedMs, endedMs, error);
    if (state !== "running") this.#sql.forget.run(JOBS_KEPT);
  }
}

function prepare(db: DatabaseSync) {
  return {
    ofDevice: db.prepare("SELECT seq FROM uplink_result WHERE device = ? AND outcome = ? ORDER BY time_ms, seq"),
    ofDeviceFor: db.prepare("SELECT seq FROM uplink_result WHERE device = ? AND outcome = ? AND reason = ? ORDER BY time_ms, seq"),
    after: db.prepare(
      `SELECT seq, time_ms AS timeMs FROM uplink_result WHERE device = ? AND (time_ms, seq) > (?, ?) AND time_ms < ? AND outcome <> 'duplicate'
       ORDER BY time_ms, seq LIMIT ?`,
    ),
    count: db.prepare("SELECT count(*) AS n FROM uplink_result WHERE device = ? AND time_ms >= ? AND time_ms < ? AND outcome <> 'duplicate'"),
    job: db.prepare("SELECT id, ordered_ms AS orderedAtMs, state, total, done, changed FROM redecode_job WHERE id = ? AND ordered_ms = ?"),
    save: db.prepare(
      `INSERT OR REPLACE INTO redecode_job (id, ordered_ms, state, total, done, changed, started_ms, ended_ms, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    forget: db.prepare(
      "DELETE FROM redecode_job WHERE state <> 'running' AND started_ms < (SELECT min(started_ms) FROM (SELECT started_ms FROM redecode_job ORDER BY started_ms DESC LIMIT ?))",
    ),
  } satisfies Record<string, StatementSync>;
}

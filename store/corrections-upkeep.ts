import type { DatabaseSync } from "node:sqlite";

export interface HistoryLimits {
  readonly trackDays: number; // minutes of bases too
  readonly eventDays: number;
  readonly fileBytes: number; // over it the oldest day of tracks goes, before its time
}
export const HISTORY_LIMITS: HistoryLimits = { trackDays: 90, eventDays: 400, fileBytes: 8e9 };

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const STEP_ROWS = 5000;

/** Removes what corrections.db need not remember, in small steps. */
export class CorrectionsUpkeep {
  readonly #db: DatabaseSync;
  readonly #limits: HistoryLimits;

  constructor(db: DatabaseSync, limits: HistoryLimits = HISTORY_LIMITS) {
    this.#db = db;
    this.#limits = limits;
  }

  /** One step; "done" when nothing is left to remove. "full": the file is over its limit, and went on with the oldest day. */
  forgetStep(nowMs: number): "more" | "full" | "done" {
    const { trackDays, eventDays } = this.#limits;
    const oldMs = nowMs - trackDays * DAY_MS;
    if (this.#forgetTracks(oldMs) || this.#forgetMinutes(oldMs) || this.#forgetEvents(nowMs - eventDays * DAY_MS)) return "more";
    if (this.#usedBytes() <= this.#limits.fileBytes) return "done";
    const oldestMs = Math.min(...this.#rovers().map((rover) => this.#oldestMs(rover)));
    return Number.isFinite(oldestMs) && this.#forgetTracks(Math.min(nowMs, oldestMs + DAY_MS)) ? "full" : "done";
  }

  #forgetTracks(beforeMs: number): boolean {
    const forget = this.#db.prepare("DELETE FROM track WHERE rover = ?1 AND time_ms IN (SELECT time_ms FROM track WHERE rover = ?1 AND time_ms < ?2 LIMIT ?3)");
    return this.#rovers().some((rover) => forget.run(rover, beforeMs, STEP_ROWS).changes !== 0);
  }

  #forgetMinutes(beforeMs: number): boolean {
    const forget = this.#db.prepare(
      "DELETE FROM base_minute WHERE base = ?1 AND minute IN (SELECT minute FROM base_minute WHERE base = ?1 AND minute < ?2 LIMIT ?3)",
    );
    return this.#distinct("base_minute", "base").some((base) => forget.run(base, Math.floor(beforeMs / MINUTE_MS), STEP_ROWS).changes !== 0);
  }

  #forgetEvents(beforeMs: number): boolean {
    return this.#db.prepare("DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE at_ms < ? LIMIT ?)").run(beforeMs, STEP_ROWS).changes !== 0;
  }

  #rovers(): number[] {
    return this.#distinct("track", "rover");
  }

  #oldestMs(rover: number): number {
    const { at } = this.#db.prepare("SELECT min(time_ms) AS at FROM track WHERE rover = ?").get(rover) as { at: number | null };
    return at ?? Number.POSITIVE_INFINITY;
  }

  /** By leaps through the key: a DISTINCT would read every row. */
  #distinct(table: "track" | "base_minute", column: "rover" | "base"): number[] {
    const next = this.#db.prepare(`SELECT min(${column}) AS id FROM ${table} WHERE ${column} > ?`);
    const found: number[] = [];
    for (let last = -1; ; ) {
      const { id } = next.get(last) as { id: number | null };
      if (id === null) return found;
      found.push(id);
      last = id;
    }
  }

  #usedBytes(): number {
    const pragma = (name: string): number => Object.values(this.#db.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[0] ?? 0;
    return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  }
}

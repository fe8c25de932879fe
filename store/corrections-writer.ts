import type { DatabaseSync } from "node:sqlite";
import type { TrackPoint } from "../core/domain/history.ts";
import type { RelayEvent } from "../core/domain/live.ts";
import { transaction } from "../core/runtime/sqlite.ts";
import { FIXES } from "./corrections-schema.ts";
import type { MinuteRow } from "./minute-tally.ts";

export interface MinuteKey {
  readonly baseId: string;
  readonly minute: number; // Unix time in minutes
}
export interface HistoryBatch {
  readonly minutes: readonly (MinuteKey & { readonly row: MinuteRow })[];
  readonly counted: readonly (MinuteKey & { readonly json: string })[];
  readonly points: readonly { readonly roverId: string; readonly point: TrackPoint }[];
  readonly events: readonly RelayEvent[];
}

const MINUTE_COLUMNS = [
  "heard_s",
  "sending_s",
  "silent_s",
  "absent_s",
  "guard",
  "verdict",
  "rovers",
  "bytes_sum",
  "crc_failures",
  "latency_n",
  "latency_sum_ms",
  "latency_max_ms",
  "satellites",
  "cnr_dbhz",
  "displacement_m",
  "sim",
] as const satisfies readonly (keyof MinuteRow)[];

/** The one writer of corrections.db. */
export class CorrectionsWriter {
  readonly #db: DatabaseSync;
  readonly #names = new Map<string, number>(); // as many as the site has bases, rovers, mounts, plots and datums

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** All of it or nothing. Writing the same again changes nothing. */
  write(batch: HistoryBatch): void {
    try {
      transaction(this.#db, () => {
        this.#minutes(batch);
        this.#points(batch.points);
        this.#events(batch.events);
      });
    } catch (error) {
      this.#names.clear(); // some may have been of what was rolled back
      throw error;
    }
  }

  /** What was written of a minute before; null: nothing. */
  minute({ baseId, minute }: MinuteKey): MinuteRow | null {
    const row = this.#db
      .prepare(`SELECT ${MINUTE_COLUMNS.join(", ")} FROM base_minute JOIN name ON name.id = base WHERE text = ? AND minute = ?`)
      .get(baseId, minute);
    return row === undefined ? null : ({ ...row } as unknown as MinuteRow);
  }

  #minutes({ minutes, counted }: HistoryBatch): void {
    const put = this.#db.prepare(
      `INSERT INTO base_minute (base, minute, ${MINUTE_COLUMNS.join(", ")}) VALUES (?, ?, ${MINUTE_COLUMNS.map(() => "?").join(", ")})
       ON CONFLICT (base, minute) DO UPDATE SET ${MINUTE_COLUMNS.map((c) => `${c} = excluded.${c}`).join(", ")}`,
    );
    for (const { baseId, minute, row } of minutes) put.run(this.#name(baseId), minute, ...MINUTE_COLUMNS.map((column) => row[column]));
    const count = this.#db.prepare(
      `INSERT INTO base_minute (base, minute, heard_s, sending_s, silent_s, absent_s, rovers, bytes_sum, crc_failures, latency_n, latency_sum_ms, satellites, sim, counted)
       VALUES (?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', 0, ?) ON CONFLICT (base, minute) DO UPDATE SET counted = excluded.counted`,
    );
    for (const { baseId, minute, json } of counted) count.run(this.#name(baseId), minute, json);
  }

  #points(points: HistoryBatch["points"]): void {
    const put = this.#db.prepare("INSERT OR IGNORE INTO track VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const { roverId, point: p } of points) {
      put.run(
        this.#name(roverId),
        Date.parse(p.at),
        Math.round(p.latDeg * 1e9),
        Math.round(p.lonDeg * 1e9),
        scaled(p.heightM, 1000),
        Math.max(0, FIXES.indexOf(p.fix)),
        scaled(p.satellites, 1),
        scaled(p.hdop, 100),
        scaled(p.correctionAgeS, 1000),
        scaled(p.baselineKm, 1000),
        this.#nameOrNull(p.baseId),
        this.#nameOrNull(p.mount),
        this.#nameOrNull(p.plotId),
        scaled(p.relayLatencyMs, 1),
        scaled(p.sendLatencyMs, 1),
        this.#nameOrNull(p.datum),
        p.sim ? 1 : 0,
      );
    }
  }

  #events(events: readonly RelayEvent[]): void {
    const put = this.#db.prepare("INSERT OR IGNORE INTO event (at_ms, base, rover, code, severity, ja, en) VALUES (?, ?, ?, ?, ?, ?, ?)");
    for (const e of events) put.run(Date.parse(e.at), this.#nameOrNull(e.baseId) ?? 0, this.#nameOrNull(e.roverId) ?? 0, e.code, e.severity, e.ja, e.en);
  }

  #nameOrNull(text: string | null): number | null {
    return text === null ? null : this.#name(text);
  }

  #name(text: string): number {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    this.#db.prepare("INSERT OR IGNORE INTO name (text) VALUES (?)").run(text);
    const { id } = this.#db.prepare("SELECT id FROM name WHERE text = ?").get(text) as { id: number };
    this.#names.set(text, id);
    return id;
  }
}

/** A rover may write any number into its GGA: what no column holds is not known. */
function scaled(value: number | null, perUnit: number): number | null {
  const whole = value === null ? null : Math.round(value * perUnit);
  return Number.isSafeInteger(whole) ? whole : null;
}

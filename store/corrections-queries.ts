import type { DatabaseSync } from "node:sqlite";
import type { BaseMinute } from "../core/domain/base-minute.ts";
import type { BaseHistoryMinute, PlotShare, TrackPoint } from "../core/domain/history.ts";
import type { FixState, RelayEvent } from "../core/domain/live.ts";
import { FIXES } from "./corrections-schema.ts";
import type { MinuteRow } from "./minute-tally.ts";
import { PlotShares } from "./plot-shares.ts";

/** [fromMs, toMs), Unix ms. */
export interface HistoryPeriod {
  readonly fromMs: number;
  readonly toMs: number;
}

const MINUTE_MS = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();
const unscaled = (value: number | null, perUnit: number): number | null => (value === null ? null : value / perUnit);

/** Questions to corrections.db. */
export class CorrectionsQueries {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  minutes(baseId: string, { fromMs, toMs }: HistoryPeriod): BaseHistoryMinute[] {
    const rows = this.#db
      .prepare("SELECT * FROM base_minute WHERE base = (SELECT id FROM name WHERE text = ?) AND minute >= ? AND minute < ? ORDER BY minute")
      .all(baseId, Math.ceil(fromMs / MINUTE_MS), Math.ceil(toMs / MINUTE_MS));
    return (rows as unknown as (MinuteRow & { minute: number; counted: string | null })[]).map(minuteOf);
  }

  /** Newest first. */
  events(of: { readonly kind: "base" | "rover"; readonly id: string } & HistoryPeriod & { readonly max: number }): RelayEvent[] {
    const rows = this.#db
      .prepare(
        `SELECT at_ms AS atMs, b.text AS baseId, r.text AS roverId, code, severity, ja, en FROM event
         LEFT JOIN name b ON b.id = event.base LEFT JOIN name r ON r.id = event.rover
         WHERE event.${of.kind} = (SELECT id FROM name WHERE text = ?) AND at_ms >= ? AND at_ms < ? ORDER BY at_ms DESC, seq DESC LIMIT ?`,
      )
      .all(of.id, of.fromMs, of.toMs, of.max);
    return (rows as unknown as (Omit<RelayEvent, "at"> & { atMs: number })[]).map(({ atMs, ...event }) => ({ ...event, at: iso(atMs) }));
  }

  /** In order of time, at most `max`. */
  track(roverId: string, { fromMs, toMs }: HistoryPeriod, max: number): TrackPoint[] {
    const rows = this.#db
      .prepare(
        `SELECT t.*, b.text AS base_id, m.text AS mount_name, p.text AS plot_id, d.text AS datum_text FROM track t
         LEFT JOIN name b ON b.id = t.base LEFT JOIN name m ON m.id = t.mount LEFT JOIN name p ON p.id = t.plot LEFT JOIN name d ON d.id = t.datum
         WHERE rover = (SELECT id FROM name WHERE text = ?) AND time_ms >= ? AND time_ms < ? ORDER BY time_ms LIMIT ?`,
      )
      .all(roverId, fromMs, toMs, max);
    return (rows as unknown as TrackRow[]).map(pointOf);
  }

  /** Longest first. */
  plotShares(roverId: string, { fromMs, toMs }: HistoryPeriod): PlotShare[] {
    const rows = this.#db
      .prepare(
        `SELECT time_ms, fix, sim, b.text AS base_id, p.text AS plot_id, d.text AS datum_text FROM track t
         LEFT JOIN name b ON b.id = t.base LEFT JOIN name p ON p.id = t.plot LEFT JOIN name d ON d.id = t.datum
         WHERE rover = (SELECT id FROM name WHERE text = ?) AND time_ms >= ? AND time_ms < ? ORDER BY time_ms`,
      )
      .iterate(roverId, fromMs, toMs) as Iterable<Pick<TrackRow, "time_ms" | "fix" | "sim" | "base_id" | "plot_id" | "datum_text">>;
    const shares = new PlotShares();
    for (const row of rows)
      shares.add({ timeMs: row.time_ms, fix: fixOf(row.fix), sim: row.sim === 1, baseId: row.base_id, plotId: row.plot_id, datum: row.datum_text });
    return shares.result();
  }
}

function minuteOf(row: MinuteRow & { minute: number; counted: string | null }): BaseHistoryMinute {
  const systems = Object.entries(JSON.parse(row.satellites) as Record<string, [number, number]>);
  return {
    at: iso(row.minute * MINUTE_MS),
    heardS: row.heard_s,
    sendingS: row.sending_s,
    silentS: row.silent_s,
    absentS: row.absent_s,
    guard: row.guard as BaseHistoryMinute["guard"],
    verdict: row.verdict as BaseHistoryMinute["verdict"],
    rovers: row.rovers,
    bytesPerS: row.heard_s === 0 ? 0 : Math.round(row.bytes_sum / row.heard_s),
    crcFailures: row.crc_failures,
    latencyMeanMs: row.latency_n === 0 ? null : Math.round(row.latency_sum_ms / row.latency_n),
    latencyMaxMs: row.latency_max_ms,
    satellites: Object.fromEntries(systems.map(([system, [least, most]]) => [system, { least, most }])),
    medianCnrDbHz: row.cnr_dbhz,
    displacementM: row.displacement_m,
    counted: row.counted === null ? null : (JSON.parse(row.counted) as BaseMinute),
    sim: row.sim === 1,
  };
}

interface TrackRow {
  readonly time_ms: number;
  readonly lat_e9: number;
  readonly lon_e9: number;
  readonly height_mm: number | null;
  readonly fix: number;
  readonly satellites: number | null;
  readonly hdop_e2: number | null;
  readonly age_ms: number | null;
  readonly baseline_m: number | null;
  readonly relay_ms: number | null;
  readonly send_ms: number | null;
  readonly sim: number;
  readonly base_id: string | null;
  readonly mount_name: string | null;
  readonly plot_id: string | null;
  readonly datum_text: string | null;
}

const fixOf = (fix: number): FixState => FIXES[fix] ?? "other";

function pointOf(row: TrackRow): TrackPoint {
  return {
    at: iso(row.time_ms),
    latDeg: row.lat_e9 / 1e9,
    lonDeg: row.lon_e9 / 1e9,
    heightM: unscaled(row.height_mm, 1000),
    fix: fixOf(row.fix),
    satellites: row.satellites,
    hdop: unscaled(row.hdop_e2, 100),
    correctionAgeS: unscaled(row.age_ms, 1000),
    baselineKm: unscaled(row.baseline_m, 1000),
    baseId: row.base_id,
    mount: row.mount_name,
    plotId: row.plot_id,
    relayLatencyMs: row.relay_ms,
    sendLatencyMs: row.send_ms,
    datum: row.datum_text,
    sim: row.sim === 1,
  };
}

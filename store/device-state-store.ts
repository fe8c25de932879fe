import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Quantity } from "../core/domain/quantity.ts";

export interface HeardRow {
  readonly device: string;
  readonly gateway: string; // '' = any way
  readonly source: string;
  readonly timeMs: number;
  readonly receivedMs: number;
  readonly rssi: number | null;
  readonly snr: number | null;
}
export interface ChannelRow {
  readonly device: string;
  readonly quantity: Quantity;
  readonly depthCm: number; // -1 = none
  readonly timeMs: number;
}

/** A break in which uplinks may have been missed; a shorter one every sender bridges by itself. */
const BREAK_MS = 30_000;
const UPTIME_ROWS_MAX = 1000;

/** What readings.db knows of who was heard when. Read by the ingest thread, which writes it too. */
export class DeviceStateStore {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: DatabaseSync) {
    this.#sql = prepare(db);
  }

  heard(): HeardRow[] {
    return this.#sql.heard.all() as unknown as HeardRow[];
  }

  sources(): { source: string; receivedMs: number }[] {
    return this.#sql.sources.all() as { source: string; receivedMs: number }[];
  }

  /** The newest time of each series. */
  channels(): ChannelRow[] {
    return this.#sql.channels.all() as unknown as ChannelRow[];
  }

  /** Frames with a counter since `fromMs`, in order of event time. `name`: see `deviceKeyName`. */
  frames(name: string, fromMs: number): { fCnt: number }[] {
    return this.#sql.frames.all(name, fromMs) as { fCnt: number }[];
  }

  /** The newest good value of a quantity, and its daily means since `fromDay`. */
  battery(device: string, quantity: Quantity, fromDay: number): { value: number; timeMs: number; days: { day: number; mean: number }[] } | null {
    const newest = this.#sql.newest.get(device, quantity) as { value: number; timeMs: number } | undefined;
    if (newest === undefined) return null;
    return { ...newest, days: this.#sql.days.all(device, quantity, fromDay) as { day: number; mean: number }[] };
  }

  /** Since when uplinks can be heard without a break that matters, this start included. */
  listeningSince(nowMs: number): number {
    const last = this.#sql.lastUptime.get() as { startMs: number; endMs: number } | undefined;
    const startMs = last !== undefined && nowMs - last.endMs <= BREAK_MS && last.endMs <= nowMs + BREAK_MS ? last.startMs : nowMs;
    this.#sql.setUptime.run(startMs, nowMs);
    this.#sql.trimUptime.run(UPTIME_ROWS_MAX);
    return startMs;
  }

  listening(sinceMs: number, nowMs: number): void {
    this.#sql.setUptime.run(sinceMs, nowMs);
  }
}

function prepare(db: DatabaseSync) {
  return {
    heard: db.prepare("SELECT device, gateway, source, time_ms AS timeMs, received_ms AS receivedMs, rssi, snr FROM device_heard"),
    sources: db.prepare("SELECT source, received_ms AS receivedMs FROM source_heard"),
    channels: db.prepare(
      `SELECT device, quantity, depth_cm AS depthCm, timeMs FROM
         (SELECT s.device, s.quantity, s.depth_cm, (SELECT time_ms FROM reading WHERE series = s.id ORDER BY time_ms DESC LIMIT 1) AS timeMs FROM series s)
       WHERE timeMs IS NOT NULL`,
    ),
    frames: db.prepare("SELECT f_cnt AS fCnt FROM frame WHERE dev_eui = ? AND time_ms >= ? ORDER BY time_ms, f_cnt"),
    newest: db.prepare(
      `SELECT r.value, r.time_ms AS timeMs FROM series s JOIN reading r ON r.series = s.id
       WHERE s.device = ? AND s.quantity = ? AND s.depth_cm = -1 AND r.value IS NOT NULL AND r.flag < 4 ORDER BY r.time_ms DESC LIMIT 1`,
    ),
    days: db.prepare(
      `SELECT d.day, d.sum / d.n AS mean FROM series s JOIN rollup_day d ON d.series = s.id
       WHERE s.device = ? AND s.quantity = ? AND s.depth_cm = -1 AND d.day >= ? ORDER BY d.day`,
    ),
    lastUptime: db.prepare("SELECT start_ms AS startMs, end_ms AS endMs FROM uptime ORDER BY start_ms DESC LIMIT 1"),
    setUptime: db.prepare("INSERT INTO uptime (start_ms, end_ms) VALUES (?, ?) ON CONFLICT (start_ms) DO UPDATE SET end_ms = excluded.end_ms"),
    trimUptime: db.prepare("DELETE FROM uptime WHERE start_ms NOT IN (SELECT start_ms FROM uptime ORDER BY start_ms DESC LIMIT ?)"),
  } satisfies Record<string, StatementSync>;
}

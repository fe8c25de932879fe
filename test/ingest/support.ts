import { DatabaseSync } from "node:sqlite";
import type { Reading } from "../../core/domain/reading.ts";
import type { Device } from "../../core/domain/site.ts";
import { createLog, type Log } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { indexDevices } from "../../ingest/device-index.ts";
import type { JournaledUplink } from "../../ingest/journal-reader.ts";
import { Pipeline, type PipelineParts } from "../../ingest/pipeline.ts";
import type { HeardDevice } from "../../ingest/uplink-writer.ts";
import { IngestStore } from "../../store/ingest-store.ts";
import { readingsMigrations } from "../../store/readings-schema.ts";

export const DEV_EUI = "a84041ffff000001";
export const RECEIVED_MS = Date.UTC(2026, 5, 1, 0, 0, 5);

export function levelSensor(parts: Partial<Device> = {}): Device {
  const placement = { plot: "kita-3", fromMs: null, toMs: null, zeroMm: 750, depthCm: null };
  return {
    id: "kita-3-level",
    name: "",
    devEui: DEV_EUI,
    sigfoxId: null,
    imsi: null,
    profile: "dragino-ldds75",
    intervalS: 1800,
    channels: {},
    placements: [placement],
    mqttTokenHash: null,
    ...parts,
  };
}

/** LDDS75: battery 3.3 V, distance in mm. */
export function ldds75(distanceMm: number): string {
  const frame = Buffer.alloc(8);
  frame.writeUInt16BE(3300, 0);
  frame.writeUInt16BE(distanceMm, 2);
  frame[7] = 1;
  return frame.toString("base64");
}

export interface UpParts {
  readonly fCnt?: number;
  readonly fPort?: number | null;
  readonly data?: string;
  readonly time?: string | null;
  readonly devAddr?: string | null;
  readonly devEui?: string;
  readonly deduplicationId?: string;
  readonly rxInfo?: readonly object[];
}

export function chirpstackUp(parts: UpParts = {}): { topic: string; payload: string } {
  const { fCnt = 7, fPort = 2, data = ldds75(600), time = "2026-06-01T00:00:00.123Z", devAddr = "00189440", devEui = DEV_EUI } = parts;
  const message = {
    deduplicationId: parts.deduplicationId ?? "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    ...(time === null ? {} : { time }),
    deviceInfo: { applicationId: "1", devEui },
    ...(devAddr === null ? {} : { devAddr }),
    fCnt,
    ...(fPort === null ? {} : { fPort }),
    data,
    rxInfo: parts.rxInfo ?? [{ gatewayId: "0016c001f153a14c", rssi: -90, snr: 7.5 }],
  };
  return { topic: `application/1/device/${devEui}/event/up`, payload: JSON.stringify(message) };
}

export interface Sent {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly receivedAtMs?: number;
  readonly source?: string;
  readonly dup?: boolean;
}

/** The pipeline on a store in memory; the journal is an array. */
export class Bench {
  readonly db: DatabaseSync;
  readonly journal: JournaledUplink[] = [];
  readonly published: { topic: string; message: unknown }[] = [];
  readonly heard: [string, number][] = [];
  readonly spoke: { heard: readonly HeardDevice[]; newest: readonly Reading[] }[] = [];
  readonly metrics = new Metrics();
  readonly log: Log;
  readonly errors: string[] = [];
  readonly pipeline: Pipeline;

  constructor(devices: readonly Device[], { outbox = "off", ...parts }: Partial<PipelineParts> & { outbox?: "fed" | "off" } = {}) {
    this.db = new DatabaseSync(":memory:");
    for (const migration of readingsMigrations) this.db.exec(migration);
    this.log = createLog({ level: "error", write: (line) => this.errors.push(line) });
    const index = indexDevices({ devices });
    this.pipeline = new Pipeline({
      journal: { readAfter: (cursor, max) => this.journal.slice(cursor, cursor + max), read: (seq) => this.journal[seq - 1] },
      store: new IngestStore(this.db, { outbox }),
      devices: () => index,
      scripts: { decode: () => ({ kind: "not-live" }) },
      inBetween: () => false,
      onDevices: (heard, newest) => this.spoke.push({ heard, newest }),
      onHeard: (gateway, atMs) => this.heard.push([gateway, atMs]),
      publish: (topic, message) => this.published.push({ topic, message }),
      onCommit: () => {},
      log: this.log,
      metrics: this.metrics,
      ...parts,
    });
  }

  /** Journals and processes; returns the outcome and reason of each. */
  send(...uplinks: readonly Sent[]): string[] {
    const first = this.journal.length + 1;
    for (const { topic, payload, receivedAtMs = RECEIVED_MS, source = "cs", dup = false } of uplinks)
      this.journal.push({ seq: this.journal.length + 1, receivedAtMs, source, topic, payload: Buffer.from(payload), dup });
    while (this.pipeline.step() > 0);
    const rows = this.db.prepare("SELECT outcome, reason FROM uplink_result WHERE seq >= ? ORDER BY seq").all(first) as { outcome: string; reason: string }[];
    return rows.map(({ outcome, reason }) => (reason === "" ? outcome : `${outcome}: ${reason}`));
  }

  readings(): Record<string, unknown>[] {
    return this.db
      .prepare(
        `SELECT s.device, s.quantity, s.depth_cm AS depthCm, r.time_ms AS timeMs, r.value, r.flag, o.reasons, nullif(o.plot, '') AS plot, o.time_source AS timeSource, r.f_cnt AS fCnt, r.hash
         FROM reading r JOIN series s ON s.id = r.series JOIN reading_origin o ON o.id = r.origin ORDER BY s.device, s.quantity, s.depth_cm, r.time_ms`,
      )
      .all()
      .map((row) => ({ ...row }));
  }

  value(quantity: string): unknown {
    return this.readings().find((r) => r["quantity"] === quantity)?.["value"];
  }

  ledger(): Record<string, number> {
    const rows = this.db.prepare("SELECT outcome, sum(n) AS n FROM ledger GROUP BY outcome").all() as { outcome: string; n: number }[];
    return Object.fromEntries(rows.map(({ outcome, n }) => [outcome, n]));
  }
}

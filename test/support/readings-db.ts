import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Reading } from "../../core/domain/reading.ts";
import { openForWriting, transaction } from "../../core/runtime/sqlite.ts";
import { readingsMigrations } from "../../store/readings-schema.ts";

export interface ReadingsDb {
  readonly path: string;
  readonly db: DatabaseSync;
  /** Writes as the ingest does: upsert by (device, quantity, depth, time); with `outbox`, each is queued for InfluxDB. */
  write(readings: readonly Reading[], queue?: "outbox"): Promise<void>;
  close(): void;
}

/** A readings.db of its own in a temporary folder. */
export function temporaryReadingsDb(): ReadingsDb {
  const folder = mkdtempSync(join(tmpdir(), "azemichi-readings-"));
  const path = join(folder, "readings.db");
  const db = openForWriting(path, readingsMigrations);
  return {
    path,
    db,
    async write(readings, queue) {
      transaction(db, () => {
        for (const reading of readings) writeOne(db, reading, queue === "outbox");
      });
    },
    close() {
      db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writeOne(db: DatabaseSync, r: Reading, queued: boolean): void {
  const depth = r.depthCm ?? -1;
  db.prepare("INSERT OR IGNORE INTO codec (name, sha256) VALUES (?, ?)").run(r.codec.id, r.codec.sha256);
  const codec = db.prepare("SELECT id FROM codec WHERE name = ? AND sha256 = ?").get(r.codec.id, r.codec.sha256) as { id: number };
  db.prepare("INSERT OR IGNORE INTO series (device, quantity, depth_cm) VALUES (?, ?, ?)").run(r.deviceId, r.quantity, depth);
  const series = db.prepare("SELECT id FROM series WHERE device = ? AND quantity = ? AND depth_cm = ?").get(r.deviceId, r.quantity, depth) as { id: number };
  const reasons = r.quality.reasons.join(",");
  const plot = r.plotId ?? "";
  db.prepare("INSERT OR IGNORE INTO reading_origin (plot, codec, time_source, reasons) VALUES (?, ?, ?, ?)").run(plot, codec.id, r.timeSource, reasons);
  const origin = db
    .prepare("SELECT id FROM reading_origin WHERE plot = ? AND codec = ? AND time_source = ? AND reasons = ?")
    .get(plot, codec.id, r.timeSource, reasons) as { id: number };
  db.prepare(
    `INSERT INTO reading (series, time_ms, value, flag, origin, lag_ms, f_cnt, hash, uplink_seq) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0)
     ON CONFLICT (series, time_ms) DO UPDATE SET value = excluded.value, flag = excluded.flag, origin = excluded.origin, lag_ms = excluded.lag_ms`,
  ).run(series.id, r.timeMs, r.value, r.quality.flag, origin.id, r.receivedAtMs - r.timeMs);
  db.prepare("INSERT OR IGNORE INTO rollup_dirty (series, hour) VALUES (?, ?)").run(series.id, Math.floor(r.timeMs / 3_600_000));
  if (queued) db.prepare("INSERT INTO outbox (series, time_ms) VALUES (?, ?)").run(series.id, r.timeMs);
}

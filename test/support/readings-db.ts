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
  db.prepare(
    `INSERT INTO reading (series, time_ms, value, flag, reasons, plot, received_ms, time_source, codec, f_cnt, payload_hash, uplink_seq)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0)
     ON CONFLICT (series, time_ms) DO UPDATE SET value = excluded.value, flag = excluded.flag, reasons = excluded.reasons, codec = excluded.codec`,
  ).run(series.id, r.timeMs, r.value, r.quality.flag, r.quality.reasons.join(","), r.plotId, r.receivedAtMs, r.timeSource, codec.id);
  if (queued) db.prepare("INSERT INTO outbox (series, time_ms) VALUES (?, ?)").run(series.id, r.timeMs);
}

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Reading } from "../../core/domain/reading.ts";
import { siteZone } from "../../core/domain/site-zone.ts";
import { openForWriting } from "../../core/runtime/sqlite.ts";
import { toReadings } from "../../store/named-rows.ts";
import { readingsMigrations } from "../../store/readings-schema.ts";
import { Rollups } from "../../store/rollups.ts";
import { type RowCursor, type RowPage, SqliteQueries } from "../../store/sqlite-queries.ts";

const T0_MS = Date.UTC(2026, 0, 1);

test("readings of the first schema come back as they were, are summed, and found by plot", () => {
  const path = join(mkdtempSync(join(tmpdir(), "azemichi-v1-")), "readings.db");
  const old = openForWriting(path, readingsMigrations.slice(0, 1));
  old.exec(`INSERT INTO codec VALUES (1, 'dragino-ldds75', 'aa'), (2, 'senml', 'bb');
    INSERT INTO series VALUES (1, 'level', 'water.level', -1), (2, 'probe', 'soil.ec', 10);
    INSERT INTO reading VALUES
      (1, ${T0_MS}, 4.5, 1, '', 'kita-3', ${T0_MS + 1500}, 'gateway', 1, 7, '0123456789abcdef', 3),
      (1, ${T0_MS + 600_000}, 5.5, 3, 'step,clock', 'kita-4', ${T0_MS + 600_001}, 'device', 1, 8, 'ffffffffffffffff', 4),
      (2, ${T0_MS - 1}, NULL, 9, 'sentinel', NULL, ${T0_MS - 7}, 'server', 2, 0, '', 5)`);
  old.close();

  const db = openForWriting(path, readingsMigrations);
  const queries = new SqliteQueries(db, 0);
  const readings: Reading[] = [];
  for (let after: RowCursor | null = null; ; ) {
    const { found, next }: RowPage = queries.page({}, after, 100);
    readings.push(...toReadings(found));
    if (next === null) break;
    after = next;
  }
  const told = readings.map((r) => [r.timeMs, r.deviceId, r.quantity, r.depthCm, r.value, r.quality, r.plotId, r.receivedAtMs, r.timeSource, r.codec]);
  expect(told).toEqual([
    [T0_MS - 1, "probe", "soil.ec", 10, null, { flag: 9, reasons: ["sentinel"] }, null, T0_MS - 7, "server", { id: "senml", sha256: "bb" }],
    [T0_MS, "level", "water.level", null, 4.5, { flag: 1, reasons: [] }, "kita-3", T0_MS + 1500, "gateway", { id: "dragino-ldds75", sha256: "aa" }],
    [
      T0_MS + 600_000,
      "level",
      "water.level",
      null,
      5.5,
      { flag: 3, reasons: ["step", "clock"] },
      "kita-4",
      T0_MS + 600_001,
      "device",
      { id: "dragino-ldds75", sha256: "aa" },
    ],
  ]);
  expect(db.prepare("SELECT f_cnt, hash, uplink_seq FROM reading ORDER BY uplink_seq").all()).toEqual([
    { f_cnt: 7, hash: 0x0123456, uplink_seq: 3 },
    { f_cnt: 8, hash: 0xfffffff, uplink_seq: 4 },
    { f_cnt: 0, hash: 0, uplink_seq: 5 },
  ]);
  expect(queries.latest({ plotId: "kita-3" }).map((r) => r.value)).toEqual([4.5]);
  expect(queries.latest({ plotId: "nowhere" })).toEqual([]);
  const rollups = new Rollups(db, siteZone("Asia/Tokyo"));
  expect(rollups.step(100)).toBe(2);
  expect(db.prepare("SELECT n, sum, min, max FROM rollup_hour").all()).toEqual([{ n: 2, sum: 10, min: 4.5, max: 5.5 }]);
  db.close();
});

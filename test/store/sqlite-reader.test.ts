import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { siteZone } from "../../core/domain/site-zone.ts";
import { Rollups } from "../../store/rollups.ts";
import { openSqliteReader, type SqliteReader } from "../../store/sqlite-reader.ts";
import { makeReading, T0_MS } from "../support/make-reading.ts";
import { type ReadingsDb, temporaryReadingsDb } from "../support/readings-db.ts";
import { describeTelemetryContract } from "./telemetry-contract.ts";

describe.each([
  ["by itself", () => {}],
  [
    "with its hourly and daily sums made",
    (file: ReadingsDb) => {
      const rollups = new Rollups(file.db, siteZone("UTC"));
      while (rollups.step(50) > 0);
    },
  ],
] as const)("SQLite keeps the store's contract %s", (_, afterWrite) => {
  describeTelemetryContract({
    async open({ pageRows }) {
      const file = temporaryReadingsDb();
      const reader = openSqliteReader(file.path, { pageRows });
      return {
        reader,
        writer: {
          async write(readings) {
            await file.write(readings);
            afterWrite(file);
          },
        },
        async close() {
          await reader.close();
          file.close();
        },
      };
    },
  });
});

describe("the SQLite reader", () => {
  let file: ReadingsDb;
  let reader: SqliteReader;
  beforeEach(() => {
    file = temporaryReadingsDb();
    reader = openSqliteReader(file.path, { zoneOffsetMs: 9 * 3_600_000 });
  });
  afterEach(async () => {
    await reader.close();
    file.close();
  });

  test("is empty before the file exists, and sees it once it does", async () => {
    const early = openSqliteReader(join(file.path, "..", "not-yet.db"));
    expect(await early.latest({})).toEqual([]);
    expect(await early.series({ deviceId: "x", quantity: "radio.rssi", max: 5 })).toEqual({ unit: "dB[mW]", buckets: [] });
    for await (const row of early.rows({})) expect(row).toBeUndefined();
    await file.write([makeReading()]);
    file.db.prepare("VACUUM INTO ?").run(join(file.path, "..", "not-yet.db"));
    expect(await early.latest({})).toEqual([makeReading()]);
    await early.close();
  });

  test("gives every field of a reading back", async () => {
    const reading = { ...makeReading({ flag: 3, depthCm: 5 }), quality: { flag: 3 as const, reasons: ["spike", "clock"] } };
    await file.write([reading]);
    expect(await reader.latest({})).toEqual([reading]);
    for await (const row of reader.rows({})) expect(row).toEqual(reading);
  });

  test("wide buckets begin at the site's midnight", async () => {
    await file.write(Array.from({ length: 40 }, (_, day) => makeReading({ timeMs: T0_MS + day * 86_400_000 })));
    const { buckets } = await reader.series({ deviceId: "kita-3-level", quantity: "water.level", max: 21 });
    expect(new Set(buckets.map(([t]) => new Date(t).toISOString().slice(11)))).toEqual(new Set(["15:00:00.000Z"]));
    expect(buckets.reduce((sum, [, n]) => sum + n, 0)).toBe(40);
  });

  test("a dense minute, then a sparse year: every row once, in order", async () => {
    const readings = [
      ...Array.from({ length: 5000 }, (_, i) => makeReading({ deviceId: `d${i % 50}`, timeMs: T0_MS + Math.floor(i / 50) * 600 })),
      ...Array.from({ length: 400 }, (_, day) => makeReading({ timeMs: T0_MS + 86_400_000 + day * 86_400_000 })),
    ];
    await file.write(readings);
    const keys: string[] = [];
    let lastMs = 0;
    for await (const row of reader.rows({})) {
      expect(row.timeMs).toBeGreaterThanOrEqual(lastMs);
      lastMs = row.timeMs;
      keys.push(`${row.deviceId} ${row.timeMs}`);
    }
    expect(keys).toHaveLength(5400);
    expect(new Set(keys).size).toBe(5400);
  });

  test("a question beyond what may wait is refused at once; the others are answered", async () => {
    const asked = await Promise.allSettled(Array.from({ length: 300 }, () => reader.latest({})));
    expect(asked.filter((a) => a.status === "fulfilled")).toHaveLength(256);
    const refused = asked.find((a) => a.status === "rejected");
    expect(refused?.reason).toMatchObject({ code: "STORE_UNAVAILABLE" });
  });

  test("close is idempotent, fails what waits, and nothing is answered after it", async () => {
    const waiting = reader.latest({});
    const settled = expect(waiting).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await Promise.all([reader.close(), reader.close()]);
    await settled;
    await expect(reader.latest({})).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import type { Ledger } from "../../core/domain/ledger.ts";
import { QUANTITIES, type Quantity } from "../../core/domain/quantity.ts";
import { adminGet } from "./field-site.ts";
import type { Influxd } from "./influxd.ts";
import { oracleDevEui, oracleDistanceMm } from "./oracle.ts";
import { eventually, type Service } from "./service.ts";

const ZERO_MM = 2050;
const SETTLED_MS = 120_000;

/** The devices of an oracle's publishers. Their level is `(2050 − distance) / 10` cm. */
export function oracleDevices(publishers: number): Record<string, unknown>[] {
  return Array.from({ length: publishers }, (_, i) => ({
    id: `bench-${i}`,
    devEui: oracleDevEui(i),
    profile: "dragino-ldds75",
    placements: [{ plot: "kita-3", zeroMm: ZERO_MM }],
  }));
}

/** Waits until nothing is pending, and with `influx` until nothing waits for InfluxDB. */
export async function settledLedger(service: Service, wait: { influx: boolean } = { influx: false }): Promise<Ledger> {
  const get = await adminGet(service.ready);
  return eventually(
    async () => {
      const now = await get<Ledger>("ledger");
      return now.total.pending === 0 && (!wait.influx || now.influx.backlog === 0) ? now : undefined;
    },
    { timeoutMs: SETTLED_MS, what: "the journal to be processed" },
  );
}

/** Every acknowledged uplink is found as readings, once, with its own values, and the ledger is exact to the journal's last row. */
export async function expectAllAccounted(
  service: Service,
  ackedFiles: readonly string[],
  wait?: { influx: boolean },
): Promise<{ distinct: number; ledger: Ledger }> {
  const ledger = await settledLedger(service, wait);
  const acknowledged = new Set(ackedFiles.flatMap((file) => readFileSync(file, "utf8").trim().split("\n")));
  const readings = new DatabaseSync(join(service.dataDir, "readings.db"), { readOnly: true });
  const rows = readings
    .prepare(
      `SELECT s.device, s.quantity, r.f_cnt AS fCnt, r.value, r.time_ms AS timeMs FROM reading r JOIN series s ON s.id = r.series
       WHERE s.quantity IN ('water.distance', 'water.level')`,
    )
    .all() as { device: string; quantity: string; fCnt: number; value: number; timeMs: number }[];
  readings.close();
  const found = new Map<string, number>();
  const wrong: unknown[] = [];
  const startMs = new Map<string, number>();
  for (const { device, quantity, fCnt, value, timeMs } of rows) {
    const key = `${oracleDevEui(Number(device.slice("bench-".length)))} ${fCnt}`;
    const expected = quantity === "water.distance" ? oracleDistanceMm(fCnt) : (ZERO_MM - oracleDistanceMm(fCnt)) / 10;
    const start = startMs.get(device) ?? timeMs - fCnt * 1000;
    startMs.set(device, start);
    if (Math.abs(value - expected) > 1e-9 || timeMs !== start + fCnt * 1000) wrong.push({ device, quantity, fCnt, value, timeMs });
    found.set(`${key} ${quantity}`, (found.get(`${key} ${quantity}`) ?? 0) + 1);
  }
  const lost = [...acknowledged].filter((key) => !found.has(`${key} water.distance`) || !found.has(`${key} water.level`));
  expect({ lost: lost.slice(0, 5), doubled: [...found.values()].filter((n) => n !== 1).length, wrong: wrong.slice(0, 5) }).toEqual({
    lost: [],
    doubled: 0,
    wrong: [],
  });

  const journal = new DatabaseSync(join(service.dataDir, "journal.db"), { readOnly: true });
  const { received, distinct } = journal
    .prepare("SELECT count(*) AS received, count(DISTINCT payload) AS distinct_n FROM uplink")
    .all()
    .map((r) => ({
      received: r["received"] as number,
      distinct: r["distinct_n"] as number,
    }))[0] as { received: number; distinct: number };
  journal.close();
  expect(ledger.total).toEqual({ received, stored: distinct, duplicate: received - distinct, rejected: 0, quarantined: 0, pending: 0 });
  expect(found.size).toBe(2 * distinct);
  return { distinct, ledger };
}

/** InfluxDB holds what SQLite holds: every reading once, its value and flag, under its device and plot, and nothing else. */
export async function expectInfluxEqual(service: Service, influxd: Influxd, database: string): Promise<number> {
  const db = new DatabaseSync(join(service.dataDir, "readings.db"), { readOnly: true });
  const series = db.prepare("SELECT id, device, quantity FROM series").all() as { id: number; device: string; quantity: Quantity }[];
  let points = 0;
  for (const { id, device, quantity } of series) {
    const { measurement, field } = QUANTITIES[quantity];
    const here = db
      .prepare(
        "SELECT r.time_ms AS t, r.value AS v, r.flag AS q, g.plot AS p FROM reading r JOIN reading_origin g ON g.id = r.origin WHERE r.series = ? ORDER BY r.time_ms",
      )
      .all(id)
      .map((r) => `${r["t"]} ${r["v"]} ${r["q"]} ${r["p"]}`);
    const rows = await influxd.ask(
      `SELECT "${field}" AS v, "${field}_q" AS q, "plot"::tag AS p FROM "${measurement}" WHERE "device" = '${device}' ORDER BY time`,
      database,
    );
    const there = rows.map((r) => `${r["time"]} ${r["v"]} ${r["q"]} ${r["p"] ?? ""}`);
    expect(there.length, `${device} ${quantity}`).toBe(here.length);
    expect(there.filter((line, i) => line !== here[i]).slice(0, 3), `${device} ${quantity}`).toEqual([]);
    points += here.length;
  }
  db.close();
  return points;
}

import { afterEach, beforeEach, expect, test } from "vitest";
import type { Reading } from "../../core/domain/reading.ts";
import { silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { createInflux } from "../../store/influx.ts";
import type { InfluxTarget } from "../../store/influx-client.ts";
import { InfluxDrain } from "../../store/influx-drain.ts";
import { readLedger } from "../../store/ledger-reader.ts";
import { Influxd } from "../support/influxd.ts";
import { makeReading, T0_MS } from "../support/make-reading.ts";
import { type ReadingsDb, temporaryReadingsDb } from "../support/readings-db.ts";
import { describeNeeding } from "../support/requirements.ts";
import { eventually } from "../support/service.ts";

const DATABASE = 'kome "2026"; DROP DATABASE x';
const NONE = { token: null, org: null, bucket: null, database: null, username: null, password: null };
const quoted = `"${DATABASE.replaceAll('"', '\\"')}"`;

describeNeeding(["influxd"], "the drain with a real influxd", () => {
  let influxd: Influxd;
  let file: ReadingsDb;
  let stop: AbortController;
  let running: Promise<void> | undefined;

  beforeEach(() => {
    file = temporaryReadingsDb();
    stop = new AbortController();
    running = undefined;
  });
  afterEach(async () => {
    stop.abort();
    await running;
    file.close();
    await influxd.remove();
  });

  function start(given: { target?: Partial<InfluxTarget>; batchRows?: number; onSent?: () => Promise<void> } = {}): InfluxDrain {
    const { writer } = createInflux({ ...NONE, url: influxd.url, database: DATABASE, ...given.target }, { siteId: "misato" });
    const drain = new InfluxDrain({
      db: file.db,
      writer: {
        async send(points, signal) {
          const outcome = await writer.send(points, signal);
          if (outcome.kind === "stored") await given.onSent?.();
          return outcome;
        },
        ensureDatabase: (signal) => writer.ensureDatabase(signal),
      },
      nowMs: Date.now,
      log: silentLog,
      metrics: new Metrics(),
      ...(given.batchRows === undefined ? {} : { batchRows: given.batchRows }),
    });
    running = drain.run(stop.signal);
    return drain;
  }
  const influx = () => readLedger(file.db, { pendingAfter: () => new Map() }).influx;
  const drained = () => eventually(() => influx().backlog === 0, { timeoutMs: 25_000, what: "an empty outbox" });
  const readings = (n: number): Reading[] =>
    Array.from({ length: n }, (_, i) => makeReading({ deviceId: `d${i % 20}`, plotId: `p${i % 7}`, timeMs: T0_MS + i * 1001, value: i % 3 === 0 ? i : i / 7 }));

  /** What an outsider finds: every reading once, as a float, at its event time. */
  async function expectAll(written: readonly Reading[]): Promise<void> {
    const rows = await influxd.ask('SELECT level, level_q, device, plot, site FROM "water"', DATABASE);
    const told = (time: number, device: string, plot: string | null, level: number | null, q: number) => JSON.stringify([time, device, plot, level, q]);
    expect(rows.map((r) => told(r["time"] as number, r["device"] as string, r["plot"] as string, r["level"] as number, r["level_q"] as number)).sort()).toEqual(
      written.map((r) => told(r.timeMs, r.deviceId, r.plotId, r.value, r.quality.flag)).sort(),
    );
    expect(new Set(rows.map((r) => r["site"]))).toEqual(new Set(["misato"]));
    expect(await influxd.ask('SHOW FIELD KEYS FROM "water"', DATABASE)).toEqual([
      { fieldKey: "level", fieldType: "float" },
      { fieldKey: "level_q", fieldType: "float" },
    ]);
  }

  test("down at the start and up later: creates the database and every reading arrives", async () => {
    influxd = await Influxd.prepare();
    const written = readings(3000);
    await file.write(written, "outbox");
    start();
    await eventually(() => influx().lastError !== null, { timeoutMs: 10_000, what: "an error to be told" });
    expect(influx()).toMatchObject({ sent: 0, backlog: 3000, lastError: expect.stringContaining("ECONNREFUSED") });
    await influxd.start();
    await drained();
    expect(influx()).toEqual({ sent: 3000, backlog: 0, refused: 0, lastError: null });
    expect((await influxd.ask("SHOW DATABASES")).map((r) => r["name"])).toContain(DATABASE);
    await expectAll(written);
  });

  test("killed three times in the middle: every reading, once", async () => {
    influxd = await Influxd.prepare();
    await influxd.start();
    const written = readings(4000);
    await file.write(written, "outbox");
    let requests = 0;
    let kills = 0;
    const restarts: Promise<void>[] = [];
    start({
      batchRows: 100,
      async onSent() {
        requests += 1;
        if (requests % 10 !== 5 || kills === 3) return;
        kills += 1;
        const killed = influxd.kill(); // while the drain goes on: the next requests meet a dying server, then none
        restarts.push(killed.then(() => influxd.start()));
      },
    });
    await drained();
    await Promise.all(restarts);
    expect(kills).toBe(3);
    expect(influx()).toMatchObject({ sent: 4000, lastError: null });
    await expectAll(written);
  });

  test("readings written again and taken back are sent in commit order", async () => {
    influxd = await Influxd.prepare();
    await influxd.start();
    const drain = start();
    await file.write([makeReading({ value: 1 }), makeReading({ value: 2, timeMs: T0_MS + 1 })], "outbox");
    drain.wake();
    await drained();
    await file.write([makeReading({ value: 1.5, flag: 3 }), makeReading({ value: null, flag: 9, timeMs: T0_MS + 1 })], "outbox");
    drain.wake();
    await drained();
    expect(await influxd.ask("SELECT level, level_q FROM water", DATABASE)).toEqual([
      { time: T0_MS, level: 1.5, level_q: 3 },
      { time: T0_MS + 1, level: 2, level_q: 9 },
    ]);
  });

  test("a field that is already an integer there: those readings are set aside, the others arrive", async () => {
    influxd = await Influxd.prepare();
    await influxd.start();
    await influxd.ask(`CREATE DATABASE ${quoted}`);
    const typed = await fetch(`${influxd.url}/write?${new URLSearchParams({ db: DATABASE, precision: "ms" })}`, {
      method: "POST",
      body: `rain depth=1i ${T0_MS}`,
    });
    expect(typed.status).toBe(204);
    const rain = [3, 500, 501].map((i) => makeReading({ quantity: "rain.depth", timeMs: T0_MS + i, value: 0.5 }));
    const water = readings(600);
    await file.write([...water.slice(0, 300), ...rain, ...water.slice(300)], "outbox");
    start();
    await drained();
    await expectAll(water);
    expect(influx()).toEqual({ sent: 600, backlog: 0, refused: 3, lastError: expect.stringContaining("field type conflict") });
    expect(file.db.prepare("SELECT time_ms - ? AS t FROM influx_refused ORDER BY seq").all(T0_MS)).toEqual([{ t: 3 }, { t: 500 }, { t: 501 }]);
  });

  test("a wrong password keeps everything and is never repeated; the right one sends it", async () => {
    influxd = await Influxd.prepare({ auth: "on" });
    await influxd.start();
    await influxd.ask("CREATE USER admin WITH PASSWORD 'right horse' WITH ALL PRIVILEGES");
    await file.write([makeReading()], "outbox");
    start({ target: { username: "admin", password: "wrong-horse" } });
    await eventually(() => influx().lastError !== null, { timeoutMs: 10_000, what: "an error to be told" });
    expect(influx()).toMatchObject({ sent: 0, backlog: 1, lastError: "401 authorization failed: check AZEMICHI_INFLUX_USERNAME and AZEMICHI_INFLUX_PASSWORD" });
    stop.abort();
    await running;
    stop = new AbortController();
    start({ target: { username: "admin", password: "right horse" } });
    await drained();
    expect(influx()).toEqual({ sent: 1, backlog: 0, refused: 0, lastError: null });
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLog, silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { type DrainTarget, InfluxDrain } from "../../store/influx-drain.ts";
import type { WriteOutcome } from "../../store/influx-outcome.ts";
import { readLedger } from "../../store/ledger-reader.ts";
import type { InfluxPoint } from "../../store/line-protocol.ts";
import { makeReading, T0_MS } from "../support/make-reading.ts";
import { type ReadingsDb, temporaryReadingsDb } from "../support/readings-db.ts";
import { eventually } from "../support/service.ts";

const STORED: WriteOutcome = { kind: "stored" };
const later = (retryAfterMs = 0): WriteOutcome => ({ kind: "later", reason: "503 busy", retryAfterMs });
const keyOf = (p: InfluxPoint) => `${p.deviceId}@${p.timeMs - T0_MS}`;

/** An InfluxDB that answers by rule; what it answered 204 to is kept as InfluxDB would keep it. */
class Target implements DrainTarget {
  readonly kept = new Map<string, number | null>();
  readonly requests: string[][] = [];
  creations = 0;
  database: { kind: "ready" } | { kind: "failed"; reason: string } = { kind: "ready" };
  rule: (points: readonly InfluxPoint[], request: number) => WriteOutcome = () => STORED;

  async send(points: readonly InfluxPoint[]): Promise<WriteOutcome> {
    this.requests.push(points.map(keyOf));
    const outcome = this.rule(points, this.requests.length);
    if (outcome.kind === "stored") for (const p of points) this.kept.set(keyOf(p), p.value);
    return outcome;
  }
  async ensureDatabase() {
    this.creations += 1;
    return this.database;
  }
}

describe("the drain", () => {
  let file: ReadingsDb;
  let target: Target;
  let metrics: Metrics;
  let waits: number[];
  let stop: AbortController;
  let running: Promise<void> | undefined;

  beforeEach(() => {
    file = temporaryReadingsDb();
    target = new Target();
    metrics = new Metrics();
    waits = [];
    stop = new AbortController();
    running = undefined;
  });
  afterEach(async () => {
    stop.abort();
    await running;
    file.close();
  });

  /** Pauses take no time, but the one of an idle drain (5 s), which ends when it is woken or stopped. */
  function start(given: { batchRows?: number; log?: typeof silentLog } = {}): InfluxDrain {
    const drain = new InfluxDrain({
      db: file.db,
      writer: target,
      nowMs: () => T0_MS + 61_500,
      log: silentLog,
      metrics,
      random: () => 1,
      ...given,
      async wait(ms, signal) {
        waits.push(ms);
        if (ms !== 5000) await new Promise(setImmediate);
        else if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      },
    });
    running = drain.run(stop.signal);
    return drain;
  }
  const influx = () => readLedger(file.db, { pendingAfter: () => new Map() }).influx;
  const drained = () => eventually(() => influx().backlog === 0, { timeoutMs: 5000, what: "an empty outbox" });
  const readings = (n: number) => Array.from({ length: n }, (_, i) => makeReading({ timeMs: T0_MS + i, value: i }));
  const failures = () => waits.filter((ms) => ms !== 200 && ms !== 5000);

  test("sends in commit order, in batches, and books what InfluxDB took", async () => {
    await file.write(readings(25), "outbox");
    start({ batchRows: 10 });
    await drained();
    expect(target.requests.map((r) => r.length)).toEqual([10, 10, 5]);
    expect(target.requests.flat()).toEqual(readings(25).map((r) => `kita-3-level@${r.timeMs - T0_MS}`));
    expect(influx()).toEqual({ sent: 25, backlog: 0, refused: 0, lastError: null });
    expect(metrics.get("azemichi_influx_sent_total")).toBe(25);
  });

  test("is woken by a new reading, and sends the newest value of one written again", async () => {
    await file.write([makeReading({ value: 1 })], "outbox");
    await file.write([makeReading({ value: 2 })], "outbox");
    const drain = start();
    await drained();
    expect([...target.kept]).toEqual([["kita-3-level@0", 2]]);
    await eventually(() => waits.at(-1) === 5000, { timeoutMs: 5000, what: "an idle drain" });
    await file.write([makeReading({ value: null, flag: 9 }), makeReading({ deviceId: "b" })], "outbox");
    drain.wake();
    await drained();
    expect([...target.kept]).toEqual([
      ["kita-3-level@0", null],
      ["b@0", 4.5],
    ]);
  });

  test("a bad line is found by halving, set aside with its reason, and holds nobody up", async () => {
    await file.write(readings(100), "outbox");
    const bad = new Set(["kita-3-level@0", "kita-3-level@37", "kita-3-level@99"]);
    target.rule = (points) => (points.some((p) => bad.has(keyOf(p))) ? { kind: "refused", reason: "400 field type conflict", certain: true } : STORED);
    start();
    await drained();
    expect(target.kept.size).toBe(97);
    expect(file.db.prepare("SELECT time_ms - ? AS t, reason FROM influx_refused ORDER BY seq").all(T0_MS)).toEqual(
      [0, 37, 99].map((t) => ({ t, reason: "400 field type conflict" })),
    );
    expect(influx()).toEqual({ sent: 97, backlog: 0, refused: 3, lastError: "400 field type conflict" });
    expect(metrics.get("azemichi_influx_refused_total")).toBe(3);
  });

  test("a 400 that blames no line keeps everything until it is mended", async () => {
    await file.write(readings(100), "outbox");
    target.rule = () => ({ kind: "refused", reason: "400 Please provide either orgID or org", certain: false });
    start();
    await eventually(() => failures().length >= 2, { timeoutMs: 5000, what: "two failures" });
    expect(influx()).toMatchObject({ sent: 0, backlog: 100, lastError: "400 Please provide either orgID or org" });
    expect(failures()[0]).toBe(10_000);
    target.rule = () => STORED;
    await drained();
    expect(target.kept.size).toBe(100);
    expect(file.db.prepare("SELECT count(*) AS n FROM influx_refused").get()).toEqual({ n: 0 });
  });

  test("an unknown 400 for one line among good ones is that line's", async () => {
    await file.write(readings(8), "outbox");
    target.rule = (points) => (points.some((p) => keyOf(p) === "kita-3-level@0") ? { kind: "refused", reason: "400 odd", certain: false } : STORED);
    start();
    await drained();
    expect(influx()).toEqual({ sent: 7, backlog: 0, refused: 1, lastError: "400 odd" });
  });

  test("too large is halved until it fits, and grows again", async () => {
    await file.write(readings(200), "outbox");
    target.rule = (points) => (points.length > 30 ? { kind: "too-large", reason: "413" } : STORED);
    start({ batchRows: 100 });
    await drained();
    expect(target.kept.size).toBe(200);
    expect(influx()).toEqual({ sent: 200, backlog: 0, refused: 0, lastError: null });
  });

  test("one line that is too large by itself is set aside", async () => {
    await file.write(readings(3), "outbox");
    target.rule = (points) => (points.some((p) => keyOf(p) === "kita-3-level@1") ? { kind: "too-large", reason: "413" } : STORED);
    start();
    await drained();
    expect(influx()).toMatchObject({ sent: 2, refused: 1, lastError: "413" });
  });

  test("busy: keeps, backs off to 10 s at most, honours Retry-After, and recovers", async () => {
    await file.write(readings(5), "outbox");
    target.rule = (_points, request) => (request <= 9 ? later(request === 3 ? 30_000 : 0) : STORED);
    start();
    await drained();
    expect(failures()).toEqual([250, 500, 30_000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
    expect(metrics.get("azemichi_influx_failures_total", { kind: "later" })).toBe(9);
    expect(influx()).toEqual({ sent: 5, backlog: 0, refused: 0, lastError: null });
  });

  test("a wrong token keeps everything and says so once per reason", async () => {
    const lines: string[] = [];
    await file.write(readings(5), "outbox");
    target.rule = () => ({ kind: "forbidden", reason: "401 authorization failed" });
    start({ log: createLog({ level: "warn", write: (line) => lines.push(line) }) });
    await eventually(() => failures().length >= 5, { timeoutMs: 5000, what: "five failures" });
    expect(new Set(failures())).toEqual(new Set([10_000]));
    expect(influx()).toEqual({ sent: 0, backlog: 5, refused: 0, lastError: "401 authorization failed" });
    expect(metrics.get("azemichi_influx_outbox_readings")).toBe(5);
    expect(metrics.get("azemichi_influx_outbox_oldest_seconds")).toBe(60);
    expect(lines).toHaveLength(1);
    expect(target.creations).toBe(0);
  });

  test("a missing database is created once, then sent to", async () => {
    await file.write(readings(5), "outbox");
    target.rule = () => (target.creations > 0 ? STORED : { kind: "missing", reason: '404 database not found: "d"' });
    start();
    await drained();
    expect(target.creations).toBe(1);
    expect(failures()).toEqual([]);
  });

  test("a database that cannot be created is an operator's matter", async () => {
    await file.write(readings(5), "outbox");
    target.rule = () => ({ kind: "missing", reason: "404 nothing" });
    target.database = { kind: "failed", reason: "create privilege needed" };
    start();
    await eventually(() => failures().length >= 2, { timeoutMs: 5000, what: "two failures" });
    expect(influx()).toEqual({ sent: 0, backlog: 5, refused: 0, lastError: "404 nothing; create privilege needed" });
    target.database = { kind: "ready" }; // created, and still missing: tried again slowly, not in a loop
    const before = { creations: target.creations, failures: failures().length };
    await eventually(() => failures().length >= before.failures + 3, { timeoutMs: 5000, what: "three failures more" });
    expect(target.creations - before.creations).toBeLessThanOrEqual(failures().length - before.failures + 1);
  });

  test("trouble in the middle of halving keeps what was settled and repeats the rest", async () => {
    await file.write(readings(64), "outbox");
    let troubles = 0;
    target.rule = (points) => {
      if (points.some((p) => keyOf(p) === "kita-3-level@40") && points.length < 5 && troubles < 3) {
        troubles += 1;
        return later();
      }
      return points.some((p) => ["kita-3-level@3", "kita-3-level@41"].includes(keyOf(p)))
        ? { kind: "refused", reason: "400 unable to parse", certain: true }
        : STORED;
    };
    start();
    await drained();
    expect(target.kept.size).toBe(62);
    expect(influx()).toMatchObject({ sent: 62, backlog: 0 });
    expect(file.db.prepare("SELECT count(*) AS n FROM influx_refused").get()).toEqual({ n: 2 });
  });

  test("a new drain after a crash goes on where the books end", async () => {
    await file.write(readings(30), "outbox");
    target.rule = (_points, request) => {
      if (request === 2) {
        // InfluxDB has the batch, the books do not
        file.db.exec("CREATE TRIGGER crash BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'crash'); END");
        stop.abort();
      }
      return STORED;
    };
    start({ batchRows: 10 });
    await running;
    expect(target.kept.size).toBe(20);
    expect(influx()).toMatchObject({ sent: 10, backlog: 20 });
    file.db.exec("DROP TRIGGER crash");
    stop = new AbortController();
    start({ batchRows: 10 });
    await drained();
    expect(target.kept.size).toBe(30);
    expect(influx()).toMatchObject({ sent: 30, backlog: 0 });
  });

  test("stops at once while InfluxDB does not answer", async () => {
    await file.write(readings(1), "outbox");
    target.send = (_points: readonly InfluxPoint[], signal?: AbortSignal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
        stop.abort();
      });
    start();
    await running;
    expect(influx().backlog).toBe(1);
  });

  test("books that cannot be kept lose nothing", async () => {
    await file.write(readings(3), "outbox");
    file.db.exec("CREATE TRIGGER full BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    start();
    await eventually(() => failures().length >= 2, { timeoutMs: 5000, what: "two failures" });
    expect(influx()).toMatchObject({ sent: 0, backlog: 3 });
    file.db.exec("DROP TRIGGER full");
    await drained();
    expect(influx()).toMatchObject({ sent: 3 });
  });
});

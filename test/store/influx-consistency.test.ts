import type { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { QualityFlag } from "../../core/domain/reading.ts";
import { silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { transaction } from "../../core/runtime/sqlite.ts";
import { type DrainTarget, InfluxDrain } from "../../store/influx-drain.ts";
import type { WriteOutcome } from "../../store/influx-outcome.ts";
import { readLedger } from "../../store/ledger-reader.ts";
import { encodePoint, type InfluxPoint } from "../../store/line-protocol.ts";
import { keyOf, PointSet } from "../support/fake-influx.ts";
import { makeReading, T0_MS } from "../support/make-reading.ts";
import { type ReadingsDb, temporaryReadingsDb } from "../support/readings-db.ts";

const SITE = "misato";
const BAD_DEVICE = "d2"; // InfluxDB never takes its lines

type Change =
  | { readonly kind: "put"; readonly device: number; readonly time: number; readonly plot: number; readonly value: number; readonly flag: QualityFlag }
  | { readonly kind: "take back"; readonly device: number; readonly time: number };
/** What happens to one request, and which changes ingest commits while it is on its way. */
interface Turn {
  readonly fault: "none" | "lost" | "answer lost" | "crash" | "crash after" | "busy" | "too large" | "disk";
  readonly meanwhile: readonly Change[];
}

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant("put" as const),
    device: fc.nat(2),
    time: fc.nat(3),
    plot: fc.nat(2),
    value: fc.integer({ min: -50, max: 50 }),
    flag: fc.constantFrom<QualityFlag>(1, 3, 4, 9),
  }),
  fc.record({ kind: fc.constant("take back" as const), device: fc.nat(2), time: fc.nat(3) }),
);
const turn: fc.Arbitrary<Turn> = fc.record({
  fault: fc.constantFrom<Turn["fault"]>("none", "none", "none", "lost", "answer lost", "crash", "crash after", "busy", "too large", "disk"),
  meanwhile: fc.array(change, { maxLength: 4 }),
});

/** As ingest does it: a reading keeps the plot in which it was first stored; one that is taken back leaves its plot in the outbox. */
async function commit(file: ReadingsDb, c: Change): Promise<void> {
  const deviceId = `d${c.device}`;
  const timeMs = T0_MS + c.time;
  const standing = plotOf(file.db, deviceId, timeMs);
  if (c.kind === "put") {
    const plotId = standing === undefined ? (c.plot === 0 ? null : `p${c.plot}`) : standing === "" ? null : standing;
    await file.write([makeReading({ deviceId, timeMs, plotId, value: c.flag === 9 ? null : c.value, flag: c.flag })], "outbox");
  } else if (standing !== undefined)
    transaction(file.db, () => {
      const where = "series = (SELECT id FROM series WHERE device = ?) AND time_ms = ?";
      file.db.prepare("INSERT INTO outbox (series, time_ms, gone_plot) SELECT id, ?, ? FROM series WHERE device = ?").run(timeMs, standing, deviceId);
      file.db.prepare(`DELETE FROM reading WHERE ${where}`).run(deviceId, timeMs);
    });
}

function plotOf(db: DatabaseSync, device: string, timeMs: number): string | undefined {
  const row = db
    .prepare("SELECT g.plot FROM reading r JOIN series s ON s.id = r.series JOIN reading_origin g ON g.id = r.origin WHERE s.device = ? AND r.time_ms = ?")
    .get(device, timeMs) as { plot: string } | undefined;
  return row?.plot;
}

/** What InfluxDB has to hold: the readings as SQLite has them now. */
function standingIn(db: DatabaseSync): Map<string, Record<string, number>> {
  const rows = db
    .prepare("SELECT s.device, g.plot, r.time_ms, r.value, r.flag FROM reading r JOIN series s ON s.id = r.series JOIN reading_origin g ON g.id = r.origin")
    .all() as { device: string; plot: string; time_ms: number; value: number | null; flag: number }[];
  const good = rows.filter((r) => r.flag !== 9 && r.device !== BAD_DEVICE);
  return new Map(
    good.map((r) => [
      keyOf("water", { device: r.device, site: SITE, ...(r.plot === "" ? {} : { plot: r.plot }) }, r.time_ms),
      { level: r.value as number, level_q: r.flag },
    ]),
  );
}

/** Answers by the turns, then well; commits what ingest does meanwhile. */
class FaultyTarget implements DrainTarget {
  readonly influx = new PointSet();
  readonly #turns: Turn[];
  readonly #file: ReadingsDb;
  crash: () => void = () => {};

  constructor(file: ReadingsDb, turns: readonly Turn[]) {
    this.#file = file;
    this.#turns = [...turns];
  }

  async send(points: readonly InfluxPoint[]): Promise<WriteOutcome> {
    const { fault, meanwhile } = this.#turns.shift() ?? { fault: "none", meanwhile: [] };
    for (const one of meanwhile) await commit(this.#file, one);
    this.#file.db.exec("DROP TRIGGER IF EXISTS full");
    if (fault === "crash") this.#die();
    if (fault === "lost") return { kind: "later", reason: "ECONNRESET", retryAfterMs: 0 };
    if (fault === "busy") return { kind: "later", reason: "503 busy", retryAfterMs: 1000 };
    if (fault === "too large" && points.length > 1) return { kind: "too-large", reason: "413" };
    const good = points.filter((p) => p.deviceId !== BAD_DEVICE);
    if (good.length > 0) this.influx.write(good.map((p) => encodePoint(p, SITE)).join("\n"));
    if (fault === "crash after") this.#die();
    if (fault === "answer lost") return { kind: "later", reason: "socket hang up", retryAfterMs: 0 };
    if (fault === "disk") this.#file.db.exec("CREATE TRIGGER full BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END");
    return good.length === points.length ? { kind: "stored" } : { kind: "refused", reason: "400 partial write: field type conflict", certain: true };
  }

  async ensureDatabase() {
    return { kind: "ready" } as const;
  }

  #die(): never {
    this.crash();
    throw new Error("crashed");
  }
}

async function drainAll(file: ReadingsDb, target: FaultyTarget): Promise<void> {
  for (;;) {
    const stop = new AbortController();
    let crashed = false;
    target.crash = () => {
      crashed = true;
      stop.abort();
    };
    const drain = new InfluxDrain({
      db: file.db,
      writer: target,
      nowMs: () => T0_MS,
      log: silentLog,
      metrics: new Metrics(),
      batchRows: 7,
      async wait(ms) {
        file.db.exec("DROP TRIGGER IF EXISTS full");
        if (ms === 5000) stop.abort(); // idle: everything was sent
      },
    });
    await drain.run(stop.signal);
    if (!crashed) return;
  }
}

describe("InfluxDB and SQLite", () => {
  test("are equal in the end, whatever fails and whatever changes meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 30 }), fc.array(turn, { maxLength: 30 }), async (before, turns) => {
        const file = temporaryReadingsDb();
        try {
          file.db.exec("PRAGMA synchronous = OFF"); // what a power cut does is another test's matter
          for (const one of before) await commit(file, one);
          const target = new FaultyTarget(file, turns);
          await drainAll(file, target);
          expect(target.influx.standing()).toEqual(standingIn(file.db));
          const { influx } = readLedger(file.db, { pendingAfter: () => new Map() });
          expect(influx.backlog).toBe(0);
          expect(influx.refused).toBe(file.db.prepare("SELECT count(*) AS n FROM influx_refused").get()?.["n"]);
        } finally {
          file.close();
        }
      }),
      { numRuns: 80 },
    );
  }, 60_000);

  test("a batch holds each point once, as it stands now", async () => {
    const file = temporaryReadingsDb();
    for (let value = 0; value < 5; value += 1) await commit(file, { kind: "put", device: 0, time: 0, plot: 1, value, flag: 1 });
    await commit(file, { kind: "put", device: 1, time: 0, plot: 1, value: 7, flag: 1 });
    const requests: (readonly InfluxPoint[])[] = [];
    const target = new FaultyTarget(file, []);
    const send = target.send.bind(target);
    target.send = (points) => {
      requests.push(points);
      return send(points);
    };
    await drainAll(file, target);
    expect(requests.map((r) => r.map((p) => [p.deviceId, p.value]))).toEqual([
      [
        ["d0", 4],
        ["d1", 7],
      ],
    ]);
    expect(readLedger(file.db, { pendingAfter: () => new Map() }).influx).toEqual({ sent: 2, backlog: 0, refused: 0, lastError: null });
    file.close();
  });

  test("a reading taken back is told with its flag alone, under the plot it had", async () => {
    const file = temporaryReadingsDb();
    await commit(file, { kind: "put", device: 0, time: 0, plot: 1, value: 12, flag: 1 });
    const target = new FaultyTarget(file, []);
    await drainAll(file, target);
    await commit(file, { kind: "take back", device: 0, time: 0 });
    await drainAll(file, target);
    const key = keyOf("water", { device: "d0", site: SITE, plot: "p1" }, T0_MS);
    expect([...target.influx.points]).toEqual([[key, { level: 12, level_q: 9 }]]);
    await commit(file, { kind: "put", device: 0, time: 0, plot: 2, value: 13, flag: 1 });
    await drainAll(file, target);
    expect([...target.influx.standing()]).toEqual([[keyOf("water", { device: "d0", site: SITE, plot: "p2" }, T0_MS), { level: 13, level_q: 1 }]]);
    file.close();
  });
});

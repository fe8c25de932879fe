import { afterEach, beforeEach, expect, test } from "vitest";
import type { Reading } from "../../core/domain/reading.ts";
import { IngestStore } from "../../store/ingest-store.ts";
import { IngestUpkeep } from "../../store/ingest-upkeep.ts";
import { makeReading, T0_MS } from "../support/make-reading.ts";
import { type ReadingsDb, temporaryReadingsDb } from "../support/readings-db.ts";

let file: ReadingsDb;
let store: IngestStore;
let upkeep: IngestUpkeep;
beforeEach(() => {
  file = temporaryReadingsDb();
  store = new IngestStore(file.db, { outbox: "fed" });
  upkeep = new IngestUpkeep(file.db);
});
afterEach(() => file.close());

let uplinks = 100;
const rank = (fCnt: number, payloadHash = "a", uplinkSeq = uplinks++) => ({ fCnt, payloadHash, uplinkSeq });

const stored = () =>
  file.db.prepare("SELECT r.value, nullif(o.plot, '') AS plot FROM reading r JOIN reading_origin o ON o.id = r.origin ORDER BY r.series, r.time_ms").all();
const put = (s: IngestStore, reading: Reading, at: ReturnType<typeof rank>): boolean => s.transaction(() => s.readings.put(reading, at));

test("the plot of a reading is frozen when it is first stored; value and quality follow the greater rank", () => {
  expect(put(store, makeReading({ value: 1 }), rank(1))).toBe(true);
  expect(put(store, makeReading({ value: 2, plotId: "minami-1" }), rank(1, "b"))).toBe(true);
  expect(put(store, makeReading({ value: 3 }), rank(1, "a"))).toBe(false);
  expect(put(store, makeReading({ value: 4 }), rank(0, "f"))).toBe(false);
  expect(stored()).toEqual([{ value: 2, plot: "kita-3" }]);
});

test("an uplink that is read again replaces what it gave, whatever its rank, and takes back what it gives no longer", () => {
  put(store, makeReading({ value: 1 }), rank(5, "f", 9));
  expect(put(store, makeReading({ value: 2 }), rank(5, "f", 9))).toBe(true);
  put(store, makeReading({ value: 3, timeMs: T0_MS + 1 }), rank(5, "f", 9));
  const given = { deviceId: makeReading().deviceId, uplinkSeq: 9, firstMs: T0_MS, lastMs: T0_MS + 1 };
  expect(store.transaction(() => store.readings.takeBack(given, (_quantity, _depthCm, timeMs) => timeMs === T0_MS))).toEqual([T0_MS + 1]);
  expect(stored()).toEqual([{ value: 2, plot: "kita-3" }]);
  expect(file.db.prepare("SELECT time_ms - ? AS at, gone_plot AS plot FROM outbox WHERE gone_plot IS NOT NULL").all(T0_MS)).toEqual([
    { at: 1, plot: "kita-3" },
  ]);
});

test("newest is by event time, also of what was there before the start", () => {
  put(store, makeReading({ timeMs: T0_MS }), rank(1));
  const restarted = new IngestStore(file.db, { outbox: "off" });
  const newest = (reading: Reading, at: ReturnType<typeof rank>): number[] =>
    restarted.transaction(() => {
      restarted.readings.put(reading, at);
      return restarted.readings.newest().map(({ timeMs }) => timeMs - T0_MS);
    });
  expect(newest(makeReading({ timeMs: T0_MS - 1 }), rank(2))).toEqual([]);
  expect(newest(makeReading({ timeMs: T0_MS + 1 }), rank(3))).toEqual([1]);
  expect(newest(makeReading({ timeMs: T0_MS - 1, depthCm: 10, quantity: "soil.moisture" }), rank(4))).toEqual([-1]);
});

test("what changes marks its hour for the rollups", () => {
  put(store, makeReading({ timeMs: T0_MS }), rank(1));
  put(store, makeReading({ timeMs: T0_MS + 3_600_000 }), rank(2));
  put(store, makeReading({ timeMs: T0_MS }), rank(0));
  expect(file.db.prepare("SELECT hour - ? AS hour FROM rollup_dirty").all(Math.floor(T0_MS / 3_600_000))).toEqual([{ hour: 0 }, { hour: 1 }]);
});

test("a rolled-back batch leaves nothing behind, not even in memory", () => {
  expect(() =>
    store.transaction(() => {
      store.readings.put(makeReading({ timeMs: T0_MS + 1000 }), rank(1));
      throw new Error("power cut");
    }),
  ).toThrow("power cut");
  expect(put(store, makeReading({ timeMs: T0_MS }), rank(1))).toBe(true);
  expect(file.db.prepare("SELECT count(*) AS n FROM outbox").get()).toEqual({ n: 1 });
});

test("an uplink is done with when it is processed and its readings are sent", () => {
  store.advance(10);
  expect(upkeep.doneUpTo()).toBe(10);
  put(store, makeReading(), rank(1, "a", 7));
  expect(upkeep.doneUpTo()).toBe(6);
  file.db.exec("DELETE FROM outbox");
  expect(upkeep.doneUpTo()).toBe(10);
});

test("readings stored while InfluxDB was off are queued, once, when it is on", () => {
  const off = new IngestStore(file.db, { outbox: "off" });
  const at = (seq: number) => makeReading({ timeMs: T0_MS + seq });
  const take = (s: IngestStore, seq: number): void =>
    s.transaction(() => {
      s.readings.put(at(seq), rank(seq, "a", seq));
      s.advance(seq);
    });
  take(off, 1);
  take(off, 2);
  expect(off.catchUpOutbox()).toBe(0);
  expect(store.catchUpOutbox()).toBe(2);
  take(store, 3);
  expect(store.catchUpOutbox()).toBe(0);
  take(off, 4);
  expect(store.catchUpOutbox()).toBe(1);
  expect(file.db.prepare("SELECT time_ms - ? AS seq FROM outbox ORDER BY outbox.seq").all(T0_MS)).toEqual([1, 2, 3, 4].map((seq) => ({ seq })));
});

test("what is old goes in steps; the device's newest session and everything younger stay", () => {
  const account = { source: "cs", outcome: "stored" as const, reason: "", device: "d", timeMs: 0, firstMs: null, lastMs: null };
  const session = { sessionKey: "a", startMs: 0, joined: false, lastFCnt: 1 };
  for (let seq = 1; seq <= 4; seq += 1) {
    store.account({ ...account, seq, receivedAtMs: seq * 100 });
    const frame = { session: 1, timeMs: seq, timeSource: "network", uplinkSeq: seq, receptions: [] };
    store.frames.saveFrame({ devEui: "d", fCnt: seq, fPort: 2, payloadHash: "a" }, frame, seq * 100);
  }
  store.transaction(() => {
    store.frames.saveSession("d", { ...session, number: 1, lastTimeMs: 50 });
    store.frames.saveSession("d", { ...session, number: 2, lastTimeMs: 60 });
  });
  while (upkeep.forgetStep({ receivedBeforeMs: 300, upToSeq: 1, keysBeforeMs: 300 }));
  store.frames.forget();
  expect(file.db.prepare("SELECT seq FROM uplink_result").all()).toEqual([{ seq: 2 }, { seq: 3 }, { seq: 4 }]);
  expect(file.db.prepare("SELECT f_cnt FROM frame").all()).toEqual([{ f_cnt: 3 }, { f_cnt: 4 }]);
  expect(store.frames.sessions("d").map((s) => s.number)).toEqual([2]);
});

test("gateways are kept as they were", () => {
  const rows = [
    { gatewayId: "a", online: true, lastSeenMs: 1, atMs: 2 },
    { gatewayId: "b", online: null, lastSeenMs: null, atMs: 3 },
  ];
  upkeep.saveGateways(rows);
  upkeep.saveGateways([{ gatewayId: "a", online: false, lastSeenMs: 1, atMs: 4 }]);
  expect(upkeep.gateways()).toEqual([{ gatewayId: "a", online: false, lastSeenMs: 1, atMs: 4 }, rows[1]]);
});

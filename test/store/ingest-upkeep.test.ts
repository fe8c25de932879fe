import { afterEach, beforeEach, expect, test } from "vitest";
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

const rank = (fCnt: number, payloadHash = "a", uplinkSeq = 1) => ({ fCnt, payloadHash, uplinkSeq });

test("the plot of a reading is frozen when it is first stored; value and quality follow the greater rank", () => {
  expect(store.putReading(makeReading({ value: 1 }), rank(1))).toEqual({ changed: true, newest: true, plotId: "kita-3" });
  expect(store.putReading(makeReading({ value: 2, plotId: "minami-1" }), rank(1, "b"))).toEqual({ changed: true, newest: true, plotId: "kita-3" });
  expect(store.putReading(makeReading({ value: 3 }), rank(1, "a"))).toMatchObject({ changed: false });
  expect(store.putReading(makeReading({ value: 4 }), rank(0, "z"))).toMatchObject({ changed: false });
  expect(file.db.prepare("SELECT value, plot FROM reading").all()).toEqual([{ value: 2, plot: "kita-3" }]);
});

test("newest is by event time, also of what was there before the start", () => {
  store.putReading(makeReading({ timeMs: T0_MS }), rank(1));
  const restarted = new IngestStore(file.db, { outbox: "off" });
  expect(restarted.putReading(makeReading({ timeMs: T0_MS - 1 }), rank(2)).newest).toBe(false);
  expect(restarted.putReading(makeReading({ timeMs: T0_MS + 1 }), rank(3)).newest).toBe(true);
  expect(restarted.putReading(makeReading({ timeMs: T0_MS - 1, depthCm: 10, quantity: "soil.moisture" }), rank(4)).newest).toBe(true);
});

test("a rolled-back batch leaves nothing behind, not even in memory", () => {
  expect(() =>
    store.transaction(() => {
      store.putReading(makeReading({ timeMs: T0_MS + 1000 }), rank(1));
      throw new Error("power cut");
    }),
  ).toThrow("power cut");
  expect(store.transaction(() => store.putReading(makeReading({ timeMs: T0_MS }), rank(1)))).toMatchObject({ changed: true, newest: true });
  expect(file.db.prepare("SELECT count(*) AS n FROM outbox").get()).toEqual({ n: 1 });
});

test("an uplink is done with when it is processed and its readings are sent", () => {
  store.advance(10);
  expect(upkeep.doneUpTo()).toBe(10);
  store.putReading(makeReading(), rank(1, "a", 7));
  expect(upkeep.doneUpTo()).toBe(6);
  file.db.exec("DELETE FROM outbox");
  expect(upkeep.doneUpTo()).toBe(10);
});

test("readings stored while InfluxDB was off are queued, once, when it is on", () => {
  const off = new IngestStore(file.db, { outbox: "off" });
  const at = (seq: number) => makeReading({ timeMs: T0_MS + seq });
  const put = (s: IngestStore, seq: number): void => {
    s.putReading(at(seq), rank(seq, "a", seq));
    s.advance(seq);
  };
  put(off, 1);
  put(off, 2);
  expect(off.catchUpOutbox()).toBe(0);
  expect(store.catchUpOutbox()).toBe(2);
  put(store, 3);
  expect(store.catchUpOutbox()).toBe(0);
  put(off, 4);
  expect(store.catchUpOutbox()).toBe(1);
  expect(file.db.prepare("SELECT time_ms - ? AS seq FROM outbox ORDER BY outbox.seq").all(T0_MS)).toEqual([1, 2, 3, 4].map((seq) => ({ seq })));
});

test("what is old goes in steps; the device's newest session and everything younger stay", () => {
  const account = { source: "cs", outcome: "stored" as const, reason: "", device: "d" };
  const session = { sessionKey: "a", startMs: 0, joined: false, lastFCnt: 1 };
  for (let seq = 1; seq <= 4; seq += 1) {
    store.account({ ...account, seq, receivedAtMs: seq * 100 });
    store.saveFrame({ devEui: "d", fCnt: seq, fPort: 2, payloadHash: "a" }, { session: 1, timeMs: seq, receivedAtMs: seq * 100 });
  }
  store.saveSession("d", { ...session, number: 1, lastTimeMs: 50 });
  store.saveSession("d", { ...session, number: 2, lastTimeMs: 60 });
  while (upkeep.forgetStep({ receivedBeforeMs: 300, upToSeq: 1 }));
  expect(file.db.prepare("SELECT seq FROM uplink_result").all()).toEqual([{ seq: 2 }, { seq: 3 }, { seq: 4 }]);
  expect(file.db.prepare("SELECT f_cnt FROM frame").all()).toEqual([{ f_cnt: 3 }, { f_cnt: 4 }]);
  expect(store.sessions("d").map((s) => s.number)).toEqual([2]);
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

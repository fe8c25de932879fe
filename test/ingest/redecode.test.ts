import { expect, test } from "vitest";
import type { RedecodeOrder } from "../../core/domain/codec.ts";
import type { Device } from "../../core/domain/site.ts";
import { whatBecameKnown } from "../../ingest/became-known.ts";
import { indexDevices } from "../../ingest/device-index.ts";
import type { ScriptDecoder } from "../../ingest/frame-decoder.ts";
import { Redecoder } from "../../ingest/redecode.ts";
import { IngestStore } from "../../store/ingest-store.ts";
import { RedecodeJobs } from "../../store/redecode-jobs.ts";
import { Bench, chirpstackUp, ldds75, levelSensor, RECEIVED_MS, type Sent } from "./support.ts";

const T0_MS = Date.parse("2026-06-01T00:00:00Z");
const HALF_HOUR_MS = 1_800_000;
const LATER_MS = T0_MS + 48 * 3_600_000;
const CODEC = { id: "own", sha256: "1" };

/** Two bytes: the level in cm, then an EC, which a later version of the script leaves out. */
function script(version: 1 | 2): ScriptDecoder {
  return {
    decode: (_id, { bytes }) => {
      const common = { depthCm: null, timeMs: null, reasons: [] };
      const level = { quantity: "water.level" as const, value: (bytes[0] ?? 0) * version, ...common };
      const ec = { quantity: "soil.ec" as const, value: bytes[1] ?? 0, ...common };
      return { kind: "decoded", codec: { ...CODEC, sha256: String(version) }, levelKind: null, values: version === 1 ? [level, ec] : [level] };
    },
  };
}

/** A bench whose devices and scripts can change, with the reader of what came before. */
function start(devices: readonly Device[], scripts: ScriptDecoder = script(1)) {
  const now = { devices, scripts };
  const decode: ScriptDecoder = { decode: (id, frame) => now.scripts.decode(id, frame) };
  const bench = new Bench([], { scripts: decode, outbox: "fed", devices: () => indexDevices(now) });
  const store = new IngestStore(bench.db, { outbox: "fed" });
  const redecoder = new Redecoder({
    journal: { read: (seq) => bench.journal[seq - 1] },
    store,
    jobs: new RedecodeJobs(bench.db),
    devices: () => ({ index: indexDevices(now), all: now.devices }),
    scripts: decode,
    publish: (topic, message) => bench.published.push({ topic, message }),
    onDevices: (heard, newest) => bench.spoke.push({ heard, newest }),
    onCommit: () => {},
    nowMs: () => RECEIVED_MS,
    log: bench.log,
    metrics: bench.metrics,
  });
  const runAll = (): void => {
    while (redecoder.step());
  };
  return { bench, now, redecoder, runAll };
}

const late = (parts: Parameters<typeof chirpstackUp>[0]): Sent => ({ ...chirpstackUp(parts), receivedAtMs: LATER_MS });
const timeOf = (n: number): string => new Date(T0_MS + n * HALF_HOUR_MS).toISOString();
const up = (fCnt: number, bytes: readonly number[]): Sent => late({ fCnt, data: Buffer.from(bytes).toString("base64"), time: timeOf(fCnt) });
const own = (): Device => levelSensor({ profile: "codec:own" });
const order = (parts: Partial<RedecodeOrder> = {}): RedecodeOrder => ({
  id: 1,
  atMs: RECEIVED_MS,
  what: { kind: "codec", codecId: "own" },
  fromMs: null,
  toMs: null,
  username: "staff",
  reason: "codec",
  cancelledAtMs: null,
  ...parts,
});
const jobs = (bench: Bench) => bench.db.prepare("SELECT state, total, done, changed FROM redecode_job").all();

test("registering a device processes its past uplinks, and the ledger follows", () => {
  const { bench, now, redecoder, runAll } = start([]);
  const sent = [1, 2, 2, 3].map((n) => late({ fCnt: n, data: ldds75(600 + n), time: timeOf(n) }));
  expect(bench.send(...sent)).toEqual(sent.map(() => "rejected: unknown-device"));
  now.devices = [levelSensor()];
  const known = whatBecameKnown({ devices: [], codecs: [] }, { devices: now.devices, codecs: [] });
  redecoder.reconsider(known.names, known.deviceIds);
  runAll();
  expect(bench.ledger()).toEqual({ rejected: 0, stored: 3, duplicate: 1 });
  const fresh = new Bench([levelSensor()]);
  fresh.send(...bench.journal);
  expect(bench.readings()).toEqual(fresh.readings());
  redecoder.reconsider(known.names, known.deviceIds);
  expect(redecoder.step()).toBe(false);
});

test("a mended codec replaces values and provenance, takes back what it gives no longer, and leaves the rest", () => {
  const { bench, now, redecoder, runAll } = start([own()]);
  bench.send(...[0, 1, 2, 3].map((n) => up(n, [10 + n, n])));
  now.scripts = script(2);
  redecoder.order([order({ fromMs: T0_MS + HALF_HOUR_MS, toMs: T0_MS + 3 * HALF_HOUR_MS })]);
  runAll();
  const levels = bench.readings().filter((r) => r["quantity"] === "water.level");
  expect(levels.map((r) => r["value"])).toEqual([10, 22, 24, 13]);
  expect(
    bench
      .readings()
      .filter((r) => r["quantity"] === "soil.ec")
      .map((r) => r["value"]),
  ).toEqual([0, 3]);
  expect(bench.db.prepare("SELECT count(*) AS n FROM outbox WHERE gone_plot IS NOT NULL").get()).toEqual({ n: 2 });
  expect(jobs(bench)).toEqual([{ state: "done", total: 2, done: 2, changed: 4 }]);
  expect(bench.ledger()).toEqual({ stored: 4 });
  const codecs = bench.db
    .prepare(
      "SELECT DISTINCT c.name, c.sha256 FROM reading r JOIN reading_origin o ON o.id = r.origin JOIN codec c ON c.id = o.codec WHERE c.name = 'own' ORDER BY 2",
    )
    .all();
  expect(codecs).toEqual([
    { name: "own", sha256: "1" },
    { name: "own", sha256: "2" },
  ]);
});

test("a whole redecode equals what the new codec would have given from the start", () => {
  const { bench, now, redecoder, runAll } = start([own()]);
  const sent = [up(0, [1, 2]), up(1, [3, 4]), up(1, [3, 4]), up(2, [5, 6]), { ...up(2, [7, 8]) }];
  bench.send(...sent);
  now.scripts = script(2);
  redecoder.order([order()]);
  runAll();
  const fresh = new Bench([own()], { scripts: script(2) });
  fresh.send(...sent);
  expect(bench.readings()).toEqual(fresh.readings());
  expect(bench.ledger()).toEqual(fresh.ledger());
});

test("what one uplink kept another from is filled when the first gives it no longer", () => {
  const { bench, now, redecoder, runAll } = start([own()]);
  const time = new Date(T0_MS).toISOString();
  const low = late({ fCnt: 1, time, data: Buffer.from([1, 9]).toString("base64") });
  const high = late({ fCnt: 2, time, data: Buffer.from([2, 8]).toString("base64") });
  bench.send(high, low);
  expect(bench.value("soil.ec")).toBe(8);
  // only the greater one loses its EC: as if the script had learned to tell the two apart
  now.scripts = { decode: (id, frame) => script(frame.bytes[0] === 2 ? 2 : 1).decode(id, frame) };
  redecoder.order([order()]);
  runAll();
  expect(bench.value("soil.ec")).toBe(9);
  expect(bench.value("water.level")).toBe(4);
});

test("an order that is cancelled stops, one that is done is not done again, and quarantined uplinks find their way", () => {
  const { bench, now, redecoder, runAll } = start([own()], { decode: () => ({ kind: "undecodable", reason: "broken" }) });
  expect(bench.send(...Array.from({ length: 60 }, (_, n) => up(n, [n, n])))[0]).toBe("quarantined: broken");
  now.scripts = script(1);
  redecoder.order([order()]);
  redecoder.step();
  redecoder.order([order({ cancelledAtMs: RECEIVED_MS + 1 })]);
  runAll();
  expect(jobs(bench)).toEqual([{ state: "cancelled", total: 60, done: 50, changed: 50 * 4 }]);
  expect(bench.ledger()).toEqual({ quarantined: 10, stored: 50 });
  redecoder.order([order({ id: 2, atMs: RECEIVED_MS + 2, what: { kind: "device", deviceId: own().id } })]);
  runAll();
  expect(bench.ledger()).toEqual({ quarantined: 0, stored: 60 });
  const readings = bench.readings();
  runAll();
  expect(bench.readings()).toEqual(readings);
});

import { describe, expect, test } from "vitest";
import { Bench, chirpstackUp, DEV_EUI, ldds75, levelSensor, RECEIVED_MS, type Sent } from "./support.ts";

const event = (name: string, message: object): Sent => ({ topic: `application/1/device/${DEV_EUI}/event/${name}`, payload: JSON.stringify(message) });
const senml = (records: unknown, parts: Partial<Sent> = {}): Sent => ({
  topic: "azemichi/v1/devices/pond/senml",
  payload: JSON.stringify(records),
  source: "direct",
  ...parts,
});
const pond = levelSensor({ id: "pond", devEui: null, profile: "senml" });

describe("an uplink becomes readings", () => {
  test("with level, distance, battery and radio, at event time", () => {
    const bench = new Bench([levelSensor()]);
    expect(bench.send(chirpstackUp())).toEqual(["stored"]);
    const timeMs = Date.parse("2026-06-01T00:00:00.123Z");
    const common = { device: "kita-3-level", depthCm: -1, timeMs, flag: 1, reasons: "", plot: "kita-3", timeSource: "network", fCnt: 7 };
    expect(bench.readings()).toMatchObject([
      { ...common, quantity: "device.batteryVoltage", value: 3.3 },
      { ...common, quantity: "radio.rssi", value: -90 },
      { ...common, quantity: "radio.snr", value: 7.5 },
      { ...common, quantity: "water.distance", value: 600 },
      { ...common, quantity: "water.level", value: 15 },
    ]);
    expect(bench.heard).toEqual([["0016c001f153a14c", timeMs]]);
  });

  test("without a zero there is a distance and no level", () => {
    const bench = new Bench([levelSensor({ placements: [] })]);
    bench.send(chirpstackUp());
    expect(bench.value("water.distance")).toBe(600);
    expect(bench.value("water.level")).toBeUndefined();
    expect(bench.readings().every((r) => r["plot"] === null)).toBe(true);
  });

  test("a head above the sensor: level = head - zero, and a distance without one", () => {
    const pr26 = { profile: "decentlab-dl-pr26" };
    const up = chirpstackUp({ fPort: 1, data: "AgFnAANB+GAXDH8=" }); // 0x41f8: 504/32768 bar
    const headCm = 15.68411865234375;
    const zero = { plot: "p", fromMs: null, toMs: null, zeroMm: 50, depthCm: null };
    const placed = new Bench([levelSensor({ ...pr26, placements: [zero] })]);
    placed.send(up);
    expect(placed.value("water.level")).toBeCloseTo(headCm - 5, 2);
    const loose = new Bench([levelSensor({ ...pr26, placements: [] })]);
    loose.send(up);
    expect(loose.value("water.distance")).toBeCloseTo(headCm * 10, 1);
    expect(loose.value("water.level")).toBeUndefined();
  });

  test("plot and zero are those of the event time", () => {
    const moved = Date.parse("2026-06-01T00:00:00Z");
    const placements = [
      { plot: "old", fromMs: null, toMs: moved, zeroMm: 700, depthCm: null },
      { plot: "new", fromMs: moved, toMs: null, zeroMm: 800, depthCm: null },
    ];
    const bench = new Bench([levelSensor({ placements })]);
    bench.send(chirpstackUp({ fCnt: 1, time: "2026-05-31T23:59:59.999Z" }), chirpstackUp({ fCnt: 2, time: "2026-06-01T00:00:00.000Z" }));
    const levels = bench.readings().filter((r) => r["quantity"] === "water.level");
    expect(levels.map((r) => [r["plot"], r["value"]])).toEqual([
      ["old", 10],
      ["new", 20],
    ]);
  });

  test("sentinel, range and clock show in the flag, and are stored", () => {
    const bench = new Bench([levelSensor()]);
    bench.send(
      chirpstackUp({ fCnt: 1, data: ldds75(0xffff), time: "2026-06-01T00:00:01Z" }),
      chirpstackUp({ fCnt: 2, data: ldds75(2000), time: "2026-06-01T00:00:02Z" }),
      chirpstackUp({ fCnt: 3, data: ldds75(9000), time: "2026-06-01T00:00:03Z" }),
      chirpstackUp({ fCnt: 4, time: "1980-01-06T00:00:00Z" }),
    );
    const levels = bench.readings().filter((r) => r["quantity"] === "water.level");
    expect(levels.map((r) => [r["value"], r["flag"], r["reasons"], r["timeMs"]])).toEqual([
      [null, 9, "sentinel", Date.parse("2026-06-01T00:00:01Z")],
      [-125, 3, "unusual", Date.parse("2026-06-01T00:00:02Z")],
      [-825, 4, "range", Date.parse("2026-06-01T00:00:03Z")],
      [15, 3, "clock", RECEIVED_MS],
    ]);
  });

  test("ChirpStack's device status is a battery reading, or a state without one", () => {
    const bench = new Bench([levelSensor()]);
    const status = { deduplicationId: "x", time: "2026-06-01T00:00:00Z", deviceInfo: { devEui: DEV_EUI }, margin: 10, batteryLevel: 99.2 };
    const powered = { ...status, time: "2026-06-01T01:00:00Z", externalPowerSource: true };
    expect(bench.send(event("status", status), event("status", status), event("status", powered))).toEqual(["stored", "duplicate: status", "stored"]);
    expect(bench.readings()).toMatchObject([
      { quantity: "device.batteryPercent", value: 99.2, timeMs: Date.parse("2026-06-01T00:00:00Z"), timeSource: "network" },
    ]);
  });
});

describe("SenML", () => {
  const timed = [{ bn: "water.level", u: "cm", v: 4, t: 1780272000 }];

  test("times of its own: the same bytes are a copy, whenever they come", () => {
    const bench = new Bench([pond]);
    expect(bench.send(senml(timed), senml(timed, { receivedAtMs: RECEIVED_MS + 86_400_000 }))).toEqual(["stored", "duplicate: same bytes"]);
    expect(bench.readings()).toMatchObject([{ value: 4, timeMs: 1780272000_000, timeSource: "device" }]);
  });

  test("no times: the same value measured again counts, a repetition (DUP) does not", () => {
    const bench = new Bench([pond]);
    const now = [{ n: "water.level", u: "cm", v: 4 }];
    const later = (s: number, dup = false): Sent => senml(now, { receivedAtMs: RECEIVED_MS + s * 1000, dup });
    expect(bench.send(later(0), later(60), later(61, true), later(3600, true))).toEqual(["stored", "stored", "duplicate: same bytes with DUP", "stored"]);
    expect(bench.readings().map((r) => r["timeMs"])).toEqual([0, 60, 3600].map((s) => RECEIVED_MS + s * 1000));
  });

  test("a distance gives a level where the zero is known; a level that the device says itself stands", () => {
    const bench = new Bench([pond]);
    bench.send(senml([{ n: "water.distance", u: "mm", v: 700, t: 1780272000 }]));
    bench.send(
      senml([
        { bt: 1780272060, n: "water.distance", u: "mm", v: 700 },
        { n: "water.level", u: "cm", v: 4 },
      ]),
    );
    expect(bench.readings().map((r) => [r["quantity"], r["value"]])).toEqual([
      ["water.distance", 700],
      ["water.distance", 700],
      ["water.level", 5],
      ["water.level", 4],
    ]);
  });

  test("times relative to now: a minute later it is a new value", () => {
    const bench = new Bench([pond]);
    const ago = [{ n: "water.level", u: "cm", v: 4, t: -5 }];
    expect(bench.send(senml(ago), senml(ago, { receivedAtMs: RECEIVED_MS + 60_000 }))).toEqual(["stored", "stored"]);
  });

  test("twice within a millisecond is no trouble", () => {
    const bench = new Bench([pond]);
    const now = [{ n: "water.level", u: "cm", v: 4 }];
    expect(bench.send(senml(now), senml(now))).toEqual(["stored", "stored"]);
    expect(bench.readings()).toHaveLength(1);
  });
});

describe("what is no reading has its class and reason", () => {
  test.each<[string, Sent, string | RegExp]>([
    ["unknown device", chirpstackUp({ devEui: "a84041ffff0000ff" }), "rejected: unknown-device"],
    ["MAC only", chirpstackUp({ fPort: null }), "rejected: mac-only"],
    ["empty payload with a port", chirpstackUp({ data: "" }), "quarantined: empty payload"],
    ["truncated frame", chirpstackUp({ data: Buffer.from(ldds75(600), "base64").subarray(0, 5).toString("base64") }), /^quarantined: .*byte/],
    ["invalid JSON", { topic: `application/1/device/${DEV_EUI}/event/up`, payload: '{"a":' }, /^quarantined: /],
    ["empty message", { topic: `application/1/device/${DEV_EUI}/event/up`, payload: "" }, /^quarantined: /],
    ["join", event("join", { deviceInfo: { devEui: DEV_EUI }, devAddr: "00189440" }), "rejected: join"],
    ["log", event("log", {}), "rejected: log"],
    ["txack", event("txack", {}), "rejected: txack"],
    ["an event of a later ChirpStack", event("whatever", {}), "rejected: whatever"],
    ["SenML of an unknown device", senml([{ n: "water.level", v: 1 }]), "rejected: unknown-device"],
  ])("%s", (_name, sent, expected) => {
    const bench = new Bench([levelSensor()]);
    expect(bench.send(sent)).toEqual([typeof expected === "string" ? expected : expect.stringMatching(expected)]);
    expect(bench.readings()).toEqual([]);
    expect(Object.values(bench.ledger())).toEqual([1]);
  });

  test("a profile that we do not have", () => {
    expect(new Bench([levelSensor({ profile: "codec:own" })]).send(chirpstackUp())).toEqual(["quarantined: codec own is not live"]);
  });
});

describe("duplicates", () => {
  test("another gateway's copy with another deduplicationId gives its radio data, and nothing else", () => {
    const bench = new Bench([levelSensor()]);
    bench.send(chirpstackUp());
    const before = bench.readings();
    const copy = chirpstackUp({
      deduplicationId: "00000000-0000-4000-8000-000000000000",
      time: "2026-06-01T00:00:48.123Z",
      rxInfo: [{ gatewayId: "0016c001f153a14d", rssi: -50, snr: 9 }],
    });
    expect(bench.send(copy)).toEqual(["duplicate: frame"]);
    const radio = { "radio.rssi": -50, "radio.snr": 9 } as const;
    expect(bench.readings()).toEqual(before.map((r) => ({ ...r, value: radio[r["quantity"] as keyof typeof radio] ?? r["value"] })));
    const weaker = chirpstackUp({ time: "2026-06-01T00:00:50Z", rxInfo: [{ gatewayId: "0016c001f153a14e", rssi: -120, snr: -9 }] });
    const after = bench.readings();
    expect(bench.send(weaker)).toEqual(["duplicate: frame"]);
    expect(bench.readings()).toEqual(after);
    expect(JSON.parse((bench.db.prepare("SELECT receptions FROM frame").get() as { receptions: string }).receptions)).toEqual([
      ["0016c001f153a14c", -90, 7.5],
      ["0016c001f153a14d", -50, 9],
      ["0016c001f153a14e", -120, -9],
    ]);
    expect(bench.ledger()).toEqual({ stored: 1, duplicate: 2 });
  });

  test("a copy that is earlier takes the reading with it, and its former place is empty", () => {
    const bench = new Bench([levelSensor()], { outbox: "fed" });
    bench.send(chirpstackUp({ time: "2026-06-01T00:00:48Z" }));
    expect(bench.send(chirpstackUp({ time: "2026-06-01T00:00:00Z" }))).toEqual(["duplicate: frame"]);
    const first = new Bench([levelSensor()]);
    first.send(chirpstackUp({ time: "2026-06-01T00:00:00Z" }), chirpstackUp({ time: "2026-06-01T00:00:48Z" }));
    expect(bench.readings()).toEqual(first.readings());
    expect(bench.db.prepare("SELECT count(*) AS n FROM outbox WHERE gone_plot = 'kita-3'").get()).toEqual({ n: bench.readings().length });
    expect(bench.db.prepare("SELECT time_ms AS timeMs FROM uplink_result WHERE outcome = 'stored'").get()).toEqual({
      timeMs: Date.parse("2026-06-01T00:00:00Z"),
    });
  });

  test("gateways that heard a copy are alive, and the ledger counts it", () => {
    const bench = new Bench([levelSensor()]);
    bench.send(chirpstackUp(), chirpstackUp({ rxInfo: [{ gatewayId: "0016c001f153a14d", rssi: -50, snr: 9 }] }));
    expect(bench.heard.map(([gateway]) => gateway)).toEqual(["0016c001f153a14c", "0016c001f153a14d"]);
    expect(bench.ledger()).toEqual({ stored: 1, duplicate: 1 });
  });

  test("two frames for one moment: the greater (fCnt, payload hash) stands, in either order", () => {
    const [a, b] = [chirpstackUp({ fCnt: 7, data: ldds75(600) }), chirpstackUp({ fCnt: 8, data: ldds75(610) })];
    const one = new Bench([levelSensor()]);
    one.send(a, b);
    const other = new Bench([levelSensor()]);
    other.send(b, a);
    expect(one.value("water.distance")).toBe(610);
    expect(other.readings()).toEqual(one.readings());
  });
});

describe("what is told", () => {
  test("once per batch and device, and only what is newest", () => {
    const bench = new Bench([levelSensor()]);
    bench.send(chirpstackUp({ fCnt: 1, time: "2026-06-01T00:00:00Z" }), chirpstackUp({ fCnt: 2, data: ldds75(650), time: "2026-06-01T00:00:02Z" }));
    expect(bench.published).toHaveLength(1);
    expect(bench.published[0]).toMatchObject({ topic: "azemichi/v1/readings/kita-3-level", message: { deviceId: "kita-3-level" } });
    const [told] = bench.published as { message: { readings: { quantity: string; value: number; time: string }[] } }[];
    expect(told?.message.readings.find((r) => r.quantity === "water.level")).toMatchObject({ value: 10, time: "2026-06-01T00:00:02.000Z" });
    bench.send(chirpstackUp({ fCnt: 0, time: "2026-05-31T00:00:00Z" }));
    expect(bench.published).toHaveLength(1);
  });

  test("the outbox follows the readings, only where InfluxDB is on", () => {
    const fed = new Bench([levelSensor()], { outbox: "fed" });
    fed.send(chirpstackUp(), chirpstackUp());
    expect(fed.db.prepare("SELECT count(*) AS n FROM outbox").get()).toEqual({ n: 5 });
    const off = new Bench([levelSensor()]);
    off.send(chirpstackUp());
    expect(off.db.prepare("SELECT count(*) AS n FROM outbox").get()).toEqual({ n: 0 });
  });
});

describe("trouble", () => {
  test("an uplink that our own code stumbles over is set aside, the rest goes on", () => {
    const index = {
      find: (): never => {
        throw new TypeError("a bug");
      },
    };
    const bench = new Bench([levelSensor()], { devices: () => index });
    expect(bench.send(chirpstackUp(), event("log", {}))).toEqual(["quarantined: internal", "rejected: log"]);
    expect(bench.errors).toHaveLength(1);
  });

  test("one that cannot be written does not keep its batch back", () => {
    const bench = new Bench([levelSensor()]);
    bench.db.exec("CREATE TRIGGER stumble BEFORE INSERT ON reading WHEN NEW.f_cnt = 2 BEGIN SELECT raise(ABORT, 'no'); END");
    const ups = [1, 2, 3].map((fCnt) => chirpstackUp({ fCnt, time: `2026-06-01T00:00:0${fCnt}Z` }));
    expect(bench.send(...ups)).toEqual(["stored", "quarantined: internal", "stored"]);
    expect(bench.ledger()).toEqual({ stored: 2, quarantined: 1 });
  });

  test("a store that cannot be written keeps everything pending, and goes on later", () => {
    const bench = new Bench([levelSensor()]);
    bench.db.exec("PRAGMA query_only = ON");
    expect(() => bench.send(chirpstackUp())).toThrow();
    expect(bench.db.prepare("SELECT cursor FROM progress").get()).toEqual({ cursor: 0 });
    bench.db.exec("PRAGMA query_only = OFF");
    expect(bench.pipeline.step()).toBe(1);
    expect(bench.ledger()).toEqual({ stored: 1 });
  });
});

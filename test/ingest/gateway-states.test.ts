import { beforeEach, describe, expect, test } from "vitest";
import type { GatewayState } from "../../core/domain/live.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { type GatewayRow, GatewayStates } from "../../ingest/gateway-states.ts";

const EUI = "0016c001f153a14c";
const STATS = `as923/gateway/${EUI}/event/stats`;
const CONN = `as923/gateway/${EUI}/state/conn`;
const START = Date.UTC(2026, 5, 1);
const S = 1000;
const MINUTE = 60 * S;
const bytes = (message: unknown) => new TextEncoder().encode(JSON.stringify(message));
const iso = (ms: number) => new Date(ms).toISOString();

/** A store that remembers, and a clock that is moved by hand. */
class Bench {
  rows: GatewayRow[] = [];
  nowMs = START;
  readonly metrics = new Metrics();
  states = this.#start();

  #start(): GatewayStates {
    return new GatewayStates({
      store: {
        gateways: () => this.rows,
        saveGateways: (rows) => {
          this.rows = [...this.rows.filter((old) => !rows.some((row) => row.gatewayId === old.gatewayId)), ...rows];
        },
      },
      catalog: () => ({ gateways: [{ id: "gw-rokugo", eui: EUI.toUpperCase(), name: "六郷", latDeg: null, lonDeg: null }] }),
      metrics: this.metrics,
      nowMs: () => this.nowMs,
    });
  }
  restart(afterMs: number): void {
    this.states.flush();
    this.nowMs += afterMs;
    this.states = this.#start();
  }
  stats(change: object = {}): void {
    this.states.message(STATS, bytes({ gatewayId: EUI, time: iso(this.nowMs), rxPacketsReceived: 3, rxPacketsReceivedOk: 2, ...change }), this.nowMs);
  }
  conn(state: string): void {
    this.states.message(CONN, bytes({ gatewayId: EUI, state }), this.nowMs);
  }
  after(ms: number): this {
    this.nowMs += ms;
    return this;
  }
  told(): GatewayState[] {
    return this.states.flush().map(({ message }) => message);
  }
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

test("stats make it online, and say what it counted", () => {
  bench.stats({ time: iso(START + 4 * S), location: { latitude: 39.5, longitude: 140.5 } });
  expect(bench.states.flush()).toEqual([
    {
      topic: "azemichi/v1/gateways/gw-rokugo",
      message: {
        gatewayId: "gw-rokugo",
        at: iso(START),
        online: true,
        lastSeenAt: iso(START),
        state: "online",
        since: iso(START),
        stats: {
          at: iso(START),
          intervalS: null,
          rxReceived: 3,
          rxReceivedOk: 2,
          txReceived: 0,
          txEmitted: 0,
          clockAheadS: 4,
          position: { latDeg: 39.5, lonDeg: 140.5 },
        },
      },
    },
  ]);
  bench.after(30 * S).stats();
  expect(bench.told()[0]).toMatchObject({ since: iso(START), stats: { at: iso(START + 30 * S), intervalS: 30, position: null } });
});

describe("offline", () => {
  test("when the network says so, since then", () => {
    bench.stats();
    bench.after(10 * S).conn("OFFLINE");
    expect(bench.told()[0]).toMatchObject({ online: false, state: "offline", since: iso(START + 10 * S), lastSeenAt: iso(START) });
    bench.after(60 * MINUTE).conn("OFFLINE");
    expect(bench.told()[0]).toMatchObject({ state: "offline", since: iso(START + 10 * S) });
  });
  test.each<[string, (b: Bench) => void]>([
    ["stats", (b) => b.stats()],
    ["an uplink", (b) => b.states.heard(EUI, b.nowMs)],
    ["a raw frame", (b) => b.states.message(`as923/gateway/${EUI}/event/up`, bytes({}), b.nowMs)],
    ["ONLINE", (b) => b.conn("ONLINE")],
  ])("%s after it says that it is back (the last will of a replaced connection comes late)", (_name, speak) => {
    bench.stats();
    bench.after(S).conn("OFFLINE");
    speak(bench.after(S));
    expect(bench.told()[0]).toMatchObject({ online: true, state: "online", since: iso(START + 2 * S), lastSeenAt: iso(START + 2 * S) });
  });
  test("an uplink that was heard before it, and came late, does not", () => {
    bench.conn("OFFLINE");
    bench.states.heard(EUI, START - 1);
    expect(bench.told()[0]).toMatchObject({ online: false, state: "offline", lastSeenAt: iso(START - 1) });
  });
  test("nor does a retained message that was cleared", () => {
    bench.conn("OFFLINE");
    bench.told();
    bench.states.message(CONN, new Uint8Array(0), bench.after(S).nowMs);
    expect(bench.told()).toEqual([]);
    expect(bench.states.condition(EUI)).toEqual({ state: "offline", sinceMs: START });
  });
});

describe("silent", () => {
  test("5 min after the last stats, told by itself, and online with the next", () => {
    bench.stats();
    bench.told();
    expect(bench.after(5 * MINUTE).told()).toEqual([]);
    expect(bench.after(1).told()).toMatchObject([
      { gatewayId: "gw-rokugo", online: true, state: "silent", since: iso(START), at: iso(START + 5 * MINUTE + 1) },
    ]);
    expect(bench.after(MINUTE).told()).toEqual([]); // once
    bench.stats();
    expect(bench.told()[0]).toMatchObject({ state: "online", since: iso(bench.nowMs) });
  });
  test("three of its own intervals where those are longer", () => {
    bench.stats();
    bench.after(10 * MINUTE).stats();
    bench.told();
    bench.after(30 * MINUTE);
    expect(bench.states.condition(EUI)?.state).toBe("online");
    bench.after(1);
    expect(bench.states.condition(EUI)).toEqual({ state: "silent", sinceMs: START + 10 * MINUTE });
  });
  test("an outage is no interval", () => {
    bench.stats();
    bench.after(30 * S).stats();
    bench.after(8 * 60 * MINUTE).stats();
    bench.after(5 * MINUTE + 1);
    expect(bench.states.condition(EUI)?.state).toBe("silent");
  });
  test("an uplink is a word of it too", () => {
    bench.stats();
    bench.states.heard(EUI, bench.after(4 * MINUTE).nowMs);
    bench.after(4 * MINUTE);
    expect(bench.states.condition(EUI)?.state).toBe("online");
  });
  test("not because we were away: the wait begins with us", () => {
    bench.stats();
    bench.restart(60 * MINUTE);
    expect(bench.states.condition(EUI)).toEqual({ state: "online", sinceMs: null });
    bench.after(5 * MINUTE + 1);
    expect(bench.states.condition(EUI)).toEqual({ state: "silent", sinceMs: START });
  });
});

describe("a gateway that only carries uplinks", () => {
  test("is online for an hour after one, then unknown: nobody can say", () => {
    bench.states.heard(EUI, START);
    expect(bench.told()).toMatchObject([{ online: null, state: "online", since: iso(START), stats: null }]);
    bench.after(60 * MINUTE);
    expect(bench.told()).toEqual([]);
    bench.after(1);
    expect(bench.told()).toMatchObject([{ online: null, state: "unknown", since: iso(START) }]);
  });
  test("uplinks that come late never set it back", () => {
    bench.states.heard(EUI, START);
    bench.states.heard(EUI, START - 60 * MINUTE);
    expect(bench.told()).toMatchObject([{ lastSeenAt: iso(START) }]);
  });
});

describe("across a restart", () => {
  test("offline stays offline, since then", () => {
    bench.conn("OFFLINE");
    bench.restart(MINUTE);
    expect(bench.states.all()).toMatchObject([{ message: { state: "offline", since: iso(START), stats: null } }]);
  });
  test("one never heard of is null", () => expect(bench.states.condition("aa")).toBeNull());
});

test("messages are counted by kind; one that cannot be read changes nothing", () => {
  bench.stats();
  bench.states.message(STATS, new TextEncoder().encode('{"time":'), START);
  bench.states.message(CONN, new Uint8Array([0x10, 0x01]), START); // Protobuf: ONLINE
  expect(["stats", "malformed", "conn"].map((event) => bench.metrics.get("azemichi_gateway_messages_total", { event }))).toEqual([1, 1, 1]);
  expect(bench.told()).toMatchObject([{ online: true }]);
});

test("names that are no level of a topic, and gateways beyond 5000, are not followed", () => {
  for (const name of ["", "a/b", "x".repeat(65), "ä", "a b"]) bench.states.heard(name, START);
  expect(bench.told()).toEqual([]);
  for (let n = 0; n < 5100; n += 1) bench.states.heard(`gw${n}`, START);
  expect(bench.told()).toHaveLength(5000);
  expect(bench.metrics.get("azemichi_gateways_ignored_total")).toBe(100);
  bench.states.heard("gw7", START + 1);
  expect(bench.told()).toHaveLength(1);
});

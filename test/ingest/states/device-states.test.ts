import { expect, test } from "vitest";
import type { DeviceState } from "../../../core/domain/device-state.ts";
import type { Device } from "../../../core/domain/site.ts";
import { type DeviceStateStore, DeviceStates } from "../../../ingest/states/device-states.ts";
import { silentAfterMs } from "../../../ingest/states/silence.ts";
import { DeviceStateStore as SqliteStates } from "../../../store/device-state-store.ts";
import { Bench, chirpstackUp, DEV_EUI, ldds75, levelSensor } from "../support.ts";

const T0 = Date.UTC(2026, 5, 1);
const INTERVAL_MS = 1_800_000;
const AFTER_MS = silentAfterMs(1800);
const EMPTY: DeviceStateStore = {
  heard: () => [],
  sources: () => [],
  channels: () => [],
  frames: () => [],
  battery: () => null,
  listeningSince: () => 0,
  listening: () => {},
};

function start(devices: readonly Device[], store: DeviceStateStore = EMPTY) {
  const world = { nowMs: T0, down: new Set<string>() };
  const states = new DeviceStates({
    store,
    catalog: () => ({ devices, gateways: [{ id: "gw", eui: "AA", name: "六郷", latDeg: null, lonDeg: null }] }),
    gatewayIsDown: (id) => world.down.has(id),
    nowMs: () => world.nowMs,
  });
  const speak = (deviceId: string, parts: { timeMs?: number; gateway?: string; source?: string } = {}): void =>
    states.heard({
      deviceId,
      source: parts.source ?? "cs",
      timeMs: parts.timeMs ?? world.nowMs,
      receivedAtMs: world.nowMs,
      receptions: [[parts.gateway ?? "aa", -90, 5]],
    });
  const told = (): Record<string, DeviceState> => Object.fromEntries(states.flush().map(({ message }) => [message.deviceId, message]));
  return { world, states, speak, told };
}
const sensor = (id: string, parts: Partial<Device> = {}): Device => levelSensor({ id, devEui: id, ...parts });

test("a device falls silent with its cause and is cleared by its next frame, each told once", () => {
  const { world, speak, told } = start([sensor("a"), sensor("b")]);
  speak("a");
  speak("b");
  expect(told()["a"]).toMatchObject({ state: "reporting", cause: null, note: null, lastSeenAt: "2026-06-01T00:00:00.000Z" });
  expect(told()).toEqual({});
  world.nowMs += AFTER_MS + 1;
  speak("b");
  const silent = told()["a"];
  expect(silent).toMatchObject({ state: "silent", cause: "device", since: new Date(T0 + AFTER_MS).toISOString() });
  expect(silent?.note?.code).toBe("silent-device");
  expect(told()).toEqual({});
  speak("a");
  expect(told()["a"]).toMatchObject({ state: "reporting", cause: null });
});

test("loss and battery are looked at again once a device has paused, however fast it sent", () => {
  let frames = [{ fCnt: 0 }];
  const { world, speak, told } = start([sensor("a")], { ...EMPTY, frames: () => frames });
  speak("a");
  expect(told()["a"]?.radio).toMatchObject({ framesReceived: 1, framesLost: 0 });
  world.nowMs += 500;
  frames = [{ fCnt: 0 }, { fCnt: 2 }];
  speak("a");
  expect(told()["a"]?.radio).toMatchObject({ framesReceived: 1, framesLost: 0 });
  world.nowMs += 2000;
  expect(told()["a"]?.radio).toMatchObject({ framesReceived: 2, framesLost: 1 });
  world.nowMs += 2000;
  expect(told()).toEqual({});
});

test("of many devices at a start each has its loss and battery after a while, heard or not", () => {
  const devices = Array.from({ length: 120 }, (_, i) => sensor(`d${i}`));
  const { world, speak, told } = start(devices, { ...EMPTY, frames: () => [{ fCnt: 7 }] });
  for (const { id } of devices) speak(id);
  const known = new Set<string>();
  for (let tick = 0; tick < 4; tick++, world.nowMs += 1000)
    for (const state of Object.values(told())) if (state.radio.framesReceived === 1) known.add(state.deviceId);
  expect(known.size).toBe(devices.length);
});

test("a late frame clears nothing that it does not reach", () => {
  const { world, speak, told } = start([sensor("a"), sensor("b")]);
  speak("a");
  world.nowMs += AFTER_MS + 1;
  speak("b");
  told();
  speak("a", { timeMs: T0 - INTERVAL_MS });
  expect(told()["a"]).toMatchObject({ state: "silent", lastSeenAt: "2026-06-01T00:00:00.000Z" });
});

test("a gateway that is down is named as the cause, by its name", () => {
  const { world, speak, told } = start([sensor("a"), sensor("b")]);
  speak("a");
  world.nowMs += AFTER_MS + 1;
  speak("b", { gateway: "bb" });
  world.down.add("aa");
  const state = told()["a"];
  expect(state).toMatchObject({ state: "silent", cause: "gateway" });
  expect(state?.note?.ja).toContain("六郷");
  expect(state?.radio.gateways).toEqual([{ gatewayId: "aa", lastAt: "2026-06-01T00:00:00.000Z", rssiDbm: -90, snrDb: 5 }]);
});

test("a network that is quiet altogether is the cause, unless it has one device only", () => {
  const both = start([sensor("a"), sensor("b")]);
  both.speak("a");
  both.speak("b");
  both.told();
  both.world.nowMs += AFTER_MS + 1;
  expect(Object.values(both.told()).map((s) => s.cause)).toEqual(["network", "network"]);
  const alone = start([sensor("a")]);
  alone.speak("a");
  alone.world.nowMs += AFTER_MS + 1;
  expect(alone.told()["a"]?.cause).toBe("device");
});

test("after a start of ours nobody is called silent before he had the time to speak", () => {
  const heard = ["a", "b"].map((device) => ({ device, gateway: "", source: "cs", timeMs: T0 - AFTER_MS, receivedMs: T0 - AFTER_MS, rssi: null, snr: null }));
  const { world, told } = start([sensor("a"), sensor("b")], { ...EMPTY, heard: () => heard, listeningSince: (nowMs) => nowMs });
  world.nowMs += 1000;
  expect(told()["a"]).toMatchObject({ state: "unknown", cause: "restart" });
  world.nowMs += AFTER_MS;
  expect(told()["a"]).toMatchObject({ state: "silent" });
});

test("one channel of a device that is heard", () => {
  const { world, states, speak, told } = start([sensor("a")]);
  const bench = new Bench([sensor("a", { devEui: DEV_EUI })]);
  bench.send(chirpstackUp({ time: new Date(T0).toISOString(), data: ldds75(600) }));
  states.readings(bench.spoke.flatMap(({ newest }) => newest));
  speak("a");
  expect(told()["a"]?.channels.map((c) => `${c.quantity} ${c.state}`)).toEqual(["water.distance reporting", "water.level reporting"]);
  world.nowMs += AFTER_MS + 1;
  speak("a");
  const state = told()["a"];
  expect(state).toMatchObject({ state: "reporting", cause: "channel" });
  expect(state?.note?.en).toContain("water.level");
});

test("what the store kept says the same after a restart", () => {
  const devices = [sensor("a", { devEui: DEV_EUI })];
  const bench = new Bench(devices);
  const frames = [1, 2, 4, 5, 6].map((fCnt, i) => ({
    ...chirpstackUp({ fCnt, data: ldds75(600 + i), time: new Date(T0 + i * INTERVAL_MS).toISOString() }),
    receivedAtMs: T0 + i * INTERVAL_MS + 500,
  }));
  const first = start(devices, new SqliteStates(bench.db));
  bench.send(...frames);
  for (const { heard, newest } of bench.spoke) {
    for (const device of heard) first.states.heard(device);
    first.states.readings(newest);
  }
  first.world.nowMs = T0 + 4 * INTERVAL_MS + 1000;
  const before = first.told()["a"];
  const second = start(devices, new SqliteStates(bench.db));
  second.world.nowMs = first.world.nowMs;
  const after = second.told()["a"];
  expect(after).toEqual(before);
  expect(after?.radio).toMatchObject({
    framesReceived: 5,
    framesLost: 1,
    lossPct: 16.7,
    gateways: [{ gatewayId: "0016c001f153a14c", rssiDbm: -90, snrDb: 7.5 }],
  });
  expect(after?.battery).toMatchObject({ voltageV: 3.3, percent: null, daysLeft: null });
});

test("a break of ours that every sender bridges is none; a longer one is", () => {
  const { db } = new Bench([]);
  const store = new SqliteStates(db);
  expect(store.listeningSince(T0)).toBe(T0);
  store.listening(T0, T0 + 60_000);
  expect(store.listeningSince(T0 + 80_000)).toBe(T0);
  expect(store.listeningSince(T0 + 200_000)).toBe(T0 + 200_000);
});

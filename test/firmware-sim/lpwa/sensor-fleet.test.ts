import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { deviceKeyName, type LorawanUp } from "../../../core/domain/uplink.ts";
import { silentLog } from "../../../core/runtime/log.ts";
import { parseUplink } from "../../../core/wire/uplink-message.ts";
import { DEMO_GATEWAY } from "../../../firmware-sim/demo/demo-site.ts";
import { HISTORY_MS, LATE_EVERY_MS, lateReports } from "../../../firmware-sim/lpwa/schedule.ts";
import { runSensorFleet } from "../../../firmware-sim/lpwa/sensor-fleet.ts";
import { demoFleet } from "../../../firmware-sim/scenarios/demo.ts";
import { startBroker, type TestBroker, until } from "../../broker/support.ts";

const SENSORS = demoFleet().map((sensor) => ({ ...sensor, intervalS: 0.2 }));
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function openBroker(): Promise<TestBroker> {
  const started = await startBroker();
  closers.push(() => started.broker.close());
  return started;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "azemichi-fleet-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function start(port: number, options: { statePath: string | null; aheadMs?: number; sensors?: typeof SENSORS }): { stop: () => Promise<void> } {
  const ending = new AbortController();
  const running = runSensorFleet({
    sensors: options.sensors ?? SENSORS,
    gatewayId: DEMO_GATEWAY.eui,
    broker: { host: "127.0.0.1", port, username: "cs", password: "net-secret" },
    statePath: options.statePath,
    log: silentLog,
    nowMs: () => Date.now() + (options.aheadMs ?? 0),
    random: Math.random,
    signal: ending.signal,
  });
  const stop = async (): Promise<void> => {
    ending.abort();
    await running;
  };
  closers.push(stop);
  return { stop };
}

function uplinksOf(started: TestBroker): LorawanUp[] {
  return started.journal.flatMap(({ topic, payload, dup }) => {
    const uplink = parseUplink(topic, Buffer.from(payload), Date.now());
    return uplink.kind === "lorawan-up" && !dup ? [uplink] : [];
  });
}
const perDevice = (uplinks: readonly LorawanUp[]): LorawanUp[][] => [...Map.groupBy(uplinks, (u) => deviceKeyName(u.device)).values()];

test("three days come first, in seconds; then each sensor goes on live, never ahead of the clock", async () => {
  const started = await openBroker();
  const nowMs = Date.now();
  const late = lateReports(SENSORS, { fromMs: nowMs - HISTORY_MS, toMs: nowMs, firstStartMs: nowMs }).length;
  start(started.port, { statePath: null });
  await until(() => started.journal.length > late + 100);
  const uplinks = uplinksOf(started);
  expect(Date.now() - nowMs).toBeLessThan(20_000);
  expect(perDevice(uplinks).length).toBe(SENSORS.length);
  for (const own of perDevice(uplinks)) {
    expect(own.map((u) => u.fCnt)).toEqual(own.map((_, i) => i)); // 0, absent on the wire, is a number too
    expect(new Set(own.map((u) => u.sessionKey)).size).toBe(1);
    const times = own.map((u) => u.networkTimeMs ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeLessThan(nowMs - HISTORY_MS + LATE_EVERY_MS + 5000);
    expect(Math.max(...times)).toBeLessThanOrEqual(Date.now());
  }
  expect(started.gatewayTopics).toContain(`as923/gateway/${DEMO_GATEWAY.eui}/state/conn`);
});

test("a later start sends the gap only, and counts on", async () => {
  const started = await openBroker();
  const statePath = join(newFolder(), "sim-state.json");
  const first = start(started.port, { statePath });
  await until(() => started.journal.length > 5000);
  await first.stop();
  const before = uplinksOf(started);
  started.journal.length = 0;
  start(started.port, { statePath, aheadMs: 2 * LATE_EVERY_MS + 1000 });
  await until(() => started.journal.length > 200);
  const speaking = SENSORS.filter((s) => s.behaviour !== "silent");
  for (const own of perDevice(uplinksOf(started))) {
    const last = before.findLast((u) => own[0] !== undefined && deviceKeyName(u.device) === deviceKeyName(own[0].device));
    expect(own[0]?.sessionKey).toBe(last?.sessionKey);
    expect(own[0]?.fCnt).toBe((last?.fCnt ?? 0) + 1);
    expect(own[0]?.networkTimeMs).toBeGreaterThan(last?.networkTimeMs ?? 0);
    // Two or three quarters of an hour, then live.
    expect((own[3]?.networkTimeMs ?? 0) - (own[0]?.networkTimeMs ?? 0)).toBeLessThan(2 * LATE_EVERY_MS + 5000);
  }
  expect(perDevice(uplinksOf(started)).length).toBe(speaking.length);
});

test("waits for a broker that is not there yet, and loses nothing over its restart", async () => {
  const vacant = await openBroker();
  const port = vacant.port;
  await vacant.broker.close();
  const [one] = SENSORS;
  if (one === undefined) throw new Error("no sensor");
  start(port, { statePath: null, sensors: [one] });
  const first = await startBroker({ listen: { bind: "127.0.0.1", port, tlsPort: null, wsPort: null, tls: null } });
  await until(() => uplinksOf(first).length > 300);
  await first.broker.close();
  const second = await startBroker({ listen: { bind: "127.0.0.1", port, tlsPort: null, wsPort: null, tls: null } });
  closers.push(() => second.broker.close());
  await until(() => uplinksOf(second).length > 10);
  const counters = new Set(
    [...first.journal, ...second.journal].flatMap(({ topic, payload }) => {
      const uplink = parseUplink(topic, Buffer.from(payload), Date.now());
      return uplink.kind === "lorawan-up" ? [uplink.fCnt] : [];
    }),
  );
  const highest = Math.max(...counters);
  expect(counters.size).toBe(highest + 1);
});

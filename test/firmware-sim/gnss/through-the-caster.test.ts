import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { BaseHealth, RoverState } from "../../../core/domain/live.ts";
import { silentLog } from "../../../core/runtime/log.ts";
import { Metrics } from "../../../core/runtime/metrics.ts";
import { Relay } from "../../../correction-relay/relay.ts";
import { antennaOf, DEMO_BASES } from "../../../firmware-sim/demo/demo-site.ts";
import { tractorIn } from "../../../firmware-sim/demo/tractor.ts";
import { runBase, type SimulatorContext } from "../../../firmware-sim/gnss/base-simulator.ts";
import { BaseTransmitter, WARNING } from "../../../firmware-sim/gnss/base-transmitter.ts";
import { skyAt } from "../../../firmware-sim/gnss/observations.ts";
import { runReplay } from "../../../firmware-sim/gnss/replay.ts";
import { runRover } from "../../../firmware-sim/gnss/rover-simulator.ts";
import { BASE_PASSWORD, baseOf, catalogOf, eventually, KEY, ROVER_PASSWORD, roverOf } from "../../correction-relay/support.ts";

/** Our own relay between simulated bases and rovers, on the real clock: what the demo is made of. */
interface Caster {
  readonly port: number;
  readonly bases: Map<string, BaseHealth>;
  readonly rovers: Map<string, RoverState>;
  close(): Promise<void>;
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function openCaster(port = 0): Promise<Caster> {
  const bases = new Map<string, BaseHealth>();
  const rovers = new Map<string, RoverState>();
  const sites = DEMO_BASES.map((base) => baseOf(base.mount, { stationId: base.stationId, antenna: antennaOf(base), sim: true }));
  const catalog = catalogOf(sites, [roverOf("tractor1"), roverOf("tractor2")]);
  const relay = new Relay({
    catalog: { current: () => catalog, onChange: () => () => {} },
    key: KEY,
    simServe: false,
    reports: { base: (h) => void bases.set(h.mount, h), rover: (s) => void rovers.set(s.roverId, s), event: () => {}, refused: () => {}, minute: () => {} },
    log: silentLog,
    metrics: new Metrics(),
    nowMs: Date.now,
  });
  const listening = await relay.listen({ host: "127.0.0.1", port, tls: null });
  const timer = setInterval(() => relay.tick(), 200);
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await relay.close();
  };
  closers.push(close);
  return { port: listening.port, bases, rovers, close };
}

function simulate(run: (context: SimulatorContext) => Promise<void>): void {
  const ending = new AbortController();
  const running = run({ log: silentLog, nowMs: Date.now, random: Math.random, signal: ending.signal });
  closers.push(async () => {
    ending.abort();
    await running;
  });
}
const [ROKUGO, SENHATA] = DEMO_BASES as readonly [(typeof DEMO_BASES)[number], (typeof DEMO_BASES)[number]];
const pushTo = (port: number, base: typeof ROKUGO) => ({ host: "127.0.0.1", port, mount: base.mount, password: BASE_PASSWORD, protocol: base.protocol });

describe("simulated bases and rovers meet in our caster", () => {
  test.each([
    ["v2, POST in chunks, GET", ROKUGO, "v2"],
    ["v1, SOURCE, GET", SENHATA, "v1"],
  ] as const)("%s", async (_, base, protocol) => {
    const caster = await openCaster();
    simulate((context) => runBase(base, pushTo(caster.port, base), context));
    const target = { host: "127.0.0.1", port: caster.port, mount: base.mount, username: "tractor1", password: ROVER_PASSWORD, protocol };
    simulate((context) => runRover(target, tractorIn("kita-3"), context));
    await eventually(() => caster.bases.get(base.mount)?.state === "sending" && caster.rovers.get("tractor1")?.fix === "float", "corrections at the rover");

    const health = caster.bases.get(base.mount);
    expect(health).toMatchObject({ crcFailures: 0, skippedBytes: 0, receiver: WARNING, sim: true, antenna: { stationId: base.stationId, ...antennaOf(base) } });
    const sky = skyAt(base.antenna, Date.now());
    expect(Object.values(health?.satellites ?? {}).reduce((a, b) => a + b, 0)).toBe(sky.length);
    expect(health?.epochLatencyMs ?? 1e9).toBeLessThan(2000);

    const rover = caster.rovers.get("tractor1");
    const truth = tractorIn("kita-3")(Date.now());
    expect(rover?.position?.latDeg).toBeCloseTo(truth.latDeg, 4);
    expect(rover?.position?.lonDeg).toBeCloseTo(truth.lonDeg, 4);
    expect(rover?.baselineKm ?? 99).toBeLessThan(3);
    expect(rover?.ggaAgeS ?? 99).toBeLessThan(5);
  });

  test("a wrong password never gets in; a right one comes back after the caster was gone", async () => {
    const first = await openCaster();
    simulate((context) => runBase(SENHATA, { ...pushTo(first.port, SENHATA), password: "wrong" }, context));
    simulate((context) => runBase(ROKUGO, pushTo(first.port, ROKUGO), context));
    await eventually(() => first.bases.get(ROKUGO.mount)?.state === "sending", "the base with the right password");
    await first.close();
    const second = await openCaster(first.port);
    await eventually(() => second.bases.get(ROKUGO.mount)?.state === "sending", "the base after the caster's return");
    expect(second.bases.get(ROKUGO.mount)?.receiver).toBe(WARNING); // the description comes first again
    expect(second.bases.get(SENHATA.mount)?.state).toBe("absent");
  });

  test("a recording is replayed to its mount", async () => {
    const folder = await mkdtemp(join(tmpdir(), "azemichi-replay-"));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const transmitter = new BaseTransmitter(ROKUGO);
    const startMs = Date.UTC(2026, 10, 20);
    const recording = Buffer.concat([0, 1, 2, 3].flatMap((s) => transmitter.framesAt(startMs + s * 1000)));
    writeFileSync(join(folder, "day.rtcm3"), recording);
    const caster = await openCaster();
    simulate((context) => runReplay(join(folder, "day.rtcm3"), pushTo(caster.port, ROKUGO), context));
    await eventually(() => (caster.bases.get(ROKUGO.mount)?.frames ?? 0) >= 13, "two epochs of the recording"); // 4 of the station, 5 per epoch, less the last
    expect(caster.bases.get(ROKUGO.mount)).toMatchObject({ crcFailures: 0, skippedBytes: 0 });
  });

  test("a recording that holds no frame ends with a sentence", async () => {
    const folder = await mkdtemp(join(tmpdir(), "azemichi-replay-"));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "none.rtcm3"), "not RTCM");
    const caster = await openCaster();
    const context = { log: silentLog, nowMs: Date.now, random: Math.random, signal: AbortSignal.timeout(10_000) };
    await expect(runReplay(join(folder, "none.rtcm3"), pushTo(caster.port, ROKUGO), context)).rejects.toThrow("no RTCM 3 frame");
    await expect(runReplay(join(folder, "absent.rtcm3"), pushTo(caster.port, ROKUGO), context)).rejects.toThrow("ENOENT");
  });
});

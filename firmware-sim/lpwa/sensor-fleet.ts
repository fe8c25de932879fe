import { pause } from "../../core/runtime/back-off.ts";
import type { Log } from "../../core/runtime/log.ts";
import type { SimSensor } from "../demo/sensors.ts";
import { hash32, seedOf } from "../noise.ts";
import { connState, connTopic, statsEvent, statsTopic, upEvent, upTopic } from "./chirpstack-envelope.ts";
import { frameOf } from "./frame-of.ts";
import { type Due, HISTORY_MS, lateReports, liveOffsets } from "./schedule.ts";
import { readSimState, type SimState, writeSimState } from "./sim-state.ts";
import { type BrokerAddress, type Counters, UplinkPublisher } from "./uplink-publisher.ts";
import { conditionsAt } from "./water.ts";

export interface FleetOptions {
  readonly sensors: readonly SimSensor[];
  readonly gatewayId: string;
  readonly broker: BrokerAddress;
  readonly statePath: string | null; // null = nothing is remembered
  readonly log: Log;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

const STATS_EVERY_MS = 30_000;
const SAVE_EVERY_MS = 20_000;
const AHEAD = 400; // counters reserved per device: more than a device uses between two saves, or for three days of late uplinks
const AIR_MS = 150; // from the antenna to us: an event time is never ahead of the clock
const NWK_ID_EXPERIMENTAL = 0x01ff_ffff; // LoRaWAN: device addresses of experimental networks (NetID 0 and 1)

/** Sends the late uplinks of the last three days (or of the gap since the last run), then live ones until the signal. Resolves with its counters. */
export async function runSensorFleet(options: FleetOptions): Promise<Counters> {
  const fleet = new SensorFleet(options);
  try {
    await fleet.sendLate();
    await fleet.sendLive();
    return fleet.counters;
  } finally {
    await fleet.close();
  }
}

class SensorFleet {
  readonly #options: FleetOptions;
  readonly #publisher: UplinkPublisher;
  readonly #fCnts: Map<string, number>;
  readonly #session: number;
  readonly #firstStartMs: number;
  #sentUntilMs: number | null;
  #liveSinceMs: number | null = null;
  #heard = 0; // by the gateway since its last statistics

  constructor(options: FleetOptions) {
    this.#options = options;
    const nowMs = options.nowMs();
    const known = options.statePath === null ? null : readSimState(options.statePath);
    // A clock that was set back makes the file's future useless: start anew.
    const state = known !== null && known.firstStartMs <= nowMs && (known.sentUntilMs ?? 0) <= nowMs ? known : freshState(nowMs, options.random);
    this.#session = state.session;
    this.#firstStartMs = state.firstStartMs;
    this.#sentUntilMs = state.sentUntilMs;
    this.#fCnts = new Map(options.sensors.map((sensor) => [sensor.devEui, state.fCnts[sensor.devEui] ?? 0]));
    const { gatewayId, broker, log, random } = options;
    this.#publisher = new UplinkPublisher(broker, {
      log,
      random,
      will: { topic: connTopic(gatewayId), payload: JSON.stringify(connState(gatewayId, "OFFLINE")) },
      onConnect: () => this.#publisher.send(connTopic(gatewayId), connState(gatewayId, "ONLINE"), { retain: true }),
    });
  }

  get counters(): Counters {
    return this.#publisher.counters;
  }

  /** Also while the broker is not up yet: what is in flight waits for it. */
  async sendLate(): Promise<void> {
    const { sensors, signal, log } = this.#options;
    const toMs = this.#options.nowMs() - AIR_MS;
    const fromMs = Math.max(this.#sentUntilMs ?? 0, toMs - HISTORY_MS);
    const late = lateReports(sensors, { fromMs, toMs, firstStartMs: this.#firstStartMs });
    this.#save(AHEAD);
    for (const due of late) {
      if (signal.aborted) return;
      await this.#publisher.sendWhenRoom(upTopic(due.sensor.devEui), this.#upOf(due), signal);
    }
    await this.#publisher.drained(signal);
    if (signal.aborted) return; // not all acknowledged: the next start sends this stretch again
    this.#sentUntilMs = toMs;
    this.#save(AHEAD);
    log.info("late uplinks sent", { uplinks: late.length, since: new Date(fromMs).toISOString() });
  }

  async sendLive(): Promise<void> {
    const { sensors, signal, gatewayId, nowMs } = this.#options;
    if (signal.aborted) return;
    const startMs = nowMs();
    this.#liveSinceMs = startMs;
    const due: { dueMs: number; everyMs: number; run: (atMs: number) => void }[] = liveOffsets(sensors).map(({ sensor, offsetMs }) => ({
      dueMs: startMs + offsetMs,
      everyMs: sensor.intervalS * 1000,
      run: (atMs) => this.#sendLiveUplink({ sensor, atMs: atMs - AIR_MS }),
    }));
    due.push({ dueMs: startMs + 1000, everyMs: STATS_EVERY_MS, run: (atMs) => this.#sendStats(gatewayId, atMs) });
    due.push({ dueMs: startMs + SAVE_EVERY_MS, everyMs: SAVE_EVERY_MS, run: () => this.#save(AHEAD) });
    while (!signal.aborted) {
      const next = due.reduce((a, b) => (b.dueMs < a.dueMs ? b : a));
      next.dueMs = Math.min(next.dueMs, nowMs() + next.everyMs); // a clock that was set back does not silence the fleet
      await pause(next.dueMs - nowMs(), signal);
      if (signal.aborted) return;
      const atMs = nowMs();
      if (atMs < next.dueMs) continue;
      next.run(atMs);
      // After a sleep of the machine what was missed is not sent in a burst.
      next.dueMs = Math.max(next.dueMs + next.everyMs, atMs + next.everyMs / 2);
    }
  }

  async close(): Promise<void> {
    this.#save(0);
    await this.#publisher.close();
  }

  #sendLiveUplink(due: Due): void {
    this.#publisher.send(upTopic(due.sensor.devEui), this.#upOf(due));
    this.#heard += 1;
    this.#sentUntilMs = due.atMs;
  }

  #sendStats(gatewayId: string, atMs: number): void {
    this.#publisher.send(statsTopic(gatewayId), statsEvent({ gatewayId, atMs, received: this.#heard }));
    this.#heard = 0;
  }

  #upOf({ sensor, atMs }: Due): Record<string, unknown> {
    const fCnt = this.#fCnts.get(sensor.devEui) ?? 0;
    this.#fCnts.set(sensor.devEui, fCnt + 1);
    const seed = seedOf(sensor.plot); // devices of one plot stand in the same water
    const conditions = conditionsAt({ seed, behaviour: sensor.behaviour, atMs, liveSinceMs: this.#liveSinceMs });
    return upEvent({
      ...frameOf(sensor, conditions),
      devEui: sensor.devEui,
      deviceName: sensor.name,
      profileName: sensor.profile,
      devAddr: (hash32(this.#session, seedOf(sensor.devEui)) & NWK_ID_EXPERIMENTAL).toString(16).padStart(8, "0"),
      fCnt,
      atMs,
      gatewayId: this.#options.gatewayId,
    });
  }

  #save(ahead: number): void {
    const { statePath, log } = this.#options;
    if (statePath === null) return;
    const fCnts = Object.fromEntries([...this.#fCnts].map(([devEui, next]) => [devEui, next + ahead]));
    try {
      writeSimState(statePath, { session: this.#session, firstStartMs: this.#firstStartMs, sentUntilMs: this.#sentUntilMs, fCnts });
    } catch (error) {
      log.warn("simulator's state not saved", { error });
    }
  }
}

function freshState(nowMs: number, random: () => number): SimState {
  return { session: Math.floor(random() * 2 ** 32), firstStartMs: nowMs, sentUntilMs: null, fCnts: {} };
}

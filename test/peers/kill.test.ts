import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { expectAllAccounted, expectInfluxEqual, oracleDevices } from "../support/accounting.ts";
import { ADMIN_PASSWORD, fieldSite } from "../support/field-site.ts";
import { Influxd } from "../support/influxd.ts";
import { acknowledgedAtLeast, type OracleOptions, type OracleResult, runOracle } from "../support/oracle.ts";
import { describeNeeding, programPath } from "../support/requirements.ts";
import { eventually, freshFolder, killGroup, type Service, type StartOptions, startService } from "../support/service.ts";

const PUBLISHERS = 4;
const PER_RUN = 25_000;
const RUNS_MAX = 30;
const RATE_PER_S = 2500;
const LAST_KILL_AT = 0.75 * PER_RUN; // of a run, as far as the length of its file tells
const STUCK_MS = 8000;
const FULL = process.env["TORTURE"] === "full" ? 5 : 1; // times as many uplinks and kills
const site = fieldSite({ devices: oracleDevices(PUBLISHERS * RUNS_MAX) });

const running: { service: Service | null; influxd: Influxd | null; load: SteadyLoad | null } = { service: null, influxd: null, load: null };
afterEach(async () => {
  running.load?.abort();
  if (running.service) killGroup(running.service);
  await running.influxd?.remove();
  running.service = null;
  running.influxd = null;
  running.load = null;
});

/** One run of the oracle after the other, each with devices of its own, until it has been told to stop and enough is acknowledged. */
class SteadyLoad {
  readonly files: string[] = [];
  readonly #folder = freshFolder("acked");
  readonly #done: Promise<void>;
  readonly #failing = new AbortController();
  #stopping = false;
  #calm: Promise<unknown> = Promise.resolve();
  acknowledged = 0; // by the runs that ended
  reconnects = 0;

  constructor(port: number, count: number) {
    this.#done = this.#run(port, count);
    this.#done.catch(() => {}); // told by stop()
  }

  atLeast(): number {
    return this.acknowledged + acknowledgedAtLeast(this.files.at(-1) ?? "");
  }

  /** A run is past its log-ins, and the next does not begin soon: the load tool would wait for ever for a first connection that is cut. */
  get flows(): boolean {
    const acknowledged = acknowledgedAtLeast(this.files.at(-1) ?? "");
    return acknowledged > 0 && acknowledged < LAST_KILL_AT;
  }

  /** No run begins before `until` is over. */
  hold(until: Promise<unknown>): void {
    this.#calm = until.catch(() => {});
  }

  stop(): Promise<void> {
    this.#stopping = true;
    return this.#done;
  }

  /** For a test that failed. */
  abort(): void {
    this.#failing.abort();
  }

  async #run(port: number, count: number): Promise<void> {
    for (let run = 0; run < RUNS_MAX && !(this.#stopping && this.acknowledged >= count); run += 1) {
      await this.#calm;
      const ackedFile = join(this.#folder, `${run}.txt`);
      this.files.push(ackedFile);
      const load = { port, ackedFile, publishers: PUBLISHERS, firstPublisher: run * PUBLISHERS, count: PER_RUN, window: 100, ratePerS: RATE_PER_S };
      const result = await this.#oneRun({ ...load, repeatedShare: 0.3 });
      if (result === null) {
        this.files.pop();
        continue;
      }
      this.acknowledged += result.acknowledged;
      this.reconnects += result.reconnects;
    }
  }

  /** Null: its log-ins met a kill after all, so that it sent nothing. */
  async #oneRun(load: Omit<OracleOptions, "signal">): Promise<OracleResult | null> {
    const stuck = new AbortController();
    const ended = runOracle({ ...load, signal: AbortSignal.any([this.#failing.signal, stuck.signal]) });
    const watch = setTimeout(() => acknowledgedAtLeast(load.ackedFile) === 0 && stuck.abort(), STUCK_MS);
    try {
      return await ended;
    } catch (error) {
      if (stuck.signal.aborted && !this.#failing.signal.aborted) return null;
      throw error;
    } finally {
      clearTimeout(watch);
    }
  }
}

type Victim = "field" | "group" | "influxd";

/** Loads a service and kills by the list, evenly over `count` uplinks; each victim is back before the next is due. */
async function killUnderLoad(options: {
  count: number;
  victims: readonly Victim[];
  env?: Record<string, string>;
  influxd?: Influxd;
}): Promise<{ service: Service; load: SteadyLoad }> {
  const { count, victims, influxd } = options;
  const start: StartOptions = { env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD, ...options.env }, through: "npm" };
  let service = await startService({ ...start, site });
  running.service = service;
  const env = { ...start.env, AZEMICHI_MQTT_PORT: String(service.ready.mqtt) };
  const load = new SteadyLoad(service.ready.mqtt, count);
  running.load = load;
  const strike = async (victim: Victim): Promise<void> => {
    if (victim === "field") return killField(service);
    if (victim === "influxd") {
      await influxd?.kill();
      return influxd?.start();
    }
    killGroup(service);
    await service.exit;
    await eventually(() => ["relay", "field", "web"].every((role) => service.pidsOf(role).length === 0), { timeoutMs: 10_000, what: "the group to be gone" });
    service = await startService({ ...start, env, dataDir: service.dataDir });
    running.service = service;
    return undefined;
  };
  for (const [i, victim] of victims.entries()) {
    const due = (count * (i + 1)) / (victims.length + 1);
    await eventually(() => load.atLeast() >= due && load.flows, { timeoutMs: 120_000, what: `load before kill ${i + 1} (${victim})` });
    const struck = strike(victim);
    load.hold(struck);
    await struck;
  }
  await load.stop();
  return { service, load };
}

async function killField(service: Service): Promise<void> {
  const [pid] = await eventually(
    () => {
      const pids = service.pidsOf("field");
      return pids.length > 0 && pids;
    },
    { timeoutMs: 20_000, what: "a field to kill" },
  );
  process.kill(pid as number, "SIGKILL");
  await eventually(() => service.pidsOf("field").some((p) => p !== pid), { timeoutMs: 20_000, what: "field to be back" });
  await eventually(() => takesConnections(service.ready.mqtt), { timeoutMs: 20_000, what: "the broker to be back" });
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).on("error", () => resolve(false));
  });
}

const times = (n: number, ...victims: Victim[]): Victim[] => Array.from({ length: n }, () => victims).flat();

// The greater test below holds all of this one.
describe.skipIf(programPath("influxd") !== undefined)("killed under load", () => {
  test("field twice, the whole group once: every acknowledged uplink is a reading, once", async () => {
    const { service, load } = await killUnderLoad({ count: 20_000, victims: ["field", "group", "field"] });
    expect(load.acknowledged).toBeGreaterThanOrEqual(20_000);
    expect(load.reconnects).toBeGreaterThanOrEqual(3);
    expect((await expectAllAccounted(service, load.files)).distinct).toBeGreaterThan(10_000);
  }, 180_000);
});

describeNeeding(["influxd"], "killed under load with a real influxd", () => {
  test(
    "field 20 times, the whole group and influxd 5 times each: nothing is lost, nothing doubled, InfluxDB equals SQLite",
    async () => {
      const influxd = await Influxd.prepare();
      running.influxd = influxd;
      await influxd.start();
      const count = 100_000 * FULL;
      const victims = times(5 * FULL, "field", "field", "influxd", "field", "field", "group");
      const env = { AZEMICHI_INFLUX_URL: influxd.url, AZEMICHI_INFLUX_DATABASE: "kill" };
      const { service, load } = await killUnderLoad({ count, victims, env, influxd });
      expect(load.acknowledged).toBeGreaterThanOrEqual(count);
      expect(load.reconnects).toBeGreaterThanOrEqual(25 * FULL);
      const { ledger } = await expectAllAccounted(service, load.files, { influx: true });
      expect(ledger.influx).toMatchObject({ backlog: 0, refused: 0, lastError: null });
      expect(await expectInfluxEqual(service, influxd, "kill")).toBeGreaterThan(count);
    },
    420_000 * FULL,
  );
});

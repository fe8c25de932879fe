import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { expectAllAccounted, expectInfluxEqual, oracleDevices } from "../support/accounting.ts";
import { ADMIN_PASSWORD, fieldSite } from "../support/field-site.ts";
import { Influxd } from "../support/influxd.ts";
import { acknowledgedAtLeast, runOracle } from "../support/oracle.ts";
import { describeNeeding } from "../support/requirements.ts";
import { eventually, freshFolder, killGroup, type Service, type StartOptions, startService } from "../support/service.ts";

const PUBLISHERS = 4;
const FULL = process.env["TORTURE"] === "full" ? 5 : 1; // times as many uplinks and kills
const site = fieldSite({ devices: oracleDevices(PUBLISHERS) });

const running: { service: Service | null; influxd: Influxd | null } = { service: null, influxd: null };
afterEach(async () => {
  if (running.service) killGroup(running.service);
  await running.influxd?.remove();
  running.service = null;
  running.influxd = null;
});

type Victim = "field" | "group" | "influxd";

/** Loads a service and kills by the list, evenly over the load; each victim is back before the next is due. */
async function killUnderLoad(options: { count: number; victims: readonly Victim[]; env?: Record<string, string>; influxd?: Influxd }): Promise<{
  service: Service;
  ackedFile: string;
  reconnects: number;
  acknowledged: number;
}> {
  const { count, victims, influxd } = options;
  const start: StartOptions = { env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD, ...options.env }, through: "npm" };
  let service = await startService({ ...start, site });
  running.service = service;
  const env = { ...start.env, AZEMICHI_MQTT_PORT: String(service.ready.mqtt) };
  const ackedFile = join(freshFolder("acked"), "acked.txt");
  const load = { port: service.ready.mqtt, ackedFile, publishers: PUBLISHERS, count, window: 100, ratePerS: 0, repeatedShare: 0.3 };
  let ended = false;
  const done = runOracle(load).finally(() => (ended = true));
  for (const [i, victim] of victims.entries()) {
    const due = (count * (i + 1)) / (victims.length + 2);
    await eventually(() => ended || acknowledgedAtLeast(ackedFile) >= due, { timeoutMs: 60_000, what: `load before kill ${i + 1} (${victim})` });
    if (victim === "field") await killField(service);
    else if (victim === "influxd") {
      await influxd?.kill();
      await influxd?.start();
    } else {
      killGroup(service);
      await service.exit;
      await eventually(() => ["relay", "field", "web"].every((role) => service.pidsOf(role).length === 0), { timeoutMs: 10_000, what: "the group to be gone" });
      service = await startService({ ...start, env, dataDir: service.dataDir });
      running.service = service;
    }
  }
  expect(ended).toBe(false); // else the last ones were killed at rest
  return { service, ackedFile, ...(await done) };
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
}

const times = (n: number, ...victims: Victim[]): Victim[] => Array.from({ length: n }, () => victims).flat();

describe("killed under load", () => {
  test("field twice, the whole group once: every acknowledged uplink is a reading, once", async () => {
    const { service, ackedFile, acknowledged, reconnects } = await killUnderLoad({ count: 20_000, victims: ["field", "group", "field"] });
    expect(acknowledged).toBeGreaterThanOrEqual(20_000);
    expect(reconnects).toBeGreaterThanOrEqual(3);
    expect((await expectAllAccounted(service, ackedFile)).distinct).toBeGreaterThan(10_000);
  }, 180_000);
});

describeNeeding(["influxd"], "killed under load with a real influxd", () => {
  test(
    "field 20 times, the whole group and influxd 5 times each: nothing is lost, nothing doubled, InfluxDB equals SQLite",
    async () => {
      const influxd = await Influxd.prepare();
      running.influxd = influxd;
      await influxd.start();
      const count = 80_000 * FULL;
      const victims = times(5 * FULL, "field", "field", "influxd", "field", "field", "group");
      const env = { AZEMICHI_INFLUX_URL: influxd.url, AZEMICHI_INFLUX_DATABASE: "kill" };
      const { service, ackedFile, acknowledged } = await killUnderLoad({ count, victims, env, influxd });
      expect(acknowledged).toBeGreaterThanOrEqual(count);
      const { ledger } = await expectAllAccounted(service, ackedFile, { influx: true });
      expect(ledger.influx).toMatchObject({ backlog: 0, refused: 0, lastError: null });
      expect(await expectInfluxEqual(service, influxd, "kill")).toBeGreaterThan(count);
    },
    300_000 * FULL,
  );
});

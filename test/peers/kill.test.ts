import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import type { Ledger } from "../../core/domain/ledger.ts";
import { ADMIN_PASSWORD, adminGet, fieldSite, NETWORK } from "../support/field-site.ts";
import { describeNeeding, sharedPath } from "../support/requirements.ts";
import { eventually, freshFolder, killGroup, type Service, startService } from "../support/service.ts";

const PUBLISHERS = 4;
const COUNT = 6000;
const devEuiOf = (i: number): string => (0xbe4c000000000000n + BigInt(i)).toString(16);
const devices = Array.from({ length: PUBLISHERS }, (_, i) => ({ id: `bench-${i}`, devEui: devEuiOf(i), profile: "dragino-ldds75" }));
const site = fieldSite({ devices });

const running: Service[] = [];
afterEach(() => {
  for (const service of running.splice(0)) killGroup(service);
});

/** The oracle: publishes, reconnects, sends again, and writes down what was acknowledged. Ends by itself. */
function load(port: number, ackedFile: string): Promise<{ acked_in_all: number; reconnects: number }> {
  const args = [
    "--port",
    String(port),
    "--payload",
    "chirpstack",
    "--topic",
    "application/bench/device/{devEui}/event/up",
    "--client-id",
    "oracle-{i}",
    "--user",
    NETWORK.username,
    "--password",
    NETWORK.password,
  ];
  const child = spawn(
    process.execPath,
    [
      sharedPath("bench/mqttload.mjs"),
      ...args,
      "--publishers",
      String(PUBLISHERS),
      "--window",
      "100",
      "--count",
      String(COUNT),
      "--rate",
      "600",
      "--dup-share",
      "0.2",
      "--acked",
      ackedFile,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`mqttload ended with ${code}`))));
  });
}

/** Each acknowledged uplink is found as one reading with its own value. */
async function accountFor(service: Service, ackedFile: string): Promise<{ acknowledged: number; ledger: Ledger }> {
  const get = await adminGet(service.ready);
  const ledger = await eventually(
    async () => {
      const now = await get<Ledger>("ledger");
      return now.total.pending === 0 ? now : undefined;
    },
    { timeoutMs: 60_000, what: "the journal to be processed" },
  );
  const acknowledged = new Set(readFileSync(ackedFile, "utf8").trim().split("\n"));
  const db = new DatabaseSync(join(service.dataDir, "readings.db"), { readOnly: true });
  const rows = db
    .prepare(
      "SELECT s.device, r.f_cnt AS fCnt, r.value, count(*) AS n FROM reading r JOIN series s ON s.id = r.series WHERE s.quantity = 'water.distance' GROUP BY s.device, r.f_cnt",
    )
    .all() as { device: string; fCnt: number; value: number; n: number }[];
  db.close();
  const found = new Map(rows.map((row) => [`${devices.find((d) => d.id === row.device)?.devEui} ${row.fCnt}`, row]));
  const missing = [...acknowledged].filter((key) => !found.has(key));
  expect(missing).toEqual([]);
  for (const { fCnt, value, n } of rows) expect([fCnt, value, n]).toEqual([fCnt, 300 + (fCnt % 4000), 1]);
  const { received, stored, duplicate, rejected, quarantined, pending } = ledger.total;
  expect(stored + duplicate + rejected + quarantined + pending).toBe(received);
  expect({ rejected, quarantined, stored }).toEqual({ rejected: 0, quarantined: 0, stored: rows.length });
  return { acknowledged: acknowledged.size, ledger };
}

describeNeeding(["shared"], "killed under load", () => {
  test("field killed five times: every acknowledged uplink is a reading, once", async () => {
    const service = await startService({ site, env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD } });
    running.push(service);
    const ackedFile = join(freshFolder("acked"), "acked.txt");
    const done = load(service.ready.mqtt, ackedFile);
    for (let kill = 1; kill <= 5; kill += 1) {
      const [pid] = await eventually(() => (linesOf(ackedFile) >= (kill * COUNT) / 8 ? service.pidsOf("field") : undefined), {
        timeoutMs: 60_000,
        what: `load before kill ${kill}`,
      });
      process.kill(pid as number, "SIGKILL");
      await eventually(() => service.pidsOf("field").some((p) => p !== pid), { timeoutMs: 10_000, what: "field to be back" });
    }
    expect((await done).reconnects).toBeGreaterThanOrEqual(5);
    expect((await accountFor(service, ackedFile)).acknowledged).toBeGreaterThan(COUNT / 2);
  }, 180_000);

  test("the whole group killed, then started again: every acknowledged uplink is a reading, once", async () => {
    const env = { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD };
    const first = await startService({ site, env });
    running.push(first);
    const ackedFile = join(freshFolder("acked"), "acked.txt");
    const done = load(first.ready.mqtt, ackedFile);
    await eventually(() => linesOf(ackedFile) > COUNT / 3, { timeoutMs: 60_000, what: "load before the kill" });
    killGroup(first);
    await first.exit;
    const second = await startService({ dataDir: first.dataDir, env: { AZEMICHI_MQTT_PORT: String(first.ready.mqtt) } });
    running.push(second);
    expect((await done).reconnects).toBeGreaterThanOrEqual(1);
    expect((await accountFor(second, ackedFile)).acknowledged).toBeGreaterThan(COUNT / 2);
  }, 180_000);
});

function linesOf(path: string): number {
  try {
    return readFileSync(path, "utf8").split("\n").length - 1;
  } catch {
    return 0; // nothing acknowledged yet
  }
}

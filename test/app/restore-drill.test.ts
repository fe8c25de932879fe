import { execFile } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import type { MqttClient } from "mqtt";
import { afterEach, expect, test } from "vitest";
import { readManifest } from "../../app/backup-manifest.ts";
import type { Ledger } from "../../core/domain/ledger.ts";
import { ADMIN_PASSWORD, adminGet, chirpstackUp, fieldSite, networkClient } from "../support/field-site.ts";
import { eventually, freshFolder, killGroup, ROOT, type Service, startService } from "../support/service.ts";

const DEV_EUI = "a84041ffff000001";
const site = fieldSite({
  devices: [{ id: "level", devEui: DEV_EUI, profile: "dragino-ldds75", intervalS: 60, placements: [{ plot: "kita-3", from: "2020-01-01", zeroMm: 9000 }] }],
});
const T0_MS = Date.UTC(2026, 4, 1);

const running: Service[] = [];
afterEach(() => {
  for (const service of running.splice(0)) killGroup(service);
});

async function start(options: Parameters<typeof startService>[0]): Promise<Service> {
  const service = await startService({ ...options, env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD, AZEMICHI_SIM: "off" } });
  running.push(service);
  return service;
}

/** As an operator types it. */
async function command(name: "backup" | "restore", args: readonly string[], dataDir: string): Promise<string> {
  const env = { ...process.env, AZEMICHI_DATA_DIR: dataDir };
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, "app", "task.mjs"), name, ...args], { env });
  return stdout;
}

/** Frame number i: one reading, of its own minute and its own distance (mm, two bytes behind the battery's). */
const distanceMm = (i: number): number => 1000 + i;
const send = (client: MqttClient, i: number): Promise<unknown> => {
  const bytesHex = `0ce4${distanceMm(i).toString(16).padStart(4, "0")}00000001`;
  const { topic, body } = chirpstackUp({ devEui: DEV_EUI, fCnt: i, fPort: 2, bytesHex, time: new Date(T0_MS + i * 60_000).toISOString() });
  return client.publishAsync(topic, body, { qos: 1 });
};

/** Minute → level, cm, as they stand in a data folder or a backup. */
function levels(folder: string): Map<number, number> {
  const db = new DatabaseSync(join(folder, "readings.db"), { readOnly: true });
  const rows = db.prepare("SELECT r.time_ms AS ms, r.value FROM reading r JOIN series s ON s.id = r.series WHERE s.quantity = 'water.level' ORDER BY 1").all();
  db.close();
  return new Map((rows as { ms: number; value: number }[]).map(({ ms, value }) => [(ms - T0_MS) / 60_000, value]));
}

async function settled(service: Service): Promise<Ledger> {
  const get = await adminGet(service.ready);
  return eventually(async () => ((await get<Ledger>("ledger")).total.pending === 0 ? get<Ledger>("ledger") : undefined), {
    timeoutMs: 60_000,
    what: "the journal to be processed",
  });
}

test("a backup under load, put back after a crash: the same ledger, the same readings, and uplinks go on", async () => {
  const service = await start({ site });
  const client = await networkClient(service.ready);
  let next = 0;
  let acknowledged = 0;
  let loading = true;
  const load = (async () => {
    while (loading) {
      const first = next;
      next += 20;
      await Promise.all(Array.from({ length: 20 }, (_, i) => send(client, first + i)));
      acknowledged = next;
    }
  })();
  await eventually(() => acknowledged >= 500, { timeoutMs: 30_000, what: "load" });
  const before = acknowledged;
  const backups = freshFolder("backups");
  const said = await command("backup", [backups, "--keep", "3"], service.dataDir);
  const backup = /^backup: (.+)$/m.exec(said)?.[1] as string;
  const after = next;
  await eventually(() => acknowledged >= after + 500, { timeoutMs: 30_000, what: "load after the backup" });
  loading = false;
  await load;
  await client.endAsync(true);
  killGroup(service);
  await service.exit;

  const manifest = readManifest(backup);
  expect(manifest.ledger.received).toBeGreaterThanOrEqual(before);
  expect(manifest.ledger.received).toBeLessThanOrEqual(after);

  const dataDir = freshFolder("restored");
  expect(await command("restore", [backups, "--to", dataDir], service.dataDir)).toContain(dataDir);
  expect([...levels(dataDir)]).toEqual([...levels(backup)]);
  const restored = await start({ dataDir });
  const ledger = await settled(restored);
  expect(ledger.total).toMatchObject({ received: manifest.ledger.received, stored: manifest.ledger.received, pending: 0 });
  const found = levels(dataDir);
  expect(found.size).toBe(manifest.ledger.received);
  for (let i = 0; i < before; i += 1) expect(found.get(i), `frame ${i}`).toBe((9000 - distanceMm(i)) / 10);
  for (const [minute, level] of levels(backup)) expect(found.get(minute)).toBe(level);

  const again = await networkClient(restored.ready);
  await send(again, after + 10_000);
  await again.endAsync();
  expect((await settled(restored)).total).toMatchObject({ received: manifest.ledger.received + 1, stored: manifest.ledger.received + 1 });
  const journal = new DatabaseSync(join(dataDir, "journal.db"), { readOnly: true });
  expect(journal.prepare("SELECT max(seq) AS seq FROM uplink").get()).toEqual({ seq: manifest.lastUplink + 1 });
  journal.close();
  expect((await restored.stop()).code).toBe(0);
}, 120_000);

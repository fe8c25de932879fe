import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Aedes } from "aedes";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfig } from "../../app/config.ts";
import type { RoleContext } from "../../app/role.ts";
import { run } from "../../app/roles/web.ts";
import type { BaseJson, MeJson } from "../../core/domain/api.ts";
import type { Ledger } from "../../core/domain/ledger.ts";
import { silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { Resources } from "../../core/runtime/resource.ts";
import { CatalogStore } from "../../store/catalog.ts";
import { watchCatalog } from "../../store/catalog-watch.ts";
import { openSse } from "./sse-reader.ts";
import { baseHealth } from "./town.ts";

const KEY = new Uint8Array(32).fill(7);
const PASSWORD = "a password for staff";
const SITE = {
  site: { id: "town", name: { ja: "町", en: "Town" }, timeZone: "Asia/Tokyo" },
  users: [{ id: "u1", username: "staff", password: PASSWORD, role: "admin" }],
  bases: [{ id: "town-hall", mount: "TOWN1" }],
};

let folder: string;
const running: Resources[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-web-"));
});
afterEach(async () => {
  for (const resources of running.splice(0)) await resources.close();
  rmSync(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Our own broker's place: whoever asks is let in. Retained messages are what this test is about. */
async function startBus(): Promise<{ port: number; publish: (topic: string, message: unknown) => Promise<void>; close: () => Promise<void> }> {
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    publish: (topic, message) =>
      new Promise((resolve, reject) =>
        aedes.publish({ cmd: "publish", topic, payload: Buffer.from(JSON.stringify(message)), qos: 0, retain: true, dup: false }, (error) =>
          error ? reject(error) : resolve(),
        ),
      ),
    close: () => new Promise((resolve) => aedes.close(() => server.close(() => resolve()))),
  };
}

async function startWeb(mqttPort: number, env: Record<string, string> = {}): Promise<{ url: string; resources: Resources }> {
  const resources = new Resources(silentLog);
  running.push(resources);
  const http = await freePort();
  const context: RoleContext = {
    role: "web",
    config: readConfig({ AZEMICHI_DATA_DIR: folder, ...env }),
    dataFolder: folder,
    demo: false,
    ports: { http, https: null, mqtt: mqttPort, mqtts: null, mqttWs: null, ntrip: 0, ntrips: null },
    busSecret: "secret of this start",
    key: KEY,
    catalog: resources.use("catalog", watchCatalog(join(folder, "catalog.db"), { log: silentLog }), (c) => c.close()),
    log: silentLog,
    metrics: new Metrics(),
    resources,
    signal: new AbortController().signal,
    nowMs: Date.now,
  };
  await run(context);
  return { url: `http://127.0.0.1:${http}`, resources };
}

async function importSite(): Promise<void> {
  const store = new CatalogStore(join(folder, "catalog.db"), { key: KEY, profiles: [] });
  expect((await store.importSite(SITE)).ok).toBe(true);
  store.close();
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("condition not met in 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function json<T>(url: string, headers: Record<string, string> = {}): Promise<T> {
  return (await (await fetch(url, { headers })).json()) as T;
}

test("the role on a real data folder: log-in, live states from the bus, readiness, counters; a session outlives a restart", async () => {
  await importSite();
  const bus = await startBus();
  await bus.publish("azemichi/v1/bases/town-hall/health", baseHealth("town-hall", 1));
  await bus.publish("azemichi/v1/internal/metrics/field", [["azemichi_field_ready", {}, 1]]);
  const first = await startWeb(bus.port);

  const logIn = await fetch(`${first.url}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "staff", password: PASSWORD }),
  });
  expect(logIn.status).toBe(200);
  const cookie = logIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  await until(async () => (await json<{ frames: number } | null>(`${first.url}/api/v1/bases/town-hall/health`, { cookie }))?.frames === 1);

  const live = await openSse(`${first.url}/api/v1/events`, { cookie });
  await bus.publish("azemichi/v1/bases/town-hall/health", baseHealth("town-hall", 2));
  await live.until((r) => r.messages.some((m) => m.event === "base" && (m.data as { frames: number }).frames === 2));

  expect(await json(`${first.url}/readyz`)).toEqual({ status: "ready", store: "sqlite", degraded: [] });
  expect(await (await fetch(`${first.url}/metrics`)).text()).toContain('azemichi_field_ready{role="field"} 1');
  await bus.publish("azemichi/v1/internal/metrics/field", [["azemichi_field_ready", {}, 0]]);
  await until(async () => (await fetch(`${first.url}/readyz`)).status === 503);

  const { total } = await json<Ledger>(`${first.url}/api/v1/ledger`, { cookie }); // before field has made its files
  expect(total.received).toBe(0);
  expect((await json<{ bases: unknown }>(`${first.url}/api/v1/site`, { cookie })).bases).toEqual([{ id: "town-hall", mount: "TOWN1" }]);

  await first.resources.close();
  await live.until((r) => r.ended);
  const second = await startWeb(bus.port);
  expect((await json<MeJson>(`${second.url}/api/v1/me`, { cookie })).user?.username).toBe("staff");
  await bus.close();
  await until(async () => (await fetch(`${second.url}/readyz`)).status === 503); // without the broker nobody takes uplinks
  expect((await fetch(`${second.url}/api/v1/snapshot`, { headers: { cookie } })).status).toBe(200);
});

test("an import by the API is seen by the API within seconds, and every browser is told to start over", async () => {
  await importSite();
  const bus = await startBus();
  const { url } = await startWeb(bus.port);
  const logIn = await fetch(`${url}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "staff", password: PASSWORD }),
  });
  const headers = { cookie: logIn.headers.get("set-cookie")?.split(";")[0] ?? "", "content-type": "application/json" };
  const put = (body: unknown) => fetch(`${url}/api/v1/site`, { method: "PUT", headers, body: JSON.stringify(body) });
  const live = await openSse(`${url}/api/v1/events`, { cookie: headers.cookie });

  const refused = await put({ site: SITE.site, bases: [{ id: "second", mount: "NEAR" }] });
  expect([refused.status, refused.headers.get("content-type")]).toEqual([422, "application/problem+json; charset=utf-8"]);
  expect(((await refused.json()) as { errors: { path: string }[] }).errors[0]?.path).toBe("bases[0].mount");

  expect((await put({ site: SITE.site, bases: [{ id: "second", mount: "TOWN2" }] })).status).toBe(200);
  await live.until((r) => r.events().includes("reset"));
  expect((await json<BaseJson[]>(`${url}/api/v1/bases`, headers)).map((b) => b.id)).toEqual(["town-hall", "second"]);
  live.close();
  await bus.close();
});

test.each([
  ["nonsense", false],
  ["10.0.0.0/33", false],
  ["10.0.0.1,", false],
  ["127.0.0.1, 10.0.0.0/8, fd00::/8, loopback", true],
])("AZEMICHI_TRUST_PROXY %j: %s", async (list, valid) => {
  await importSite();
  const started = startWeb(await freePort(), { AZEMICHI_TRUST_PROXY: list });
  if (!valid) await expect(started).rejects.toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining("AZEMICHI_TRUST_PROXY") });
  else expect((await fetch(`${(await started).url}/livez`)).status).toBe(200);
});

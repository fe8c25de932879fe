import { statSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import type { Ledger } from "../../core/domain/ledger.ts";
import { ADMIN_PASSWORD, adminGet, chirpstackUp, fieldSite } from "../support/field-site.ts";
import { eventually, killGroup, type Service, startService } from "../support/service.ts";

const TOKEN = "hook-token-of-a-test-network";
const COUNT = 2000;
const TOGETHER = 40;
const KILLS = 3;
const DEV_EUI = "a84041ffff000001";

let service: Service | undefined;
afterEach(() => {
  if (service) killGroup(service);
});

const agent = new Agent({ keepAlive: true, maxSockets: TOGETHER });

/** The status, or 0 where the connection failed. */
function post(url: URL, body: string): Promise<number> {
  return new Promise((resolve) => {
    const asked = request(url, { method: "POST", agent, headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" } }, (answer) => {
      answer.resume().once("end", () => resolve(answer.statusCode ?? 0));
    });
    asked.once("error", () => resolve(0));
    asked.end(body);
  });
}

/** What a network server with patience does: sends until it is told that it is kept. */
async function postUntilKept(url: URL, body: string): Promise<number[]> {
  const statuses: number[] = [];
  for (;;) {
    const status = await post(url, body);
    statuses.push(status);
    if (status === 204) return statuses;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const uplink = (fCnt: number): string =>
  chirpstackUp({
    devEui: DEV_EUI,
    fCnt,
    fPort: 2,
    bytesHex: `0ce4${(300 + fCnt).toString(16).padStart(4, "0")}00000001`,
    time: new Date(Date.UTC(2026, 5, 1) + fCnt * 60_000).toISOString(),
  }).body;

test("field killed three times in a stream of 2,000 hooks: what was answered 204 is a reading, once, and the ledger balances", {
  timeout: 120_000,
}, async () => {
  const site = fieldSite({
    networks: [{ id: "cs", kind: "chirpstack", hookToken: TOKEN }],
    devices: [{ id: "level", devEui: DEV_EUI, profile: "dragino-ldds75" }],
  });
  service = await startService({ site, env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD } });
  const { ready, dataDir, pidsOf } = service;
  const url = new URL("/hooks/chirpstack/cs?event=up", ready.url);
  expect(statSync(join(dataDir, "run", "field.sock")).mode & 0o777).toBe(0o600);
  let kept = 0;
  let next = 0;
  const statuses: number[] = [];
  const sender = async (): Promise<void> => {
    while (next < COUNT) {
      const fCnt = next;
      next += 1;
      statuses.push(...(await postUntilKept(url, uplink(fCnt))));
      kept += 1;
    }
  };
  const sending = Promise.all(Array.from({ length: TOGETHER }, sender));
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const [pid] = await eventually(() => (kept >= (kill * COUNT) / (KILLS + 1) ? pidsOf("field") : undefined), { timeoutMs: 60_000, what: `kill ${kill}` });
    process.kill(pid as number, "SIGKILL");
    await eventually(() => pidsOf("field").some((p) => p !== pid), { timeoutMs: 10_000, what: "field to be back" });
  }
  await sending;
  expect(statuses.filter((s) => s !== 204 && s !== 503)).toEqual([]);

  const get = await adminGet(ready);
  const { total } = await eventually(
    async () => {
      const now = await get<Ledger>("ledger");
      return now.total.pending === 0 && now.total.received >= COUNT ? now : undefined;
    },
    { timeoutMs: 60_000, what: "the journal to be processed" },
  );
  expect({ ...total, received: total.received - total.duplicate, duplicate: 0 }).toEqual({
    received: COUNT,
    stored: COUNT,
    duplicate: 0,
    rejected: 0,
    quarantined: 0,
    pending: 0,
  });
  const db = new DatabaseSync(join(dataDir, "journal.db"), { readOnly: true });
  const { n } = db.prepare("SELECT count(*) AS n FROM uplink WHERE source = 'cs' AND topic = 'hooks/chirpstack/up'").get() as { n: number };
  db.close();
  expect(n).toBe(total.received);
  const csv = await fetch(new URL("/api/v1/export/readings.csv?quantity=water.distance", ready.url), { headers: await adminCookie(ready.url) });
  const values = (await csv.text())
    .trim()
    .split("\r\n")
    .slice(1)
    .map((row) => Number(row.split(",")[5]));
  expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, i) => 300 + i));
});

async function adminCookie(url: string): Promise<{ cookie: string }> {
  const answer = await fetch(new URL("/api/v1/session", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", password: ADMIN_PASSWORD }),
  });
  return { cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" };
}

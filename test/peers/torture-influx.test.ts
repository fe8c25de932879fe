import { afterEach, describe, expect, test } from "vitest";
import type { Ledger } from "../../core/domain/ledger.ts";
import { settledLedger } from "../support/accounting.ts";
import { type Answer, FakeInflux, refusal } from "../support/fake-influx.ts";
import { ADMIN_PASSWORD, adminGet, chirpstackUp, fieldSite, networkClient } from "../support/field-site.ts";
import { Influxd } from "../support/influxd.ts";
import { describeNeeding } from "../support/requirements.ts";
import { eventually, killGroup, type Service, startService } from "../support/service.ts";

const UPLINKS = 150;
const FIRST_MS = Date.parse("2026-06-01T00:00:00.250Z");
const site = fieldSite({ devices: [{ id: "level", devEui: "a840410000000001", profile: "dragino-ldds75", placements: [{ plot: "kita-3", zeroMm: 750 }] }] });

const running: { services: Service[]; ends: (() => Promise<void>)[] } = { services: [], ends: [] };
afterEach(async () => {
  for (const service of running.services.splice(0)) killGroup(service);
  for (const end of running.ends.splice(0)) await end();
});

async function start(env: Record<string, string>, dataDir?: string): Promise<Service> {
  const service = await startService({
    ...(dataDir === undefined ? { site } : { dataDir }),
    env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD, ...env },
  });
  running.services.push(service);
  return service;
}

async function publish(service: Service, first: number, count: number): Promise<void> {
  const client = await networkClient(service.ready);
  const one = (fCnt: number): Promise<unknown> => {
    const frame = Buffer.from([0x0d, 0x0a, 0, 0, 0, 0, 0, 1]);
    frame.writeUInt16BE(300 + fCnt, 2);
    const time = new Date(FIRST_MS + fCnt * 60_000).toISOString();
    const { topic, body } = chirpstackUp({ devEui: "a840410000000001", fCnt, fPort: 2, bytesHex: frame.toString("hex"), time });
    return client.publishAsync(topic, body, { qos: 1 });
  };
  await Promise.all(Array.from({ length: count }, (_, i) => one(first + i)));
  await client.endAsync();
}

const readyz = async (service: Service): Promise<{ http: number; degraded: string[] }> => {
  const answer = await fetch(new URL("/readyz", service.ready.url));
  return { http: answer.status, degraded: ((await answer.json()) as { degraded: string[] }).degraded };
};
async function metric(service: Service, name: string): Promise<number | undefined> {
  const text = await (await fetch(new URL("/metrics", service.ready.url))).text();
  const line = text.split("\n").find((l) => l.startsWith(`${name}{`));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ") + 1));
}
const troubleTold = (service: Service): Promise<{ http: number; degraded: string[] }> =>
  eventually(
    async () => {
      const now = await readyz(service);
      return now.degraded.some((d) => d.startsWith("influxdb")) && now;
    },
    { timeoutMs: 15_000, what: "readyz to tell of InfluxDB" },
  );

describe("an InfluxDB that says no in every way", () => {
  const target = (fake: FakeInflux): Record<string, string> => ({
    AZEMICHI_INFLUX_URL: fake.url,
    AZEMICHI_INFLUX_ORG: "misato",
    AZEMICHI_INFLUX_BUCKET: "paddies",
    AZEMICHI_INFLUX_TOKEN: "T-secret==",
  });

  test("a missing bucket, 401, 413, 429, 500, 503, lost answers and a bad field: everything arrives, and each is told", async () => {
    const fake = await FakeInflux.listen();
    running.ends.push(() => fake.close());
    let allowed = false;
    let turn = 0;
    fake.rule = ({ path, body }): Answer | "hang up" | null => {
      if (path !== "/api/v2/write") return null;
      if (!allowed) return refusal(401, "unauthorized", "unauthorized access");
      if (body.split("\n").length > 200) return refusal(413, "request too large", "body too large");
      turn += 1;
      if (turn % 7 === 1) return { ...refusal(429, "too many requests", "slow down"), headers: { "retry-after": "1" } };
      if (turn % 7 === 2) return refusal(500, "internal error", "unexpected error");
      if (turn % 7 === 3) return refusal(503, "unavailable", "no quorum");
      if (turn % 7 === 4) {
        if (fake.buckets.has("paddies")) fake.kept.write(body);
        return "hang up"; // stored, but nobody heard of it
      }
      return null;
    };
    const service = await start(target(fake));
    await publish(service, 1, UPLINKS);
    expect(await troubleTold(service)).toEqual({ http: 200, degraded: ["influxdb: 401 unauthorized access: check AZEMICHI_INFLUX_TOKEN"] });
    const { influx } = await settledLedger(service);
    expect(influx).toMatchObject({ sent: 0, refused: 0, lastError: "401 unauthorized access: check AZEMICHI_INFLUX_TOKEN" });
    expect(influx.backlog).toBeGreaterThanOrEqual(2 * UPLINKS);
    expect(service.output()).toContain("influx does not take readings; they wait on disk");
    expect(service.output()).not.toContain("T-secret");
    await eventually(async () => (await metric(service, "azemichi_influx_up")) === 0, { timeoutMs: 15_000, what: "the metric to say 0" });

    allowed = true;
    const after = await settledLedger(service, { influx: true });
    expect(after.influx).toMatchObject({ backlog: 0, refused: 0, lastError: null });
    expect(fake.sent("POST", "/api/v2/buckets")).toHaveLength(1);
    const levels = [...fake.kept.standing()].filter(([key]) => key.startsWith("water|"));
    expect(levels).toHaveLength(UPLINKS);
    for (const [key, fields] of levels) {
      const fCnt = (Number(key.split("|").at(-1)) - FIRST_MS) / 60_000;
      expect([key, fields["level"], fields["distance"]]).toEqual([
        `water|device=level|plot=kita-3|site=test|${FIRST_MS + fCnt * 60_000}`,
        (750 - 300 - fCnt) / 10,
        300 + fCnt,
      ]);
    }
    expect(await readyz(service)).toEqual({ http: 200, degraded: [] });
    await eventually(async () => (await metric(service, "azemichi_influx_up")) === 1, { timeoutMs: 15_000, what: "the metric to say 1" });

    fake.rule = ({ path, body }) =>
      path === "/api/v2/write" && body.includes("battery_voltage=") ? refusal(400, "invalid", "partial write: field type conflict") : null;
    await publish(service, UPLINKS + 1, 5);
    const refused = await settledLedger(service, { influx: true });
    expect(refused.influx).toMatchObject({ backlog: 0, refused: 5, lastError: "400 partial write: field type conflict" });
    expect([...fake.kept.standing().keys()].filter((key) => key.startsWith("water|"))).toHaveLength(UPLINKS + 5);
  }, 120_000);
});

describeNeeding(["influxd"], "a real influxd that asks for a user", () => {
  test("the wrong password holds everything and is told; with the right one after a restart it all arrives", async () => {
    const influxd = await Influxd.prepare({ auth: "on" });
    running.ends.push(() => influxd.remove());
    await influxd.start();
    await influxd.ask("CREATE USER admin WITH PASSWORD 'right horse' WITH ALL PRIVILEGES");
    const env = { AZEMICHI_INFLUX_URL: influxd.url, AZEMICHI_INFLUX_DATABASE: "misato", AZEMICHI_INFLUX_USERNAME: "admin" };
    const first = await start({ ...env, AZEMICHI_INFLUX_PASSWORD: "wrong-horse" });
    await publish(first, 1, 50);
    expect(await troubleTold(first)).toEqual({
      http: 200,
      degraded: ["influxdb: 401 authorization failed: check AZEMICHI_INFLUX_USERNAME and AZEMICHI_INFLUX_PASSWORD"],
    });
    expect(first.output()).not.toContain("wrong-horse");
    await first.stop();

    const second = await start({ ...env, AZEMICHI_INFLUX_PASSWORD: "right horse" }, first.dataDir);
    const { influx } = await settledLedger(second, { influx: true });
    expect(influx).toMatchObject({ backlog: 0, refused: 0, lastError: null });
    expect((await readyz(second)).degraded).toEqual([]);
    const answer = await fetch(`${influxd.url}/query`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from("admin:right horse").toString("base64")}` },
      body: new URLSearchParams({ db: "misato", q: "SELECT count(level) FROM water" }),
    });
    expect(JSON.stringify(await answer.json())).toContain(",50]");
    const ledger = await (await adminGet(second.ready))<Ledger>("ledger");
    expect(ledger.total).toMatchObject({ received: 50, stored: 50 });
  }, 90_000);
});

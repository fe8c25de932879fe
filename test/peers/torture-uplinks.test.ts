import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LedgerCounts } from "../../core/domain/ledger.ts";
import type { ReadingJson } from "../../core/domain/reading.ts";
import { settledLedger } from "../support/accounting.ts";
import { ADMIN_PASSWORD, adminGet, chirpstackUp, fieldSite, networkClient } from "../support/field-site.ts";
import { killGroup, type Service, startService } from "../support/service.ts";

const devices = [
  { id: "same-level", devEui: "a840410000000011", profile: "dragino-ldds75", intervalS: 600, placements: [{ plot: "kita-3", zeroMm: 750 }] },
  { id: "twin-a", devEui: "a840410000000012", profile: "dragino-ldds75", placements: [{ plot: "kita-3", zeroMm: 750 }] },
  { id: "twin-b", devEui: "a840410000000013", profile: "dragino-ldds75", placements: [{ plot: "minami-1", zeroMm: 750 }] },
  { id: "bad-clock", devEui: "a840410000000014", profile: "dragino-ldds75", placements: [{ plot: "kita-3", zeroMm: 750 }] },
];
const LEVEL_4_CM = "0CE402C600000001"; // 3.3 V, 710 mm

describe("uplinks that are easily taken for one another", () => {
  let service: Service;
  let get: <T>(path: string) => Promise<T>;
  beforeAll(async () => {
    service = await startService({ site: fieldSite({ devices }), env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD } });
    get = await adminGet(service.ready);
  });
  afterAll(() => killGroup(service));

  /** Publishes in order; answers what each class of the ledger gained. */
  async function send(messages: readonly { topic: string; body: string }[]): Promise<Partial<LedgerCounts>> {
    const before = (await settledLedger(service)).total;
    const client = await networkClient(service.ready);
    for (const { topic, body } of messages) await client.publishAsync(topic, body, { qos: 1 });
    await client.endAsync();
    const after = (await settledLedger(service)).total;
    const gained = Object.entries(after).map(([name, n]) => [name, n - before[name as keyof LedgerCounts]] as const);
    return Object.fromEntries(gained.filter(([, n]) => n !== 0));
  }
  const rows = async (device: string): Promise<string[][]> => {
    const text = await (await authorized(`export/readings.csv?device=${device}&quantity=water.level`)).text();
    return text
      .replace(/^\uFEFF/, "")
      .trimEnd()
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(","));
  };
  async function authorized(path: string): Promise<Response> {
    const session = await fetch(new URL("/api/v1/session", service.ready.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: "admin", password: ADMIN_PASSWORD }),
    });
    const cookie = session.headers.getSetCookie().map((c) => c.split(";")[0]);
    return fetch(new URL(`/api/v1/${path}`, service.ready.url), { headers: { cookie: cookie.join("; ") } });
  }
  const latest = async (device: string): Promise<ReadingJson | undefined> =>
    (await get<{ readings: ReadingJson[] }>(`readings/latest?device=${device}`)).readings.find((r) => r.quantity === "water.level");

  test("100 uplinks with the same level and rising fCnt are 100 rows", async () => {
    const startMs = Date.now() - 101 * 600_000;
    const messages = Array.from({ length: 100 }, (_, fCnt) =>
      chirpstackUp({ devEui: "a840410000000011", fCnt, fPort: 2, bytesHex: LEVEL_4_CM, time: new Date(startMs + fCnt * 600_000).toISOString() }),
    );
    expect(await send(messages)).toEqual({ received: 100, stored: 100 });
    const found = await rows("same-level");
    expect(found).toHaveLength(100);
    expect(new Set(found.map((r) => r[5]))).toEqual(new Set(["4"]));
    expect(new Set(found.map((r) => r[7])).size).toBe(100);
  });

  test("two devices with the same fCnt, payload and deduplicationId are two readings", async () => {
    const time = new Date(Date.now() - 60_000).toISOString();
    const messages = ["a840410000000012", "a840410000000013"].map((devEui) => {
      const { topic, body } = chirpstackUp({ devEui, fCnt: 7, fPort: 2, bytesHex: LEVEL_4_CM, time });
      return { topic, body: JSON.stringify({ ...JSON.parse(body), deduplicationId: "3ac7e3c4-4401-4b8d-9386-a5c902f9202d" }) };
    });
    expect(await send(messages)).toEqual({ received: 2, stored: 2 });
    expect((await rows("twin-a")).map((r) => [r[2], r[5]])).toEqual([["kita-3", "4"]]);
    expect((await rows("twin-b")).map((r) => [r[2], r[5]])).toEqual([["minami-1", "4"]]);
  });

  test("event times in 2099 and 1970 are kept at their receipt with the reason `clock`, and do not spoil the latest", async () => {
    const before = Date.now();
    const of = (fCnt: number, time: string, bytesHex = LEVEL_4_CM) => chirpstackUp({ devEui: "a840410000000014", fCnt, fPort: 2, bytesHex, time });
    expect(await send([of(1, "2099-01-01T00:00:00Z"), of(2, "1970-01-01T00:00:00Z")])).toEqual({ received: 2, stored: 2 });
    const odd = await rows("bad-clock");
    expect(odd).toHaveLength(2);
    for (const row of odd) {
      const atMs = Date.parse(row[7] as string);
      expect(atMs).toBeGreaterThanOrEqual(before - 1000);
      expect(atMs).toBeLessThanOrEqual(Date.now() + 1000);
    }
    expect((await latest("bad-clock"))?.quality.reasons).toContain("clock");
    // A good time after that is the latest: nothing sits in 2099 before it.
    const goodMs = Date.now() + 2000;
    expect(await send([of(3, new Date(goodMs).toISOString(), "0CE402BC00000001")])).toEqual({ received: 1, stored: 1 });
    const good = await latest("bad-clock");
    expect(good).toMatchObject({ value: 5, time: new Date(goodMs).toISOString() });
    expect(good?.quality.reasons).not.toContain("clock");
  });
});

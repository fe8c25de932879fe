import { afterEach, expect, test } from "vitest";
import type { Ledger } from "../../core/domain/ledger.ts";
import { ADMIN_PASSWORD, adminGet, chirpstackUp, fieldSite, networkClient } from "../support/field-site.ts";
import { Influxd } from "../support/influxd.ts";
import { describeNeeding } from "../support/requirements.ts";
import { eventually, killGroup, type Service, startService } from "../support/service.ts";

const UPLINKS = 40;
const FIRST_MS = Date.parse("2026-06-01T00:00:00.250Z");
const devices = [{ id: "kita-3-level", devEui: "a840410000000001", profile: "dragino-ldds75", placements: [{ plot: "kita-3", zeroMm: 750 }] }];

const running: { service?: Service; influxd?: Influxd }[] = [];
afterEach(async () => {
  for (const { service, influxd } of running.splice(0)) {
    if (service) killGroup(service);
    await influxd?.remove();
  }
});

async function publish(service: Service): Promise<void> {
  const client = await networkClient(service.ready);
  for (let fCnt = 1; fCnt <= UPLINKS; fCnt += 1) {
    const frame = Buffer.from([0x0d, 0x0a, 0, 0, 0, 0, 0, 1]);
    frame.writeUInt16BE(700 + fCnt, 2);
    const { topic, body } = chirpstackUp({
      devEui: "a840410000000001",
      fCnt,
      fPort: 2,
      bytesHex: frame.toString("hex"),
      time: new Date(FIRST_MS + fCnt * 60_000).toISOString(),
    });
    await client.publishAsync(topic, body, { qos: 1 });
    if (fCnt % 5 === 0) await client.publishAsync(topic, body, { qos: 1 }); // a duplicate is no second point
  }
  await client.endAsync();
}

describeNeeding(["influxd"], "a real influxd behind the service", () => {
  test("down for the whole run, back later: every reading arrives, a float, at event time, once", async () => {
    const influxd = await Influxd.prepare();
    const env = { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD, AZEMICHI_INFLUX_URL: influxd.url, AZEMICHI_INFLUX_DATABASE: 'paddy "field"' };
    const first = await startService({ site: fieldSite({ devices }), env });
    running.push({ influxd, service: first });
    await publish(first);
    const get = await adminGet(first.ready);
    await eventually(async () => (await get<Ledger>("ledger")).influx.lastError !== null, { timeoutMs: 15_000, what: "the trouble to be told" });
    const readyz = await fetch(new URL("/readyz", first.ready.url));
    expect([readyz.status, await readyz.json()]).toEqual([200, expect.objectContaining({ degraded: [expect.stringMatching(/influxdb/)] })]);
    await first.stop();

    await influxd.start();
    const second = await startService({ dataDir: first.dataDir, env });
    running.push({ service: second });
    const again = await adminGet(second.ready);
    await eventually(
      async () => {
        const { influx } = await again<Ledger>("ledger");
        return influx.backlog === 0 && influx.sent > 0;
      },
      { timeoutMs: 30_000, what: "the outbox to be empty" },
    );

    const rows = await influxd.ask('SELECT "level", "level_q", "distance" FROM "water" GROUP BY "site", "plot", "device"', 'paddy "field"');
    expect(rows).toEqual(
      Array.from({ length: UPLINKS }, (_, i) => ({
        site: "test",
        plot: "kita-3",
        device: "kita-3-level",
        time: FIRST_MS + (i + 1) * 60_000,
        level: (750 - 701 - i) / 10,
        level_q: expect.any(Number),
        distance: 701 + i,
      })),
    );
    const types = await influxd.ask('SHOW FIELD KEYS FROM "water"', 'paddy "field"');
    expect(new Set(types.map((t) => t["fieldType"]))).toEqual(new Set(["float"]));
  }, 120_000);
});

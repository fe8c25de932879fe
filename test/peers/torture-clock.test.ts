import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import type { ReadingJson } from "../../core/domain/reading.ts";
import { settledLedger } from "../support/accounting.ts";
import { ADMIN_PASSWORD, adminGet, chirpstackUp, fieldSite, networkClient } from "../support/field-site.ts";
import { describeNeeding } from "../support/requirements.ts";
import { eventually, freshFolder, killGroup, type Service, startService } from "../support/service.ts";

const DEVICES = 3;
const PER_STEP = 40;
const devEuiOf = (i: number): string => `a8404100000001${String(i).padStart(2, "0")}`;
const devices = Array.from({ length: DEVICES }, (_, i) => ({
  id: `level-${i}`,
  devEui: devEuiOf(i),
  profile: "dragino-ldds75",
  placements: [{ plot: "kita-3", zeroMm: 2050 }],
}));

const running: Service[] = [];
afterEach(() => {
  for (const service of running.splice(0)) killGroup(service);
});

/** The library that lies about the clock; a program of a 64-bit Debian finds it in its own folder. */
function faketimeLibrary(): string {
  const found = readdirSync("/usr/lib")
    .map((folder) => join("/usr/lib", folder, "faketime", "libfaketime.so.1"))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error("libfaketime.so.1 was not found");
  return found;
}

const up = (device: number, fCnt: number, timeMs: number): { topic: string; body: string } => {
  const frame = Buffer.from([0x0c, 0xe4, 0, 0, 0, 0, 0, 1]);
  frame.writeUInt16BE(300 + fCnt, 2);
  return chirpstackUp({ devEui: devEuiOf(device), fCnt, fPort: 2, bytesHex: frame.toString("hex"), time: new Date(timeMs).toISOString() });
};

describeNeeding(["faketime"], "our own clock steps by an hour and back, while uplinks arrive", () => {
  test("event times stand, nothing is lost or doubled, and order of receipt is the journal's", async () => {
    const clock = join(freshFolder("clock"), "offset");
    const turn = (offset: string): void => writeFileSync(clock, `${offset}\n`);
    turn("+0");
    const env = {
      AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD,
      LD_PRELOAD: faketimeLibrary(),
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    const service = await startService({ site: fieldSite({ devices }), env });
    running.push(service);
    const client = await networkClient(service.ready);
    const startMs = Math.floor(Date.now() / 1000) * 1000 - 3_600_000 * 3;
    const sent: { device: number; fCnt: number; timeMs: number }[] = [];
    let fCnt = 0;
    for (const offset of ["+0", "+3600", "-3600", "+0", "-3600", "+3600"]) {
      turn(offset);
      for (let i = 0; i < PER_STEP; i += 1) {
        fCnt += 1;
        const timeMs = startMs + fCnt * 10_000;
        for (let device = 0; device < DEVICES; device += 1) {
          const { topic, body } = up(device, fCnt, timeMs);
          await client.publishAsync(topic, body, { qos: 1 });
          sent.push({ device, fCnt, timeMs });
          // A frame of the step before comes again, and one of just now: the clock between them went an hour on or back.
          if (i % 10 === 0) await client.publishAsync(topic, body, { qos: 1 });
          if (i % 10 === 5 && fCnt > PER_STEP) {
            const before = up(device, fCnt - PER_STEP, timeMs - PER_STEP * 10_000);
            await client.publishAsync(before.topic, before.body, { qos: 1 });
          }
        }
      }
    }
    turn("+0");
    await client.endAsync();

    const { total } = await settledLedger(service);
    const again = DEVICES * (6 * (PER_STEP / 10) + 5 * (PER_STEP / 10));
    expect(total).toEqual({ received: sent.length + again, stored: sent.length, duplicate: again, rejected: 0, quarantined: 0, pending: 0 });

    const db = new DatabaseSync(join(service.dataDir, "readings.db"), { readOnly: true });
    const rows = db
      .prepare(
        `SELECT s.device, r.time_ms AS timeMs, r.f_cnt AS fCnt, r.value, r.flag FROM reading r JOIN series s ON s.id = r.series
         WHERE s.quantity = 'water.distance' ORDER BY r.uplink_seq`,
      )
      .all();
    db.close();
    // Good event times are used as they are, whatever our clock said at that moment; order of receipt is the journal's number.
    expect(rows.map((r) => `${r["device"]} ${r["fCnt"]} ${r["timeMs"]} ${r["value"]}`)).toEqual(
      sent.map(({ device, fCnt: n, timeMs }) => `level-${device} ${n} ${timeMs} ${300 + n}`),
    );
    const get = await adminGet(service.ready);
    const latest = (await get<{ readings: ReadingJson[] }>("readings/latest?device=level-0")).readings.find((r) => r.quantity === "water.distance");
    expect(latest).toMatchObject({ value: 300 + fCnt, time: new Date(startMs + fCnt * 10_000).toISOString() });
    expect((await fetch(new URL("/readyz", service.ready.url))).status).toBe(200);
  }, 90_000);

  test("a good time that our slow clock takes for the future is kept with its reason, and lasts until it is mended", async () => {
    const clock = join(freshFolder("clock"), "offset");
    writeFileSync(clock, "-3600\n");
    const env = {
      AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD,
      LD_PRELOAD: faketimeLibrary(),
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    const service = await startService({ site: fieldSite({ devices }), env });
    running.push(service);
    const client = await networkClient(service.ready);
    const get = await adminGet(service.ready);
    const distance = async (): Promise<ReadingJson | undefined> =>
      (await get<{ readings: ReadingJson[] }>("readings/latest?device=level-0")).readings.find((r) => r.quantity === "water.distance");
    const nowMs = Date.now();
    const first = up(0, 1, nowMs);
    await client.publishAsync(first.topic, first.body, { qos: 1 });
    const kept = await eventually(distance, { timeoutMs: 10_000, what: "the first reading" });
    expect(kept.quality.reasons).toContain("clock");
    expect(Math.abs(Date.parse(kept.time) - (nowMs - 3_600_000))).toBeLessThan(60_000); // ours, since the network's lies 1 h ahead of it

    writeFileSync(clock, "+0\n");
    const second = up(0, 2, nowMs + 1000);
    await client.publishAsync(second.topic, second.body, { qos: 1 });
    const mended = await eventually(async () => ((await distance())?.value === 302 ? distance() : undefined), {
      timeoutMs: 10_000,
      what: "the second reading",
    });
    expect(mended).toMatchObject({ time: new Date(nowMs + 1000).toISOString() });
    expect(mended.quality.reasons).not.toContain("clock");
    await client.endAsync();
    expect((await settledLedger(service)).total).toMatchObject({ received: 2, stored: 2 });
  }, 60_000);
});

import { afterEach, describe, expect, test } from "vitest";
import type { TelemetryReader } from "../../api/context.ts";
import type { Reading } from "../../core/domain/reading.ts";
import type { TestApi } from "./api-fixture.ts";
import { telemetryOf, testApi } from "./api-fixture.ts";
import { reading } from "./town.ts";

let t: TestApi;
afterEach(() => t.close());

const level = (device: string, plot: string | null, time: string, value: number) => reading(device, plot, time, value);
const seasons = [
  level("roaming", "kita-3", "2025-06-01T00:00:00Z", 1),
  level("roaming", "kita-3", "2025-07-01T00:00:00Z", 2),
  level("roaming", null, "2025-12-01T00:00:00Z", 3), // between the placements
  level("roaming", "minami-1", "2026-05-02T00:00:00Z", 4),
];

test("latest: value, unit, both times to the millisecond, flag and codec", async () => {
  t = await testApi({ demo: true, readings: [level("kita-level", "kita-3", "2026-05-31T21:00:00.005Z", 3.25)] });
  expect((await t.app.inject({ url: "/api/v1/readings/latest?device=kita-level" })).json()).toEqual({
    readings: [
      {
        deviceId: "kita-level",
        plotId: "kita-3",
        quantity: "water.level",
        depthCm: null,
        value: 3.25,
        unit: "cm",
        time: "2026-05-31T21:00:00.005Z",
        receivedAt: "2026-05-31T21:00:01.239Z",
        timeSource: "gateway",
        quality: { flag: 1, reasons: [] },
        codec: { id: "dragino-ldds75", sha256: "ab".repeat(32) },
      },
    ],
  });
});

describe("series", () => {
  test("asks the store as the caller asked", async () => {
    const asked: Parameters<TelemetryReader["series"]>[0][] = [];
    t = await testApi({
      demo: true,
      telemetry: {
        ...telemetryOf([]),
        series: async (query) => {
          asked.push(query);
          return { unit: "%", buckets: [[1, 0, null, null, null]] };
        },
      },
    });
    const at = (query: string) => t.app.inject({ url: `/api/v1/series?device=kita-level&quantity=soil.moisture${query}` });
    expect((await at("")).json()).toEqual({ unit: "%", buckets: [[1, 0, null, null, null]] });
    await at("&depthCm=10&from=2026-06-01&to=2026-06-01T06:00:00%2B09:00&max=50");
    await at("&from=2026-06-01T06:00:00+09:00"); // an offset that nobody escaped
    await at("&from=2026-06-01+06:00"); // a time of day that nobody escaped
    const common = { deviceId: "kita-level", quantity: "soil.moisture" };
    expect(asked).toEqual([
      { ...common, max: 800 },
      { ...common, depthCm: 10, fromMs: Date.parse("2026-05-31T15:00:00Z"), toMs: Date.parse("2026-05-31T21:00:00Z"), max: 50 },
      { ...common, fromMs: Date.parse("2026-05-31T21:00:00Z"), max: 800 },
      { ...common, fromMs: Date.parse("2026-05-31T21:00:00Z"), max: 800 },
    ]);
  });

  test("a holder sees its own seasons only, with a gap between them", async () => {
    t = await testApi({ readings: seasons });
    const cookie = await t.cookieOf("sato");
    const buckets = async (query: string) =>
      (await t.app.inject({ url: `/api/v1/series?device=roaming&quantity=water.level${query}`, headers: { cookie } }))
        .json()
        .buckets.map((b: number[]) => b[3]);
    expect(await buckets("")).toEqual([1, 2, null, 4]);
    expect(await buckets("&from=2025-06-15")).toEqual([2, null, 4]);
    expect(await buckets("&to=2026-01-01")).toEqual([1, 2]);
    expect(await buckets("&from=2025-11-01&to=2026-01-01")).toEqual([]);
  });
});

describe("export", () => {
  const values = (body: string) =>
    body
      .split("\r\n")
      .slice(1, -1)
      .map((line) => line.split(",")[5]);

  test("as a file with a name, in either language", async () => {
    t = await testApi({ demo: true, readings: seasons });
    const answer = await t.app.inject({ url: "/api/v1/export/readings.csv?device=roaming&from=2025-06-15&to=2026-01-01&header=ja" });
    expect(answer.headers["content-type"]).toBe("text/csv; charset=utf-8");
    expect(answer.headers["content-disposition"]).toBe('attachment; filename="azemichi_town_roaming_2026-06-01.csv"');
    expect(answer.rawPayload.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(answer.body.split("\r\n")[0]).toContain("機器ID,機器名");
    expect(values(answer.body)).toEqual(["2", "3"]);
  });

  test("a holder's export holds what was measured on its land in its time", async () => {
    t = await testApi({ readings: seasons });
    const cookie = await t.cookieOf("sato");
    expect(values((await t.app.inject({ url: "/api/v1/export/readings.csv", headers: { cookie } })).body)).toEqual(["1", "2", "4"]);
    const none = await t.cookieOf("takahashi");
    expect(values((await t.app.inject({ url: "/api/v1/export/readings.csv", headers: { cookie: none } })).body)).toEqual([]);
  });

  async function* endless(given: { rows: number; ended: boolean }): AsyncGenerator<Reading> {
    try {
      for (;;) {
        given.rows += 1;
        yield level("kita-level", "kita-3", "2026-06-01T00:00:00Z", given.rows);
      }
    } finally {
      given.ended = true;
    }
  }

  test("is read no faster than the browser takes it, ends with it, and only four run at once", async () => {
    const given = Array.from({ length: 4 }, () => ({ rows: 0, ended: false }));
    let started = 0;
    t = await testApi({ demo: true, telemetry: { ...telemetryOf([]), rows: () => endless(given[started++] ?? { rows: 0, ended: false }) } });
    const url = `${await t.app.listen({ host: "127.0.0.1", port: 0 })}/api/v1/export/readings.csv`;
    const stop = new AbortController();
    const plain = { "accept-encoding": "identity" }; // compressed, a socket holds hours of readings before it is full
    const readers = await Promise.all(given.map(async () => (await fetch(url, { signal: stop.signal, headers: plain })).body?.getReader()));
    for (const reader of readers) expect((await reader?.read())?.done).toBe(false);
    const refused = await fetch(url);
    expect([refused.status, refused.headers.get("retry-after"), t.metrics.get("azemichi_web_exports_refused_total")]).toEqual([503, "10", 1]);
    let before = -1;
    await until(() => {
      const rows = given.reduce((sum, g) => sum + g.rows, 0);
      const still = rows === before;
      before = rows;
      return still;
    }); // nobody reads: the rows stand still
    stop.abort();
    await until(() => given.every((g) => g.ended));
    const again = { rows: 0, ended: false };
    given.push(again);
    const compressed = await fetch(url);
    expect([compressed.status, compressed.headers.get("content-encoding")]).toEqual([200, "gzip"]);
    await compressed.body?.cancel();
    await until(() => again.ended);
  });

  test("a store that breaks in the middle breaks the file off, so that nobody takes it for whole", async () => {
    t = await testApi({
      demo: true,
      telemetry: {
        ...telemetryOf([]),
        rows: async function* () {
          for (let i = 0; i < 5000; i += 1) yield level("kita-level", "kita-3", "2026-06-01T00:00:00Z", i);
          throw new Error("disk I/O error");
        },
      },
    });
    const answer = await fetch(`${await t.app.listen({ host: "127.0.0.1", port: 0 })}/api/v1/export/readings.csv`);
    await expect(answer.text()).rejects.toThrow();
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("condition not met in 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

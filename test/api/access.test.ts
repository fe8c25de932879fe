import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestApi } from "./api-fixture.ts";
import { NOON, testApi } from "./api-fixture.ts";
import { baseHealth, reading, roverState } from "./town.ts";

const FAR = "203.0.113.9";
const recent = (minutesAgo: number) => new Date(NOON - minutesAgo * 60_000).toISOString();
const readings = [
  reading("kita-level", "kita-3", "2026-03-01T00:00:00Z", 9), // of Sato's last winter
  reading("kita-level", "kita-3", recent(10), 1.5),
  reading("minami-level", "minami-1", recent(20), 4),
  reading("higashi-level", "higashi-1", recent(30), 5),
  reading("nishi-level", "nishi-1", recent(40), 6),
];

let site: TestApi;
let demo: TestApi;
const cookies: Record<string, string> = {};
beforeAll(async () => {
  site = await testApi({ readings });
  demo = await testApi({ readings, demo: true });
  for (const who of ["sato", "suzuki", "takahashi", "adviser", "trainer", "staff", "admin"]) cookies[who] = await site.cookieOf(who);
  for (const { feed } of [site, demo]) {
    feed.receive("azemichi/v1/bases/town-hall/health", Buffer.from(JSON.stringify(baseHealth("town-hall", 5))));
    for (const id of ["sato-tractor", "suzuki-tractor"]) feed.receive(`azemichi/v1/rovers/${id}`, Buffer.from(JSON.stringify(roverState(id, 1))));
  }
});
afterAll(async () => {
  await site.close();
  await demo.close();
});

const ask = (who: string, method: "GET" | "PUT" | "POST" | "DELETE", url: string, payload?: object) => {
  const to = who.startsWith("demo") ? demo : site;
  return to.app.inject({
    method,
    url,
    remoteAddress: who === "demo on this machine" ? "127.0.0.1" : FAR,
    ...(payload ? { payload } : {}),
    ...(cookies[who] ? { headers: { cookie: cookies[who] } } : {}),
  });
};

const READERS = { sato: 200, adviser: 200, trainer: 200, staff: 200, admin: 200, nobody: 401, "demo on this machine": 200, "demo from afar": 401 };
const OPERATORS = { sato: 403, adviser: 403, trainer: 200, staff: 200, admin: 200, nobody: 401, "demo on this machine": 200, "demo from afar": 401 };
const ALL = { sato: 200, adviser: 200, trainer: 200, staff: 200, admin: 200, nobody: 200, "demo on this machine": 200, "demo from afar": 200 };
const table: readonly (readonly [string, Record<string, number>])[] = [
  ["GET /api/v1/me", ALL],
  ["GET /api/v1/config", ALL],
  ["GET /api/v1/openapi.json", ALL],
  ["GET /livez", ALL],
  ["GET /readyz", ALL],
  ["GET /", ALL],
  ["GET /api/v1/snapshot", READERS],
  ["GET /api/v1/plots", READERS],
  ["GET /api/v1/devices", READERS],
  ["GET /api/v1/gateways", READERS],
  ["GET /api/v1/bases", READERS],
  ["GET /api/v1/bases/town-hall/health", READERS],
  ["GET /api/v1/rovers", READERS],
  ["GET /api/v1/readings/latest", READERS],
  ["GET /api/v1/export/readings.csv", READERS],
  ["GET /api/v1/ledger", OPERATORS],
  ["GET /metrics", OPERATORS],
  ["GET /api/v1/site", { ...OPERATORS, trainer: 403, "demo on this machine": 401 }],
  ["PUT /api/v1/site", { ...OPERATORS, trainer: 403, staff: 403, "demo on this machine": 401 }],
];

describe.each(table)("%s", (endpoint, statuses) => {
  test.each(Object.entries(statuses))("%s: %i", async (who, status) => {
    const [method, url] = endpoint.split(" ") as ["GET", string];
    const answer = await ask(who, method, url, method === "GET" ? undefined : { site: { id: "town" } });
    expect(answer.statusCode).toBe(status);
    if (status >= 400) {
      expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
      expect(answer.json()).toMatchObject({ type: "about:blank", status });
    }
  });
});

describe("what comes back is what the caller may see", () => {
  const EVERY = { devices: 5, latest: ["kita-level", "minami-level", "higashi-level", "nishi-level"], rovers: 3 };
  test.each([
    ["sato", { devices: 2, latest: ["minami-level"], rovers: 1 }], // not kita-3's newest: that is Suzuki's
    ["suzuki", { devices: 1, latest: ["kita-level"], rovers: 1 }],
    ["takahashi", { devices: 1, latest: ["higashi-level"], rovers: 0 }],
    ["adviser", { devices: 0, latest: [], rovers: 0 }],
    ["staff", EVERY],
    ["demo on this machine", EVERY],
  ])("%s", async (who, expected) => {
    const snapshot = (await ask(who, "GET", "/api/v1/snapshot")).json();
    expect(snapshot.devices).toHaveLength(expected.devices);
    expect(snapshot.readings.map((r: { deviceId: string }) => r.deviceId).sort()).toEqual([...expected.latest].sort());
    expect(snapshot.rovers).toHaveLength(expected.rovers);
    expect(snapshot.bases[0].health.frames).toBe(5);
    const latest = (await ask(who, "GET", "/api/v1/readings/latest")).json().readings;
    expect(latest).toEqual(snapshot.readings);
    expect((await ask(who, "GET", "/api/v1/devices")).json()).toEqual(snapshot.devices);
    expect((await ask(who, "GET", "/api/v1/plots")).json()).toEqual(snapshot.plots);
  });

  test.each([
    ["sato", "/api/v1/readings/latest?device=higashi-level", 404],
    ["sato", "/api/v1/readings/latest?plot=higashi-1", 404],
    ["sato", "/api/v1/series?device=higashi-level&quantity=water.level", 404],
    ["sato", "/api/v1/export/readings.csv?device=higashi-level", 404],
    ["sato", "/api/v1/export/readings.csv?plot=higashi-1", 404],
    ["staff", "/api/v1/readings/latest?device=no-such", 404],
    ["staff", "/api/v1/readings/latest?plot=no-such", 404],
    ["staff", "/api/v1/series?device=no-such&quantity=water.level", 404],
    ["staff", "/api/v1/bases/no-such/health", 404],
    ["sato", "/api/v1/readings/latest?plot=kita-3", 200], // held once
    ["sato", "/api/v1/series?device=kita-level&quantity=water.level", 200],
  ])("%s %s: %i", async (who, url, status) => {
    expect((await ask(who, "GET", url)).statusCode).toBe(status);
  });

  test("former seasons stay with the former holder, new ones with the new", async () => {
    const levels = async (who: string) =>
      (await ask(who, "GET", "/api/v1/series?device=kita-level&quantity=water.level")).json().buckets.map((b: number[]) => b[3]);
    const rows = async (who: string) =>
      (await ask(who, "GET", "/api/v1/export/readings.csv?device=kita-level")).body
        .split("\r\n")
        .slice(1, -1)
        .map((line) => line.split(",")[5]);
    expect([await levels("sato"), await levels("suzuki"), await levels("staff")]).toEqual([[9], [1.5], [9, 1.5]]);
    expect([await rows("sato"), await rows("suzuki"), await rows("staff")]).toEqual([["9"], ["1.5"], ["9", "1.5"]]);
  });

  test("no secret leaves with any of it", async () => {
    for (const url of ["snapshot", "devices", "bases", "rovers", "gateways", "plots", "config", "me"])
      expect((await ask("admin", "GET", `/api/v1/${url}`)).body).not.toMatch(/secret|hash|password/i);
  });
});

describe("this machine's own view of the demo", () => {
  test.each([
    ["through a proxy that nobody configured", { "x-forwarded-for": FAR }, "127.0.0.1", "none"],
    ["through a page that rebinds its name", { host: "evil.example:8080" }, "127.0.0.1", "none"],
    ["IPv6", { host: "[::1]:8080" }, "::1", "demo"],
    ["by address", { host: "127.0.0.1:8080" }, "127.0.0.1", "demo"],
    ["from elsewhere", { host: "localhost" }, "192.168.1.4", "none"],
  ])("%s", async (_, headers, remoteAddress, access) => {
    expect((await demo.app.inject({ url: "/api/v1/me", headers, remoteAddress })).json()).toEqual({
      user: null,
      access,
      canSeeStaffPages: access === "demo",
      plainListeners: [],
    });
  });

  test("a real site shows this machine nothing without log-in, but its counters", async () => {
    expect((await site.app.inject({ url: "/api/v1/snapshot" })).statusCode).toBe(401);
    const metrics = await site.app.inject({ url: "/metrics" });
    expect(metrics.statusCode).toBe(200);
    expect(metrics.body).toContain('azemichi_relay_frames_total{role="relay",mount="A"} 3\n');
    expect(metrics.body).toContain('azemichi_web_sessions{role="web"} 7\n');
  });
});

test("behind a proxy that is configured, the address is the browser's", async () => {
  const behind = await testApi({ demo: true, settings: { trustProxy: "127.0.0.1" } });
  const access = async (from: string) =>
    (await behind.app.inject({ url: "/api/v1/me", headers: { "x-forwarded-for": from, host: "localhost" } })).json().access;
  expect(await access(FAR)).toBe("none");
  expect(await access("127.0.0.1")).toBe("demo");
  await behind.close();
});

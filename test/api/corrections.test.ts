import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { archiveFolderOf } from "../../api/archive-files.ts";
import type { CorrectionHistoryReader } from "../../api/context.ts";
import {
  ArchiveSchema,
  BaseHistorySchema,
  DiagnosisSchema,
  EventsSchema,
  OrderSchema,
  OrdersSchema,
  PlotSharesSchema,
  TrackSchema,
} from "../../api/correction-schemas.ts";
import { BaseHealthSchema } from "../../api/schemas.ts";
import { AzemichiError } from "../../core/domain/errors.ts";
import type { RelayEvent, RoverState } from "../../core/domain/live.ts";
import { topics } from "../../core/domain/topics.ts";
import { folderName } from "../../correction-relay/archive-folder.ts";
import { freshHistory, health, rover, event as storedEvent, truth } from "../store/history-fixture.ts";
import { NOON, type TestApi, testApi } from "./api-fixture.ts";
import { catalog, roverState } from "./town.ts";

const at = (s: number): string => new Date(NOON + s * 1000).toISOString();
const archive = mkdtempSync(join(tmpdir(), "azemichi-archive-"));
const stored = freshHistory();
const tells = {
  minutes: async (id, period) => stored.queries.minutes(id, period),
  events: async (of) => stored.queries.events(of),
  track: async (id, period, max) => stored.queries.track(id, period, max),
  plotShares: async (id, period) => stored.queries.plotShares(id, period),
} satisfies CorrectionHistoryReader;

beforeAll(() => {
  stored.clock.ms = NOON;
  for (let s = -10; s < 0; s += 1) {
    stored.tell("bases/town-hall/health", health(s, { baseId: "town-hall" }));
    stored.tell("rovers/sato-tractor", rover(s, { roverId: "sato-tractor", baseId: "town-hall", fix: s < -5 ? "float" : "fix" }));
  }
  stored.tell("bases/town-hall/events", storedEvent(-8, { baseId: "town-hall" }));
  stored.tell("bases/town-hall/events", storedEvent(-7, { baseId: "town-hall", roverId: "sato-tractor", code: "base-failover" }));
  stored.history.flush();
  mkdirSync(join(archive, "town-hall"));
  for (const name of ["2026-06-01T02Z.rtcm3", "2026-06-01T03Z.rtcm3", "notes.txt", "2026-06-01T25Z.rtcm3"])
    writeFileSync(join(archive, "town-hall", name), `raw of ${name}`);
  writeFileSync(join(archive, "secret.rtcm3"), "none of yours");
});
afterAll(() => stored.db.close());

let town: TestApi;
const cookies: Record<string, string> = {};
beforeEach(async () => {
  town = await testApi({ history: tells, settings: { archiveFolder: archive } });
  for (const who of ["sato", "suzuki", "trainer", "staff", "admin"]) cookies[who] = await town.cookieOf(who);
});
afterEach(() => town.close());

const ask = (who: string, method: "GET" | "POST", url: string, more: { payload?: object; headers?: Record<string, string> } = {}) =>
  town.app.inject({
    method,
    url: `/api/v1/${url}`,
    ...(more.payload ? { payload: more.payload } : {}),
    headers: { ...(cookies[who] ? { cookie: cookies[who] } : {}), ...more.headers },
  });
const tell = (id: string, patch: Partial<RoverState> = {}): void =>
  town.feed.receive(topics.rover(id), Buffer.from(JSON.stringify({ ...roverState(id, 1), service: rover(0).service, position: rover(0).position, ...patch })));
const tellBase = (patch: Parameters<typeof health>[1] = {}): void =>
  town.feed.receive(topics.baseHealth("town-hall"), Buffer.from(JSON.stringify(health(0, { baseId: "town-hall", mount: "TOWN1", ...patch }))));

describe("who may", () => {
  const GET = "GET";
  test.each<[string, "GET" | "POST", Record<string, number>]>([
    ["bases/town-hall/confirm", "POST", { sato: 403, trainer: 403, staff: 200, admin: 200, nobody: 401 }],
    ["bases/town-hall/stop", "POST", { sato: 403, trainer: 403, staff: 200, admin: 200, nobody: 401 }],
    ["bases/town-hall/start", "POST", { sato: 403, trainer: 403, staff: 200, admin: 200, nobody: 401 }],
    ["bases/recheck", "POST", { sato: 403, trainer: 403, staff: 200, admin: 200, nobody: 401 }],
    ["bases/orders", GET, { sato: 403, trainer: 403, staff: 200, admin: 200, nobody: 401 }],
    ["bases/town-hall/archive", GET, { sato: 403, trainer: 403, staff: 200, nobody: 401 }],
    ["bases/town-hall/archive/2026-06-01T02Z.rtcm3", GET, { sato: 403, trainer: 403, staff: 200, nobody: 401 }],
    ["bases/town-hall/history", GET, { sato: 200, trainer: 200, staff: 200, nobody: 401 }],
    ["bases/town-hall/events", GET, { sato: 200, trainer: 200, staff: 200, nobody: 401 }],
    ...["track", "events", "plots", "diagnosis"].map((what): [string, "GET", Record<string, number>] => [
      `rovers/sato-tractor/${what}`,
      GET,
      { sato: 200, suzuki: 404, trainer: 200, staff: 200, nobody: 401 },
    ]),
    ...["history", "events", "archive"].map((what): [string, "GET", Record<string, number>] => [`bases/nowhere/${what}`, GET, { staff: 404 }]),
    ["bases/nowhere/stop", "POST", { staff: 404 }],
    ["rovers/nobody/track", GET, { staff: 404 }],
  ])("%s (%s)", async (url, method, statuses) => {
    for (const [who, status] of Object.entries(statuses)) expect([who, (await ask(who, method, url)).statusCode]).toEqual([who, status]);
  });

  test("an order from a page of another site is refused", async () => {
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }])
      expect((await ask("staff", "POST", "bases/town-hall/stop", { headers })).statusCode).toBe(403);
    expect((await ask("staff", "GET", "bases/orders")).json()).toEqual({ orders: [] });
  });
});

describe("orders", () => {
  test("are answered with themselves, and tell who and when", async () => {
    const stop = await ask("staff", "POST", "bases/town-hall/stop", { payload: { reason: " 工事 " } });
    expect(OrderSchema.parse(stop.json())).toEqual({ id: 1, at: at(0), kind: "stop", baseId: "town-hall", username: "staff", reason: "工事" });
    town.clock.ms += 1000;
    expect((await ask("admin", "POST", "bases/recheck")).json()).toMatchObject({ kind: "recheck", baseId: null, username: "admin", at: at(1), reason: null });
    const { orders } = OrdersSchema.parse((await ask("staff", "GET", "bases/orders?base=town-hall")).json());
    expect(orders.map((o) => o.kind)).toEqual(["recheck", "stop"]);
    expect(OrdersSchema.parse((await ask("staff", "GET", "bases/orders?max=1")).json()).orders).toHaveLength(1);
  });

  test.each([{ reason: "x".repeat(201) }, { why: "x" }, { reason: ["x"] }])("%j is no reason", async (payload) => {
    expect((await ask("staff", "POST", "bases/town-hall/stop", { payload })).statusCode).toBe(400);
  });

  test("a base that staff stopped is shown so, whatever the relay says", async () => {
    town.setCatalog({ ...catalog(), orders: [{ baseId: "town-hall", confirmedAtMs: null, stoppedAtMs: NOON }] });
    expect((await ask("sato", "GET", "bases")).json()).toMatchObject([{ id: "town-hall", stoppedAt: at(0) }]);
  });
});

describe("history", () => {
  test("of a base, by minutes of the last day or of a period", async () => {
    const { minutes } = BaseHistorySchema.parse((await ask("sato", "GET", "bases/town-hall/history")).json());
    expect(minutes).toMatchObject([{ at: at(-60), heardS: 10, sendingS: 10, guard: "passing" }]);
    expect((await ask("sato", "GET", "bases/town-hall/history?from=2026-06-01T12:00:00%2B09:00")).json()).toEqual({ baseId: "town-hall", minutes: [] });
    expect((await ask("sato", "GET", "bases/town-hall/history?from=2026-05-01&to=2026-06-02")).statusCode).toBe(400);
    expect((await ask("sato", "GET", "bases/town-hall/history?from=2026-06-02&to=2026-06-01")).statusCode).toBe(400);
    expect((await ask("sato", "GET", "bases/town-hall/history?from=2026-02-30")).statusCode).toBe(400);
  });

  test("of a rover: its track, whole or in pages, as rows or GeoJSON", async () => {
    const whole = TrackSchema.parse((await ask("sato", "GET", "rovers/sato-tractor/track")).json());
    expect(whole.points).toHaveLength(10);
    expect(whole.next).toBeNull();
    const page = TrackSchema.parse((await ask("sato", "GET", "rovers/sato-tractor/track?max=4")).json());
    const rest = TrackSchema.parse((await ask("sato", "GET", `rovers/sato-tractor/track?from=${page.next}`)).json());
    expect([...page.points, ...rest.points]).toEqual(whole.points);
    const geo = await ask("sato", "GET", "rovers/sato-tractor/track?format=geojson");
    expect(geo.headers["content-type"]).toMatch(/^application\/geo\+json/);
    expect(geo.json().features[0]).toEqual({
      type: "Feature",
      geometry: { type: "Point", coordinates: [140.550123456, 39.420123456, 61.234] },
      properties: expect.objectContaining({ at: at(-10), fix: "float", baseId: "town-hall" }),
    });
  });

  test("of a rover: share of FIX per plot", async () => {
    const { plots } = PlotSharesSchema.parse((await ask("sato", "GET", "rovers/sato-tractor/plots")).json());
    expect(plots).toMatchObject([
      { plotId: null, totalS: 10, secondsByFix: { float: 5, fix: 5 }, fixShare: 0.5, bases: [{ baseId: "town-hall", seconds: 10 }] },
    ]);
  });

  test("events of a base leave out other people's rovers", async () => {
    const codes = async (who: string) => EventsSchema.parse((await ask(who, "GET", "bases/town-hall/events")).json()).events.map((e: RelayEvent) => e.code);
    expect(await codes("staff")).toEqual(["base-failover", "arp-jumped"]);
    expect(await codes("sato")).toEqual(["base-failover", "arp-jumped"]);
    expect(await codes("suzuki")).toEqual(["arp-jumped"]);
    expect(EventsSchema.parse((await ask("sato", "GET", "rovers/sato-tractor/events")).json()).events).toHaveLength(1);
  });

  test("a store that cannot be read is 503", async () => {
    const broken = await testApi({ history: { minutes: () => Promise.reject(new AzemichiError("STORE_UNAVAILABLE", "disk")) } });
    const answer = await broken.app.inject({ url: "/api/v1/bases/town-hall/history", headers: { cookie: await broken.cookieOf("sato") } });
    expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([503, "5"]);
    await broken.close();
  });
});

describe("archive", () => {
  test("lists the hours, newest first, and says which is not over", async () => {
    const { files } = ArchiveSchema.parse((await ask("staff", "GET", "bases/town-hall/archive")).json());
    expect(files).toEqual([
      { name: "2026-06-01T03Z.rtcm3", from: at(0), bytes: 27, complete: false },
      { name: "2026-06-01T02Z.rtcm3", from: at(-3600), bytes: 27, complete: true },
    ]);
  });

  test("sends the bytes as they are", async () => {
    const answer = await ask("staff", "GET", "bases/town-hall/archive/2026-06-01T02Z.rtcm3", { headers: { "accept-encoding": "gzip" } });
    expect(answer.body).toBe("raw of 2026-06-01T02Z.rtcm3");
    expect(answer.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": "27",
      "content-disposition": 'attachment; filename="town-hall_2026-06-01T02Z.rtcm3"',
    });
    expect(answer.headers["content-encoding"]).toBeUndefined();
  });

  test.each([
    "2026-06-01T01Z.rtcm3",
    "2026-06-01T25Z.rtcm3",
    "notes.txt",
    "..%2Fsecret.rtcm3",
    "..",
    "2026-06-01T02Z.rtcm3%00",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
  ])("%s leads nowhere", async (name) => {
    expect((await ask("staff", "GET", `bases/town-hall/archive/${name}`)).statusCode).toBeGreaterThanOrEqual(400);
  });

  test.each(["misato1", "town-hall", "Misato_1.b", "a..b"])("is where the relay writes it: %s", (baseId) => {
    expect(archiveFolderOf("archive", baseId)).toBe(join("archive", folderName(baseId)));
  });

  test("of a base that has none is empty", async () => {
    await town.close();
    town = await testApi({ settings: { archiveFolder: join(archive, "nowhere") } });
    cookies["staff"] = await town.cookieOf("staff");
    expect((await ask("staff", "GET", "bases/town-hall/archive")).json()).toEqual({ baseId: "town-hall", files: [] });
  });
});

describe("diagnosis", () => {
  const { service } = rover(0) as Required<RoverState>;
  const diagnosis = async (who = "sato") => DiagnosisSchema.parse((await ask(who, "GET", "rovers/sato-tractor/diagnosis")).json());

  test("well, with the evidence", async () => {
    tellBase();
    tell("sato-tractor");
    expect(await diagnosis()).toEqual({
      code: "well",
      ja: "補正は正常に届いています。",
      en: "Corrections are arriving normally.",
      at: at(0),
      evidence: expect.objectContaining({ connected: true, fix: "fix", correctionAgeS: 0.2 }),
    });
  });

  test.each<{ name: string; code: string; given: () => void }>([
    { name: "base absent", code: "base-absent", given: () => tellBase({ state: "absent" }) },
    { name: "guard stop", code: "base-stopped", given: () => tellBase({ truth: truth({ guard: "stopped" }) }) },
    { name: "too far", code: "too-far", given: () => tell("sato-tractor", { baselineKm: 25 }) },
    { name: "no GGA", code: "no-gga", given: () => tell("sato-tractor", { position: null, fix: "unknown", service: { ...service, ggaAgeS: null } }) },
    { name: "stale", code: "stale-corrections", given: () => tell("sato-tractor", { ggaAgeS: 30 }) },
    { name: "other station", code: "other-station", given: () => tell("sato-tractor", { service: { ...service, otherStation: 9 } }) },
    { name: "old RTCM", code: "old-rtcm", given: () => tell("sato-tractor", { fix: "single", ggaAgeS: null }) },
    {
      name: "stop",
      code: "ended-inside-plot",
      given: () => tell("sato-tractor", { service: { ...service, notice: { code: "stop-now", ja: "止めてください", en: "Stop" } } }),
    },
    {
      name: "mobile signal",
      code: "mobile-signal",
      given: () => {
        tell("suzuki-tractor");
        tell("sato-tractor", { correctionAgeS: 9, service: { ...service, gaps: 2 } });
      },
    },
    { name: "link", code: "link", given: () => tell("sato-tractor", { state: "disconnected", at: at(-1200) }) },
  ])("$name: $code", async ({ code, given }) => {
    tellBase({ messages: [{ type: 1077, count: 9, ratePerS: 1 }] });
    tell("sato-tractor", { at: at(-1) });
    town.clock.ms += 1500; // rovers are told once a second
    given();
    expect((await diagnosis()).code).toBe(code);
  });

  test.each([
    ["wrong-password", "wrong-password"],
    ["unknown-mount", "wrong-mount"],
    ["not-this-mount", "wrong-mount"],
    ["sessions", "session-limit"],
    ["expired", "expired"],
  ])("a log-in refused for %s: %s", async (reason, code) => {
    tellBase();
    tell("sato-tractor", { state: "disconnected", at: at(-600) });
    const refusal = { at: at(-5), roverId: "sato-tractor", username: "sato-tractor", mount: "TOWN9", reason, address: "203.0.113.9" };
    town.api.refusals.receive(Buffer.from(JSON.stringify(refusal)));
    expect((await diagnosis()).code).toBe(code);
    expect(JSON.stringify(await diagnosis())).not.toContain("203.0.113.9");
  });

  test("a refusal that is not understood is counted, not believed", () => {
    for (const text of ["{", "null", '{"at":"now"}', JSON.stringify({ at: at(0), roverId: "r", username: "r", mount: "M", reason: "because", address: "" })])
      town.api.refusals.receive(Buffer.from(text));
    expect(town.metrics.get("azemichi_web_bus_malformed_total")).toBe(4);
    expect(town.api.refusals.of("r")).toBeNull();
  });

  test("goes on without the store", async () => {
    await town.close();
    town = await testApi({ history: { events: () => Promise.reject(new AzemichiError("STORE_UNAVAILABLE", "disk")) } });
    cookies["sato"] = await town.cookieOf("sato");
    tellBase();
    tell("sato-tractor");
    expect((await diagnosis()).code).toBe("well");
  });
});

test("health carries what is true of the base", async () => {
  tellBase({ truth: truth({ guard: "stopped", verdict: "bad" }) });
  const answer = BaseHealthSchema.parse((await ask("sato", "GET", "bases/town-hall/health")).json());
  expect(answer.truth).toMatchObject({ guard: { state: "stopped" }, verdict: "bad" });
});

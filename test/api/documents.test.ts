import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import * as schemas from "../../api/schemas.ts";
import type { TestApi } from "./api-fixture.ts";
import { EMPTY_LEDGER, NOON, testApi } from "./api-fixture.ts";
import { baseHealth, reading, roverState } from "./town.ts";

let t: TestApi;

describe("what is answered is what is documented", () => {
  beforeAll(async () => {
    t = await testApi({ demo: true, readings: [reading("kita-level", "kita-3", new Date(NOON).toISOString(), 1.5)] });
    t.feed.receive("azemichi/v1/bases/town-hall/health", Buffer.from(JSON.stringify(baseHealth("town-hall", 5))));
    t.feed.receive("azemichi/v1/rovers/contractor", Buffer.from(JSON.stringify(roverState("contractor", 1))));
    const gateway = { gatewayId: "gw-1", at: "2026-06-01T03:00:00.000Z", online: true, lastSeenAt: null };
    t.feed.receive("azemichi/v1/gateways/gw-1", Buffer.from(JSON.stringify(gateway)));
  });
  afterAll(() => t.close());

  test.each<[string, z.ZodType]>([
    ["me", schemas.MeSchema],
    ["config", schemas.ConfigSchema],
    ["snapshot", schemas.SnapshotSchema],
    ["plots", schemas.PlotsSchema],
    ["devices", z.array(schemas.DeviceSchema)],
    ["gateways", z.array(schemas.GatewaySchema)],
    ["bases", z.array(schemas.BaseSchema)],
    ["bases/town-hall/health", schemas.BaseHealthSchema],
    ["rovers", z.array(schemas.RoverSchema)],
    ["readings/latest", z.strictObject({ readings: z.array(schemas.ReadingSchema) })],
    ["series?device=kita-level&quantity=water.level", schemas.SeriesSchema],
    ["ledger", schemas.LedgerSchema],
  ])("%s", async (url, schema) => {
    const answer = await t.app.inject({ url: `/api/v1/${url}` });
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(schema.safeParse(answer.json()).error).toBeUndefined();
  });

  test("base maps: the blank one first, which asks nobody", async () => {
    const { baseMaps } = (await t.app.inject({ url: "/api/v1/config" })).json();
    expect(baseMaps.map((m: { id: string; url: string | null }) => [m.id, m.url === null])).toEqual([
      ["blank", true],
      ["gsi-pale", false],
      ["gsi-photo", false],
    ]);
  });

  test("things of the town as the map shows them", async () => {
    const get = async (url: string) => (await t.app.inject({ url: `/api/v1/${url}` })).json();
    expect((await get("plots?bbox=140.505,39.4,140.515,39.5")).features.map((f: { properties: unknown }) => f.properties)).toEqual([
      {
        id: "minami-1",
        name: "圃場 minami-1",
        holder: "佐藤農場",
        base: null,
        crop: { variety: "akitakomachi", transplantedOn: "2026-05-20", headedOn: null },
      },
    ]);
    expect((await get("plots")).features.map((f: { properties: { holder: string | null } }) => f.properties.holder)).toEqual([
      "鈴木農場",
      "佐藤農場",
      null,
      null,
    ]);
    expect((await get("devices"))[0]).toMatchObject({ id: "kita-level", plotId: "kita-3", lastReadingAt: "2026-06-01T03:00:00.000Z" });
    expect((await get("bases"))[0]).toMatchObject({ surveyed: true, position: { latDeg: expect.closeTo(39.4, 0), lonDeg: expect.closeTo(140.5, 0) } });
    expect(await get("ledger")).toEqual(EMPTY_LEDGER);
  });

  test("snapshot: 304 for who is up to date, by id or by ETag, and anew after an event", async () => {
    const first = await t.app.inject({ url: "/api/v1/snapshot" });
    const { id } = first.json();
    const etag = String(first.headers.etag);
    const again = (url: string, headers: Record<string, string> = {}) => t.app.inject({ url: `/api/v1/snapshot${url}`, headers });
    for (const answer of [await again(`?since=${id}`), await again("", { "if-none-match": etag })]) expect([answer.statusCode, answer.body]).toEqual([304, ""]);
    t.feed.receive("azemichi/v1/bases/town-hall/health", Buffer.from(JSON.stringify(baseHealth("town-hall", 6))));
    const next = await again(`?since=${id}`, { "if-none-match": etag });
    expect([next.statusCode, next.json().bases[0].health.frames]).toEqual([200, 6]);
    expect(Number(next.json().id)).toBeGreaterThan(Number(id));
    const other = await again("", { "if-none-match": etag, cookie: await t.cookieOf("sato") });
    expect(other.statusCode).toBe(200);
  });

  test("OpenAPI 3.1 of the same schemas: every endpoint, its parameters, its problems", async () => {
    const doc = (await t.app.inject({ url: "/api/v1/openapi.json" })).json();
    expect(doc.openapi).toBe("3.1.0");
    expect(Object.entries(doc.paths).flatMap(([path, methods]) => Object.keys(methods as object).map((m) => `${m} ${path}`))).toEqual([
      "post /hooks/{kind}/{networkId}",
      "post /api/v1/session",
      "delete /api/v1/session",
      "get /api/v1/me",
      "get /api/v1/config",
      "get /api/v1/site",
      "put /api/v1/site",
      "get /api/v1/snapshot",
      "get /api/v1/events",
      "get /api/v1/plots",
      "get /api/v1/devices",
      "get /api/v1/gateways",
      "get /api/v1/bases",
      "get /api/v1/bases/{id}/health",
      "get /api/v1/rovers",
      "get /api/v1/ledger",
      "get /api/v1/devices/unknown",
      "post /api/v1/devices/{id}/key",
      "delete /api/v1/devices/{id}/key",
      "post /api/v1/networks/{id}/key",
      "delete /api/v1/networks/{id}/key",
      "post /api/v1/networks/{id}/hook-token",
      "delete /api/v1/networks/{id}/hook-token",
      "post /api/v1/devices/{id}/zero",
      "get /api/v1/devices/{id}/zeros",
      "get /api/v1/networks",
      "get /api/v1/users",
      "post /api/v1/devices/{id}/redecode",
      "get /api/v1/devices/{id}/redecode",
      "delete /api/v1/devices/{id}/redecode/{order}",
      ...["plots", "devices", "gateways", "bases", "rovers", "networks", "users"].flatMap((kind) =>
        ["get", "put", "patch", "delete"].map((method) => `${method} /api/v1/${kind}/{id}`),
      ),
      "get /api/v1/uplinks",
      "get /api/v1/uplinks/summary",
      "get /api/v1/uplinks/{seq}",
      "post /api/v1/bases/{id}/confirm",
      "post /api/v1/bases/{id}/stop",
      "post /api/v1/bases/{id}/start",
      "post /api/v1/bases/recheck",
      "get /api/v1/bases/orders",
      "get /api/v1/bases/{id}/history",
      "get /api/v1/bases/{id}/events",
      "get /api/v1/rovers/{id}/track",
      "get /api/v1/rovers/{id}/events",
      "get /api/v1/rovers/{id}/plots",
      "get /api/v1/bases/{id}/archive",
      "get /api/v1/bases/{id}/archive/{file}",
      "get /api/v1/rovers/{id}/diagnosis",
      "get /api/v1/readings/latest",
      "get /api/v1/series",
      "get /api/v1/export/readings.csv",
      "get /api/v1/codecs",
      "get /api/v1/codecs/{id}",
      "put /api/v1/codecs/{id}",
      "delete /api/v1/codecs/{id}",
      "post /api/v1/codecs/{id}/try",
      "post /api/v1/codecs/{id}/redecode",
      "get /api/v1/codecs/{id}/redecode",
      "delete /api/v1/codecs/{id}/redecode/{order}",
      "get /api/v1/sources",
    ]);
    const series = doc.paths["/api/v1/series"].get;
    expect(series.parameters.map((p: { name: string; required: boolean }) => [p.name, p.required])).toEqual([
      ["device", true],
      ["quantity", true],
      ["depthCm", false],
      ["from", false],
      ["to", false],
      ["max", false],
    ]);
    expect(series.parameters[5].schema).toMatchObject({ type: "integer", minimum: 1, maximum: 5000, default: 800 });
    expect(series.responses.default.content["application/problem+json"].schema.$ref).toBe("#/components/schemas/Problem");
    expect(doc.paths["/api/v1/bases/{id}/stop"].post.requestBody.required).toBe(false);
    const ids = Object.values(doc.paths).flatMap((methods) => Object.values(methods as object).map((o) => o.operationId));
    expect(new Set(ids).size).toBe(ids.length);
    expect(JSON.stringify(doc)).not.toContain("draft-07");
  });
});

describe("the map's files", () => {
  let folder: string;
  afterEach(async () => {
    await t.close();
    rmSync(folder, { recursive: true });
  });
  const serve = async (built: boolean, baseMaps: ("gsi-pale" | "gsi-photo")[] = []) => {
    folder = mkdtempSync(join(tmpdir(), "azemichi 地図 "));
    if (built) {
      mkdirSync(join(folder, "assets"));
      writeFileSync(join(folder, "index.html"), "<!doctype html><title>map</title>");
      writeFileSync(join(folder, "assets", "app-1a2b3c.js"), "export {};");
      writeFileSync(join(folder, "icon.svg"), "<svg/>");
    }
    t = await testApi({ settings: { staticRoot: folder, baseMaps } });
  };

  test.each([
    ["/", "text/html; charset=utf-8", "no-cache"],
    ["/index.html", "text/html; charset=utf-8", "no-cache"],
    ["/icon.svg", "image/svg+xml", "no-cache"],
    ["/assets/app-1a2b3c.js", "application/javascript; charset=utf-8", "public, max-age=31536000, immutable"],
  ])("%s", async (url, type, caching) => {
    await serve(true);
    const answer = await t.app.inject({ url });
    expect([answer.statusCode, answer.headers["content-type"], answer.headers["cache-control"]]).toEqual([200, type, caching]);
    expect(answer.headers["content-security-policy"]).toBe(
      "default-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self'; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'",
    );
    expect(answer.headers).toMatchObject({ "x-content-type-options": "nosniff", "referrer-policy": "same-origin", "x-frame-options": "DENY" });
  });

  test("tiles of another host only when such a base map is offered", async () => {
    await serve(true, ["gsi-pale"]);
    expect((await t.app.inject({ url: "/" })).headers["content-security-policy"]).toContain("img-src 'self' data: https://cyberjapandata.gsi.go.jp;");
  });

  test.each(["/../package.json", "/..%2fpackage.json", "/assets/..%2f..%2fpackage.json", "/.git/config", "/assets/", "/no-such.js"])(
    "nothing outside or beside them: %s",
    async (url) => {
      await serve(true);
      const answer = await t.app.inject({ url });
      expect([403, 404]).toContain(answer.statusCode);
      expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    },
  );

  test("before the build: a page that says how", async () => {
    await serve(false);
    const answer = await t.app.inject({ url: "/" });
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(answer.body).toContain("npm run build");
  });
});

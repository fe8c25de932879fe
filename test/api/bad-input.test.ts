import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AzemichiError } from "../../core/domain/errors.ts";
import type { TestApi } from "./api-fixture.ts";
import { telemetryOf, testApi } from "./api-fixture.ts";

let t: TestApi;
let admin: string;
beforeAll(async () => {
  t = await testApi({
    siteAdmin: {
      exportSite: () => ({ site: { id: "town" } }),
      importSite: async (doc) =>
        "sites" in (doc as object) ? { ok: false, issues: [{ path: "sites", message: "unknown key" }] } : { ok: true, warnings: ["users[0].password: short"] },
    },
  });
  admin = await t.cookieOf("admin");
});
afterAll(() => t.close());

describe("what is wrong is said, as Problem Details", () => {
  const get = (url: string) => ["GET", url, undefined, undefined] as const;
  const session = (payload: string, type = "application/json") => ["POST", "/session", payload, type] as const;
  test.each([
    [get("/nowhere"), 404, "nothing at this address"],
    [get("/readings/latest?devise=x"), 400, "query.devise"],
    [get("/readings/latest?device=a&device=b"), 400, "query.device must be string"],
    [get(`/readings/latest?device=${"x".repeat(65)}`), 400, "query.device"],
    [get("/series?device=kita-level"), 400, "quantity"],
    [get("/series?device=kita-level&quantity=water.levle"), 400, "query.quantity"],
    [get("/series?device=kita-level&quantity=water.level&max=0"), 400, "query.max"],
    [get("/series?device=kita-level&quantity=water.level&max=many"), 400, "query.max must be integer"],
    [get("/series?device=kita-level&quantity=water.level&max=1.5"), 400, "query.max"],
    [get("/series?device=kita-level&quantity=water.level&depthCm=-1"), 400, "query.depthCm"],
    [get("/series?device=kita-level&quantity=water.level&from=yesterday"), 400, "query.from"],
    [get("/series?device=kita-level&quantity=water.level&to=2026-02-31"), 400, "to: no such day"],
    [get("/export/readings.csv?from=2026-13-01"), 400, "from: no such day"],
    [get("/export/readings.csv?header=english"), 400, "query.header"],
    [get("/plots?bbox=1,2,3"), 400, "query.bbox"],
    [get("/plots?bbox=141,39,140,40"), 400, "bbox"],
    [get("/snapshot?since=-1"), 400, "query.since"],
    [get(`/bases/${"x".repeat(100)}/health`), 400, "params.id"],
    [get(`/bases/${"x".repeat(300)}/health`), 414, "max param length"],
    [get("/bases/%E0%A4%A/health"), 400, "not a valid url"],
    [session("{"), 400, "JSON"],
    [session(""), 400, "body must be object"],
    [session("[]"), 400, "body must be object"],
    [session("{}"), 400, "body must have required property 'username'"],
    [session('{"username":"a","password":""}'), 400, "body.password"],
    [session('{"username":"a","password":"b","remember":true}'), 400, "body.remember"],
    [session('{"username":{"$ne":null},"password":"b"}'), 400, "body.username must be string"],
    [session('{"__proto__":{"x":1},"username":"a","password":"b"}'), 400, "not valid JSON"],
    [session(`{"username":"${"a".repeat(65)}","password":"b"}`), 400, "body.username"],
    [session("username=a&password=b", "application/x-www-form-urlencoded"), 415, "Unsupported Media Type"],
    [session(`{"username":"a","password":"${"b".repeat(1_000_001)}"}`), 413, "too large"],
    [["PUT", "/site", '{"sites":[]}', "application/json"] as const, 422, "nothing was changed"],
    [["PUT", "/site", "[1]", "application/json"] as const, 400, "body must be object"],
    [["PUT", "/site", `{"x":"${"b".repeat(20_000_001)}"}`, "application/json"] as const, 413, "too large"],
    [["DELETE", "/plots", undefined, undefined] as const, 405, "takes GET only"],
    [["PATCH", "/site", undefined, undefined] as const, 405, "takes GET, PUT only"],
    [["POST", "/nowhere", undefined, undefined] as const, 404, "nothing at this address"],
    [session('{"username":"a","password":"b"}', "text/plain"), 415, "Unsupported Media Type"],
  ])("%j", async ([method, url, payload, type], status, words) => {
    const answer = await t.app.inject({
      method,
      url: `/api/v1${url}`,
      headers: { cookie: admin, ...(type ? { "content-type": type } : {}) },
      ...(payload === undefined ? {} : { payload }),
    });
    expect({ status: answer.statusCode, type: answer.headers["content-type"], body: answer.json() }).toEqual({
      status,
      type: expect.stringMatching(/^application\/problem\+json/),
      body: expect.objectContaining({ type: "about:blank", title: expect.any(String), status, detail: expect.stringContaining(words) }),
    });
  });

  test("an import that fails names each place", async () => {
    const answer = await t.app.inject({ method: "PUT", url: "/api/v1/site", headers: { cookie: admin }, payload: { sites: [] } });
    expect(answer.json().errors).toEqual([{ path: "sites", message: "unknown key" }]);
  });

  test("one that works tells what might be better", async () => {
    const answer = await t.app.inject({ method: "PUT", url: "/api/v1/site", headers: { cookie: admin }, payload: { site: { id: "town" } } });
    expect([answer.statusCode, answer.json()]).toEqual([200, { warnings: ["users[0].password: short"] }]);
  });
});

describe("our own trouble says nothing of our insides", () => {
  test.each([
    [new AzemichiError("STORE_UNAVAILABLE", "readings.db: disk I/O error"), 503, "5"],
    [new TypeError("cannot read properties of undefined"), 500, undefined],
  ])("%s", async (error, status, retryAfter) => {
    const broken = await testApi({ demo: true, telemetry: { ...telemetryOf([]), latest: () => Promise.reject(error) } });
    const answer = await broken.app.inject({ url: "/api/v1/readings/latest" });
    expect([answer.statusCode, answer.headers["retry-after"], answer.json().status]).toEqual([status, retryAfter, status]);
    expect(answer.body).not.toContain(error.message);
    await broken.close();
  });

  test.each([
    [{ canJournal: true, store: "sqlite", degraded: [] }, 200, "ready"],
    [{ canJournal: true, store: "sqlite+influxdb", degraded: ["influxdb: refused"] }, 200, "ready"],
    [{ canJournal: false, store: "sqlite", degraded: [] }, 503, "unavailable"],
  ])("readyz: %j", async (readiness, status, word) => {
    const r = await testApi({ readiness });
    const answer = await r.app.inject({ url: "/readyz" });
    expect([answer.statusCode, answer.json()]).toEqual([status, { status: word, store: readiness.store, degraded: readiness.degraded }]);
    await r.close();
  });
});

describe("what is no HTTP at all", () => {
  test.each([
    ["garbage", "\x00\x01\x02garbage\r\n\r\n", 400],
    ["headers without end", `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"a".repeat(20_000)}\r\n\r\n`, 431],
    ["two lengths", "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
  ])("%s", async (_, bytes, status) => {
    await t.app.listen({ host: "127.0.0.1", port: 0 }).catch((error: Error & { code?: string }) => {
      if (error.code !== "FST_ERR_REOPENED_SERVER") throw error;
    });
    const address = t.app.server.address();
    const socket = connect({ host: "127.0.0.1", port: typeof address === "object" ? (address?.port ?? 0) : 0 });
    socket.write(bytes);
    let text = "";
    for await (const chunk of socket) text += chunk;
    expect(text.split("\r\n")[0]).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).toContain("content-type: application/problem+json");
    expect(JSON.parse(text.slice(text.indexOf("\r\n\r\n")))).toMatchObject({ status });
  });
});

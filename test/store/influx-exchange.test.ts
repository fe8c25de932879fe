import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createInflux, type Influx } from "../../store/influx.ts";
import type { InfluxTarget } from "../../store/influx-client.ts";
import { makeReading, T0_MS } from "../support/make-reading.ts";

interface Exchange {
  readonly method: string | undefined;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const NONE: InfluxTarget = { url: "", token: null, org: null, bucket: null, database: null, username: null, password: null };
const JSON_TYPE = { "content-type": "application/json" };
const LINE = `water,device=kita-3-level,plot=kita-3,site=misato level=4.5,level_q=1 ${T0_MS}`;
const point = { ...makeReading(), flag: 1 as const };

let server: Server;
let url: string;
let exchanges: Exchange[];
let answer: Answer | "hang up";

beforeEach(async () => {
  exchanges = [];
  answer = { status: 204 };
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    exchanges.push({
      method: request.method,
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: request.headers,
      body: (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString("utf8"),
    });
    if (answer === "hang up") request.socket.destroy();
    else response.writeHead(answer.status, answer.headers).end(answer.body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const open = (target: Partial<InfluxTarget>): Influx => createInflux({ ...NONE, url, ...target }, { siteId: "misato" });

describe("a write", () => {
  const rows: { name: string; target: Partial<InfluxTarget>; path: string; query: Record<string, string>; authorization: string | undefined }[] = [
    { name: "1.x without a user", target: { database: "kome" }, path: "/write", query: { db: "kome", precision: "ms" }, authorization: undefined },
    {
      name: "1.x with a user",
      target: { database: 'a"b&c', username: "writer", password: "pässword" },
      path: "/write",
      query: { db: 'a"b&c', precision: "ms" },
      authorization: `Basic ${Buffer.from("writer:pässword").toString("base64")}`,
    },
    {
      name: "2.x and Cloud",
      target: { org: "美郷町", bucket: "azemichi/365d", token: "T-secret==" },
      path: "/api/v2/write",
      query: { org: "美郷町", bucket: "azemichi/365d", precision: "ms" },
      authorization: "Token T-secret==",
    },
    {
      name: "3.x, which has no org",
      target: { bucket: "azemichi", token: "apiv3_x" },
      path: "/api/v2/write",
      query: { bucket: "azemichi", precision: "ms" },
      authorization: "Token apiv3_x",
    },
    {
      name: "1.8 with a token of user:password",
      target: { database: "kome", token: "u:p" },
      path: "/write",
      query: { db: "kome", precision: "ms" },
      authorization: "Token u:p",
    },
  ];
  test.each(rows)("$name: path, parameters, header and body", async ({ target, path, query, authorization }) => {
    expect(await open(target).writer.send([point, { ...point, value: null, flag: 9, timeMs: T0_MS + 1 }])).toMatchObject({ kind: "stored" });
    const [sent] = exchanges;
    expect(sent).toMatchObject({
      method: "POST",
      path,
      query,
      body: `${LINE}\n${LINE.replace("level=4.5,level_q=1", "level_q=9").replace(`${T0_MS}`, `${T0_MS + 1}`)}`,
    });
    expect(sent?.headers.authorization).toBe(authorization);
    expect(sent?.headers["content-type"]).toContain("text/plain");
  });

  test("a user in the URL is used as such, and its path is a prefix", async () => {
    const { host } = new URL(url);
    await createInflux({ ...NONE, url: `http://u%40x:p%3Aw@${host}/influx/`, database: "d" }, { siteId: "misato" }).writer.send([point]);
    expect(exchanges[0]?.path).toBe("/influx/write");
    expect(exchanges[0]?.headers.authorization).toBe(`Basic ${Buffer.from("u@x:p:w").toString("base64")}`);
  });

  test("many lines go compressed", async () => {
    await open({ database: "d" }).writer.send(Array.from({ length: 500 }, (_, i) => ({ ...point, timeMs: T0_MS + i })));
    expect(exchanges[0]?.headers["content-encoding"]).toBe("gzip");
    expect(exchanges[0]?.body.split("\n")).toHaveLength(500);
  });
});

describe("an answer to a write", () => {
  // Bodies of 1.x as 1.6.7 sends them; those of 2.x and 3.x as their documentation gives them.
  const rows: { name: string; answer: Answer | "hang up"; outcome: Record<string, unknown> }[] = [
    { name: "204", answer: { status: 204 }, outcome: { kind: "stored" } },
    {
      name: "200 of something that is no InfluxDB",
      answer: { status: 200, headers: { "content-type": "text/html" }, body: "<html>Login" },
      outcome: { kind: "forbidden" },
    },
    {
      name: "201, the partial success of 3.x",
      answer: { status: 201, headers: JSON_TYPE, body: '{"error":"partial write of line protocol occurred"}' },
      outcome: { kind: "refused", certain: true },
    },
    {
      name: "400 of 1.x for a line",
      answer: { status: 400, headers: JSON_TYPE, body: '{"error":"partial write: unable to parse \'x\': missing fields dropped=0"}' },
      outcome: { kind: "refused", certain: true, reason: "400 partial write: unable to parse 'x': missing fields dropped=0" },
    },
    {
      name: "400 of 1.x for a type",
      answer: {
        status: 400,
        headers: JSON_TYPE,
        body: '{"error":"field type conflict: input field \\"level\\" on measurement \\"water\\" is type float, already exists as type integer"}',
      },
      outcome: { kind: "refused", certain: true },
    },
    {
      name: "400 of 2.x for a line",
      answer: { status: 400, headers: JSON_TYPE, body: '{"code":"invalid","message":"unable to parse \'x\': invalid field format"}' },
      outcome: { kind: "refused", certain: true },
    },
    {
      name: "400 of 2.x for the request",
      answer: { status: 400, headers: JSON_TYPE, body: '{"code":"invalid","message":"Please provide either orgID or org"}' },
      outcome: { kind: "refused", certain: false, reason: "400 Please provide either orgID or org" },
    },
    {
      name: "422 of 2.x",
      answer: {
        status: 422,
        headers: JSON_TYPE,
        body: '{"code":"unprocessable entity","message":"failure writing points to database: partial write: points beyond retention policy dropped=1"}',
      },
      outcome: { kind: "refused", certain: true },
    },
    {
      name: "401 of 1.x",
      answer: { status: 401, headers: JSON_TYPE, body: '{"error":"authorization failed"}' },
      outcome: { kind: "forbidden", reason: "401 authorization failed: check AZEMICHI_INFLUX_USERNAME and AZEMICHI_INFLUX_PASSWORD" },
    },
    {
      name: "401 of 2.x",
      answer: { status: 401, headers: JSON_TYPE, body: '{"code":"unauthorized","message":"unauthorized access"}' },
      outcome: { kind: "forbidden", reason: "401 unauthorized access: check AZEMICHI_INFLUX_USERNAME and AZEMICHI_INFLUX_PASSWORD" },
    },
    {
      name: "403",
      answer: { status: 403, headers: JSON_TYPE, body: '{"code":"forbidden","message":"insufficient permissions"}' },
      outcome: { kind: "forbidden" },
    },
    { name: "a redirect", answer: { status: 302, headers: { location: "/login" } }, outcome: { kind: "forbidden" } },
    {
      name: "404 of 1.x",
      answer: { status: 404, headers: JSON_TYPE, body: '{"error":"database not found: \\"d\\""}' },
      outcome: { kind: "missing", reason: '404 database not found: "d"' },
    },
    {
      name: "404 of 2.x",
      answer: { status: 404, headers: JSON_TYPE, body: '{"code":"not found","message":"bucket \\"d\\" not found"}' },
      outcome: { kind: "missing", reason: '404 bucket "d" not found' },
    },
    { name: "413", answer: { status: 413, headers: JSON_TYPE, body: '{"error":"Request Entity Too Large"}' }, outcome: { kind: "too-large" } },
    { name: "429 with seconds", answer: { status: 429, headers: { "retry-after": "7" } }, outcome: { kind: "later", retryAfterMs: 7000 } },
    { name: "429 with an hour", answer: { status: 429, headers: { "retry-after": "3600" } }, outcome: { kind: "later", retryAfterMs: 900_000 } },
    {
      name: "503 with a date, by the clock of who answers",
      answer: { status: 503, headers: { date: "Wed, 21 Oct 2015 07:27:18 GMT", "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" } },
      outcome: { kind: "later", retryAfterMs: 42_000 },
    },
    {
      name: "503 with a date that has passed",
      answer: { status: 503, headers: { date: "Wed, 21 Oct 2015 07:29:00 GMT", "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" } },
      outcome: { kind: "later", retryAfterMs: 0 },
    },
    { name: "503 with no time at all", answer: { status: 503, headers: { "retry-after": "soon" } }, outcome: { kind: "later", retryAfterMs: 0 } },
    { name: "500", answer: { status: 500, body: "timeout" }, outcome: { kind: "later", reason: "500 timeout" } },
    { name: "none", answer: "hang up", outcome: { kind: "later", retryAfterMs: 0 } },
  ];
  test.each(rows)("$name", async ({ answer: given, outcome }) => {
    answer = given;
    expect(await open({ database: "d" }).writer.send([point])).toMatchObject(outcome);
  });

  test("what it says never repeats our secrets, and has an end", async () => {
    answer = { status: 403, headers: JSON_TYPE, body: JSON.stringify({ message: `token T-secret== of ${"x".repeat(5000)}` }) };
    const told = await open({ bucket: "b", token: "T-secret==" }).writer.send([point]);
    expect(told).toMatchObject({ kind: "forbidden", reason: expect.stringMatching(/^403 token \*\*\* of x{200,300}: check AZEMICHI_INFLUX_TOKEN$/) });
    const basic = Buffer.from("u:p-secret").toString("base64");
    answer = { status: 401, body: `no: p-secret Basic ${basic}` };
    expect(await open({ database: "d", username: "u", password: "p-secret" }).writer.send([point])).toMatchObject({
      reason: "401 no: *** Basic ***: check AZEMICHI_INFLUX_USERNAME and AZEMICHI_INFLUX_PASSWORD",
    });
  });

  test("an abort ends it at once", async () => {
    const stop = new AbortController();
    const sending = open({ url: "http://127.0.0.1:9", database: "d" }).writer.send([point], AbortSignal.abort());
    await expect(sending).rejects.toThrow();
    server.removeAllListeners("request");
    const hanging = open({ database: "d" }).writer.send([point], stop.signal);
    await once(server, "request");
    stop.abort();
    await expect(hanging).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("a query", () => {
  const ok = (...results: unknown[]): Answer => ({ status: 200, headers: JSON_TYPE, body: JSON.stringify({ results }) });

  test("2.x: InfluxQL on /query with the token, and every value bound", async () => {
    answer = ok({ statement_id: 0 });
    await open({ org: "o", bucket: "b", token: "t" }).reader.latest({ deviceIds: ["x' OR 'a'='a"] });
    const [sent] = exchanges;
    expect(sent).toMatchObject({ method: "POST", path: "/query", headers: { authorization: "Token t" } });
    const form = new URLSearchParams(sent?.body);
    expect(form.get("db")).toBe("b");
    expect(form.get("epoch")).toBe("ms");
    expect(form.get("q")).not.toContain("OR 'a'");
    expect(JSON.parse(form.get("params") ?? "")).toMatchObject({ d0: "x' OR 'a'='a", site: "misato" });
  });

  test("an error inside a 200 is an error", async () => {
    answer = ok({ statement_id: 0, error: "database not found: b" });
    await expect(open({ bucket: "b" }).reader.latest({})).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message: "InfluxDB: database not found: b" });
  });

  test("a dead server is an error with a sentence", async () => {
    answer = "hang up";
    await expect(open({ database: "d" }).reader.latest({})).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message: "InfluxDB: socket hang up" });
  });

  test("ping", async () => {
    expect(await open({ database: "d" }).ping()).toEqual({ kind: "up" });
    expect(exchanges[0]).toMatchObject({ method: "GET", path: "/ping" });
    answer = { status: 503, body: "starting" };
    expect(await open({ database: "d" }).ping()).toEqual({ kind: "down", reason: "503 starting" });
  });
});

describe("writing readings as a whole", () => {
  test.each([
    { status: 400, code: "PEER_REFUSED" },
    { status: 401, code: "PEER_REFUSED" },
    { status: 503, code: "STORE_UNAVAILABLE" },
  ])("$status throws $code", async ({ status, code }) => {
    answer = { status, body: "no" };
    await expect(open({ database: "d" }).writer.write([makeReading()])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(`^InfluxDB did not store the readings: ${status} no`),
    });
  });
});

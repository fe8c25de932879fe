import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createInflux, type Influx } from "../../store/influx.ts";
import type { InfluxTarget } from "../../store/influx-client.ts";
import { type Exchange, FakeInflux, refusal } from "../support/fake-influx.ts";
import { makeReading } from "../support/make-reading.ts";

const NONE: InfluxTarget = { url: "", token: "T-secret==", org: "misato", bucket: "paddies", database: null, username: null, password: null };
const MISATO_ID = "0a1b2c3d4e5f6071";
const point = { ...makeReading(), flag: 1 as const };

let fake: FakeInflux;
beforeEach(async () => {
  fake = await FakeInflux.listen();
});
afterEach(() => fake.close());
const open = (target: Partial<InfluxTarget> = {}): Influx => createInflux({ ...NONE, url: fake.url, ...target }, { siteId: "misato" });
const asked = (): string[] => fake.exchanges.map((e) => `${e.method} ${e.path}`);
const bodyOf = (exchange: Exchange | undefined): unknown => JSON.parse(exchange?.body ?? "null");
/** Refuses one path, as with a token that may only write. */
const refuse = (method: string, path: string, status: number, message: string): void => {
  fake.rule = (e) => (e.method === method && e.path === path ? refusal(status, "unauthorized", message) : null);
};

// Requests and answers as the HTTP API's documentation of InfluxDB 2.x describes them.
describe("a bucket that is not there", () => {
  test("is made in the organization of that name, for good, and then written to", async () => {
    const { writer } = open();
    expect(await writer.send([point])).toMatchObject({ kind: "missing", reason: '404 bucket "paddies" not found' });
    expect(await writer.ensureDatabase()).toEqual({ kind: "ready" });
    const [lookUp] = fake.sent("GET", "/api/v2/orgs");
    expect(lookUp).toMatchObject({ query: { org: "misato" }, headers: { authorization: "Token T-secret==" } });
    expect(bodyOf(fake.sent("POST", "/api/v2/buckets")[0])).toEqual({
      orgID: MISATO_ID,
      name: "paddies",
      retentionRules: [{ type: "expire", everySeconds: 0 }],
    });
    expect(await writer.send([point])).toEqual({ kind: "stored" });
    expect(fake.kept.points.size).toBe(1);
  });

  test("an organization may be given by its id, or left out where there is one only", async () => {
    expect(await open({ org: MISATO_ID }).ensureDatabase()).toEqual({ kind: "ready" });
    expect(await open({ org: null, bucket: "others" }).ensureDatabase()).toEqual({ kind: "ready" });
    expect([...fake.buckets.keys()]).toEqual(["paddies", "others"]);
  });

  const rows: { name: string; target?: Partial<InfluxTarget>; given: () => void; reason: RegExp }[] = [
    {
      name: "a token that may not read organizations",
      given: () => refuse("GET", "/api/v2/orgs", 401, "unauthorized access"),
      reason: /^bucket paddies is not there: organization misato was not found \(401 unauthorized access: check AZEMICHI_INFLUX_TOKEN\)/,
    },
    {
      name: "an organization that is not there",
      target: { org: "mistao" },
      given: () => {},
      reason: /organization mistao was not found .*: check AZEMICHI_INFLUX_ORG$/,
    },
    {
      name: "a token that may not make buckets",
      given: () => refuse("POST", "/api/v2/buckets", 403, "insufficient permissions"),
      reason:
        /^bucket paddies is not there and was not made \(403 insufficient permissions: check AZEMICHI_INFLUX_TOKEN\): create it in InfluxDB, or give a token/,
    },
    {
      name: "a bucket that the token does not see",
      given: () => fake.buckets.set("paddies", "0b"),
      reason: /^bucket paddies cannot be reached: 422 bucket with name paddies already exists: check what AZEMICHI_INFLUX_TOKEN may do$/,
    },
    {
      name: "a server without that API",
      given: () => refuse("GET", "/api/v2/orgs", 404, "path not found"),
      reason: /bucket paddies is not there: organization/,
    },
    {
      name: "a server that is gone",
      given: () => {
        fake.rule = () => "hang up";
      },
      reason: /socket hang up/,
    },
  ];
  test.each(rows)("$name: says what to do", async ({ target, given, reason }) => {
    given();
    const made = await open(target).ensureDatabase();
    expect(made).toEqual({ kind: "failed", reason: expect.stringMatching(reason) });
    expect(JSON.stringify(made)).not.toContain("T-secret");
  });

  test("1.x makes a database instead, with its name quoted", async () => {
    fake.rule = (e) => (e.path === "/query" ? { status: 200, body: { results: [{ statement_id: 0 }] } } : null);
    expect(await open({ bucket: null, token: null, database: 'a"b\\c' }).ensureDatabase()).toEqual({ kind: "ready" });
    expect(new URLSearchParams(fake.exchanges[0]?.body).get("q")).toBe('CREATE DATABASE "a\\"b\\\\c"');
    fake.rule = () => ({ status: 200, body: { results: [{ statement_id: 0, error: "invalid name" }] } });
    expect(await open({ bucket: null, token: null, database: "a/b" }).ensureDatabase()).toEqual({ kind: "failed", reason: "invalid name" });
  });
});

describe("the mapping that InfluxQL needs", () => {
  beforeEach(() => fake.buckets.set("paddies", "0b000000000000aa"));

  test("is made once, after the first points, under the name that queries use", async () => {
    const { writer } = open({ database: "kome" });
    expect(await writer.send([point])).toEqual({ kind: "stored" });
    expect(await writer.send([point])).toEqual({ kind: "stored" });
    expect(fake.mappings).toEqual([{ bucketID: "0b000000000000aa", database: "kome", default: true, orgID: MISATO_ID, retention_policy: "autogen" }]);
    expect(fake.sent("GET", "/api/v2/dbrps").map((e) => e.query)).toEqual([{ org: "misato", db: "kome" }]);
    expect(fake.sent("POST", "/api/v2/write")).toHaveLength(2);
  });

  test("is left alone where there is one, virtual ones too", async () => {
    fake.mappings.push({ id: "1", database: "paddies", retention_policy: "autogen", default: true, virtual: true });
    expect(await open().writer.send([point])).toEqual({ kind: "stored" });
    expect(fake.mappings).toHaveLength(1);
    expect(asked()).toEqual(["POST /api/v2/write", "GET /api/v2/dbrps"]);
  });

  test("3.x has none and needs none", async () => {
    refuse("GET", "/api/v2/dbrps", 404, "not found");
    expect(await open({ org: null }).writer.send([point])).toEqual({ kind: "stored" });
    expect(asked()).toEqual(["POST /api/v2/write", "GET /api/v2/dbrps"]);
  });

  test.each([
    { method: "GET", path: "/api/v2/dbrps", status: 401 },
    { method: "POST", path: "/api/v2/dbrps", status: 403 },
    { method: "GET", path: "/api/v2/buckets", status: 401 },
  ])("$method $path refused with $status: the points are stored, and it is told what to do", async ({ method, path, status }) => {
    refuse(method, path, status, "unauthorized access");
    expect(await open().writer.send([point])).toEqual({
      kind: "stored",
      notice: expect.stringMatching(new RegExp(`no DBRP mapping \\(${status} unauthorized access.*influx v1 dbrp create --db paddies --rp autogen --default`)),
    });
    expect(fake.kept.points.size).toBe(1);
  });

  test("1.x is asked for none", async () => {
    await open({ bucket: null, token: null, database: "d" }).writer.send([point]);
    expect(asked()).toEqual(["POST /write"]);
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CodecPutSchema, CodecSchema, CodecsSchema, RedecodeSchema, RedecodesSchema, TrySchema } from "../../api/codec-schemas.ts";
import { openCodecAdmin } from "../../app/roles/codec-admin.ts";
import { silentLog } from "../../core/runtime/log.ts";
import { Resources } from "../../core/runtime/resource.ts";
import { openForWriting } from "../../core/runtime/sqlite.ts";
import { CatalogStore } from "../../store/catalog.ts";
import { readingsMigrations } from "../../store/readings-schema.ts";
import { DATA, FRAME_HEX, MAPPING, PLAIN, runaway } from "../ingest/codecs/scripts.ts";
import { type TestApi, testApi } from "./api-fixture.ts";
import { catalog as town } from "./town.ts";

/** The API over a real catalog and the real bench. */
let t: TestApi;
let store: CatalogStore;
let folder: string;
let staff: string;
const resources = new Resources(silentLog);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-codec-api-"));
  store = new CatalogStore(join(folder, "catalog.db"), { key: Buffer.alloc(32), profiles: [] });
  const base = town();
  const [device] = base.devices;
  if (device === undefined) throw new Error("the town has no device");
  const catalog = { ...base, devices: [...base.devices, { ...device, id: "probe-1", profile: "codec:in-use" }] };
  t = await testApi({ catalog, codecs: openCodecAdmin({ dataFolder: folder, resources }, store) });
  staff = await t.cookieOf("staff");
});
afterAll(async () => {
  await t.close();
  await resources.close();
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

type Method = "GET" | "PUT" | "POST" | "DELETE";
const ask = (method: Method, path: string, payload?: unknown, cookie = staff) =>
  t.app.inject({
    method,
    url: `/api/v1/codecs${path}`,
    headers: cookie === "" ? {} : { cookie },
    ...(payload === undefined ? {} : { payload: payload as object }),
  });
const VECTORS = [{ name: "frost", fPort: 1, bytesHex: FRAME_HEX, expected: { data: DATA } }];
const BODY = { script: PLAIN, mapping: MAPPING, vectors: VECTORS };
const liveShas = () => store.catalog().codecs.map(({ sha256 }) => sha256);

describe("PUT codecs/{id}", () => {
  test("stores, runs the gate, goes live; a worse version leaves the former one decoding", async () => {
    const good = CodecPutSchema.parse((await ask("PUT", "/probe", BODY)).json());
    expect(good).toMatchObject({ id: "probe", live: true, gate: { live: true, failures: [] }, warnings: [] });
    expect(good.liveSha256).toBe(good.sha256);
    expect(liveShas()).toEqual([good.sha256]);

    const bad = CodecPutSchema.parse(
      (await ask("PUT", "/probe", { ...BODY, script: runaway("while (true) {}"), vectors: [{ ...VECTORS[0], fPort: 9 }] })).json(),
    );
    expect(bad).toMatchObject({ live: false, why: expect.stringMatching(/stopped after 100 ms/), liveSha256: good.sha256 });
    expect(liveShas()).toEqual([good.sha256]);

    const found = CodecSchema.parse((await ask("GET", "/probe")).json());
    expect(found).toMatchObject({
      sha256: bad.sha256,
      live: false,
      liveSha256: good.sha256,
      username: "staff",
      mapping: MAPPING,
      script: runaway("while (true) {}"),
    });
    expect(CodecsSchema.parse((await ask("GET", "")).json()).codecs).toMatchObject([{ id: "probe", live: false, devices: [] }]);
  });

  test("defaults of a mapping; null is no depth, and 0 is one", async () => {
    const mapping = [
      { path: "battery", quantity: "device.batteryVoltage" },
      { path: "temperature", quantity: "soil.temperature", depthCm: null, scale: 2 },
      { path: "moisture", quantity: "soil.moisture", depthCm: 0, offset: 1 },
    ];
    const put = CodecPutSchema.parse((await ask("PUT", "/defaults", { ...BODY, mapping })).json());
    expect(put.live).toBe(true);
    expect(CodecSchema.parse((await ask("GET", "/defaults")).json()).mapping).toEqual([
      { path: "battery", quantity: "device.batteryVoltage", scale: 1, offset: 0, depthCm: null },
      { path: "temperature", quantity: "soil.temperature", scale: 2, offset: 0, depthCm: null },
      { path: "moisture", quantity: "soil.moisture", scale: 1, offset: 1, depthCm: 0 },
    ]);
  });

  test("null is left out, never 0; a vector may leave its port out", async () => {
    const mapping = [{ path: "battery", quantity: "device.batteryVoltage", scale: null, offset: null, depthCm: null }];
    const vectors = [VECTORS[0], { ...VECTORS[0], fPort: null }, { name: "no port", bytesHex: FRAME_HEX, expected: DATA }];
    const put = CodecPutSchema.parse((await ask("PUT", "/nulls", { ...BODY, mapping, vectors })).json());
    expect(put).toMatchObject({ live: true, warnings: [] });
    const stored = CodecSchema.parse((await ask("GET", "/nulls")).json());
    expect(stored.mapping).toEqual([{ path: "battery", quantity: "device.batteryVoltage", scale: 1, offset: 0, depthCm: null }]);
    expect(stored.vectors.map(({ fPort }) => fPort)).toEqual([1, 1, 1]);
    expect((await ask("PUT", "/nulls", { ...BODY, script: null })).json().detail).toBe("body must have required property 'script'");
    expect((await ask("POST", "/nulls/try", { fPort: 1, bytesHex: FRAME_HEX, recvTime: null })).json()).toMatchObject({ data: DATA });
  });

  test("says what a mapping misses", async () => {
    const put = CodecPutSchema.parse((await ask("PUT", "/misses", { ...BODY, mapping: [{ path: "humidty", quantity: "air.humidity" }] })).json());
    expect(put.warnings).toEqual(["mapping humidty: no vector has a value there"]);
    expect(CodecPutSchema.parse((await ask("PUT", "/misses", { script: PLAIN })).json())).toMatchObject({
      live: false,
      why: expect.stringMatching(/no vectors/),
      warnings: ["there is no mapping: it gives no readings"],
    });
  });

  test.each([
    { what: "an unknown key", body: { ...BODY, scripts: "" }, says: "body.scripts" },
    { what: "an unknown key of a mapping", body: { ...BODY, mapping: [{ ...MAPPING[0], unit: "C" }] }, says: "body.mapping.0.unit" },
    { what: "an unknown quantity", body: { ...BODY, mapping: [{ path: "a", quantity: "water.colour" }] }, says: "body.mapping.0.quantity" },
    { what: "a path that is none", body: { ...BODY, mapping: [MAPPING[0], { path: "a..b", quantity: "soil.ec" }] }, says: "body.mapping.1.path" },
    { what: "a scale in words", body: { ...BODY, mapping: [{ ...MAPPING[0], scale: "twice" }] }, says: "body.mapping.0.scale" },
    { what: "a depth below everything", body: { ...BODY, mapping: [{ ...MAPPING[0], depthCm: 5000 }] }, says: "body.mapping.0.depthCm" },
    { what: "half a byte", body: { ...BODY, vectors: [{ ...VECTORS[0], bytesHex: "abc" }] }, says: "body.vectors.0.bytesHex" },
    { what: "a vector without an expectation", body: { ...BODY, vectors: [{ name: "v", fPort: 1, bytesHex: "" }] }, says: "body.vectors.0" },
    { what: "no script", body: { mapping: [], vectors: [] }, says: "script" },
    { what: "a script without end", body: { ...BODY, script: "x".repeat(300_000) }, says: "body.script" },
    { what: "too many vectors", body: { ...BODY, vectors: Array.from({ length: 201 }, () => VECTORS[0]) }, says: "body.vectors" },
  ])("400: $what", async ({ body, says }) => {
    const answer = await ask("PUT", "/refused", body);
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([400, expect.stringMatching(/^application\/problem\+json/)]);
    expect(answer.json().detail).toContain(says);
    expect((await ask("GET", "/refused")).statusCode).toBe(404);
  });

  test.each(["Probe", "-a", "a_b", "a".repeat(65)])("400: the id %s", async (id) => expect((await ask("PUT", `/${id}`, BODY)).statusCode).toBe(400));

  test("a large script passes", async () => {
    const script = `${PLAIN}\n/* ${"あ".repeat(200_000)} */`;
    expect(CodecPutSchema.parse((await ask("PUT", "/large", { ...BODY, script })).json()).live).toBe(true);
  });
});

describe("POST codecs/{id}/try", () => {
  const trial = async (id: string, body: unknown) => TrySchema.parse((await ask("POST", `/${id}/try`, body)).json());

  test("data, and the readings that it would give; recvTime may be left out; a codec that is not live is tried too", async () => {
    await ask("PUT", "/tried", { script: PLAIN, mapping: MAPPING });
    const answer = await trial("tried", { fPort: 1, bytesHex: FRAME_HEX.toUpperCase() });
    expect(answer).toMatchObject({ data: DATA, warnings: [], errors: [] });
    expect(answer.readings).toContainEqual({ quantity: "soil.moisture", value: 30.5, unit: "%", depthCm: 10, time: null });
    expect(await trial("tried", { fPort: 2, bytesHex: "" })).toEqual({ data: null, warnings: [], errors: ["unknown fPort"], readings: [] });
  });

  test("recvTime is the script's clock", async () => {
    const script = "function decodeUplink(input) { return { data: { now: new Date(), list: [{ time: input.recvTime, t: 1 }] } }; }";
    await ask("PUT", "/clock", { script, mapping: [{ path: "list[].t", quantity: "air.temperature" }] });
    expect(await trial("clock", { fPort: 1, bytesHex: "00", recvTime: "2026-06-01T09:00:00+09:00" })).toMatchObject({
      data: { now: "2026-06-01T00:00:00.000Z" },
      readings: [{ value: 1, time: "2026-06-01T00:00:00.000Z" }],
    });
    expect((await ask("POST", "/clock/try", { fPort: 1, bytesHex: "00", recvTime: "soon" })).statusCode).toBe(400);
  });

  test("unknown codec 404, unknown key 400", async () => {
    expect((await ask("POST", "/nobody/try", { fPort: 1, bytesHex: "" })).statusCode).toBe(404);
    expect((await ask("POST", "/nobody/try", { fPort: 1, bytesHex: "", port: 1 })).json().detail).toContain("body.port");
  });
});

describe("DELETE codecs/{id}", () => {
  test("goes, unless a device uses it", async () => {
    await ask("PUT", "/gone", { script: PLAIN });
    expect((await ask("DELETE", "/gone")).statusCode).toBe(204);
    expect((await ask("DELETE", "/gone")).statusCode).toBe(404);
    await ask("PUT", "/in-use", { script: PLAIN });
    const refused = await ask("DELETE", "/in-use");
    expect([refused.statusCode, refused.json().detail]).toEqual([409, "It is used by probe-1."]);
    expect(CodecSchema.parse((await ask("GET", "/in-use")).json()).devices).toEqual(["probe-1"]);
  });
});

describe("codecs/{id}/redecode", () => {
  const orders = async (id: string) => RedecodesSchema.parse((await ask("GET", `/${id}/redecode`)).json()).orders;

  test("an order, its progress, its end", async () => {
    await ask("PUT", "/again", { script: PLAIN });
    const made = await ask("POST", "/again/redecode?from=2026-05-01T00:00:00%2B09:00");
    expect(made.statusCode).toBe(202);
    const order = RedecodeSchema.parse(made.json());
    expect(order).toMatchObject({ state: "waiting", from: "2026-04-30T15:00:00.000Z", to: null, username: "staff", reason: "codec", cancelledAt: null });
    expect(store.catalog().redecodes.at(-1)).toMatchObject({ id: order.id, what: { kind: "codec", codecId: "again" } });

    const readings = openForWriting(join(folder, "readings.db"), readingsMigrations);
    readings
      .prepare(
        "INSERT INTO redecode_job (id, ordered_ms, state, total, done, changed, started_ms, ended_ms, error) VALUES (?, ?, 'running', 100, 40, 12, ?, NULL, NULL)",
      )
      .run(order.id, Date.parse(order.at), Date.parse(order.at));
    expect(await orders("again")).toMatchObject([{ id: order.id, state: "running", total: 100, done: 40, changed: 12 }]);

    const cancelled = await ask("DELETE", `/again/redecode/${order.id}`);
    expect([cancelled.statusCode, RedecodeSchema.parse(cancelled.json()).state]).toEqual([200, "running"]); // field ends it within 2 s
    expect(store.catalog().redecodes.at(-1)?.cancelledAtMs).toBe(t.clock.ms);
    readings.exec("UPDATE redecode_job SET state = 'cancelled'");
    readings.close();
    expect((await ask("DELETE", `/again/redecode/${order.id}`)).statusCode).toBe(409);
  });

  test("without bounds and with an empty body; one that waits can be cancelled", async () => {
    await ask("PUT", "/whole", { script: PLAIN });
    const made = await ask("POST", "/whole/redecode", {});
    expect([made.statusCode, made.json().from, made.json().to]).toEqual([202, null, null]);
    expect((await ask("DELETE", `/whole/redecode/${made.json().id}`)).json()).toMatchObject({ state: "cancelled" });
  });

  test("with bounds that nobody filled in, as a form that is empty", async () => {
    await ask("PUT", "/form", { script: PLAIN });
    const post = (payload: string) =>
      t.app.inject({
        method: "POST",
        url: "/api/v1/codecs/form/redecode?from=&to=",
        headers: { cookie: staff, "content-type": "application/x-www-form-urlencoded" },
        payload,
      });
    const made = await post("");
    expect([made.statusCode, made.json().from, made.json().to]).toEqual([202, null, null]);
    expect((await post("from=2026-05-01")).statusCode).toBe(415);
  });

  test.each([
    { what: "an unknown codec", path: "/nobody/redecode", status: 404 },
    { what: "a time that is none", path: "/again/redecode?from=2026-13-01", status: 400 },
    { what: "an end before the beginning", path: "/again/redecode?from=2026-06-02&to=2026-06-01", status: 400 },
    { what: "an unknown key", path: "/again/redecode?since=2026-06-02", status: 400 },
  ])("$status: $what", async ({ path, status }) => expect((await ask("POST", path)).statusCode).toBe(status));

  test("an order of another codec is not found", async () => {
    const [first] = await orders("again");
    expect((await ask("DELETE", `/whole/redecode/${first?.id}`)).statusCode).toBe(404);
  });
});

describe("who may", () => {
  test.each([
    { who: "nobody", user: null, look: 401, change: 401 },
    { who: "a farmer", user: "sato", look: 403, change: 403 },
    { who: "a trainer", user: "trainer", look: 200, change: 403 },
    { who: "an administrator", user: "admin", look: 200, change: 404 },
  ])("$who", async ({ user, look, change }) => {
    const cookie = user === null ? "" : await t.cookieOf(user);
    expect((await ask("GET", "", undefined, cookie)).statusCode).toBe(look);
    expect((await ask("DELETE", "/nobody", undefined, cookie)).statusCode).toBe(change);
    if (change !== 404) {
      expect((await ask("PUT", "/mine", BODY, cookie)).statusCode).toBe(change);
      expect((await ask("POST", "/probe/try", { fPort: 1, bytesHex: "" }, cookie)).statusCode).toBe(change);
      expect((await ask("POST", "/probe/redecode", undefined, cookie)).statusCode).toBe(change);
    }
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DeviceDetailSchema, EditedSchema, KeySchema, ZeroGivenSchema, ZerosSchema } from "../../api/device-schemas.ts";
import type { Reading } from "../../core/domain/reading.ts";
import { tokenDigest } from "../../core/runtime/secrets.ts";
import { NOON, telemetryOf } from "./api-fixture.ts";
import { type Books, KEY, openBooks, townSite } from "./field-books.ts";
import { reading } from "./town.ts";

let books: Books;
const readings: Reading[] = [];
const open = async (): Promise<void> => {
  readings.length = 0;
  books = await openBooks({ telemetry: telemetryOf(readings), levelKind: (profile) => (profile === "decentlab-dl-pr26" ? "head" : "distance") });
};
const close = (): Promise<void> => books.close();
/** For tests that change something. */
const ofEach = (): void => {
  beforeEach(open);
  afterEach(close);
};
/** For tests that must change nothing. */
const ofAll = (): void => {
  beforeAll(open);
  afterAll(close);
};

/** A body that JSON.stringify could not write. */
class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, never>;
  readonly headers: Record<string, unknown>;
}
async function ask(
  who: string | null,
  method: "GET" | "PUT" | "PATCH" | "POST" | "DELETE",
  url: string,
  payload?: unknown,
  type = "application/json",
): Promise<Answer> {
  const answer = await books.t.app.inject({
    method,
    url: `/api/v1/${url}`,
    headers: { ...(who === null ? {} : { cookie: await books.cookieOf(who) }), ...(payload === undefined ? {} : { "content-type": type }) },
    ...(payload === undefined ? {} : { payload: payload instanceof Raw ? payload.text : JSON.stringify(payload) }),
  });
  return { status: answer.statusCode, body: answer.body === "" ? {} : answer.json(), headers: answer.headers };
}
const device = (id: string) => books.store.catalog().devices.find((d) => d.id === id);

const fresh = { devEui: "A84041FFFF000009", profile: "dragino-ldds75", plot: "minami-1", levelZeroMm: 700 };

const zeros = async (id = "level") => ZerosSchema.parse((await ask("trainer", "GET", `devices/${id}/zeros`)).body);
const redecodes = () =>
  books.store.read((db) => db.prepare("SELECT kind, name, from_ms AS fromMs, to_ms AS toMs, username, reason FROM redecode ORDER BY seq").all());

/** As `field` writes it down. */
const ended = (orderId: number): void =>
  books.readings.exec(
    `INSERT INTO redecode_job (id, ordered_ms, state, total, done, changed, started_ms) VALUES (${orderId}, ${NOON}, 'done', 0, 0, 0, ${NOON})`,
  );

describe("single entries of the site", () => {
  ofEach();

  test("a device is added, replaced, changed in part and removed; each change is seen at once", async () => {
    const made = await ask("staff", "PUT", "devices/new-level", fresh);
    expect(made.status).toBe(201);
    expect(EditedSchema.parse(made.body)).toMatchObject({ entry: { id: "new-level", ...fresh }, warnings: [] });
    const got = await ask("staff", "GET", "devices/new-level");
    expect(DeviceDetailSchema.parse(got.body)).toMatchObject({ devEui: "a84041ffff000009", plotId: "minami-1", entry: fresh });

    expect(await ask("staff", "PATCH", "devices/new-level", { name: "南の1番", levelZeroMm: null }, "application/merge-patch+json")).toMatchObject({
      status: 200,
      body: { entry: { name: "南の1番", plot: "minami-1" } },
    });
    expect(device("new-level")).toMatchObject({ name: "南の1番", placements: [{ plot: "minami-1", zeroMm: null }] });
    expect((await ask("staff", "PUT", "devices/new-level", { profile: "senml" })).status).toBe(200);
    expect(device("new-level")).toMatchObject({ devEui: null, name: "new-level", placements: [] });
    expect((await ask("staff", "DELETE", "devices/new-level")).status).toBe(204);
    expect((await ask("staff", "GET", "devices/new-level")).status).toBe(404);
    expect((await ask("staff", "DELETE", "devices/new-level")).status).toBe(404);
  });

  test("what something names cannot be removed, and it is said what names it", async () => {
    const answer = await ask("staff", "DELETE", "plots/kita-3");
    expect(answer.status).toBe(409);
    expect(answer.body["detail"]).toContain("holdings/sato-farm-kita-3 (plot), devices/level (placements[0].plot)");
    expect((await ask("staff", "DELETE", "gateways/gw-1")).status).toBe(204);
    expect((await ask("admin", "DELETE", "users/u-admin")).body["detail"]).toContain("administrator");
    expect((await ask("admin", "PATCH", "users/u-admin", { role: "staff" })).status).toBe(409);
    expect((await ask("admin", "DELETE", "users/u-trainer")).status).toBe(204);
  });

  test("plots, gateways, bases, rovers, users and networks alike", async () => {
    const plot = { geometry: townSite().plots[0]?.geometry, name: "新" };
    expect(await ask("staff", "PUT", "plots/new-plot", plot)).toMatchObject({ status: 201 });
    expect(await ask("staff", "GET", "plots/new-plot")).toMatchObject({
      status: 200,
      body: { type: "Feature", properties: { name: "新" }, entry: { name: "新" } },
    });
    expect(await ask("staff", "PATCH", "gateways/gw-1", { name: "六郷" })).toMatchObject({ status: 200 });
    expect(await ask("staff", "GET", "gateways/gw-1")).toMatchObject({ body: { name: "六郷", eui: "0016c001f0000001" } });
    expect(
      await ask("admin", "PUT", "bases/b1", { mount: "B1", sourcePassword: "a-long-password", pull: "ntrip://me:mine@caster.example:2101/B1" }),
    ).toMatchObject({ status: 201 });
    const base = await ask("admin", "PATCH", "bases/b1", { name: "町役場" });
    expect(JSON.stringify(base.body)).not.toMatch(/mine|a-long-password|argon2/);
    expect(books.store.catalog().bases[0]).toMatchObject({
      name: "町役場",
      pull: "ntrip://me:mine@caster.example:2101/B1",
      sourcePassword: { hash: expect.stringMatching(/argon2/) },
    });
    expect(await ask("admin", "PATCH", "rovers/tractor-1", { maxSessions: 0 })).toMatchObject({ status: 200, body: { entry: { maxSessions: 0 } } });
    expect(await ask("admin", "PUT", "users/u-new", { username: "new", role: "advisor", password: "twelve-letters" })).toMatchObject({ status: 201 });
    expect(await ask("admin", "GET", "users/u-new")).toMatchObject({ status: 200, body: { id: "u-new", username: "new", role: "advisor" } });
    expect(JSON.stringify((await ask("admin", "GET", "users")).body)).not.toContain("argon2");
    expect(await ask("admin", "PATCH", "networks/lns", { kind: "tts" })).toMatchObject({
      status: 200,
      body: { entry: { kind: "tts", mqtt: { username: "chirpstack" } } },
    });
    expect(books.store.catalog().networks[0]).toMatchObject({ kind: "tts", mqttTokenHash: tokenDigest(KEY, "network-password") });
  });

  test("who may: staff devices, plots and gateways, administrators everything, others nothing; a farmer sees no entry", async () => {
    for (const who of ["sato", "trainer"]) expect((await ask(who, "PUT", "devices/x", fresh)).status).toBe(403);
    expect((await ask(null, "PUT", "devices/x", fresh)).status).toBe(401);
    for (const kind of ["bases", "rovers", "users", "networks"]) expect((await ask("staff", "PATCH", `${kind}/x`, {})).status).toBe(403);
    expect((await ask("staff", "GET", "users/u-admin")).status).toBe(403);
    const seen = await ask("sato", "GET", "devices/level");
    expect(seen.status).toBe(200);
    expect(seen.body).not.toHaveProperty("entry");
    expect((await ask("sato", "GET", "devices/direct")).status).toBe(404);
    expect((await ask("sato", "GET", "devices/nobody")).status).toBe(404);
    for (const url of ["devices/unknown", "devices/level/zeros", "uplinks", "uplinks/1", "uplinks/summary", "networks"])
      expect((await ask("sato", "GET", url)).status).toBe(403);
  });
});

describe("keys", () => {
  ofEach();
  test("256 bits, shown once, kept as a digest; a new one replaces it, and it can be revoked", async () => {
    const made = await ask("staff", "POST", "devices/level/key");
    const { username, key, password } = KeySchema.parse(made.body);
    expect([username, password]).toEqual(["level", key]);
    expect(Buffer.from(key, "base64url")).toHaveLength(32);
    expect(made.headers["cache-control"]).toBe("no-store");
    expect(device("level")?.mqttTokenHash).toBe(tokenDigest(KEY, key));
    expect(JSON.stringify([books.store.exportSite(), (await ask("staff", "GET", "devices/level")).body])).not.toContain(key);
    expect(JSON.stringify((await ask("staff", "GET", "devices/level")).body)).not.toContain(tokenDigest(KEY, key));

    const second = KeySchema.parse((await ask("staff", "POST", "devices/level/key", {})).body);
    expect(second.key).not.toBe(key);
    expect(device("level")?.mqttTokenHash).toBe(tokenDigest(KEY, second.key));
    expect((await ask("staff", "DELETE", "devices/level/key")).status).toBe(204);
    expect((await ask("staff", "DELETE", "devices/level/key")).status).toBe(204);
    expect(device("level")?.mqttTokenHash).toBeNull();
    for (const [method, url] of [
      ["POST", "devices/nobody/key"],
      ["DELETE", "devices/nobody/key"],
      ["POST", "networks/nobody/hook-token"],
    ] as const)
      expect((await ask("staff", method, url)).status).toBe(404);
    expect((await ask("trainer", "POST", "devices/level/key")).status).toBe(403);
  });

  test("of a network: the account keeps its user name; the hook's token is another key", async () => {
    const key = KeySchema.parse((await ask("staff", "POST", "networks/lns/key")).body);
    expect(key.username).toBe("chirpstack");
    const hook = KeySchema.parse((await ask("staff", "POST", "networks/lns/hook-token")).body);
    expect(books.store.catalog().networks[0]).toMatchObject({ mqttTokenHash: tokenDigest(KEY, key.key), hookTokenHash: tokenDigest(KEY, hook.key) });
    await ask("staff", "DELETE", "networks/lns/key");
    expect((await ask("staff", "GET", "networks")).body).toEqual({
      networks: [{ id: "lns", kind: "chirpstack", mqttUsername: "chirpstack", hasMqttKey: false, hasHookToken: true, url: null }],
    });
    await ask("staff", "DELETE", "networks/lns/hook-token");
    expect(books.store.catalog().networks[0]?.hookTokenHash).toBeNull();
    expect(KeySchema.parse((await ask("staff", "POST", "networks/lns/key")).body).username).toBe("chirpstack");
  });
});

describe("zeros", () => {
  ofEach();
  const JUNE = "2026-06-01T02:00:00.000Z"; // an hour before now

  test("a zero of null is none", async () => {
    expect((await ask("staff", "POST", "devices/level/zero", { zeroMm: null })).status).toBe(422);
    expect(device("level")?.placements).toHaveLength(1);
  });

  test("a zero splits the placement in force, is logged with the former one, and orders its levels again", async () => {
    const given = ZeroGivenSchema.parse(
      (await ask("staff", "POST", "devices/level/zero", { at: "2026-05-31T09:00:00+09:00", zeroMm: 742, note: " after the mid-season drain " })).body,
    );
    expect(given).toMatchObject({ zeroMm: 742, formerMm: 750, from: "2026-05-31T00:00:00.000Z", to: null, measured: null, redecode: 1 });
    expect(device("level")?.placements).toEqual([
      { plot: "kita-3", fromMs: Date.parse("2026-04-30T15:00:00Z"), toMs: Date.parse("2026-05-31T00:00:00Z"), zeroMm: 750, depthCm: null },
      { plot: "kita-3", fromMs: Date.parse("2026-05-31T00:00:00Z"), toMs: null, zeroMm: 742, depthCm: null },
    ]);
    expect(redecodes()).toEqual([{ kind: "device", name: "level", fromMs: Date.parse("2026-05-31T00:00:00Z"), toMs: null, username: "staff", reason: "zero" }]);
    const days = (Date.parse("2026-05-31T00:00:00Z") - Date.parse("2026-04-30T15:00:00Z")) / 86_400_000;
    expect(await zeros()).toEqual({
      deviceId: "level",
      zeros: [
        { from: "2026-04-30T15:00:00.000Z", to: "2026-05-31T00:00:00.000Z", plotId: "kita-3", zeroMm: 750, given: null, driftMm: null, driftMmPer30Days: null },
        {
          from: "2026-05-31T00:00:00.000Z",
          to: null,
          plotId: "kita-3",
          zeroMm: 742,
          given: { at: new Date(NOON).toISOString(), by: "staff", note: "after the mid-season drain" },
          driftMm: -8,
          driftMmPer30Days: Math.round((-8 / days) * 3000) / 100,
        },
      ],
      log: [
        {
          id: 1,
          at: new Date(NOON).toISOString(),
          from: "2026-05-31T00:00:00.000Z",
          zeroMm: 742,
          formerMm: 750,
          by: "staff",
          note: "after the mid-season drain",
        },
      ],
    });
  });

  test("given again at the same moment it is changed; an earlier one reaches to the next", async () => {
    await ask("staff", "POST", "devices/level/zero", { at: JUNE, zeroMm: 740 });
    const again = ZeroGivenSchema.parse((await ask("staff", "POST", "devices/level/zero", { at: JUNE, zeroMm: 741 })).body);
    expect(again).toMatchObject({ formerMm: 740 });
    const earlier = ZeroGivenSchema.parse((await ask("staff", "POST", "devices/level/zero", { at: "2026-05-20", zeroMm: 745 })).body);
    expect(earlier).toMatchObject({ formerMm: 750, from: "2026-05-19T15:00:00.000Z", to: JUNE });
    expect(device("level")?.placements.map((p) => p.zeroMm)).toEqual([750, 745, 741]);
    expect((await zeros()).log.map((row) => row.zeroMm)).toEqual([745, 741, 740]);
    expect(redecodes()).toHaveLength(3);
  });

  test("from a level measured by hand: the nearest reading within two intervals says where the zero is", async () => {
    const distance = (time: string, value: number | null, more: Partial<Reading> = {}) =>
      reading("level", "kita-3", time, value, { quantity: "water.distance", unit: "mm", ...more });
    readings.push(
      distance("2026-06-01T01:00:00.000Z", 690),
      distance("2026-06-01T01:50:00.000Z", 700),
      distance("2026-06-01T01:59:00.000Z", 100, { quality: { flag: 4, reasons: ["range"] } }),
      distance("2026-06-01T02:20:00.000Z", 705),
    );
    const given = ZeroGivenSchema.parse((await ask("staff", "POST", "devices/level/zero", { at: JUNE, levelCm: 4.5 })).body);
    expect(given).toMatchObject({ zeroMm: 745, measured: { quantity: "water.distance", value: 700, unit: "mm", time: "2026-06-01T01:50:00.000Z" } });
    const late = await ask("staff", "POST", "devices/level/zero", { at: "2026-05-31T09:00:00+09:00", levelCm: 4 });
    expect(late).toMatchObject({ status: 409, body: { detail: expect.stringContaining("within 60 min") } });
  });

  test("of a sensor below the water: the head is the level plus the zero in force, or the distance while there is none", async () => {
    await ask("staff", "PUT", "devices/head", {
      profile: "decentlab-dl-pr26",
      placements: [
        { plot: "kita-3", from: "2026-05-01", to: "2026-06-01", zeroMm: 120 },
        { plot: "kita-3", from: "2026-06-01" },
      ],
    });
    readings.push(
      reading("head", "kita-3", "2026-05-30T00:10:00.000Z", 5),
      reading("head", "kita-3", "2026-06-01T02:00:00.000Z", 180, { quantity: "water.distance", unit: "mm" }),
    );
    expect(await ask("staff", "POST", "devices/head/zero", { at: "2026-05-30T00:00:00Z", levelCm: 4 })).toMatchObject({
      status: 200,
      body: { zeroMm: 130, formerMm: 120 },
    });
    ended(1);
    expect(await ask("staff", "POST", "devices/head/zero", { at: JUNE, levelCm: 5 })).toMatchObject({ status: 200, body: { zeroMm: 130, formerMm: null } });
  });

  test("the shorthand becomes placements; a device without any stands nowhere, and yet has a zero", async () => {
    expect(await ask("staff", "POST", "devices/direct/zero", { at: JUNE, zeroMm: 610 })).toMatchObject({ status: 200, body: { formerMm: 600 } });
    expect(device("direct")?.placements).toEqual([
      { plot: "minami-1", fromMs: null, toMs: Date.parse(JUNE), zeroMm: 600, depthCm: null },
      { plot: "minami-1", fromMs: Date.parse(JUNE), toMs: null, zeroMm: 610, depthCm: null },
    ]);
    expect((await zeros("direct")).zeros[1]).toMatchObject({ driftMm: 10, driftMmPer30Days: null });
    await ask("staff", "PUT", "devices/bare", { profile: "senml" });
    expect(await ask("staff", "POST", "devices/bare/zero", { at: JUNE, zeroMm: 500 })).toMatchObject({ status: 200, body: { formerMm: null } });
  });
});

describe("orders to read a device's uplinks again", () => {
  ofEach();
  interface Order {
    readonly id: number;
    readonly state: string;
    readonly reason: string;
  }
  const orders = async (): Promise<readonly Order[]> => (await ask("trainer", "GET", "devices/level/redecode")).body["orders"] ?? [];

  test("are given, seen with those of zeros, and cancelled", async () => {
    expect(await ask("staff", "POST", "devices/level/redecode?from=2026-05-01&to=2026-05-02")).toMatchObject({
      status: 202,
      body: { id: 1, state: "waiting", from: "2026-04-30T15:00:00.000Z", to: "2026-05-01T15:00:00.000Z", username: "staff", reason: "staff" },
    });
    await ask("staff", "POST", "devices/level/zero", { zeroMm: 740 });
    expect((await orders()).map(({ id, state, reason }) => [id, state, reason])).toEqual([
      [2, "waiting", "zero"],
      [1, "waiting", "staff"],
    ]);
    expect(await ask("staff", "DELETE", "devices/level/redecode/1")).toMatchObject({ status: 200, body: { state: "cancelled" } });
    expect((await ask("staff", "DELETE", "devices/level/redecode/1")).status).toBe(409);
    expect((await ask("staff", "DELETE", "devices/direct/redecode/2")).status).toBe(404);
    expect((await ask("staff", "POST", "devices/level/redecode?from=2026-05-02&to=2026-05-01")).status).toBe(400);
    expect((await ask("staff", "POST", "devices/nobody/redecode")).status).toBe(404);
    expect((await ask("trainer", "POST", "devices/level/redecode")).status).toBe(403);
  });

  test("wait for each other: a zero from the water's level needs levels that are not being computed", async () => {
    await ask("staff", "PUT", "devices/head", { profile: "decentlab-dl-pr26", placements: [{ plot: "kita-3", from: "2026-05-01", zeroMm: 120 }] });
    readings.push(reading("head", "kita-3", "2026-06-01T02:50:00.000Z", 5));
    expect(await ask("staff", "POST", "devices/head/zero", { at: "2026-05-20", zeroMm: 130 })).toMatchObject({ status: 200 });
    expect(await ask("staff", "POST", "devices/head/zero", { levelCm: 5 })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining("computed again") },
    });
    ended(1);
    expect(await ask("staff", "POST", "devices/head/zero", { levelCm: 5 })).toMatchObject({ status: 200, body: { zeroMm: 130 } });
  });
});

describe("an entry that is wrong", () => {
  ofAll();
  test.each([
    ["an unknown key", { ...fresh, colour: "red" }, "colour", "unknown key"],
    ["a key that is missing", { devEui: fresh.devEui }, "profile", ""],
    ["a key inside", { ...fresh, placements: [{ plot: "kita-3", depth: 5 }] }, "placements[0].depth", "unknown key"],
    ["a plot that is not there", { ...fresh, plot: "nowhere" }, "plot", "nowhere is not among plots"],
    ["a devEui that another device has", { ...fresh, devEui: "a84041ffff000001" }, "devEui", "a second time"],
    ["another id than in the address", { ...fresh, id: "other" }, "id", "new-level"],
    ["a profile that nobody has", { ...fresh, profile: "dragino-nothing" }, "profile", "unknown"],
    ["a user name that is not the id", { ...fresh, mqtt: { username: "x", password: "y" } }, "mqtt.username", "must equal"],
    ["a value of the wrong kind", { ...fresh, intervalS: "often" }, "intervalS", "number"],
  ])("%s is named by its place, and nothing is changed", async (_, entry, path, words) => {
    const before = books.store.exportSite();
    const answer = await ask("staff", "PUT", "devices/new-level", entry);
    expect(answer).toMatchObject({ status: 422, body: { status: 422, errors: expect.arrayContaining([{ path, message: expect.stringContaining(words) }]) } });
    expect(books.store.exportSite()).toEqual(before);
  });

  test("bodies that are no entry", async () => {
    expect((await ask("staff", "PUT", "devices/new-level", [1])).status).toBe(400);
    expect((await ask("staff", "PUT", "devices/new-level")).status).toBe(400);
    expect((await ask("staff", "PUT", `devices/${encodeURIComponent("a b")}`, fresh)).body).toMatchObject({ errors: [{ path: "id" }] });
    const deep = (levels: number) => new Raw(`{"channels":${'{"a":'.repeat(levels)}1${"}".repeat(levels)}}`);
    for (const levels of [40, 100_000]) expect((await ask("staff", "PATCH", "devices/level", deep(levels))).status).toBe(422);
    expect((await ask("staff", "PATCH", "devices/nobody", {})).status).toBe(404);
  });
});

describe("a zero that cannot be", () => {
  ofAll();
  test.each([
    [{}, 422, "either"],
    [{ zeroMm: 1, levelCm: 1 }, 422, "either"],
    [{ zeroMm: 1, at: "2026-02-31" }, 422, "no such time"],
    [{ zeroMm: 1, at: "2026-06-02T00:00:00Z" }, 422, "future"],
    [{ zeroMm: 1, at: "2026-04-01" }, 409, "placements"],
    [{ zeroMm: 1e9 }, 400, "body.zeroMm"],
    [{ zeroMm: 1, why: "x" }, 400, "body.why"],
  ])("%j is refused with a sentence", async (body, status, words) => {
    expect(await ask("staff", "POST", "devices/level/zero", body)).toMatchObject({ status, body: { detail: expect.stringContaining(words) } });
    expect((await zeros()).log).toEqual([]);
    expect(redecodes()).toEqual([]);
  });
});

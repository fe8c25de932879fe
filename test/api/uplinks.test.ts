import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnknownDevicesSchema, UplinkDetailSchema, UplinkPageSchema, UplinkSummarySchema } from "../../api/device-schemas.ts";
import type { UnknownDevicesJson, UplinkDetailJson, UplinkPageJson, UplinkSummaryJson } from "../../core/domain/uplink-json.ts";
import { payloadHash } from "../../ingest/payload-hash.ts";
import { chirpstackUp } from "../support/field-site.ts";
import { NOON } from "./api-fixture.ts";
import { type Books, openBooks, type Row } from "./field-books.ts";

const MINUTE = 60_000;
const at = (seq: number): number => NOON - 100 * MINUTE + seq * MINUTE; // one a minute, number 100 now
const time = (seq: number): string => new Date(at(seq)).toISOString();
const up = (devEui: string, fCnt: number) => chirpstackUp({ devEui, fCnt, fPort: 2, bytesHex: "0ccf02d1000001", time: time(1) });
const sent = (seq: number, devEui: string, fCnt: number): Pick<Row, "seq" | "receivedMs" | "topic" | "payload"> => {
  const { topic, body } = up(devEui, fCnt);
  return { seq, receivedMs: at(seq), topic, payload: body };
};
const KNOWN = "a84041ffff000001";
const STRANGER = "a84041ffff00beef";

const ROWS: readonly Row[] = [
  { seq: 1, receivedMs: at(1), outcome: "stored", device: "level" }, // pruned
  { ...sent(2, KNOWN, 7), outcome: "stored", device: "level" },
  { ...sent(3, KNOWN, 7), outcome: "duplicate", reason: "frame", device: "level" },
  { ...sent(4, STRANGER, 1), outcome: "rejected", reason: "unknown-device", device: STRANGER },
  {
    seq: 5,
    receivedMs: at(5),
    outcome: "quarantined",
    reason: "not JSON",
    device: null,
    source: "other-lns",
    topic: "application/a/device/x/event/up",
    payload: new Uint8Array([0xff, 0xfe, 0]),
  },
  { seq: 6, receivedMs: at(6), outcome: "rejected", reason: "join", device: "a84041ffff00cafe", payload: "{}" },
  { ...sent(7, STRANGER, 2), outcome: "rejected", reason: "unknown-device", device: STRANGER },
  { seq: 8, receivedMs: at(8), outcome: "rejected", reason: "unknown-device", device: "sigfox:1A2B3C", source: "sigfox", payload: "x".repeat(3000) },
  { seq: 9, receivedMs: at(9), payload: "still waiting" },
  { seq: 10, receivedMs: at(10), source: "other-lns", payload: "waiting too" },
];

let books: Books;
let cookie: string;
beforeAll(async () => {
  books = await openBooks();
  books.write(ROWS);
  const bytes = Buffer.from("0ccf02d1000001", "hex");
  books.readings
    .prepare("INSERT INTO frame (dev_eui, f_cnt, f_port, payload_hash, time_ms, session, received_ms, uplink_seq) VALUES (?, 7, 2, ?, ?, 1, ?, 2)")
    .run(KNOWN, payloadHash(bytes), at(2), at(2));
  books.readings.exec(`INSERT INTO codec VALUES (1, 'dragino-ldds75', 'ab'); INSERT INTO reading_origin VALUES (1, 'kita-3', 1, 'gateway', '');
    INSERT INTO series VALUES (1, 'level', 'water.level', -1), (2, 'level', 'water.distance', -1);
    INSERT INTO reading VALUES (1, ${at(2)}, 3.1, 1, 1, 500, 7, 0, 2), (2, ${at(2)}, 719, 1, 1, 500, 7, 0, 2), (1, ${at(3)}, 9, 1, 1, 500, 8, 0, 99);
    UPDATE uplink_result SET first_ms = ${at(2)}, last_ms = ${at(3)} WHERE seq = 2`);
  cookie = await books.t.cookieOf("trainer");
});
afterAll(() => books.close());

async function get<T>(url: string): Promise<T> {
  const answer = await books.t.app.inject({ url: `/api/v1/${url}`, headers: { cookie } });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json() as T;
}
const seqs = (page: UplinkPageJson): number[] => UplinkPageSchema.parse(page).uplinks.map(({ seq }) => seq);

describe("every uplink can be found again", () => {
  test("newest first: what waits is pending, what is pruned has no topic", async () => {
    const page = await get<UplinkPageJson>("uplinks");
    expect(seqs(page)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(page.next).toBeNull();
    expect(page.uplinks[0]).toEqual({
      seq: 10,
      receivedAt: time(10),
      time: null,
      source: "other-lns",
      device: null,
      outcome: "pending",
      reason: "",
      topic: "t",
    });
    expect(page.uplinks[6]).toEqual({
      seq: 4,
      receivedAt: time(4),
      time: new Date(at(4) - 500).toISOString(),
      source: "lns",
      device: STRANGER,
      outcome: "rejected",
      reason: "unknown-device",
      topic: up(STRANGER, 1).topic,
    });
    expect(page.uplinks.at(-1)).toMatchObject({ seq: 1, outcome: "stored", topic: null });
  });

  test.each([
    ["outcome=pending", [10, 9]],
    ["outcome=rejected", [8, 7, 6, 4]],
    ["outcome=rejected&reason=join", [6]],
    ["reason=unknown-device", [8, 7, 4]],
    ["outcome=stored", [2, 1]],
    ["outcome=duplicate", [3]],
    ["outcome=quarantined", [5]],
    ["device=level", [3, 2, 1]],
    [`device=${STRANGER}&outcome=rejected&before=7`, [4]],
    ["device=sigfox:1A2B3C", [8]],
    ["source=other-lns", [10, 5]],
    [`from=${time(4)}&to=${time(7)}`, [6, 5, 4]],
    [`from=${time(9)}`, [10, 9]],
    [`to=${time(3)}`, [2, 1]],
    ["from=2026-07-01", []],
    ["before=3", [2, 1]],
    ["device=nobody", []],
  ])("%s", async (query, expected) => {
    expect(seqs(await get(`uplinks?${query}`))).toEqual(expected);
  });

  test.each([1, 2, 3, 7])("pages of %i, one after the other, give each uplink once", async (max) => {
    const all: number[] = [];
    let next: number | null = null;
    for (let pages = 0; pages < 12; pages += 1) {
      const page: UplinkPageJson = await get(`uplinks?max=${max}${next === null ? "" : `&before=${next}`}`);
      all.push(...seqs(page));
      next = page.next;
      if (next === null) break;
    }
    expect(all).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test("one: as it came, and what it gave; a reading that another uplink replaced is not its own any more", async () => {
    const one = UplinkDetailSchema.parse(await get<UplinkDetailJson>("uplinks/2"));
    expect(one).toMatchObject({
      outcome: "stored",
      raw: { kept: true, encoding: "utf8", dup: false },
      frame: { fCnt: 7, fPort: 2, bytesHex: "0ccf02d1000001", gateways: ["0016c001f153a14c"] },
      copyOf: null,
    });
    expect(JSON.parse(one.raw.kept ? one.raw.payload : "")).toMatchObject({ deviceInfo: { devEui: KNOWN }, fCnt: 7 });
    expect(one.readings.map((r) => [r.quantity, r.value, r.time, r.plotId])).toEqual([
      ["water.distance", 719, time(2), "kita-3"],
      ["water.level", 3.1, time(2), "kita-3"],
    ]);
  });

  test("a duplicate names the uplink that it copies", async () => {
    expect(await get("uplinks/3")).toMatchObject({ outcome: "duplicate", reason: "frame", copyOf: 2, readings: [] });
  });

  test("bytes that are no text come as Base64; what is pruned says so; what waits is there too; what never came is not", async () => {
    expect(await get("uplinks/5")).toMatchObject({ raw: { kept: true, encoding: "base64", payload: "//4A", bytes: 3 }, frame: null });
    expect(await get("uplinks/1")).toMatchObject({ raw: { kept: false, why: expect.stringContaining("AZEMICHI_JOURNAL_DAYS") }, topic: null });
    expect(await get("uplinks/9")).toMatchObject({ outcome: "pending", raw: { payload: "still waiting" }, readings: [] });
    for (const [seq, status] of [
      ["11", 404],
      ["0", 400],
      ["x", 400],
    ] as const)
      expect((await books.t.app.inject({ url: `/api/v1/uplinks/${seq}`, headers: { cookie } })).statusCode).toBe(status);
  });

  test("the summary counts by source, outcome and reason", async () => {
    const all = UplinkSummarySchema.parse(await get<UplinkSummaryJson>("uplinks/summary"));
    expect(all).toMatchObject({ from: new Date(NOON - 86_400_000).toISOString(), complete: true });
    expect(all.counts).toEqual(
      expect.arrayContaining([
        { source: "lns", outcome: "stored", reason: "", count: 2, lastAt: time(2) },
        { source: "lns", outcome: "rejected", reason: "unknown-device", count: 2, lastAt: time(7) },
        { source: "other-lns", outcome: "quarantined", reason: "not JSON", count: 1, lastAt: time(5) },
      ]),
    );
    const later = await get<UplinkSummaryJson>(`uplinks/summary?from=${time(7)}`);
    expect(later.counts.reduce((sum, { count }) => sum + count, 0)).toBe(2);
  });
});

describe("unknown devices", () => {
  test("each with how often it came and its newest message; the one heard last first", async () => {
    const found = UnknownDevicesSchema.parse(await get<UnknownDevicesJson>("devices/unknown"));
    expect(found).toMatchObject({ total: 2, next: null });
    expect(found.devices[0]).toEqual({
      key: "sigfox:1A2B3C",
      count: 1,
      firstReceivedAt: time(8),
      lastReceivedAt: time(8),
      lastSeq: 8,
      source: "sigfox",
      topic: "t",
      payloadBase64: Buffer.from("x".repeat(1024)).toString("base64"),
      payloadBytes: 3000,
      frame: null,
    });
    expect(found.devices[1]).toMatchObject({
      key: STRANGER,
      count: 2,
      firstReceivedAt: time(4),
      lastReceivedAt: time(7),
      lastSeq: 7,
      source: "lns",
      frame: { fCnt: 2, fPort: 2, bytesHex: "0ccf02d1000001", gateways: ["0016c001f153a14c"] },
    });
    const first = await get<UnknownDevicesJson>("devices/unknown?max=1");
    expect([first.devices.map(({ key }) => key), first.next]).toEqual([["sigfox:1A2B3C"], 8]);
    expect((await get<UnknownDevicesJson>("devices/unknown?max=1&before=8")).devices.map(({ key }) => key)).toEqual([STRANGER]);
  });

  test("stand once in the list, however often they sent", async () => {
    const many = await openBooks();
    many.readings.exec(`INSERT INTO uplink_result (seq, source, outcome, reason, device, received_ms)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
      SELECT i, 'lns', CASE i % 2 WHEN 0 THEN 'rejected' ELSE 'stored' END, CASE i % 2 WHEN 0 THEN 'unknown-device' ELSE '' END, 'd' || (i % 10), ${NOON} + i FROM n`);
    const headers = { cookie: await many.t.cookieOf("trainer") };
    const { devices, total } = (await many.t.app.inject({ url: "/api/v1/devices/unknown?max=2", headers })).json() as UnknownDevicesJson;
    expect([total, devices.map(({ key, count, lastSeq }) => [key, count, lastSeq])]).toEqual([
      5,
      [
        ["d0", 2000, 20_000],
        ["d8", 2000, 19_998],
      ],
    ]);
    await many.close();
  });
});

describe("before anything came", () => {
  test("there is nothing, and no trouble", async () => {
    const empty = await openBooks();
    const headers = { cookie: await empty.t.cookieOf("trainer") };
    const ask = async (url: string) => (await empty.t.app.inject({ url: `/api/v1/${url}`, headers })).json();
    expect(await ask("uplinks")).toEqual({ uplinks: [], next: null });
    expect(await ask("devices/unknown")).toEqual({ devices: [], total: 0, next: null });
    expect(await ask("uplinks/summary")).toMatchObject({ counts: [], complete: true });
    await empty.close();
  });
});

import { afterEach, describe, expect, test } from "vitest";
import type { Reading } from "../../core/domain/reading.ts";
import { readingToJson } from "../../core/domain/reading.ts";
import type { TestApi, TestApiOptions } from "./api-fixture.ts";
import { testApi } from "./api-fixture.ts";
import type { SseMessage, SseReader } from "./sse-reader.ts";
import { openSse } from "./sse-reader.ts";
import { baseHealth, catalog, reading, roverState } from "./town.ts";

let t: TestApi;
const readers: SseReader[] = [];
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await t.close();
});

async function start(options: TestApiOptions = {}): Promise<(who?: string | null, query?: string, headers?: Record<string, string>) => Promise<SseReader>> {
  t = await testApi({ demo: true, ...options });
  const url = await t.app.listen({ host: "127.0.0.1", port: 0 });
  return async (who = null, query = "", headers = {}) => {
    const cookie: Record<string, string> = who === null ? {} : { cookie: who.includes("=") ? who : await t.cookieOf(who) };
    const reader = await openSse(`${url}/api/v1/events${query}`, { ...cookie, ...headers });
    readers.push(reader);
    return reader.until((r) => r.messages.length > 0 || r.status !== 200);
  };
}

const send = (topic: string, message: unknown) => t.feed.receive(`azemichi/v1/${topic}`, Buffer.from(JSON.stringify(message)));
const sendReading = (r: Reading) => send(`readings/${r.deviceId}`, { deviceId: r.deviceId, readings: [readingToJson(r)] });
const minami = (value: number) => reading("minami-level", "minami-1", new Date(t.clock.ms).toISOString(), value);
const framesOf = (message: SseMessage | undefined) => (message?.data as { frames?: number } | undefined)?.frames;
const values = (reader: SseReader) => reader.messages.filter((m) => m.event === "reading").map((m) => (m.data as { value: number }[])[0]?.value);

test("begins with hello, 2 kB of padding, and headers that keep proxies from holding it back", async () => {
  const open = await start();
  const reader = await (await open()).until((r) => r.comments.length >= 2);
  expect(reader.headers).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
  });
  expect(reader.messages).toEqual([{ id: String(t.feed.lastId), event: "hello", data: { id: String(t.feed.lastId), at: "2026-06-01T03:00:00.000Z" } }]);
  expect(reader.comments[0]?.length).toBeGreaterThan(2048);
  t.feed.beat();
  await reader.until((r) => r.comments.length >= 3);
});

test("what happens arrives under ids that only grow; a retained message that comes again is no event", async () => {
  const open = await start();
  const reader = await open();
  sendReading(minami(4));
  sendReading(minami(4));
  send("bases/town-hall/health", baseHealth("town-hall", 7));
  send("gateways/gw-1", { gatewayId: "gw-1", at: "2026-06-01T03:00:00.000Z", online: true, lastSeenAt: null });
  send("rovers/sato-tractor", roverState("sato-tractor", 10));
  await reader.until((r) => r.messages.length >= 5);
  expect(reader.events()).toEqual(["hello", "reading", "base", "gateway", "rover"]);
  const ids = reader.messages.map((m) => Number(m.id));
  expect(ids).toEqual([...ids].sort((a, b) => a - b));
  expect(new Set(ids).size).toBe(5);
  expect(reader.messages[1]?.data).toEqual([readingToJson(minami(4))]);
  expect(reader.messages[2]?.data).toEqual(baseHealth("town-hall", 7));
});

test("each gets what it may see", async () => {
  const open = await start();
  const [sato, suzuki, takahashi, staff] = await Promise.all(["sato", "suzuki", "takahashi", "staff"].map((who) => open(who)));
  sendReading(minami(4));
  sendReading(reading("kita-level", "kita-3", "2026-03-01T00:00:00Z", 9)); // late, from the time of the former holder
  sendReading(reading("kita-level", "kita-3", "2026-06-01T00:00:00Z", 1.5));
  send("rovers/sato-tractor", roverState("sato-tractor", 10));
  send("rovers/contractor", roverState("contractor", 11));
  send("bases/town-hall/health", baseHealth("town-hall", 7));
  for (const reader of [sato, suzuki, takahashi, staff]) await reader?.until((r) => r.events().at(-1) === "base");
  const seen = (reader: SseReader | undefined) => reader && [values(reader), reader.events().filter((e) => e === "rover").length];
  expect([sato, suzuki, takahashi, staff].map(seen)).toEqual([
    [[4, 9], 1],
    [[1.5], 0],
    [[], 0],
    [[4, 9, 1.5], 2],
  ]);
});

describe("coming back", () => {
  test("a browser goes on where it was: readings it missed, and the newest of each state", async () => {
    const open = await start();
    const first = await open();
    sendReading(minami(1));
    await first.until((r) => r.events().includes("reading"));
    const last = first.messages.at(-1)?.id ?? "";
    first.close();
    for (const value of [2, 3]) sendReading(minami(value));
    for (const frames of [1, 2, 3]) send("bases/town-hall/health", baseHealth("town-hall", frames));
    const again = await (await open(null, "", { "last-event-id": last })).until((r) => r.messages.length >= 4);
    expect(again.events()).toEqual(["hello", "reading", "reading", "base"]);
    expect(again.messages[0]?.id).toBeNull(); // else a second break would skip what is still to come
    expect(values(again)).toEqual([2, 3]);
    expect(again.messages[3]?.data).toMatchObject({ frames: 3 });
  });

  test("the same from the id of a snapshot, for a browser without a last event", async () => {
    const open = await start();
    const { id } = (await t.app.inject({ url: "/api/v1/snapshot" })).json();
    sendReading(minami(2));
    const reader = await (await open(null, `?since=${id}`)).until((r) => r.messages.length >= 2);
    expect(values(reader)).toEqual([2]);
  });

  test.each([
    ["of before a restart", "1000"],
    ["of the future", "9999999999999999"],
    ["that never was one", "abc"],
  ])("an id %s: reset", async (_, last) => {
    const open = await start();
    const reader = await (await open(null, "", { "last-event-id": last })).until((r) => r.messages.length >= 2);
    expect(reader.events()).toEqual(["hello", "reset"]);
    expect(reader.messages[1]?.id).toBe(String(t.feed.lastId));
    expect(t.metrics.get("azemichi_web_live_resets_total", { reason: "too-old" })).toBe(1);
  });

  test("after 15 minutes still, after more than the ring holds: reset", async () => {
    const open = await start();
    const since = String(t.feed.lastId);
    sendReading(minami(1));
    t.clock.ms += 15 * 60_000;
    t.feed.beat();
    expect((await (await open(null, "", { "last-event-id": since })).until((r) => r.messages.length >= 2)).events()).toEqual(["hello", "reading"]);
    t.clock.ms += 6 * 60_000;
    t.feed.beat();
    expect((await (await open(null, "", { "last-event-id": since })).until((r) => r.messages.length >= 2)).events()).toEqual(["hello", "reset"]);
  });

  test("the ring is bounded by readings too", async () => {
    const open = await start({ limits: { ringReadings: 3 } });
    const since = t.feed.lastId;
    for (const value of [1, 2, 3, 4]) sendReading(minami(value));
    expect((await (await open(null, `?since=${since}`)).until((r) => r.messages.length >= 2)).events()).toEqual(["hello", "reset"]);
    expect(values(await (await open(null, `?since=${since + 1}`)).until((r) => r.messages.length >= 4))).toEqual([2, 3, 4]);
  });

  test("more to catch up on than is worth it: reset", async () => {
    const open = await start({ limits: { replayEvents: 2 } });
    const since = t.feed.lastId;
    for (const value of [1, 2, 3]) sendReading(minami(value));
    expect((await (await open(null, `?since=${since}`)).until((r) => r.messages.length >= 2)).events()).toEqual(["hello", "reset"]);
  });
});

test("rovers come once a second at most, and the newest word is not lost", async () => {
  const open = await start();
  const reader = await open();
  for (const bytes of [1, 2, 3]) send("rovers/sato-tractor", roverState("sato-tractor", bytes));
  t.clock.ms += 999;
  t.feed.tick();
  expect((await t.app.inject({ url: "/api/v1/rovers" })).json()[0].state.sentBytes).toBe(3);
  t.clock.ms += 1;
  t.feed.tick();
  t.feed.tick();
  send("bases/town-hall/health", baseHealth("town-hall", 1));
  await reader.until((r) => r.events().at(-1) === "base");
  const states = reader.messages.filter((m) => m.event === "rover").map((m) => (m.data as { sentBytes: number }).sentBytes);
  expect(states).toEqual([1, 3]);
});

describe("a browser that does not read", () => {
  test("loses what it did not take, is told to start over, and nobody else waits", async () => {
    const open = await start({ limits: { queueBytes: 200_000 } });
    const slow = await open();
    const quick = await open();
    slow.pause();
    const long = { ...baseHealth("town-hall", 0), receiver: "x".repeat(100_000) };
    const slowResets = () => t.metrics.get("azemichi_web_live_resets_total", { reason: "slow" });
    let frames = 0;
    while (slowResets() === 0) {
      frames += 1;
      if (frames > 2000) throw new Error("the queue of a browser that reads nothing has no end");
      send("bases/town-hall/health", { ...long, frames });
      await quick.until((r) => framesOf(r.messages.at(-1)) === frames);
    }
    expect(slowResets()).toBe(1);
    slow.resume();
    await slow.until((r) => r.events().includes("reset"));
    const atReset = slow.messages.length;
    send("bases/town-hall/health", { ...long, frames: 99_999 });
    await slow.until((r) => framesOf(r.messages.at(-1)) === 99_999);
    expect(slow.messages.length).toBe(atReset + 1);
    expect(slow.messages.map(framesOf)).not.toContain(frames);
  });

  test("is cut after a minute", async () => {
    const open = await start();
    const slow = await open();
    slow.pause();
    const long = { ...baseHealth("town-hall", 0), receiver: "x".repeat(1_000_000) };
    for (let frames = 0; frames < 20; frames += 1) send("bases/town-hall/health", { ...long, frames });
    t.clock.ms += 59_000;
    t.feed.beat();
    expect(t.metrics.get("azemichi_web_live_stuck_total")).toBe(0);
    t.clock.ms += 1000;
    t.feed.beat();
    expect(t.metrics.get("azemichi_web_live_stuck_total")).toBe(1);
    slow.resume();
    await slow.until((r) => r.ended);
  });
});

describe("who may look changes", () => {
  test("log-out ends the stream", async () => {
    const open = await start({ demo: false });
    const cookie = await t.cookieOf("sato");
    const reader = await open(cookie);
    await t.app.inject({ method: "DELETE", url: "/api/v1/session", headers: { cookie } });
    await reader.until((r) => r.ended);
  });

  test("an account that ends, too, at the next heartbeat", async () => {
    const open = await start({ demo: false });
    const reader = await open("last-day");
    t.clock.ms += 86_400_000;
    t.feed.beat();
    await reader.until((r) => r.ended);
  });

  test("a change of the catalog: everybody starts over, and sees by the new rules", async () => {
    const open = await start();
    const suzuki = await open("suzuki");
    const before = t.feed.lastId;
    t.setCatalog({ ...catalog(), holdings: [{ party: "suzuki-farm", plot: "minami-1", from: null, to: null }] });
    sendReading(minami(4));
    await suzuki.until((r) => r.messages.length >= 3);
    expect(suzuki.events()).toEqual(["hello", "reset", "reading"]);
    expect((await (await open("suzuki", `?since=${before}`)).until((r) => r.messages.length >= 2)).events()).toEqual(["hello", "reset"]);
  });
});

test("nobody without access, and no more than the limit", async () => {
  const open = await start({ demo: false, limits: { clients: 1 } });
  expect((await open()).status).toBe(401);
  const first = await open("sato");
  const second = await open("suzuki");
  expect([second.status, second.headers["retry-after"], t.metrics.get("azemichi_web_live_refused_total")]).toEqual([503, "30", 1]);
  first.close();
});

test("one account cannot take everybody's places", async () => {
  const open = await start({ demo: false, limits: { perOwner: 2 } });
  const cookie = await t.cookieOf("sato");
  expect([(await open(cookie)).status, (await open("sato")).status, (await open("sato")).status]).toEqual([200, 200, 503]);
  expect((await open("suzuki")).status).toBe(200);
});

test("what is not understood on the bus is counted and harms nothing", async () => {
  const open = await start();
  const reader = await open();
  for (const [topic, text] of [
    ["readings/x", "{"],
    ["readings/x", "[]"],
    ["readings/x", '{"deviceId":"x","readings":[{}]}'],
    ["readings/x", ""],
    ["bases/x/health", "null"],
    ["nothing/x", "{}"],
  ] as const)
    t.feed.receive(`azemichi/v1/${topic}`, Buffer.from(text));
  expect(t.metrics.get("azemichi_web_bus_malformed_total")).toBe(6);
  send("bases/town-hall/health", baseHealth("town-hall", 1));
  t.feed.receive("azemichi/v1/bases/town-hall/health", Buffer.alloc(0)); // the retained message is cleared
  expect((await t.app.inject({ url: "/api/v1/bases/town-hall/health" })).json()).toBeNull();
  await reader.until((r) => r.events().includes("base"));
});

test("the feed asks the bus for what browsers need, never for raw base streams", async () => {
  await start();
  const filters: string[] = [];
  t.feed.listen({ subscribe: (filter) => void filters.push(filter) });
  expect(filters).toEqual(["azemichi/v1/readings/+", "azemichi/v1/bases/+/health", "azemichi/v1/rovers/+", "azemichi/v1/gateways/+", "azemichi/v1/states/+"]);
});

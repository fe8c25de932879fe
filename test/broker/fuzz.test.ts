import { duplexPair } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connected, RawClient, rawConnect, rawPacket, rawPublish, startBroker, type TestBroker, until } from "./support.ts";

const STREAMS = 100_000;
const AT_ONCE = 200;
const TURNS = 12; // of the event loop: a log-in takes several
const GROWTH_BYTES_MAX = 150 * 2 ** 20; // after the first fifth, by when a process has grown to its size

let t: TestBroker;
beforeAll(async () => {
  t = await startBroker({ limits: { connectTimeoutMs: 500 } });
});
afterAll(() => t.broker.close());

/** Mulberry32: the same streams in every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

const text = (s: string): Buffer => Buffer.concat([Buffer.from([s.length >> 8, s.length & 255]), Buffer.from(s)]);
const bytes = (...b: number[]): Buffer => Buffer.from(b);
const UP = "application/1/device/a84041ffff000001/event/up";
const COMMAND = "application/1/device/a84041ffff000001/command/down";
const up = (id: number, qos: 1 | 2): Buffer => rawPublish(UP, Buffer.from('{"n":1}'), { id, qos });
const subscribe = (filter: string): Buffer => rawPacket(0x82, bytes(0, 9), text(filter), bytes(1));

/** Conversations as they are held, and packets that have ended a broker before; `id` keeps those at once from taking each other over. */
function seedsOf(id: string): readonly Buffer[] {
  const network = { user: "cs", password: "net-secret" };
  const net = rawConnect({ id, ...network });
  const kept = rawConnect({ id: `k${id}`, ...network, session: "kept" });
  const dev = rawConnect({ id: "d1", user: "d1", password: "secret-1" });
  const will = rawPacket(0x10, text("MQTT"), bytes(4, 0xee, 0, 60), text(`w${id}`), text(UP), text("gone"), text("cs"), text("net-secret"));
  return [
    Buffer.concat([net, up(1, 1), up(2, 1), rawPublish(UP, Buffer.from("{}"), null), bytes(0xc0, 0, 0xe0, 0)]),
    Buffer.concat([
      net,
      subscribe("application/+/device/+/command/#"),
      rawPublish(COMMAND, Buffer.from("x"), { id: 3, qos: 1 }),
      bytes(0x40, 2, 0, 1),
      up(4, 1),
    ]),
    Buffer.concat([net, up(7, 2), bytes(0x62, 2, 0, 7), up(7, 2), bytes(0x62, 2, 0, 7), bytes(0xc0, 0)]),
    Buffer.concat([kept, subscribe("command/#"), rawPacket(0xa2, bytes(0, 3), text("command/#")), bytes(0x50, 2, 0, 1, 0x70, 2, 0, 1, 0xe0, 0)]),
    Buffer.concat([dev, rawPublish("azemichi/v1/devices/d1/senml", Buffer.from("[]"), { id: 1, qos: 1 }), subscribe("azemichi/v1/devices/d1/#")]),
    Buffer.concat([will, up(1, 1)]),
    Buffer.concat([net, rawPublish(UP, Buffer.alloc(3000, 97), { id: 5, qos: 1 }), up(6, 1)]),
    // A CONNECT whose lengths leave its fields (aedes issue 612), a protocol name that is none, MQTT 5, MQTT 3.1.
    rawPacket(0x10, text("MQTT"), bytes(4, 0xc2, 0, 60, 0xff, 0xff, 0x41), bytes(0xff, 0xff)),
    rawPacket(0x10, bytes(0, 4, 0x4d, 0x51, 0x54)),
    rawPacket(0x10, text("MQTT"), bytes(5, 2, 0, 60, 0), text("v5")),
    Buffer.concat([rawPacket(0x10, text("MQIsdp"), bytes(3, 0xc2, 0, 60), text(`o${id}`), text("cs"), text("net-secret")), up(1, 1)]),
  ];
}
const SEEDS = Array.from({ length: AT_ONCE }, (_, i) => seedsOf(String(i)));

/** One stream: a seed with bits flipped, lengths changed, parts cut out, doubled or taken from another. */
function mutated(random: () => number, i: number): Buffer {
  const pick = (n: number): number => Math.floor(random() * n);
  const seeds = SEEDS[i % AT_ONCE] as readonly Buffer[];
  const any = (): Buffer => seeds[pick(seeds.length)] as Buffer;
  let made = Buffer.from(any());
  for (let changes = pick(5); changes > 0; changes -= 1) {
    const at = pick(made.length || 1);
    const kind = pick(7);
    if (kind === 0) made[at] = (made[at] ?? 0) ^ (1 << pick(8));
    else if (kind === 1) made[at] = [0, 0x7f, 0x80, 0xff][pick(4)] as number;
    else if (kind === 2) made = made.subarray(0, at);
    else if (kind === 3) made = Buffer.concat([made.subarray(0, at), made.subarray(at + pick(20))]);
    else if (kind === 4) made = Buffer.concat([made.subarray(0, at), made.subarray(at, at + pick(60)), made.subarray(at)]);
    else if (kind === 5) made = Buffer.concat([made.subarray(0, at), any().subarray(pick(60))]);
    else made = Buffer.concat([made, any()]);
  }
  return made;
}

/** Sends a stream in pieces over a connection without a socket, and leaves when the broker has had its say. */
async function hold(stream: Buffer, random: () => number): Promise<void> {
  const [ours, theirs] = duplexPair();
  t.broker.handle(ours);
  theirs.on("error", () => {});
  theirs.resume();
  const gone = new Promise<void>((resolve) => theirs.once("close", resolve));
  const cut = Math.floor(random() * (stream.length + 1));
  theirs.write(stream.subarray(0, cut));
  await new Promise((resolve) => setImmediate(resolve));
  if (!theirs.destroyed) theirs.write(stream.subarray(cut));
  for (let turn = 0; turn < TURNS && !theirs.destroyed; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  theirs.destroy();
  ours.destroy();
  await gone;
}

test(`${STREAMS} mutated streams: nothing is thrown, memory stays bounded, and others are served all the while`, { timeout: 300_000 }, async () => {
  const random = randomOf(20260101);
  const good = await connected(t.port, { clientId: "good", username: "any", password: "any-secret" });
  let served = 0;
  let most = 0;
  let settled = 0;
  for (let n = 0; n < STREAMS; n += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => hold(mutated(random, i), random)));
    await good.publishAsync(UP, `{"served":${n}}`, { qos: 1 });
    served += 1;
    t.journal.splice(0);
    if (n <= STREAMS / 5) settled = process.memoryUsage.rss();
    most = Math.max(most, process.memoryUsage.rss() - settled);
  }
  expect(served).toBe(STREAMS / AT_ONCE);
  expect(most).toBeLessThan(GROWTH_BYTES_MAX);
  expect(good.connected).toBe(true);
  expect(t.metrics.get("azemichi_mqtt_publishes_total", { kind: "uplink" })).toBeGreaterThan(STREAMS / 5); // the streams came past the log-in
  expect(t.metrics.get("azemichi_mqtt_broker_errors_total")).toBe(0);
  good.end(true);
});

test("the same over sockets, a few hundred", async () => {
  const random = randomOf(7);
  for (let n = 0; n < 300; n += 1) {
    const raw = new RawClient(t.port);
    raw.socket.end(mutated(random, n));
    await raw.ended;
  }
  const after = await connected(t.port, { clientId: "after", username: "any", password: "any-secret" });
  t.journal.splice(0);
  await after.publishAsync(UP, "{}", { qos: 1 });
  await until(() => t.journal.length > 0);
  after.end(true);
});

import { once } from "node:events";
import { duplexPair } from "node:stream";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Account, isHearable, judgePublish, maySubscribe } from "../../broker/access.ts";
import { VerdictCache } from "../../broker/verdict-cache.ts";
import { rolePassword, roleUser } from "../../core/runtime/bus-credentials.ts";
import { BUS_SECRET, connected, network, RawClient, rawConnect, rawPacket, rawPublish, startBroker, type TestBroker, until } from "./support.ts";

let t: TestBroker;
let synced = (): void => {};
beforeEach(async () => {
  t = await startBroker();
});
afterEach(() => t.broker.close());

const DEVICE = "application/1/device/a84041ffff000001";
const UP = `${DEVICE}/event/up`;
const CONNECT = rawConnect({ id: "n", user: "cs", password: "net-secret" });
const PING = Buffer.from([0xc0, 0]);
const uplink = (id: number, payload = "{}"): Buffer => rawPublish(UP, Buffer.from(payload), { id, qos: 1 });
const refused = (reason: string): number => t.metrics.get("azemichi_mqtt_refused_connections_total", { reason });

function holdDisk(): void {
  t.disk = new Promise<void>((resolve) => {
    synced = resolve;
  });
}

async function loggedIn(): Promise<RawClient> {
  const raw = new RawClient(t.port);
  raw.send(CONNECT);
  await until(() => raw.received.length >= 4);
  return raw;
}

describe("acknowledgements", () => {
  test("keep the order of the packets, whoever deals with them [MQTT-4.6.0-2]", async () => {
    holdDisk();
    const raw = await loggedIn();
    const others = [rawPublish(`${DEVICE}/command/down`, Buffer.from("x"), { id: 2, qos: 1 }), rawPublish("nowhere", Buffer.from("x"), { id: 3, qos: 1 })];
    raw.send(uplink(1), ...others, uplink(4), rawPublish("as923/gateway/0016c001f153a14c/event/stats", Buffer.from("{}"), { id: 5, qos: 1 }), PING);
    await until(() => raw.received.length >= 6);
    expect([...raw.received.subarray(4)]).toEqual([0xd0, 0]);
    synced();
    await until(() => raw.received.length >= 6 + 5 * 4);
    const ids = Array.from({ length: 5 }, (_, i) => [...raw.received.subarray(6 + i * 4, 10 + i * 4)]);
    expect(ids).toEqual([1, 2, 3, 4, 5].map((id) => [0x40, 2, 0, id]));
    expect(t.journal).toHaveLength(2);
    raw.socket.destroy();
  });

  test("a log-in that is revoked while the disk is slow gets none", async () => {
    holdDisk();
    const raw = await loggedIn();
    raw.send(uplink(1), PING);
    await until(() => raw.received.length >= 6);
    t.catalog.change({ networks: [network("cs", "another-secret", "chirpstack")] });
    await raw.ended;
    synced();
    await until(() => t.journal.length === 1);
    expect(raw.received).toHaveLength(6);
  });

  test("a client that leaves while the disk is slow gives back what it had in flight", async () => {
    await t.broker.close();
    t = await startBroker({ limits: { sharedMessagesMax: 4 } });
    holdDisk();
    const raw = await loggedIn();
    raw.send(uplink(1), uplink(2), uplink(3), uplink(4));
    await until(() => t.metrics.get("azemichi_mqtt_publishes_total", { kind: "uplink" }) === 4);
    raw.socket.destroy();
    await raw.ended;
    const next = await loggedIn();
    next.send(uplink(9));
    await until(() => t.metrics.get("azemichi_mqtt_held_total", { reason: "shared" }) > 0);
    synced();
    await until(() => next.received.length >= 8);
    expect([...next.received.subarray(4)]).toEqual([0x40, 2, 0, 9]);
    expect(t.journal).toHaveLength(5);
    next.socket.destroy();
  });

  test("who never reads them is cut at the bound", async () => {
    await t.broker.close();
    t = await startBroker({ limits: { outboundBytesMax: { device: 100, network: 100, role: 100 } } });
    const [ours, theirs] = duplexPair({ highWaterMark: 64 });
    t.broker.handle(ours);
    const ended = once(ours, "close");
    theirs.write(CONNECT);
    for (let id = 1; id <= 100; id += 1) theirs.write(uplink(id));
    await ended;
    expect(refused("unread")).toBe(1);
  });
});

test("uplinks that arrive byte by byte, one of them behind a ping, are whole in the journal", async () => {
  const [ours, theirs] = duplexPair();
  t.broker.handle(ours);
  const heard: Buffer[] = [];
  theirs.on("data", (chunk: Buffer) => heard.push(chunk));
  const stream = Buffer.concat([CONNECT, uplink(1, "a".repeat(300)), PING, uplink(2, "b".repeat(300))]);
  for (const byte of stream) theirs.write(Buffer.from([byte]));
  await until(() => Buffer.concat(heard).length >= 14);
  expect(t.journal.map((j) => j.payload)).toEqual(["a".repeat(300), "b".repeat(300)]);
  theirs.destroy();
});

test("the retain flag of an uplink is without meaning: nobody may hear it", async () => {
  const net = await connected(t.port, { clientId: "r", username: "any", password: "any-secret" });
  await net.publishAsync(UP, "{}", { qos: 1, retain: true });
  const web = await connected(t.port, { clientId: "w", username: roleUser("web"), password: rolePassword(BUS_SECRET, "web") });
  await expect(web.subscribeAsync("application/#")).rejects.toThrow("Unspecified error");
  expect(t.journal).toHaveLength(1);
  net.end(true);
  web.end(true);
});

test("a client that sends nothing but uplinks stays, beyond its keep-alive of a second", async () => {
  const net = await connected(t.port, { clientId: "k", username: "cs", password: "net-secret", keepalive: 1, reschedulePings: false });
  const pings: string[] = [];
  net.on("packetsend", ({ cmd }) => pings.push(cmd));
  const raw = new RawClient(t.port);
  const keepaliveOneSecond = Buffer.from(CONNECT);
  keepaliveOneSecond.writeUInt16BE(1, 10);
  raw.send(keepaliveOneSecond);
  await until(() => raw.received.length >= 4);
  for (let id = 1; pings.filter((cmd) => cmd === "pingreq").length < 3; id += 1) {
    const before = raw.received.length;
    raw.send(uplink(id));
    await until(() => raw.received.length > before);
  }
  expect(raw.socket.destroyed).toBe(false);
  raw.socket.destroy();
  net.end(true);
});

describe("malformed", () => {
  const broken = (head: number, ...body: (number[] | Buffer)[]): Buffer => rawPacket(head, ...body.map((b) => Buffer.from(b)));
  const text = Buffer.from(UP);
  test.each<[string, Buffer]>([
    ["a topic longer than its packet", broken(0x32, [0xff, 0xff], text, [0, 1])],
    ["no room for the packet id", broken(0x32, [0, text.length], text, [1])],
    ["no topic length at all", broken(0x30, [0])],
    ["packet id 0 [MQTT-2.3.1-1]", broken(0x32, [0, text.length], text, [0, 0], Buffer.from("{}"))],
    ["a topic that is no UTF-8 [MQTT-1.5.3-1]", broken(0x32, [0, text.length + 1], text, [0xc3, 0, 1])],
    ["both QoS bits [MQTT-3.3.1-4]", broken(0x36, [0, text.length], text, [0, 1])],
    ["no topic [MQTT-4.7.3-1]", broken(0x32, [0, 0, 0, 1])],
    ["a wildcard [MQTT-3.3.2-2]", rawPublish("application/#", Buffer.from("{}"), { id: 1, qos: 1 })],
  ])("%s: the connection is cut, and what came before it counts", async (_name, bytes) => {
    const raw = await loggedIn();
    raw.send(uplink(1), bytes, uplink(2));
    await raw.ended;
    await until(() => t.journal.length === 1);
    expect(t.journal.map((j) => j.payload)).toEqual(["{}"]);
  });
});

describe("which topics take the short way", () => {
  const account: Account = { kind: "network", id: "cs", networkKind: null };
  const level = fc.constantFrom(
    "application",
    "1",
    "device",
    "a84041ffff000001",
    "event",
    "command",
    "up",
    "down",
    "v3",
    "devices",
    "gateway",
    "azemichi",
    "v1",
    "$x",
    "é",
    "",
  );
  const topics = fc.array(level, { minLength: 1, maxLength: 8 }).map((levels) => levels.join("/"));

  test("exactly the uplinks that no account may subscribe to", () => {
    const cache = new VerdictCache(account, () => {});
    const anyone: Account[] = [
      account,
      { kind: "network", id: "x", networkKind: "chirpstack" },
      { kind: "network", id: "x", networkKind: "tts" },
      { kind: "device", id: "1" },
      ...(["relay", "field", "web", "sim"] as const).map((role): Account => ({ kind: "role", role })),
    ];
    fc.assert(
      fc.property(topics, (topic) => {
        const verdict = judgePublish(account, topic);
        const taken = cache.of(Buffer.from(topic).toString("latin1"));
        if (topic !== "") expect(taken).toEqual(verdict.kind === "uplink" && !isHearable(topic) ? { kind: "uplink", topic, source: "cs" } : { kind: "pass" });
        if (taken.kind === "uplink") for (const other of anyone) expect(maySubscribe(other, topic)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test("a cache that is full begins anew and says so", () => {
    let full = 0;
    const cache = new VerdictCache(account, () => (full += 1));
    for (let i = 0; i < 10_000; i += 1) expect(cache.of(`application/1/device/${i}/event/up`).kind).toBe("uplink");
    expect(full).toBe(2);
  });
});

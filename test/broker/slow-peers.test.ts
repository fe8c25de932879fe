import { afterEach, beforeEach, expect, test } from "vitest";
import { connected, RawClient, rawConnect, rawPacket, rawPublish, startBroker, type TestBroker, until } from "./support.ts";

let t: TestBroker;
beforeEach(async () => {
  t = await startBroker();
});
afterEach(() => t.broker.close());

const COMMAND = "application/1/device/a84041ffff000001/command/down";
const UP = "application/1/device/a84041ffff000001/event/up";
const commands = "application/+/device/+/command/#";
const slow = (): number => t.metrics.get("azemichi_mqtt_slow_subscribers_total", {});

/** Logs in, subscribes and then reads no more. */
async function subscriberThatStops(): Promise<RawClient> {
  const raw = new RawClient(t.port);
  raw.send(rawConnect({ id: "slow", user: "cs", password: "net-secret" }));
  const filter = Buffer.from(commands);
  raw.send(rawPacket(0x82, Buffer.from([0, 1, 0, filter.length]), filter, Buffer.from([0])));
  await until(() => raw.received.length >= 9); // CONNACK and SUBACK
  raw.socket.pause();
  return raw;
}

test("a subscriber that stops reading is cut at its bound, and nobody waits for it", async () => {
  const raw = await subscriberThatStops();
  const publisher = await connected(t.port, { clientId: "p", username: "any", password: "any-secret" });
  const payload = Buffer.alloc(60_000, 120);
  for (let i = 0; i < 2000 && slow() === 0; i += 1) await publisher.publishAsync(COMMAND, payload, { qos: 1 });
  expect(slow()).toBe(1);
  raw.socket.resume();
  await raw.ended;
  for (let i = 0; i < 5; i += 1) await publisher.publishAsync(UP, `{"n":${i}}`, { qos: 1 });
  expect(t.journal).toHaveLength(5);
  publisher.end(true);
});

test("what waits behind a subscriber that stops reading neither holds up the others nor ends the process when it leaves", async () => {
  await t.broker.close();
  t = await startBroker({ limits: { drainTimeoutMs: 3_600_000 } });
  const raw = await subscriberThatStops();
  const other = await connected(t.port, { clientId: "o", username: "cs", password: "net-secret" });
  await other.subscribeAsync(commands, { qos: 1 });
  let heard = 0;
  other.on("message", () => {
    heard += 1;
  });
  const publisher = await connected(t.port, { clientId: "p", username: "any", password: "any-secret" });
  const payload = Buffer.alloc(30_000, 120);
  for (let i = 0; i < 100; i += 1) publisher.publish(COMMAND, payload, { qos: 1 });
  await until(() => heard === 100);
  for (let i = 0; i < 20_000; i += 1) t.broker.publish(`azemichi/v1/gateways/g${i % 10}`, { i }, { retain: false }); // that nobody hears
  raw.socket.destroy();
  await raw.ended;
  await publisher.publishAsync(UP, "{}", { qos: 1 });
  expect(t.journal).toHaveLength(1);
  publisher.end(true);
  other.end(true);
});

test("a packet that is begun and never ended gives its share back", async () => {
  await t.broker.close();
  t = await startBroker({ limits: { sharedMessagesMax: 1, packetTimeoutMs: 100 } });
  const raw = new RawClient(t.port);
  raw.send(rawConnect({ id: "half", user: "cs", password: "net-secret" }));
  await until(() => raw.received.length >= 4);
  raw.send(rawPublish(UP, Buffer.alloc(1000), { id: 1, qos: 1 }).subarray(0, 500));
  await raw.ended;
  expect(t.metrics.get("azemichi_mqtt_refused_connections_total", { reason: "stalled" })).toBe(1);
  const other = await connected(t.port, { clientId: "o", username: "any", password: "any-secret" });
  await other.publishAsync(UP, "{}", { qos: 1 });
  expect(t.journal).toHaveLength(1);
  other.end(true);
});

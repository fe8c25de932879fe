import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../broker/limits.ts";
import { rolePassword, roleUser } from "../../core/runtime/bus-credentials.ts";
import { asDevice, BUS_SECRET, closed, connected, device, RawClient, rawConnect, rawPublish, startBroker, type TestBroker, until } from "./support.ts";

let t: TestBroker;
beforeEach(async () => {
  t = await startBroker();
});
afterEach(() => t.broker.close());

const UP = "application/1/device/a84041ffff000001/event/up";
const refused = (reason: string): number => t.metrics.get("azemichi_mqtt_refused_connections_total", { reason });

describe("log-in", () => {
  test.each([
    ["wrong password", asDevice("d1", "wrong"), 4],
    ["unknown user", asDevice("nobody", "secret-1"), 4],
    ["no password", { clientId: "d1", username: "d1" }, 4],
    ["nothing at all", { clientId: "d1" }, 4],
    ["a device under another client id", { clientId: "d2", username: "d1", password: "secret-1" }, 2],
    ["a role with another's password", { clientId: "x", username: roleUser("relay"), password: rolePassword(BUS_SECRET, "web") }, 4],
  ])("%s is refused", async (_name, options, code) => {
    await expect(connected(t.port, options)).rejects.toMatchObject({ code });
    expect(refused(code === 2 ? "client-id" : "credentials")).toBe(1);
  });

  test("a network comes under any client id, also an empty one", async () => {
    for (const clientId of ["x", "", "chirpstack-4f2a"]) (await connected(t.port, { clientId, clean: true, username: "cs", password: "net-secret" })).end(true);
  });

  test("an empty client id with a kept session is answered 0x02 [MQTT-3.1.3-8]", async () => {
    const raw = new RawClient(t.port);
    raw.send(rawConnect({ id: "", user: "cs", password: "net-secret", session: "kept" }));
    await raw.ended;
    expect([...raw.received]).toEqual([0x20, 2, 0, 2]);
  });

  test("the same credential takes its own client id over, another does not", async () => {
    const first = await connected(t.port, { clientId: "ns", username: "cs", password: "net-secret" });
    await expect(connected(t.port, { clientId: "ns", username: "other", password: "other-secret" })).rejects.toMatchObject({ code: 2 });
    expect(first.connected).toBe(true);
    const gone = closed(first);
    const second = await connected(t.port, { clientId: "ns", username: "cs", password: "net-secret" });
    await gone;
    expect(second.connected).toBe(true);
    second.end(true);
  });

  test("a kept session stays with its credential while it is away", async () => {
    const first = await connected(t.port, { clientId: "kept", clean: false, username: "cs", password: "net-secret" });
    await first.endAsync();
    await expect(connected(t.port, { clientId: "kept", username: "other", password: "other-secret" })).rejects.toMatchObject({ code: 2 });
  });

  test("a revoked credential is cut", async () => {
    const first = await connected(t.port, asDevice("d1", "secret-1"));
    const other = await connected(t.port, asDevice("d2", "secret-2"));
    const gone = closed(first);
    t.catalog.change({ devices: [device("d1", "new-secret"), device("d2", "secret-2")] });
    await gone;
    expect(other.connected).toBe(true);
    other.end(true);
    await expect(connected(t.port, asDevice("d1", "secret-1"))).rejects.toMatchObject({ code: 4 });
    (await connected(t.port, asDevice("d1", "new-secret"))).end(true);
  });
});

test("a device that is taken out of the catalog, and one that lost its key, are cut", async () => {
  const [d1, d2] = await Promise.all([connected(t.port, asDevice("d1", "secret-1")), connected(t.port, asDevice("d2", "secret-2"))]);
  const gone = [closed(d1), closed(d2)];
  t.catalog.change({ devices: [{ ...device("d2", "secret-2"), mqttTokenHash: null }] });
  await Promise.all(gone);
  expect(refused("revoked")).toBe(2);
});

describe("publish", () => {
  test.each([0, 1, 2] as const)("an uplink at QoS %i is journaled with source, bytes and flag", async (qos) => {
    const net = await connected(t.port, { clientId: "n", username: "cs", password: "net-secret" });
    await net.publishAsync(UP, "{}", { qos });
    await until(() => t.journal.length > 0);
    expect(t.journal).toEqual([{ source: "cs", topic: UP, payload: "{}", dup: false }]);
    net.end(true);
  });

  test("no PUBACK before the journal's sync", async () => {
    let synced = (): void => {};
    t.disk = new Promise<void>((resolve) => {
      synced = resolve;
    });
    const raw = new RawClient(t.port);
    raw.send(rawConnect({ id: "n", user: "cs", password: "net-secret" }), rawPublish(UP, Buffer.from("{}"), { id: 7, qos: 1 }), [0xc0, 0]);
    await until(() => raw.received.length >= 6);
    expect([...raw.received]).toEqual([0x20, 2, 0, 0, 0xd0, 0]); // CONNACK, PINGRESP: it lives, and waits
    synced();
    await until(() => raw.received.length >= 10);
    expect([...raw.received.subarray(6)]).toEqual([0x40, 2, 0, 7]);
    raw.socket.destroy();
  });

  test("a journal that cannot write: no PUBACK, the connection ends", async () => {
    t.disk = Promise.reject(new Error("disk full"));
    t.disk.catch(() => {});
    const raw = new RawClient(t.port);
    raw.send(rawConnect({ id: "n", user: "cs", password: "net-secret" }), rawPublish(UP, Buffer.from("{}"), { id: 7, qos: 1 }));
    await raw.ended;
    expect([...raw.received]).toEqual([0x20, 2, 0, 0]);
    expect(t.metrics.get("azemichi_mqtt_uplinks_refused_total")).toBe(1);
  });

  test("a repeated QoS 2 PUBLISH carries its DUP flag into the journal", async () => {
    const raw = new RawClient(t.port);
    const first = rawPublish(UP, Buffer.from("{}"), { id: 7, qos: 2 });
    const again = Buffer.from(first);
    again[0] = (again[0] as number) | 8;
    raw.send(rawConnect({ id: "n", user: "cs", password: "net-secret" }), first);
    await until(() => raw.received.length >= 8);
    raw.send(again);
    await until(() => raw.received.length >= 12);
    expect([...raw.received.subarray(4)]).toEqual([0x50, 2, 0, 7, 0x50, 2, 0, 7]);
    expect(t.journal.map((j) => j.dup)).toEqual([false, true]);
    raw.socket.destroy();
  });

  test("a device outside its own subtree is cut and counted", async () => {
    const d1 = await connected(t.port, asDevice("d1", "secret-1"));
    const gone = closed(d1);
    d1.publish("azemichi/v1/devices/d2/senml", "[]", { qos: 1 });
    await gone;
    expect(t.journal).toEqual([]);
    expect(t.metrics.get("azemichi_mqtt_publishes_total", { kind: "refused" })).toBe(1);
  });

  test("what a network may not say is acknowledged and reaches nobody", async () => {
    const web = await connected(t.port, { clientId: "w", username: roleUser("web"), password: rolePassword(BUS_SECRET, "web") });
    const heard: string[] = [];
    web.on("message", (topic) => heard.push(topic));
    await web.subscribeAsync("azemichi/v1/#");
    const net = await connected(t.port, { clientId: "n", username: "cs", password: "net-secret" });
    await net.publishAsync("azemichi/v1/readings/d1", '{"forged":true}', { qos: 1, retain: true });
    await net.publishAsync("$SYS/broker/new/clients", "n", { qos: 1 });
    await net.publishAsync("as923/gateway/0016c001f153a14c/event/stats", "{}", { qos: 1 });
    t.broker.publish("azemichi/v1/readings/d1", { deviceId: "d1" }, { retain: true });
    await until(() => heard.length > 0);
    expect(heard).toEqual(["azemichi/v1/readings/d1"]);
    expect(t.gatewayTopics).toEqual(["as923/gateway/0016c001f153a14c/event/stats"]);
    expect(net.connected).toBe(true);
    net.end(true);
    web.end(true);
  });

  test("a will is judged like any publish, and journaled", async () => {
    const will = { topic: "azemichi/v1/devices/d1/senml", payload: Buffer.from("[]"), qos: 1 as const, retain: false };
    const d1 = await connected(t.port, { ...asDevice("d1", "secret-1"), will });
    await d1.subscribeAsync("azemichi/v1/devices/d1/#");
    d1.stream.destroy();
    await until(() => t.journal.length > 0);
    expect(t.journal).toEqual([{ source: "direct", topic: will.topic, payload: "[]", dup: false }]);

    const forged = { topic: "azemichi/v1/devices/d1/senml", payload: Buffer.from("[1]"), qos: 1 as const, retain: true };
    const d2 = await connected(t.port, { ...asDevice("d2", "secret-2"), will: forged });
    d2.stream.destroy();
    await until(() => t.metrics.get("azemichi_mqtt_publishes_total", { kind: "refused" }) > 0);
    expect(t.journal).toHaveLength(1);
  });

  test("retained messages of the service reach a later subscriber", async () => {
    t.broker.publish("azemichi/v1/readings/d1", { deviceId: "d1", readings: [] }, { retain: true });
    const web = await connected(t.port, { clientId: "w", username: roleUser("web"), password: rolePassword(BUS_SECRET, "web") });
    const first = new Promise<string>((resolve) => web.once("message", (_topic, payload) => resolve(payload.toString())));
    await web.subscribeAsync("azemichi/v1/#");
    expect(JSON.parse(await first)).toEqual({ deviceId: "d1", readings: [] });
    web.end(true);
  });
});

test("nothing is retained outside one's own subtree", async () => {
  const net = await connected(t.port, { clientId: "n", username: "cs", password: "net-secret" });
  await net.publishAsync("azemichi/v1/readings/d1", '{"forged":true}', { qos: 1, retain: true });
  const d1 = await connected(t.port, asDevice("d1", "secret-1"));
  await d1.publishAsync("azemichi/v1/devices/d1/own", "1", { qos: 1, retain: true });
  const gone = closed(d1);
  d1.publish("azemichi/v1/devices/d2/foreign", "1", { qos: 1, retain: true });
  await gone;
  const web = await connected(t.port, { clientId: "w", username: roleUser("web"), password: rolePassword(BUS_SECRET, "web") });
  const heard: string[] = [];
  web.on("message", (topic, _payload, { retain }) => heard.push(`${topic} ${retain}`));
  await web.subscribeAsync("azemichi/v1/#");
  t.broker.publish("azemichi/v1/gateways/g", {}, { retain: false });
  await until(() => heard.includes("azemichi/v1/gateways/g false") && heard.length > 1);
  expect(heard.toSorted()).toEqual(["azemichi/v1/devices/d1/own true", "azemichi/v1/gateways/g false"]);
  net.end(true);
  web.end(true);
});

describe("subscribe", () => {
  test.each([
    ["$share/g/command/#", 128],
    ["$SYS/#", 128],
    ["#", 128],
    ["application/+/device/+/event/up", 128],
    ["application/+/device/+/command/down", 1],
    ["command/#", 1],
  ])("a network asking for %s is granted %i", async (filter, granted) => {
    const raw = new RawClient(t.port);
    const topic = Buffer.concat([Buffer.from([0, filter.length]), Buffer.from(filter)]);
    raw.send(rawConnect({ id: "n", user: "cs", password: "net-secret" }), [0x82, 2 + topic.length + 1, 0, 9], topic, [1]);
    await until(() => raw.received.length >= 9);
    expect([...raw.received.subarray(4)]).toEqual([0x90, 3, 0, 9, granted]);
    raw.socket.destroy();
  });

  test("a kept session never receives what its SUBSCRIBE was refused", async () => {
    const options = { clientId: "d1", username: "d1", password: "secret-1", clean: false };
    const d1 = await connected(t.port, options);
    await d1.subscribeAsync(["azemichi/v1/devices/d1/#", "application/#"], { qos: 1 }).catch(() => {}); // mqtt.js rejects on 0x80
    await d1.endAsync();
    const net = await connected(t.port, { clientId: "n", username: "cs", password: "net-secret" });
    await net.publishAsync(UP, "{}", { qos: 1 });
    const again = await connected(t.port, options);
    const heard: string[] = [];
    again.on("message", (topic) => heard.push(topic));
    await again.publishAsync("azemichi/v1/devices/d1/echo", "1", { qos: 1 });
    await until(() => heard.length > 0);
    expect(heard).toEqual(["azemichi/v1/devices/d1/echo"]);
    again.end(true);
    net.end(true);
  });
});

describe("limits", () => {
  test("a first packet that is no CONNECT, or too long, is cut and counted", async () => {
    const noConnect = new RawClient(t.port);
    noConnect.send(rawPublish(UP, Buffer.from("{}"), { id: 1, qos: 1 }));
    await noConnect.ended;
    const long = new RawClient(t.port);
    long.send(rawConnect({ id: "n", user: "cs", password: "x".repeat(1100) }));
    await long.ended;
    expect([refused("not-connect"), refused("oversize")]).toEqual([1, 1]);
  });

  test("a packet above 64 KiB is cut at its header, one of 60 KiB is not", async () => {
    const raw = new RawClient(t.port);
    raw.send(rawConnect({ id: "n", user: "cs", password: "net-secret" }), rawPublish(UP, Buffer.alloc(60_000, 97), { id: 1, qos: 1 }));
    await until(() => t.journal.length === 1);
    raw.send(rawPublish(UP, Buffer.alloc(70_000, 97), { id: 2, qos: 1 }).subarray(0, 10));
    await raw.ended;
    expect(refused("oversize")).toBe(1);
  });

  test("who says nothing is cut", async () => {
    const hasty = await startBroker({ limits: { connectTimeoutMs: 50 } });
    const raw = new RawClient(hasty.port);
    await raw.ended;
    await hasty.broker.close();
  });

  test("a client without a keep-alive is taken at ours", async () => {
    const watchful = await startBroker({ limits: { keepaliveMaxS: 1 } });
    const raw = new RawClient(watchful.port);
    const without = rawConnect({ id: "n", user: "cs", password: "net-secret" });
    without.writeUInt16BE(0, 10);
    raw.send(without);
    await raw.ended;
    expect([...raw.received]).toEqual([0x20, 2, 0, 0]);
    await watchful.broker.close();
  });

  test("two thousand connections come from one host", async () => {
    const wide = await startBroker({ limits: { connectTimeoutMs: 60_000 } });
    const many: RawClient[] = [];
    for (let n = 200; n <= 2000; n += 200) {
      many.push(...Array.from({ length: 200 }, () => new RawClient(wide.port)));
      await until(() => wide.metrics.get("azemichi_mqtt_connections") === n);
    }
    const net = await connected(wide.port, { clientId: "n", username: "cs", password: "net-secret" });
    await net.publishAsync(UP, "{}", { qos: 1 });
    expect(wide.metrics.get("azemichi_mqtt_connections")).toBe(2001);
    expect(DEFAULT_LIMITS.connectionsPerAddressMax).toBeGreaterThanOrEqual(2000); // of hosts that are not this one
    for (const raw of many) raw.socket.destroy();
    net.end(true);
    await wide.broker.close();
  });

  test("connections in all are bounded", async () => {
    const small = await startBroker({ limits: { connectionsMax: 1 } });
    const one = await connected(small.port, asDevice("d1", "secret-1"));
    await new RawClient(small.port).ended;
    expect(small.metrics.get("azemichi_mqtt_refused_connections_total", { reason: "too-many" })).toBe(1);
    one.end(true);
    await small.broker.close();
  });

  test("a device that floods is slowed, not cut: 10 messages/s after a burst of 50", async () => {
    let nowMs = 1_000_000;
    const slow = await startBroker({ nowMs: () => nowMs });
    const raw = new RawClient(slow.port);
    const message = rawPublish("azemichi/v1/devices/d1/senml", Buffer.from("[]"), null);
    raw.send(rawConnect({ id: "d1", user: "d1", password: "secret-1" }), ...Array.from({ length: 70 }, () => message), [0xc0, 0]);
    await until(() => slow.journal.length >= 50 && slow.metrics.get("azemichi_mqtt_held_total", { reason: "rate" }) > 0);
    expect(slow.journal).toHaveLength(50);
    nowMs += 1000;
    await until(() => slow.journal.length >= 60);
    expect(slow.journal).toHaveLength(60);
    nowMs += 1000;
    await until(() => slow.journal.length >= 70 && raw.received.length >= 6);
    expect([...raw.received.subarray(4)]).toEqual([0xd0, 0]);
    raw.socket.destroy();
    await slow.broker.close();
  });

  test("a network has 1,000 in flight, the rest waits in its own socket", async () => {
    let synced = (): void => {};
    t.disk = new Promise<void>((resolve) => {
      synced = resolve;
    });
    const raw = new RawClient(t.port);
    raw.send(rawConnect({ id: "n", user: "cs", password: "net-secret" }));
    raw.send(...Array.from({ length: 3000 }, (_, i) => rawPublish(UP, Buffer.from("{}"), { id: i + 1, qos: 1 })));
    await until(() => t.metrics.get("azemichi_mqtt_held_total", { reason: "in-flight" }) > 0);
    expect(t.metrics.get("azemichi_mqtt_publishes_total", { kind: "uplink" })).toBeLessThanOrEqual(1000);
    synced();
    await until(() => raw.received.length >= 4 + 3000 * 4);
    expect(t.journal).toHaveLength(3000);
    raw.socket.destroy();
  });

  test("all connections together are bounded too, and go on when there is room", async () => {
    const small = await startBroker({ limits: { sharedMessagesMax: 8 } });
    let synced = (): void => {};
    small.disk = new Promise<void>((resolve) => {
      synced = resolve;
    });
    const clients = ["a", "b"].map((id) => {
      const raw = new RawClient(small.port);
      raw.send(
        rawConnect({ id, user: "cs", password: "net-secret" }),
        ...Array.from({ length: 20 }, (_, i) => rawPublish(UP, Buffer.from("{}"), { id: i + 1, qos: 1 })),
      );
      return raw;
    });
    await until(() => small.metrics.get("azemichi_mqtt_held_total", { reason: "shared" }) >= 2);
    expect(small.metrics.get("azemichi_mqtt_publishes_total", { kind: "uplink" })).toBe(8);
    synced();
    await until(() => clients.every((raw) => raw.received.length >= 4 + 20 * 4));
    expect(small.journal).toHaveLength(40);
    for (const raw of clients) raw.socket.destroy();
    await small.broker.close();
  });
});

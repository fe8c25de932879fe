import { afterEach, beforeEach, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../broker/limits.ts";
import { connected, RawClient, rawConnect, startBroker, type TestBroker, until } from "./support.ts";

const session = { ...DEFAULT_LIMITS.session, sessionsPerAccountMax: 2, queuedPerSessionMax: 3, retainedPerAccountMax: 2 };
const COMMAND = "application/1/device/a84041ffff000001/command/down";
const login = { username: "cs", password: "net-secret" };
let t: TestBroker;
beforeEach(async () => {
  t = await startBroker({ limits: { session } });
});
afterEach(() => t.broker.close());

/** Leaves a kept session that asked for commands. */
async function leaveSession(clientId: string): Promise<void> {
  const client = await connected(t.port, { ...login, clientId, clean: false });
  await client.subscribeAsync("application/+/device/+/command/#", { qos: 1 });
  await client.endAsync();
}
test("what waits for an absent subscriber is bounded", async () => {
  await leaveSession("absent");
  const net = await connected(t.port, { ...login, clientId: "n" });
  for (let i = 0; i < 5; i += 1) await net.publishAsync(COMMAND, String(i), { qos: 1 });
  await until(() => t.metrics.get("azemichi_mqtt_queue_full_total") === 2);
  const back = new RawClient(t.port);
  back.send(rawConnect({ id: "absent", user: "cs", password: "net-secret", session: "kept" }), [0xc0, 0]);
  await until(() => back.received.includes(Buffer.from([0xd0, 0])));
  await until(() => back.received.toString("latin1").split(COMMAND).length === 4);
  const bodies = back.received.toString("latin1").split(COMMAND).slice(1);
  expect(bodies.map((rest) => rest[2])).toEqual(["0", "1", "2"]); // after the packet identifier
  back.socket.destroy();
  net.end(true);
});

test("kept sessions of one account are bounded: the oldest that is away is forgotten", async () => {
  for (const id of ["a", "b", "c"]) await leaveSession(id);
  expect(t.metrics.get("azemichi_mqtt_sessions_forgotten_total")).toBe(1);
  await leaveSession("b");
  expect(t.metrics.get("azemichi_mqtt_sessions_forgotten_total")).toBe(1);
});

test("retained topics of one account are bounded; removing one makes room", async () => {
  const net = await connected(t.port, { ...login, clientId: "n" });
  const retain = (n: number, payload: string): Promise<unknown> =>
    net.publishAsync(`application/1/device/a84041ffff00000${n}/command/down`, payload, { qos: 1, retain: true });
  for (const n of [1, 2, 3]) await retain(n, "x");
  expect(t.metrics.get("azemichi_mqtt_retain_ignored_total")).toBe(1);
  await retain(1, "");
  await retain(3, "x");
  const heard: string[] = [];
  net.on("message", (topic) => heard.push(topic));
  await net.subscribeAsync("command/#");
  await net.subscribeAsync("application/+/device/+/command/#", { qos: 1 });
  await until(() => heard.length >= 2);
  expect(heard.sort()).toEqual(["application/1/device/a84041ffff000002/command/down", "application/1/device/a84041ffff000003/command/down"]);
  expect(t.metrics.get("azemichi_mqtt_retain_ignored_total")).toBe(1);
  net.end(true);
});

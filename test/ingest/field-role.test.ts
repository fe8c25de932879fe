import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MqttClient } from "mqtt";
import { afterEach, expect, test } from "vitest";
import { rolePassword, roleUser } from "../../core/runtime/bus-credentials.ts";
import { connected, until } from "../broker/support.ts";
import { type FieldProcess, type FieldSite, fieldSiteOf } from "../support/field-process.ts";
import { chirpstackUp, DEV_EUI, ldds75 } from "./support.ts";

const GATEWAY = "0016c001f153a14c";
const site = {
  site: { id: "role" },
  devices: [
    { id: "kita-3-level", devEui: DEV_EUI, profile: "dragino-ldds75", levelZeroMm: 750 },
    { id: "pond", profile: "dragino-ldds75", mqtt: { username: "pond", password: "secret-of-the-pond" } },
  ],
  gateways: [{ id: "gw-rokugo", eui: GATEWAY }],
  networks: [{ id: "cs", mqtt: { username: "cs", password: "net-secret" }, kind: "chirpstack" }],
};
const open: { field: FieldProcess[]; clients: MqttClient[] } = { field: [], clients: [] };
afterEach(() => {
  for (const client of open.clients.splice(0)) client.end(true);
  for (const { child } of open.field.splice(0)) child.kill("SIGKILL");
});

async function start(field: FieldSite): Promise<FieldProcess> {
  const process = await field.start();
  open.field.push(process);
  return process;
}

/** Hears what the web role hears. */
async function listen(field: FieldSite): Promise<Map<string, Record<string, unknown>>> {
  const secret = readFileSync(join(field.folder, "run", "bus-secret"), "utf8");
  const web = await connected(field.port, { clientId: "listener", username: roleUser("web"), password: rolePassword(secret, "web") });
  open.clients.push(web);
  const heard = new Map<string, Record<string, unknown>>();
  web.on("message", (topic, payload) => heard.set(topic, JSON.parse(payload.toString()) as Record<string, unknown>));
  await web.subscribeAsync("azemichi/v1/#");
  return heard;
}

test("the role: uplinks become retained readings, gateways and counters are told, and all of it again after a restart", { timeout: 60_000 }, async () => {
  const field = await fieldSiteOf(site);
  const first = await start(field);
  const heard = await listen(field);
  const net = await connected(field.port, { clientId: "ns", username: "cs", password: "net-secret" });
  const pond = await connected(field.port, { clientId: "pond", username: "pond", password: "secret-of-the-pond" });
  open.clients.push(net, pond);
  const { topic, payload } = chirpstackUp({ data: ldds75(690) });
  await net.publishAsync(topic, payload, { qos: 1 });
  await net.publishAsync(`as923/gateway/${GATEWAY}/state/conn`, '{"state":"ONLINE"}', { qos: 1 });
  await pond.publishAsync("azemichi/v1/devices/pond/senml", '[{"n":"water.level","u":"cm","v":4}]', { qos: 1 });

  await until(() => heard.has("azemichi/v1/readings/kita-3-level") && heard.has("azemichi/v1/readings/pond") && heard.has("azemichi/v1/gateways/gw-rokugo"));
  const level = {
    deviceId: "kita-3-level",
    quantity: "water.level",
    value: 6,
    unit: "cm",
    time: "2026-06-01T00:00:00.123Z",
    quality: { flag: 1, reasons: [] },
  };
  const readingsOf = (device: string): unknown => heard.get(`azemichi/v1/readings/${device}`)?.["readings"];
  expect(readingsOf("kita-3-level")).toEqual(expect.arrayContaining([expect.objectContaining(level)]));
  expect(readingsOf("pond")).toEqual([expect.objectContaining({ quantity: "water.level", value: 4, timeSource: "server" })]);
  expect(heard.get("azemichi/v1/gateways/gw-rokugo")).toMatchObject({ gatewayId: "gw-rokugo", online: true });
  await until(() => JSON.stringify(heard.get("azemichi/v1/internal/metrics/field") ?? "").includes('"azemichi_ingest_uplinks_total",{"outcome":"stored"},2'));
  expect(heard.get("azemichi/v1/internal/metrics/field")).toEqual(expect.arrayContaining([["azemichi_field_ready", {}, 1]]));

  first.child.kill("SIGTERM");
  expect(await first.exit).toBe(0);
  await start(field);
  const again = await listen(field);
  await until(() => again.has("azemichi/v1/readings/pond") && again.has("azemichi/v1/readings/kita-3-level") && again.has("azemichi/v1/gateways/gw-rokugo"));
  expect(again.get("azemichi/v1/readings/kita-3-level")?.["readings"]).toEqual(expect.arrayContaining([expect.objectContaining(level)]));
});

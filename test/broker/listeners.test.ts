import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import mqtt from "mqtt";
import { afterEach, beforeEach, expect, test } from "vitest";
import { selfSigned } from "../support/self-signed.ts";
import { connected, RawClient, rawConnect, startBroker, type TestBroker, until } from "./support.ts";

const net = { clientId: "n", username: "cs", password: "net-secret" };
const UP = "application/1/device/a84041ffff000001/event/up";
let folder: string;
let tls: { certPath: string; keyPath: string };
let t: TestBroker;

function writeCertificate(commonName: string): void {
  const { cert, key } = selfSigned(commonName);
  writeFileSync(tls.keyPath, key);
  writeFileSync(tls.certPath, cert);
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-tls-"));
  tls = { certPath: join(folder, "cert.pem"), keyPath: join(folder, "key.pem") };
  writeCertificate("first");
  t = await startBroker({ listen: { bind: "127.0.0.1", port: 0, tlsPort: 0, wsPort: 0, tls } });
});
afterEach(async () => {
  await t.broker.close();
  rmSync(folder, { recursive: true, force: true });
});

function certificateName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      const raw = socket.getPeerCertificate().raw;
      socket.destroy();
      resolve(new X509Certificate(raw).subject);
    });
    socket.once("error", reject);
  });
}

test("an uplink over TLS", async () => {
  const client = await connected(t.broker.ports.mqtts ?? 0, { ...net, protocol: "mqtts", rejectUnauthorized: false });
  await client.publishAsync(UP, "{}", { qos: 1 });
  expect(t.journal).toHaveLength(1);
  client.end(true);
});

test("a renewed certificate is served without a restart; a broken one leaves the former in force", { timeout: 40_000 }, async () => {
  const port = t.broker.ports.mqtts ?? 0;
  expect(await certificateName(port)).toContain("first");
  writeCertificate("second");
  let name = "";
  await until(() => {
    void certificateName(port).then((subject) => (name = subject));
    return name.includes("second");
  });
  writeFileSync(tls.certPath, "not a certificate");
  expect(await certificateName(port)).toContain("second");
});

test("plain text on the TLS port is cut and counted", async () => {
  const raw = new RawClient(t.broker.ports.mqtts ?? 0);
  raw.send(rawConnect({ id: "n", user: "cs", password: "net-secret" }));
  await raw.ended;
  expect(t.metrics.get("azemichi_mqtt_refused_connections_total", { reason: "tls" })).toBe(1);
});

test("an uplink over WebSocket, in packets of any size up to the limit", async () => {
  const client = mqtt.connect(`ws://127.0.0.1:${t.broker.ports.mqttWs}`, { ...net, reconnectPeriod: 0 });
  client.on("error", () => {});
  await client.publishAsync(UP, Buffer.alloc(60_000, 97), { qos: 1 });
  expect(t.journal).toHaveLength(1);
  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  client.publish(UP, Buffer.alloc(70_000, 97), { qos: 1 });
  await closed;
  expect(t.metrics.get("azemichi_mqtt_refused_connections_total", { reason: "oversize" })).toBe(1);
});

test("what is no WebSocket is told so", async () => {
  const status = await new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: t.broker.ports.mqttWs ?? 0 }, (response) => resolve(response.statusCode))
      .once("error", reject)
      .end();
  });
  expect(status).toBe(426);
});

test("who opens the WebSocket port and says nothing is cut; who logged in stays", async () => {
  const listen = { bind: "127.0.0.1", port: 0, tlsPort: null, wsPort: 0, tls: null };
  const hasty = await startBroker({ listen, limits: { connectTimeoutMs: 200 } });
  const port = hasty.broker.ports.mqttWs ?? 0;
  const client = mqtt.connect(`ws://127.0.0.1:${port}`, { ...net, reconnectPeriod: 0 });
  await new Promise((resolve) => client.once("connect", resolve));
  await new RawClient(port).ended;
  expect(client.connected).toBe(true);
  client.end(true);
  await hasty.broker.close();
});

test("a taken port is an error that names it", async () => {
  const listen = { bind: "127.0.0.1", port: t.port, tlsPort: null, wsPort: null, tls: null };
  await expect(startBroker({ listen })).rejects.toMatchObject({ code: "PORT_TAKEN", message: expect.stringContaining(String(t.port)) });
});

test("closing ends the connections and frees the ports", async () => {
  const client = await connected(t.port, net);
  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  await t.broker.close();
  await closed;
  const again = await startBroker({ listen: { bind: "127.0.0.1", port: t.port, tlsPort: null, wsPort: null, tls: null } });
  await again.broker.close();
});

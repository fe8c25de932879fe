import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { readConfig } from "../../app/config.ts";
import { choosePorts } from "../../app/ports.ts";

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function taken(): Promise<number> {
  const server = createServer();
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}
const env = (ports: Record<string, string>): ReturnType<typeof readConfig> =>
  readConfig({ AZEMICHI_HTTP_PORT: "0", AZEMICHI_MQTT_PORT: "0", AZEMICHI_NTRIP_PORT: "0", ...ports });

describe("ports", () => {
  test("0 is any free port, each its own; a listener that is off has none", async () => {
    const { ports, moved } = await choosePorts(env({}), { demo: false });
    expect(new Set([ports.http, ports.mqtt, ports.ntrip]).size).toBe(3);
    expect([ports.https, ports.mqtts, ports.mqttWs, ports.ntrips]).toEqual([null, null, null, null]);
    expect(moved).toEqual([]);
  });

  test("a taken port is an error on a real site that names the variable", async () => {
    const port = await taken();
    await expect(choosePorts(env({ AZEMICHI_MQTT_PORT: String(port) }), { demo: false })).rejects.toMatchObject({
      code: "PORT_TAKEN",
      message: expect.stringContaining("AZEMICHI_MQTT_PORT"),
    });
  });

  test("a taken port moves in the demo, and that is said", async () => {
    const port = await taken();
    const { ports, moved } = await choosePorts(env({ AZEMICHI_MQTT_PORT: String(port) }), { demo: true });
    expect(ports.mqtt).not.toBe(port);
    expect(moved).toEqual([`port ${port} is taken: mqtt moves to ${ports.mqtt}`]);
  });
});

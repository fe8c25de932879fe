import { createServer } from "node:net";
import { AzemichiError } from "../core/domain/errors.ts";
import type { Config } from "./config.ts";
import type { Ports } from "./role.ts";

/** One row per listener: where it is configured and which variable moves it. */
const LISTENERS: readonly { name: keyof Ports; of: (c: Config) => { bind: string; port: number | null }; variable: string }[] = [
  { name: "http", of: (c) => ({ bind: c.http.bind, port: c.http.port }), variable: "AZEMICHI_HTTP_PORT" },
  { name: "https", of: (c) => ({ bind: c.http.bind, port: c.http.tlsPort }), variable: "AZEMICHI_HTTPS_PORT" },
  { name: "mqtt", of: (c) => ({ bind: c.mqtt.bind, port: c.mqtt.port }), variable: "AZEMICHI_MQTT_PORT" },
  { name: "mqtts", of: (c) => ({ bind: c.mqtt.bind, port: c.mqtt.tlsPort }), variable: "AZEMICHI_MQTTS_PORT" },
  { name: "mqttWs", of: (c) => ({ bind: c.mqtt.bind, port: c.mqtt.wsPort }), variable: "AZEMICHI_MQTT_WS_PORT" },
  { name: "ntrip", of: (c) => ({ bind: c.ntrip.bind, port: c.ntrip.port }), variable: "AZEMICHI_NTRIP_PORT" },
  { name: "ntrips", of: (c) => ({ bind: c.ntrip.bind, port: c.ntrip.tlsPort }), variable: "AZEMICHI_NTRIPS_PORT" },
];

/**
 * Fixes every port before a role starts, so that a role that comes back finds its own again. 0 means any free port; a taken
 * port moves to a free one in the demo (`moved` says which) and is `PORT_TAKEN` on a real site.
 */
export async function choosePorts(
  config: Config,
  options: { demo: boolean; only?: readonly (keyof Ports)[] },
): Promise<{ ports: Ports; moved: readonly string[] }> {
  const chosen: Record<string, number | null> = {};
  const moved: string[] = [];
  const held: (() => Promise<void>)[] = [];
  try {
    for (const { name, of, variable } of LISTENERS) {
      const { bind, port } = of(config);
      if (port === null || (options.only && !options.only.includes(name))) {
        chosen[name] = port;
        continue;
      }
      let probe = await hold(bind, port);
      if (probe === "taken") {
        if (!options.demo)
          throw new AzemichiError("PORT_TAKEN", `port ${port} on ${bind} is taken by another program. Stop that one, or set ${variable} to a free port.`, {
            context: { port, variable },
          });
        probe = await hold(bind, 0);
        if (probe === "taken") throw new AzemichiError("PORT_TAKEN", `no free port on ${bind}`);
        moved.push(`port ${port} is taken: ${name} moves to ${probe.port}`);
      }
      held.push(probe.release);
      chosen[name] = probe.port;
    }
  } finally {
    await Promise.all(held.map((release) => release()));
  }
  return { ports: chosen as unknown as Ports, moved };
}

async function hold(bind: string, port: number): Promise<"taken" | { port: number; release: () => Promise<void> }> {
  const server = createServer();
  const listening = await new Promise<true | NodeJS.ErrnoException>((resolve) => {
    server.once("error", resolve);
    server.listen({ host: bind, port, exclusive: true }, () => resolve(true));
  });
  if (listening !== true) {
    if (listening.code === "EADDRINUSE") return "taken";
    if (listening.code === "EACCES")
      throw new AzemichiError("PORT_TAKEN", `port ${port} may only be opened by an administrator; choose one above 1023`, { cause: listening });
    throw new AzemichiError("CONFIG_INVALID", `${bind}:${port} cannot be listened on: ${listening.message}. Check AZEMICHI_BIND.`, { cause: listening });
  }
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : port,
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

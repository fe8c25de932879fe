import mqtt from "mqtt";
import { rolePassword, roleUser } from "../core/runtime/bus-credentials.ts";
import type { RoleContext } from "./role.ts";

/** How a role speaks to the others: our own broker, with credentials of this start. Lost connections come back by themselves. */
export interface Bus {
  /** JSON, QoS 0. While the broker is away, only the newest message of each topic is kept, and sent when it is back. */
  publish(topic: string, message: unknown, options: { retain: boolean }): void;
  /** Raw bytes (QoS 0), dropped while the broker is away. */
  publishBytes(topic: string, bytes: Uint8Array): void;
  /** `handler` gets each message under the filter; retained ones again after each reconnect. */
  subscribe(filter: string, handler: (topic: string, payload: Uint8Array) => void): void;
  readonly connected: boolean;
  /** Resolves when connected, at the latest after `timeoutMs`: nobody depends on the broker to serve. */
  settled(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

const RECONNECT_MS = { first: 250, most: 2000 } as const;
const KEPT_TOPICS_MAX = 5000; // newest per topic while the broker is away; beyond it the oldest topic is forgotten and counted

export function connectBus(context: RoleContext): Bus {
  const { config, ports, role, busSecret, log, metrics } = context;
  const host = ["0.0.0.0", "::"].includes(config.mqtt.bind) ? "127.0.0.1" : config.mqtt.bind;
  const client = mqtt.connect({
    host,
    port: ports.mqtt,
    protocol: "mqtt",
    clientId: `${roleUser(role)}/${process.pid}`,
    username: roleUser(role),
    password: rolePassword(busSecret, role),
    clean: true,
    reconnectPeriod: RECONNECT_MS.first,
    connectTimeout: 3000,
    keepalive: 20,
    queueQoSZero: false,
    resubscribe: false,
  });
  const handlers: { filter: string; handler: (topic: string, payload: Uint8Array) => void }[] = [];
  const waiting = new Map<string, { payload: string; retain: boolean }>();

  client.on("error", (error) => log.debug("bus error", { error }));
  // A broker that stays away is asked less often: each attempt costs a role that stands alone 2 ms.
  client.on("close", () => {
    client.options.reconnectPeriod = Math.min(RECONNECT_MS.most, (client.options.reconnectPeriod ?? RECONNECT_MS.first) * 2);
  });
  client.on("connect", () => {
    client.options.reconnectPeriod = RECONNECT_MS.first;
    log.debug("bus connected");
    for (const { filter } of handlers) client.subscribe(filter, { qos: 0 });
    for (const [topic, { payload, retain }] of waiting) client.publish(topic, payload, { qos: 0, retain });
    waiting.clear();
  });
  client.on("message", (topic, payload) => {
    for (const { filter, handler } of handlers) if (matches(filter, topic)) handler(topic, payload);
  });

  return {
    get connected() {
      return client.connected;
    },
    settled(timeoutMs) {
      if (client.connected) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        client.once("connect", () => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
    publish(topic, message, { retain }) {
      const payload = JSON.stringify(message);
      if (client.connected) {
        client.publish(topic, payload, { qos: 0, retain });
        return;
      }
      waiting.delete(topic);
      waiting.set(topic, { payload, retain });
      if (waiting.size <= KEPT_TOPICS_MAX) return;
      const oldest = waiting.keys().next().value;
      if (oldest !== undefined) waiting.delete(oldest);
      metrics.count("azemichi_bus_forgotten_total");
    },
    publishBytes(topic, bytes) {
      if (client.connected) client.publish(topic, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { qos: 0 });
    },
    subscribe(filter, handler) {
      handlers.push({ filter, handler });
      if (client.connected) client.subscribe(filter, { qos: 0 });
    },
    close: () => client.endAsync(true),
  };
}

/** MQTT topic filter matching, [MQTT-4.7.1]: `+` one level, `#` the rest. */
function matches(filter: string, topic: string): boolean {
  const want = filter.split("/");
  const have = topic.split("/");
  for (const [i, level] of want.entries()) {
    if (level === "#") return true;
    if (have[i] === undefined || (level !== "+" && level !== have[i])) return false;
  }
  return want.length === have.length;
}

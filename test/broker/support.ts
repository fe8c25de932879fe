import { connect, type Socket } from "node:net";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { type Broker, type BrokerOptions, createBroker } from "../../broker/broker.ts";
import type { Catalog, CatalogView, Device, Network } from "../../core/domain/site.ts";
import { silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { tokenDigest } from "../../core/runtime/secrets.ts";

export const KEY = new Uint8Array(32).fill(7);
export const BUS_SECRET = "a start's own secret";

export function device(id: string, password: string): Device {
  const none = { devEui: null, sigfoxId: null, imsi: null, profile: "senml", intervalS: 600, channels: {}, placements: [] };
  return { id, name: id, ...none, mqttTokenHash: tokenDigest(KEY, password) };
}
export function network(id: string, password: string, kind: string | null = null): Network {
  return { id, kind, mqttUsername: id, mqttTokenHash: tokenDigest(KEY, password), hookTokenHash: null, url: null };
}

export function emptyCatalog(): Catalog {
  const none = {
    parties: [],
    users: [],
    plots: [],
    holdings: [],
    devices: [],
    gateways: [],
    networks: [],
    bases: [],
    rovers: [],
    consents: [],
    codecs: [],
    redecodes: [],
  };
  return { site: { id: "t", name: { ja: "", en: "" }, timeZone: "Asia/Tokyo", failoverAfterS: 8 }, orders: [], recheckedAtMs: null, ...none };
}

/** A catalog that a test changes by hand. */
export class TestCatalog implements CatalogView {
  #catalog: Catalog;
  readonly #listeners = new Set<(catalog: Catalog) => void>();
  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }
  current(): Catalog {
    return this.#catalog;
  }
  onChange(listener: (catalog: Catalog) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  change(part: Partial<Catalog>): void {
    this.#catalog = { ...this.#catalog, ...part };
    for (const listener of this.#listeners) listener(this.#catalog);
  }
}

export interface Appended {
  readonly source: string;
  readonly topic: string;
  readonly payload: string;
  readonly dup: boolean;
}

export interface TestBroker {
  readonly broker: Broker;
  readonly port: number;
  readonly catalog: TestCatalog;
  readonly metrics: Metrics;
  readonly journal: Appended[];
  readonly gatewayTopics: string[];
  /** Every append waits for this; a test that holds the disk back replaces it. */
  disk: Promise<unknown>;
}

export async function startBroker(options: Partial<BrokerOptions> = {}): Promise<TestBroker> {
  const catalog = new TestCatalog({
    ...emptyCatalog(),
    devices: [device("d1", "secret-1"), device("d2", "secret-2")],
    networks: [network("cs", "net-secret", "chirpstack"), network("any", "any-secret"), network("other", "other-secret")],
  });
  const metrics = new Metrics();
  const journal: Appended[] = [];
  const gatewayTopics: string[] = [];
  const started: { disk: Promise<unknown> } = { disk: Promise.resolve() };
  const broker = await createBroker({
    listen: { bind: "127.0.0.1", port: 0, tlsPort: null, wsPort: null, tls: null },
    catalog,
    key: KEY,
    busSecret: BUS_SECRET,
    journal: {
      put({ source, topic, payload, dup }, ticket) {
        const bytes = Buffer.from(payload).toString("utf8"); // before it returns: the buffer is the socket's
        started.disk.then(
          () => {
            journal.push({ source, topic, payload: bytes, dup });
            ticket.journaled(1);
          },
          (error: Error) => ticket.refused(1, error),
        );
      },
    },
    onGatewayMessage: (topic) => gatewayTopics.push(topic),
    log: silentLog,
    metrics,
    nowMs: Date.now,
    ...options,
  });
  return Object.assign(started, { broker, port: broker.ports.mqtt, catalog, metrics, journal, gatewayTopics });
}

/** A client that does not come back by itself, connected or refused. */
export async function connected(port: number, options: IClientOptions): Promise<MqttClient> {
  const client = mqtt.connect({ host: "127.0.0.1", port, protocol: "mqtt", reconnectPeriod: 0, connectTimeout: 4000, ...options });
  await new Promise<void>((resolve, reject) => {
    client.once("connect", () => resolve());
    client.once("error", reject);
    client.once("close", () => reject(new Error("closed")));
  });
  client.on("error", () => {});
  return client;
}
export const asDevice = (id: string, password: string): IClientOptions => ({ clientId: id, username: id, password });

export function closed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once("close", () => resolve()));
}

/** Waits for a condition; the test's own time-out ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Bytes by hand: what comes back, and whether the connection was cut. */
export class RawClient {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  readonly ended: Promise<void>;
  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    this.socket.on("error", () => {}); // a cut shows as the end
    this.ended = new Promise((resolve) => this.socket.once("close", () => resolve()));
  }
  send(...bytes: (Uint8Array | number[])[]): void {
    this.socket.write(Buffer.concat(bytes.map((b) => Buffer.from(b))));
  }
}

const text = (s: string): Buffer => Buffer.concat([Buffer.from([Buffer.byteLength(s) >> 8, Buffer.byteLength(s) & 255]), Buffer.from(s)]);
export function rawPacket(head: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  let left = body.length;
  do {
    length.push(left > 127 ? (left & 127) | 128 : left);
    left >>= 7;
  } while (left > 0);
  return Buffer.concat([Buffer.from([head, ...length]), body]);
}
export function rawConnect(given: { id: string; user: string; password: string; session?: "clean" | "kept" }): Buffer {
  const flags = (given.session === "kept" ? 0 : 2) | 0xc0;
  return rawPacket(0x10, text("MQTT"), Buffer.from([4, flags, 0, 60]), text(given.id), text(given.user), text(given.password));
}
export function rawPublish(topic: string, payload: Uint8Array, given: { id: number; qos: 1 | 2 } | null): Buffer {
  const id = given === null ? [] : [given.id >> 8, given.id & 255];
  return rawPacket(0x30 | ((given?.qos ?? 0) << 1), text(topic), Buffer.from(id), payload);
}

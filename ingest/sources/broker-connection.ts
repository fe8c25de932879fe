import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import { getCACertificates } from "node:tls";
import mqtt, { type IPublishPacket, type MqttClient } from "mqtt";
import { type BrokerAddress, brokerName } from "../../core/wire/broker-address.ts";
import { AckWindow } from "./ack-window.ts";
import { type BrokerTrouble, troubleOf } from "./broker-trouble.ts";
import { PacketTrimmer } from "./packet-trimmer.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface BrokerMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly dup: boolean;
}

export interface ConnectionOptions {
  readonly address: BrokerAddress;
  readonly clientId: string;
  readonly subscriptions: Subscriptions;
  /** undefined: nothing to wait for. A rejected promise means that it could not be kept: then a QoS 1 message is not acknowledged. */
  readonly deliver: (message: BrokerMessage) => Promise<unknown> | undefined;
  readonly onSubscribed: (what: { readonly sessionPresent: boolean; readonly qos: 0 | 1; readonly refusedFilters: readonly string[] }) => void;
  readonly onHeld: () => void; // reading stopped until the journal has caught up
}

export type ConnectionEnd = BrokerTrouble | { readonly kind: "journal"; readonly text: string } | { readonly kind: "closed" };

const IN_FLIGHT = { messages: 200, bytes: 4 * 2 ** 20 } as const;
/** Longer than any uplink; the rest is thrown away, since unread it would come again for ever. */
export const PAYLOAD_BYTES_MAX = 256 * 1024;
const PACKET_BODY_BYTES_MAX = PAYLOAD_BYTES_MAX + 1 + 65_539; // with the longest topic and a message id: what was cut stays longer than is kept
const CONNECT_MS = 15_000; // TCP, TLS and CONNACK together
const SUBACK_MS = 20_000;
const DRAIN_MS = 800; // at the end: what is on its way to the disk may still be acknowledged
const GOODBYE_MS = 300;
const KEEPALIVE_S = 30;
const REFUSED_FILTER = 0x80; // SUBACK, MQTT 3.1.1 §3.9.3

/** Given to the library instead of an acknowledgement: it goes on reading, and sends no PUBACK. */
const NOT_YET = new Error("acknowledged later");

/**
 * One connection to somebody else's broker, from CONNECT to its end. A PUBACK leaves only after `deliver` has resolved; up to 200
 * messages are under way together, then the socket is not read. It is never used a second time: message ids are those of one connection,
 * and an acknowledgement that comes late must not settle another's message.
 */
export class BrokerConnection {
  readonly #options: ConnectionOptions;
  readonly #client: MqttClient;
  readonly #window: AckWindow;
  readonly #resolve: (end: ConnectionEnd) => void;
  #held: (() => void) | undefined;
  #error: Error | undefined;
  #answered = false;
  #closing = false;
  #over = false;
  #timer: NodeJS.Timeout | undefined;
  /** Resolves once, when it is over; never rejects. */
  readonly ended: Promise<ConnectionEnd>;

  /** Throws when the address names an authority's file that cannot be read. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<ConnectionEnd>();
    this.ended = promise;
    this.#resolve = resolve;
    this.#window = new AckWindow((messageId) => this.#acknowledge(messageId));
    this.#client = mqtt.connect({ ...connectOptions(options.address), clientId: options.clientId, manualConnect: true });
    trimPackets(this.#client);
    this.#client.handleMessage = (packet, next) => this.#take(packet as IPublishPacket, () => next(NOT_YET));
    this.#client.on("error", (error) => {
      this.#error ??= error;
    });
    this.#client.connect();
    this.#client.stream.on("error", (error: Error) => {
      this.#error ??= error; // those without a code the library keeps to itself
    });
    this.#client.on("connect", ({ sessionPresent }) => this.#subscribe(sessionPresent));
    this.#client.on("close", () => this.#finish(troubleOf(this.#error, options.address, this.#answered)));
  }

  /** Reads no more, waits a moment for what is on its way to the disk, says goodbye. The broker keeps our session. */
  async close(): Promise<void> {
    this.#closing = true;
    const deadlineMs = performance.now() + DRAIN_MS;
    while (!this.#over && this.#window.messages > 0 && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 5));
    if (!this.#over && this.#answered) await Promise.race([this.#sayGoodbye(), new Promise((resolve) => setTimeout(resolve, GOODBYE_MS))]);
    this.#finish({ kind: "closed" });
  }

  /** MQTT 3.1.1 §3.14. The library's own would wait for answers that we no longer read. */
  #sayGoodbye(): Promise<void> {
    return new Promise((resolve) => this.#client.stream.end(Buffer.from([0xe0, 0]), () => resolve()));
  }

  #subscribe(sessionPresent: boolean): void {
    this.#answered = true;
    const { address, subscriptions, onSubscribed } = this.#options;
    this.#timer = setTimeout(() => this.#finish({ kind: "lost", text: `${brokerName(address)}: no answer to our subscription` }), SUBACK_MS);
    if (sessionPresent && subscriptions.stale.length > 0) this.#client.unsubscribe([...subscriptions.stale], () => {});
    this.#client.subscribe([...subscriptions.filters], { qos: 1 }, (error, _asked, packet) => {
      clearTimeout(this.#timer);
      const granted = (packet as { granted?: readonly number[] } | undefined)?.granted;
      if (granted === undefined) {
        this.#error ??= error ?? undefined;
        return; // the connection went before the answer came: `close` follows
      }
      const refusedFilters = subscriptions.filters.filter((_, i) => (granted[i] ?? REFUSED_FILTER) >= REFUSED_FILTER);
      if (refusedFilters.length === subscriptions.filters.length) {
        this.#finish({ kind: "refused", text: `${brokerName(address)}: the account may subscribe to none of our topics` });
        return;
      }
      onSubscribed({ sessionPresent, qos: granted.some((qos) => qos === 0) ? 0 : 1, refusedFilters });
    });
  }

  #take(packet: IPublishPacket, next: () => void): void {
    if (this.#over || this.#closing) return; // not read on: what we have not taken, the broker sends again
    const { topic, payload, qos, dup, messageId = null } = packet;
    const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
    const settled = this.#window.open(qos === 0 ? null : messageId, bytes.byteLength);
    const kept = this.#options.deliver({ topic, payload: bytes, qos, dup });
    if (kept === undefined) settled();
    else void this.#settle(kept, settled, qos);
    if (this.#window.messages < IN_FLIGHT.messages && this.#window.bytes < IN_FLIGHT.bytes) {
      next();
      return;
    }
    this.#held = next;
    this.#options.onHeld();
  }

  async #settle(kept: Promise<unknown>, settled: () => void, qos: number): Promise<void> {
    try {
      await kept;
      settled();
    } catch (error) {
      if (qos === 0) settled();
      else this.#finish({ kind: "journal", text: (error as Error).message });
    }
    this.#goOn();
  }

  #goOn(): void {
    if (this.#held === undefined || this.#over || this.#closing) return;
    if (this.#window.messages > IN_FLIGHT.messages / 2 || this.#window.bytes > IN_FLIGHT.bytes / 2) return;
    const next = this.#held;
    this.#held = undefined;
    next();
  }

  /** MQTT 3.1.1 §3.4: type 4, two bytes, the id. */
  #acknowledge(messageId: number): void {
    if (!this.#over) this.#client.stream.write(Buffer.from([0x40, 2, messageId >> 8, messageId & 0xff]));
  }

  #finish(end: ConnectionEnd): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#client.end(true);
    this.#resolve(end);
  }
}

/** `reconnectPeriod: 0`: a connection that is over is over; who owns it makes a new one. MQTT 3.1.1, which every broker of a network server speaks. */
function connectOptions(address: BrokerAddress): mqtt.IClientOptions {
  const { scheme, host, port, path, username, password } = address;
  const webSocket = scheme === "ws" || scheme === "wss";
  return {
    protocol: scheme,
    host: webSocket && host.includes(":") ? `[${host}]` : host,
    port,
    ...(webSocket ? { path, wsOptions: { handshakeTimeout: CONNECT_MS } } : {}),
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(scheme === "mqtts" || scheme === "wss" ? { ca: authorities(address.caPath), rejectUnauthorized: true } : {}),
    protocolVersion: 4,
    clean: false,
    reconnectPeriod: 0,
    connectTimeout: CONNECT_MS,
    keepalive: KEEPALIVE_S,
    resubscribe: false,
    queueQoSZero: false,
  };
}

/** Between the socket and the library's parser, in the one place where it joins them: `stream.pipe`. */
function trimPackets(client: MqttClient): void {
  const own = client as unknown as { streamBuilder: (client: MqttClient) => Duplex };
  const build = own.streamBuilder;
  own.streamBuilder = (of) => {
    const stream = build(of);
    const trimmer = new PacketTrimmer(PACKET_BODY_BYTES_MAX).on("error", (error) => stream.destroy(error));
    const pipe = stream.pipe.bind(stream);
    stream.pipe = (parser) => {
      pipe(trimmer);
      return trimmer.pipe(parser);
    };
    return stream;
  };
}

let system: string[] | undefined;

/** The file is read at each connection, so that a renewed one is used. Without one: Node's own list and the system's. */
function authorities(caPath: string | null): string[] {
  if (caPath !== null) return [readFileSync(caPath, "utf8")];
  system ??= [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
  return system;
}

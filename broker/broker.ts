import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Aedes, type AuthenticateError, type Client } from "aedes";
import type { CatalogView } from "../core/domain/site.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { accountKey } from "./access.ts";
import { Accounts } from "./accounts.ts";
import { type Connection, type ConnectionParts, laneFor, openConnection } from "./connection.ts";
import { SharedFlow } from "./flow.ts";
import { forwardGate, type GateParts, type Login, publishGate, subscribeGate, type UplinkJournal } from "./gate.ts";
import { type BrokerLimits, DEFAULT_LIMITS, paceOf } from "./limits.ts";
import { type Listeners, type ListenOptions, listen } from "./listeners.ts";
import { SessionKeeper } from "./session-limits.ts";

export interface BrokerOptions {
  readonly listen: Pick<ListenOptions, "bind" | "port" | "tlsPort" | "wsPort" | "tls">;
  readonly catalog: CatalogView;
  readonly key: Uint8Array; // of the data folder: token digests are bound to it
  readonly busSecret: string;
  readonly journal: UplinkJournal;
  readonly onGatewayMessage: (topic: string, payload: Uint8Array, receivedAtMs: number) => void;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
  readonly limits?: Partial<BrokerLimits>;
}

export interface Broker {
  readonly ports: Listeners["ports"];
  /** Takes over a connection that came through none of the listeners. */
  handle(conn: Duplex): void;
  /** JSON, QoS 0, from the service itself. */
  publish(topic: string, message: unknown, options: { retain: boolean }): void;
  /** Idempotent; ends the connections first. */
  close(): Promise<void>;
}

const CONNACK_IDENTIFIER_REJECTED = Buffer.from([0x20, 2, 0, 2]); // [MQTT-3.1.3-8]
const RETURN_CODE = { "client-id": 2, credentials: 4 } as const; // MQTT 3.1.1 table 3.1
const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/** The embedded broker: MQTT 3.1 and 3.1.1 over TCP, TLS and WebSocket, deny by default. Throws `PORT_TAKEN`. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const server = new BrokerServer(options);
  await server.start();
  return server;
}

class BrokerServer implements Broker {
  readonly #options: BrokerOptions;
  readonly #limits: BrokerLimits;
  readonly #accounts: Accounts;
  readonly #shared: SharedFlow;
  readonly #logins = new WeakMap<Client, Login>(); // kept as long as aedes keeps the client: its will is judged after the close
  readonly #live = new Set<Client>();
  readonly #connections = new WeakMap<Client, Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #sockets = new Set<Socket>();
  #aedes!: Aedes; // made by start()
  #sessions!: SessionKeeper;
  #parts!: ConnectionParts;
  #listeners: Listeners | undefined;
  #forgetCatalog = (): void => {};
  #closing: Promise<void> | undefined;

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#accounts = new Accounts(options);
    this.#shared = new SharedFlow({ messagesMax: this.#limits.sharedMessagesMax, bytesMax: this.#limits.sharedBytesMax });
  }

  get ports(): Listeners["ports"] {
    if (!this.#listeners) throw new TypeError("the broker has not started");
    return this.#listeners.ports;
  }

  async start(): Promise<void> {
    const { catalog, log, metrics } = this.#options;
    const limits = this.#limits;
    // No common queue for deliveries (concurrency 0): in one, a hundred messages to a subscriber that does not read hold up those to all
    // the others, and what piled up behind them is let go in one recursion that overruns the stack.
    const { connectTimeoutMs: connectTimeout, drainTimeoutMs: drainTimeout } = limits;
    this.#aedes = await Aedes.createBroker({ connectTimeout, drainTimeout, concurrency: 0, maxTopicLevels: 32 });
    this.#sessions = new SessionKeeper(this.#aedes, limits.session, (name) => metrics.count(name));
    const gate: GateParts = {
      ...this.#options,
      loginOf: (client) => (client === null ? undefined : this.#logins.get(client)),
      sessions: this.#sessions,
      subscriptionsPerClientMax: limits.subscriptionsPerClientMax,
      outboundBytesMax: limits.outboundBytesMax,
    };
    this.#parts = {
      ...this.#options,
      aedes: this.#aedes,
      shared: this.#shared,
      limits,
      loginOf: (client) => this.#logins.get(client),
      onRefused: (reason) => this.#refused(reason),
    };
    this.#aedes.preConnect = (client, packet, callback) => this.#preConnect(client, packet, callback);
    this.#aedes.authenticate = (client, username, password, callback) => this.#authenticate(client, { username, password }, callback);
    this.#aedes.authorizePublish = publishGate(gate);
    this.#aedes.authorizeSubscribe = subscribeGate(gate);
    this.#aedes.authorizeForward = forwardGate(gate);
    this.#aedes.on("clientReady", (client) => this.#logins.get(client)?.wake());
    this.#aedes.on("clientError", (client, error) => log.debug("mqtt client closed on error", { client: client.id, error }));
    this.#aedes.on("connectionError", (_client, error) => log.debug("mqtt connection closed before log-in", { error }));
    (this.#aedes as NodeJS.EventEmitter).on("error", (error: Error) => {
      metrics.count("azemichi_mqtt_broker_errors_total");
      log.error("mqtt broker error", { error });
    });
    this.#accounts.load(catalog.current());
    this.#forgetCatalog = catalog.onChange((next) => {
      this.#accounts.load(next);
      this.#cutRevoked();
    });
    const at = { ...this.#options.listen, handshakeTimeoutMs: limits.connectTimeoutMs, packetBytesMax: limits.scan.packetBytesMax };
    this.#listeners = await listen(
      at,
      { admit: (s) => this.#admit(s), connection: (c, s) => this.handle(c, s.remoteAddress), failure: (r) => this.#refused(r) },
      log,
    );
  }

  publish(topic: string, message: unknown, { retain }: { retain: boolean }): void {
    if (this.#closing) return;
    const payload = Buffer.from(JSON.stringify(message), "utf8");
    this.#aedes.publish({ cmd: "publish", topic, payload, qos: 0, retain, dup: false }, (error) => {
      if (error) this.#options.log.warn("publish failed", { topic, error });
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#forgetCatalog();
    this.#listeners?.close();
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
  }

  #refused(reason: string): void {
    this.#options.metrics.count("azemichi_mqtt_refused_connections_total", { reason });
  }

  #admit(socket: Socket): boolean {
    const address = socket.remoteAddress ?? "";
    const fromHere = this.#perAddress.get(address) ?? 0;
    if (this.#closing || this.#sockets.size >= this.#limits.connectionsMax) {
      this.#refused("too-many");
      return false;
    }
    if (fromHere >= this.#limits.connectionsPerAddressMax && !LOOPBACK.test(address)) {
      this.#refused("too-many-from-address");
      return false;
    }
    this.#sockets.add(socket);
    this.#perAddress.set(address, fromHere + 1);
    this.#options.metrics.count("azemichi_mqtt_connections_total");
    this.#options.metrics.gauge("azemichi_mqtt_connections", this.#sockets.size);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#perAddress.set(address, left);
      else this.#perAddress.delete(address);
      this.#options.metrics.gauge("azemichi_mqtt_connections", this.#sockets.size);
    });
    return true;
  }

  handle(conn: Duplex, address?: string): void {
    const connection = openConnection(conn, address, this.#parts);
    const { client } = connection;
    this.#connections.set(client, connection);
    conn.once("close", () => this.#live.delete(client));
  }

  #preConnect(
    client: Client,
    packet: { clientId: string; clean?: boolean; keepalive?: number },
    callback: (error: Error | null, success: boolean) => void,
  ): void {
    const { keepaliveMaxS } = this.#limits;
    // The server may cut a silent client whatever its keep-alive says (3.1.2.10); so a longer one, or none, is taken as ours.
    if (packet.keepalive === undefined || packet.keepalive === 0 || packet.keepalive > keepaliveMaxS) packet.keepalive = keepaliveMaxS;
    if (packet.clientId !== "" || packet.clean === true) {
      callback(null, true);
      return;
    }
    this.#refused("client-id");
    client.conn.end(CONNACK_IDENTIFIER_REJECTED, () => callback(new Error("an empty client id needs a clean session"), false));
  }

  #authenticate(
    client: Client,
    given: { username: string | undefined; password: Uint8Array | undefined },
    callback: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const result = this.#accounts.login({ ...given, clientId: client.id });
    const connection = this.#connections.get(client);
    if (result.kind === "refused" || connection === undefined) {
      this.#refuseLogin(result.kind === "refused" ? result.reason : "credentials", callback);
      return;
    }
    const { account, digest } = result;
    const key = accountKey(account);
    const present = (this.#aedes as unknown as { clients: Record<string, Client> }).clients[client.id];
    const presentLogin = present && this.#logins.get(present);
    if (!this.#sessions.mayUse(client.id, key) || (presentLogin !== undefined && accountKey(presentLogin.account) !== key)) {
      this.#refuseLogin("client-id", callback);
      return;
    }
    connection.flow.open(paceOf(account, this.#limits));
    const { flow, order, wake } = connection;
    this.#logins.set(client, { account, digest, username: given.username ?? "", revoked: false, flow, order, wake });
    connection.lane = laneFor(account, connection, this.#parts);
    this.#live.add(client);
    this.#sessions.connected(client.id, key, client.clean ? "clean" : "kept");
    callback(null, true);
  }

  #refuseLogin(reason: "credentials" | "client-id", callback: (error: AuthenticateError | null, success: boolean | null) => void): void {
    this.#refused(reason);
    callback(Object.assign(new Error(`log-in refused: ${reason}`), { returnCode: RETURN_CODE[reason] }), false);
  }

  #cutRevoked(): void {
    for (const client of this.#live) {
      const login = this.#logins.get(client);
      if (login === undefined || login.revoked || this.#accounts.stillValid(login.username, login.digest)) continue;
      login.revoked = true;
      this.#refused("revoked");
      client.close();
    }
  }
}

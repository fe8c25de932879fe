import type { BrokerSourceCounts, BrokerSourceState, BrokerStage } from "../../core/domain/source-state.ts";
import { BackOff, pause } from "../../core/runtime/back-off.ts";
import type { Log } from "../../core/runtime/log.ts";
import type { Metrics } from "../../core/runtime/metrics.ts";
import { type BrokerAddress, brokerName, parseBrokerAddress } from "../../core/wire/broker-address.ts";
import { BrokerConnection, type BrokerMessage, type ConnectionEnd, PAYLOAD_BYTES_MAX } from "./broker-connection.ts";
import { type Subscriptions, subscriptionsOf, verdictOn } from "./subscriptions.ts";

/** The journal as sources need it. */
export interface SourceJournal {
  readonly ready: boolean;
  append(entry: { receivedAtMs: number; source: string; topic: string; payload: Uint8Array; dup: boolean }): Promise<unknown>;
}

export interface SourceParts {
  readonly journal: SourceJournal;
  readonly onGatewayMessage: (topic: string, payload: Uint8Array, receivedAtMs: number) => void;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
  readonly random: () => number;
}

/** Waits between connections, ms: half of it by chance, doubled each time. */
export interface SourcePace {
  readonly lost: { readonly firstMs: number; readonly mostMs: number };
  readonly refused: { readonly firstMs: number; readonly mostMs: number };
}
export const DEFAULT_PACE: SourcePace = {
  lost: { firstMs: 1000, mostMs: 30_000 },
  refused: { firstMs: 120_000, mostMs: 600_000 }, // a minute at least: who is refused asks rarely, or is banned
};

export interface BrokerNetwork {
  readonly id: string;
  readonly kind: string | null;
  readonly url: string;
  readonly clientId: string;
}

const STOOD_MS = 10_000; // a connection that lasted: the next wait is short again
const JOURNAL_WAIT_MS = 1000;
const NO_COUNTS: BrokerSourceCounts = { uplinks: 0, repeats: 0, gatewayMessages: 0, unused: 0, cut: 0, lost: 0, connections: 0 };
const COUNTERS: Readonly<Record<keyof BrokerSourceCounts, string>> = {
  uplinks: "azemichi_source_uplinks_total",
  repeats: "azemichi_source_repeats_total",
  gatewayMessages: "azemichi_source_gateway_messages_total",
  unused: "azemichi_source_unused_total",
  cut: "azemichi_source_cut_total",
  lost: "azemichi_source_lost_total",
  connections: "azemichi_source_connections_total",
};

/** A broker that is not ours, for as long as its network's entry stands: connect, take, and come back when it is lost. */
export class ExternalBroker {
  readonly #network: BrokerNetwork;
  readonly #parts: SourceParts;
  readonly #ending = new AbortController();
  readonly #log: Log;
  readonly #counts: { -readonly [K in keyof BrokerSourceCounts]: number } = { ...NO_COUNTS };
  readonly #lost: BackOff;
  readonly #refused: BackOff;
  #state: Omit<BrokerSourceState, "counts">;
  #connection: BrokerConnection | undefined;
  #running: Promise<void> | undefined;
  #hadSession = false;

  constructor(network: BrokerNetwork, parts: SourceParts, pace: SourcePace = DEFAULT_PACE) {
    this.#network = network;
    this.#parts = parts;
    this.#log = parts.log.child({ source: network.id });
    this.#lost = new BackOff({ ...pace.lost, random: parts.random });
    this.#refused = new BackOff({ ...pace.refused, random: parts.random });
    this.#state = {
      networkId: network.id,
      address: "",
      stage: "connecting",
      connectedSince: null,
      lastMessageAt: null,
      qos: null,
      refusedFilters: [],
      lastError: null,
      lastErrorAt: null,
      nextTryAt: null,
      sessionLostAt: null,
    };
  }

  get state(): BrokerSourceState {
    return { ...this.#state, counts: { ...this.#counts } };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Idempotent. The broker keeps our session, and what comes for it. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#connection?.close();
    await this.#running;
    this.#parts.metrics.gauge("azemichi_source_connected", 0, { source: this.#network.id });
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    const parsed = parseBrokerAddress(this.#network.url);
    if (parsed.kind === "invalid") {
      this.#trouble("unusable", `networks: url of ${this.#network.id} ${parsed.problem}`);
      return;
    }
    const { address } = parsed;
    this.#set({ address: brokerName(address) });
    const subscriptions = subscriptionsOf({ ...address, kind: this.#network.kind });
    while (!signal.aborted) {
      if (!this.#parts.journal.ready) {
        this.#wait("waiting", JOURNAL_WAIT_MS, "our own journal takes no uplinks right now");
        await pause(JOURNAL_WAIT_MS, signal);
        continue;
      }
      const startedMs = this.#parts.nowMs();
      const end = await this.#connectOnce(address, subscriptions);
      this.#parts.metrics.gauge("azemichi_source_connected", 0, { source: this.#network.id });
      this.#set({ connectedSince: null, qos: null });
      if (end.kind === "closed" || signal.aborted) return;
      if (this.#parts.nowMs() - startedMs >= STOOD_MS) this.#lost.reset();
      const refused = end.kind === "refused";
      const waitMs = (refused ? this.#refused : this.#lost).nextMs();
      if (refused) this.#count("azemichi_source_refusals_total");
      else this.#refused.reset();
      this.#wait(refused ? "refused" : "waiting", waitMs, end.text);
      await pause(waitMs, signal);
    }
  }

  async #connectOnce(address: BrokerAddress, subscriptions: Subscriptions): Promise<ConnectionEnd> {
    this.#set({ stage: "connecting", nextTryAt: null });
    try {
      this.#connection = new BrokerConnection({
        address,
        clientId: this.#network.clientId,
        subscriptions,
        deliver: (message) => this.#deliver(message, address.prefix),
        onSubscribed: (what) => this.#subscribed(what),
        onHeld: () => this.#count("azemichi_source_held_total"),
      });
    } catch (error) {
      const { code, path } = error as NodeJS.ErrnoException;
      return { kind: "lost", text: path === undefined ? (error as Error).message : `${path} cannot be read (${code})` };
    }
    if (this.#ending.signal.aborted) void this.#connection.close();
    return this.#connection.ended;
  }

  #subscribed({ sessionPresent, qos, refusedFilters }: { sessionPresent: boolean; qos: 0 | 1; refusedFilters: readonly string[] }): void {
    const now = this.#now();
    const sessionLost = this.#hadSession && !sessionPresent;
    this.#hadSession = qos === 1;
    this.#add("connections");
    this.#parts.metrics.gauge("azemichi_source_connected", 1, { source: this.#network.id });
    this.#parts.metrics.gauge("azemichi_source_qos", qos, { source: this.#network.id });
    this.#log.info("external broker connected", { broker: this.#state.address, qos, sessionPresent, refusedFilters });
    if (sessionLost) {
      this.#count("azemichi_source_sessions_lost_total");
      this.#log.warn("external broker has forgotten our session: what it was sent while we were away never comes");
    }
    this.#set({ stage: "connected", connectedSince: now, qos, refusedFilters, lastError: null, ...(sessionLost ? { sessionLostAt: now } : {}) });
  }

  #deliver({ topic: there, payload: whole, qos, dup }: BrokerMessage, prefix: string): Promise<unknown> | undefined {
    const { journal, onGatewayMessage, nowMs } = this.#parts;
    const receivedAtMs = nowMs();
    this.#set({ lastMessageAt: new Date(receivedAtMs).toISOString() });
    const topic = there.startsWith(prefix) ? there.slice(prefix.length) : there;
    const payload = whole.byteLength > PAYLOAD_BYTES_MAX ? whole.slice(0, PAYLOAD_BYTES_MAX) : whole;
    if (payload !== whole) this.#add("cut");
    switch (verdictOn(topic)) {
      case "gateway":
        this.#add("gatewayMessages");
        onGatewayMessage(topic, payload, receivedAtMs);
        return undefined;
      case "unused":
        this.#add("unused");
        return undefined;
      case "uplink":
        return journal.append({ receivedAtMs, source: this.#network.id, topic, payload, dup }).then(
          () => {
            this.#add("uplinks");
            if (dup) this.#add("repeats");
          },
          (error) => {
            if (qos === 0) this.#add("lost");
            throw error;
          },
        );
    }
  }

  #wait(stage: "waiting" | "refused", ms: number, why: string): void {
    this.#trouble(stage, why);
    this.#set({ nextTryAt: new Date(this.#parts.nowMs() + ms).toISOString() });
  }

  /** Said once as long as it stays the same. */
  #trouble(stage: BrokerStage, why: string): void {
    if (this.#state.lastError !== why) this.#log.warn("external broker is not connected", { why });
    this.#set({ stage, lastError: why, lastErrorAt: this.#now() });
  }

  #set(part: Partial<Omit<BrokerSourceState, "counts">>): void {
    this.#state = { ...this.#state, ...part };
  }

  #add(what: keyof BrokerSourceCounts): void {
    this.#counts[what] += 1;
    this.#count(COUNTERS[what]);
  }

  #count(name: string): void {
    this.#parts.metrics.count(name, { source: this.#network.id });
  }

  #now(): string {
    return new Date(this.#parts.nowMs()).toISOString();
  }
}

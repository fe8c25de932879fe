import type { ServerResponse } from "node:http";
import type { DeviceState } from "../core/domain/device-state.ts";
import type { BaseHealth, GatewayState, RoverState } from "../core/domain/live.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import type { LiveItem } from "./live-messages.ts";
import { messageOf } from "./live-messages.ts";
import { type LiveThings, visibleData } from "./live-visibility.ts";
import type { SseLimits } from "./sse-client.ts";
import { SseClient } from "./sse-client.ts";
import type { Visibility } from "./visibility.ts";

type LiveEvent = LiveItem & { readonly id: number; readonly atMs: number };

/** The bus, as the feed needs it. */
export interface LiveSource {
  subscribe(filter: string, handler: (topic: string, payload: Uint8Array) => void): void;
}

export interface FeedLimits extends SseLimits {
  readonly ringMs: number; // how long a browser may be away and still resume
  readonly ringReadings: number; // likewise, whichever is reached first
  readonly replayEvents: number; // more than that to catch up on: starting over is cheaper
  readonly clients: number;
  readonly perOwner: number; // streams of one user, or of the demo
  readonly things: number; // states kept per kind
  readonly roverEveryMs: number;
}
const LIMITS: FeedLimits = {
  ringMs: 20 * 60_000,
  ringReadings: 20_000,
  replayEvents: 5000,
  clients: 1000,
  perOwner: 100,
  things: 10_000,
  roverEveryMs: 1000,
  queueBytes: 1_000_000,
  stuckMs: 60_000,
};
const PADDING = `:${" ".repeat(2048)}\n\n`; // some proxies and virus scanners hold back the first 2 kB

interface Client {
  readonly owner: string;
  readonly sse: SseClient;
  readonly ask: () => Visibility | undefined;
  visibility: Visibility;
}

/**
 * What happens now, for every browser that looks: states (newest per thing) and readings of the last 20 minutes under
 * ids that only grow, also over a restart, so that a browser goes on where it was, or is told to `reset`.
 */
export class LiveFeed {
  readonly #options: LiveThings & { readonly metrics: Metrics; readonly log: Log };
  readonly #limits: FeedLimits;
  readonly #states = {
    base: new Map<string, LiveEvent>(),
    rover: new Map<string, LiveEvent>(),
    gateway: new Map<string, LiveEvent>(),
    device: new Map<string, LiveEvent>(),
  };
  readonly #lastPayload = new Map<string, string>();
  readonly #waitingRovers = new Map<string, RoverState>();
  readonly #clients = new Set<Client>();
  #readings: (LiveEvent & { name: "reading" })[] = [];
  #readingCount = 0;
  #id: number;
  #forgottenId: number; // who has seen less than this cannot resume

  constructor(options: LiveThings & { metrics: Metrics; log: Log; limits?: Partial<FeedLimits> }) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#id = options.nowMs() * 1000; // at most 1,000 events per ms: no id is given twice over a restart
    this.#forgottenId = this.#id;
  }

  /** Only what is meant for browsers: `azemichi/v1/#` would also ask the relay for every base's raw stream. */
  listen(source: LiveSource): void {
    for (const filter of ["azemichi/v1/readings/+", "azemichi/v1/bases/+/health", "azemichi/v1/rovers/+", "azemichi/v1/gateways/+", "azemichi/v1/states/+"])
      source.subscribe(filter, (topic, payload) => this.receive(topic, payload));
  }

  /** One message of the bus. The broker sends retained ones again after each reconnect: what is not new is no event. */
  receive(topic: string, payload: Uint8Array): void {
    const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("utf8");
    if (this.#lastPayload.get(topic) === text) return;
    const message = messageOf(topic, text);
    if (message.kind === "malformed") {
      this.#options.metrics.count("azemichi_web_bus_malformed_total");
      this.#options.log.warn("bus message not understood", { topic, reason: message.reason });
      return;
    }
    if (message.kind === "gone") {
      this.#lastPayload.delete(topic);
      this.#states[message.name].delete(message.key);
      return;
    }
    if (!this.#lastPayload.has(topic) && this.#lastPayload.size >= this.#limits.things * 4) {
      this.#options.metrics.count("azemichi_web_live_things_refused_total");
      return;
    }
    this.#lastPayload.set(topic, text);
    if (message.item.name === "rover") this.#rover(message.item.data);
    else this.#publish(message.item);
  }

  get lastId(): number {
    return this.#id;
  }

  baseHealth(baseId: string): BaseHealth | null {
    return (this.#states.base.get(baseId) as (LiveEvent & { name: "base" }) | undefined)?.data ?? null;
  }
  roverState(roverId: string): RoverState | null {
    return this.#waitingRovers.get(roverId) ?? (this.#states.rover.get(roverId) as (LiveEvent & { name: "rover" }) | undefined)?.data ?? null;
  }
  gatewayState(gatewayId: string): GatewayState | null {
    return (this.#states.gateway.get(gatewayId) as (LiveEvent & { name: "gateway" }) | undefined)?.data ?? null;
  }

  deviceState(deviceId: string): DeviceState | null {
    return (this.#states.device.get(deviceId) as (LiveEvent & { name: "device" }) | undefined)?.data ?? null;
  }

  /** No more streams, for anybody or for this owner: one account cannot take the places of all. */
  full(owner: string): boolean {
    if (this.#clients.size >= this.#limits.clients) return true;
    let own = 0;
    for (const client of this.#clients) if (client.owner === owner) own += 1;
    return own >= this.#limits.perOwner;
  }

  /**
   * Serves a browser on a response whose head is written. `since`: the last id it has seen, null for a new one.
   * `ask` is asked again at each heartbeat and change of the catalog or log-in; undefined ends the stream.
   */
  attach(response: ServerResponse, options: { owner: string; since: number | null; ask: () => Visibility | undefined }): void {
    const { nowMs } = this.#options;
    const visibility = options.ask();
    if (visibility === undefined || response.destroyed) {
      response.end();
      return;
    }
    const sse = new SseClient(response, { limits: this.#limits, nowMs, resetText: () => this.#resetText() });
    const client: Client = { owner: options.owner, sse, ask: options.ask, visibility };
    this.#clients.add(client);
    this.#options.metrics.gauge("azemichi_web_live_clients", this.#clients.size);
    response.on("close", () => {
      this.#clients.delete(client);
      this.#options.metrics.gauge("azemichi_web_live_clients", this.#clients.size);
    });
    const hello = JSON.stringify({ id: String(this.#id), at: new Date(nowMs()).toISOString() });
    const missed = options.since === null ? [] : this.#since(options.since);
    const idLine = options.since === null ? `id: ${this.#id}\n` : ""; // a resuming browser's id moves with what it missed
    sse.push(`retry: 3000\n${PADDING}${idLine}event: hello\ndata: ${hello}\n\n`);
    sse.push(":\n\n"); // a second piece at once: scanners that hold the first let go of it
    if (missed === "too-old") {
      this.#options.metrics.count("azemichi_web_live_resets_total", { reason: "too-old" });
      sse.push(this.#resetText());
      return;
    }
    for (const event of missed) this.#send(client, event);
  }

  /** Every 15 s: heartbeats, and browsers whose log-in has ended are let go. */
  beat(): void {
    this.recheck();
    for (const client of this.#clients) if (client.sse.beat()) this.#options.metrics.count("azemichi_web_live_stuck_total");
    this.#forgetOld();
  }

  /** Whose log-in has ended is let go; the others see what they may see now. */
  recheck(): void {
    for (const client of this.#clients) {
      const visibility = client.sse.open ? client.ask() : undefined;
      if (visibility) client.visibility = visibility;
      else {
        this.#clients.delete(client);
        client.sse.end();
      }
    }
  }

  /** Several times a second: rovers that waited for their turn. */
  tick(): void {
    const now = this.#options.nowMs();
    for (const [roverId, state] of this.#waitingRovers) {
      if (now - (this.#states.rover.get(roverId)?.atMs ?? 0) >= this.#limits.roverEveryMs) this.#publish({ name: "rover", key: roverId, data: state });
    }
  }

  /** The catalog changed: who sees what may have changed, and what was sent before does not tell. */
  startOver(): void {
    this.#id += 1;
    this.#forgottenId = this.#id;
    this.#readings = [];
    this.#readingCount = 0;
    this.recheck();
    const text = this.#resetText();
    for (const client of this.#clients) client.sse.push(text);
  }

  close(): void {
    for (const client of this.#clients) client.sse.end();
  }

  #rover(state: RoverState): void {
    const before = this.#states.rover.get(state.roverId);
    if (before && this.#options.nowMs() - before.atMs < this.#limits.roverEveryMs) this.#waitingRovers.set(state.roverId, state);
    else this.#publish({ name: "rover", key: state.roverId, data: state });
  }

  #publish(item: LiveItem): void {
    this.#id += 1;
    const event = { ...item, id: this.#id, atMs: this.#options.nowMs() } as LiveEvent;
    if (event.name === "reading") {
      this.#readings.push(event);
      this.#readingCount += event.data.length;
      this.#forgetOld();
    } else {
      if (event.name === "rover") this.#waitingRovers.delete(event.key);
      this.#states[event.name].set(event.key, event);
    }
    this.#options.metrics.count("azemichi_web_live_events_total", { name: event.name });
    if (this.#clients.size === 0) return;
    const whole = textOf(event, event.data); // once, for all who see all of it
    for (const client of this.#clients) this.#send(client, event, whole);
  }

  #send(client: Client, event: LiveEvent, whole?: string): void {
    const data = visibleData(event, client.visibility, this.#options);
    if (data === null) return;
    const outcome = client.sse.push(whole !== undefined && data === event.data ? whole : textOf(event, data));
    if (outcome === "overflowed") this.#options.metrics.count("azemichi_web_live_resets_total", { reason: "slow" });
  }

  #since(id: number): readonly LiveEvent[] | "too-old" {
    if (!(id >= this.#forgottenId && id <= this.#id)) return "too-old"; // NaN too
    const missed = [...this.#readings, ...Object.values(this.#states).flatMap((m) => [...m.values()])].filter((e) => e.id > id);
    return missed.length > this.#limits.replayEvents ? "too-old" : missed.sort((a, b) => a.id - b.id);
  }

  #resetText(): string {
    return `id: ${this.#id}\nevent: reset\ndata: ${JSON.stringify({ at: new Date(this.#options.nowMs()).toISOString() })}\n\n`;
  }

  #forgetOld(): void {
    const oldestMs = this.#options.nowMs() - this.#limits.ringMs;
    let keep = 0;
    while (keep < this.#readings.length) {
      const event = this.#readings[keep] as LiveEvent & { name: "reading" };
      if (event.atMs >= oldestMs && this.#readingCount <= this.#limits.ringReadings) break;
      this.#readingCount -= event.data.length;
      this.#forgottenId = event.id;
      keep += 1;
    }
    if (keep > 0) this.#readings = this.#readings.slice(keep);
  }
}

const textOf = (event: LiveEvent, data: unknown): string => `id: ${event.id}\nevent: ${event.name}\ndata: ${JSON.stringify(data)}\n\n`;

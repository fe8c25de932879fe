import type { GatewayState } from "../core/domain/live.ts";
import type { Catalog } from "../core/domain/site.ts";
import { topics } from "../core/domain/topics.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { parseGatewayMessage } from "../core/wire/gateway-message.ts";

export interface GatewayRow {
  readonly gatewayId: string; // as the network names it
  readonly online: boolean | null;
  readonly lastSeenMs: number | null;
  readonly atMs: number;
}
export interface GatewayStore {
  gateways(): readonly GatewayRow[];
  saveGateways(rows: readonly GatewayRow[]): void;
}

/** Roaming partners hear our devices too; beyond this many gateways only those known already are followed. */
const GATEWAYS_MAX = 5000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/; // a level of our own topic

/** What is known of each gateway: by its own messages, and by the uplinks that it heard. Written and told at most once per flush. */
export class GatewayStates {
  readonly #states = new Map<string, GatewayRow>();
  readonly #changed = new Set<string>();
  readonly #store: GatewayStore;
  readonly #catalog: () => Pick<Catalog, "gateways">;
  readonly #metrics: Metrics;

  constructor(parts: { store: GatewayStore; catalog: () => Pick<Catalog, "gateways">; metrics: Metrics }) {
    this.#store = parts.store;
    this.#catalog = parts.catalog;
    this.#metrics = parts.metrics;
    for (const row of parts.store.gateways()) this.#states.set(row.gatewayId, row);
  }

  /** An uplink came through this gateway at `atMs`, event time. */
  heard(gatewayId: string, atMs: number): void {
    const before = this.#states.get(gatewayId);
    if (before?.lastSeenMs != null && before.lastSeenMs >= atMs) return;
    this.#set({ gatewayId, online: before?.online ?? null, lastSeenMs: atMs, atMs: Math.max(before?.atMs ?? atMs, atMs) });
  }

  /** A message on one of the gateway's own topics. */
  message(topic: string, payload: Uint8Array, receivedAtMs: number): void {
    const message = parseGatewayMessage(topic, payload);
    const event = "gatewayId" in message ? message.event : "malformed";
    this.#metrics.count("azemichi_gateway_messages_total", { event });
    if (!("gatewayId" in message)) return;
    const before = this.#states.get(message.gatewayId);
    const alive = message.online !== false;
    this.#set({
      gatewayId: message.gatewayId,
      online: message.online ?? before?.online ?? null,
      lastSeenMs: alive ? Math.max(before?.lastSeenMs ?? receivedAtMs, receivedAtMs) : (before?.lastSeenMs ?? null),
      atMs: receivedAtMs,
    });
  }

  /** Keeps what changed and returns what is to be told about it. */
  flush(): { topic: string; message: GatewayState }[] {
    if (this.#changed.size === 0) return [];
    const rows = [...this.#changed].flatMap((id) => this.#states.get(id) ?? []);
    this.#store.saveGateways(rows);
    this.#changed.clear();
    return this.#messages(rows);
  }

  /** Everything known, for a broker that has just started. */
  all(): { topic: string; message: GatewayState }[] {
    return this.#messages([...this.#states.values()]);
  }

  #set(row: GatewayRow): void {
    if (!NAME.test(row.gatewayId)) return;
    if (!this.#states.has(row.gatewayId) && this.#states.size >= GATEWAYS_MAX) {
      this.#metrics.count("azemichi_gateways_ignored_total");
      return;
    }
    this.#states.set(row.gatewayId, row);
    this.#changed.add(row.gatewayId);
  }

  #messages(rows: readonly GatewayRow[]): { topic: string; message: GatewayState }[] {
    const names = new Map(this.#catalog().gateways.map((g) => [g.eui.toLowerCase(), g.id]));
    return rows.map((row) => {
      const gatewayId = names.get(row.gatewayId) ?? row.gatewayId;
      const lastSeenAt = row.lastSeenMs === null ? null : new Date(row.lastSeenMs).toISOString();
      return { topic: topics.gateway(gatewayId), message: { gatewayId, at: new Date(row.atMs).toISOString(), online: row.online, lastSeenAt } };
    });
  }
}

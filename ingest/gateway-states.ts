import type { GatewayCondition, GatewayState } from "../core/domain/live.ts";
import type { Catalog } from "../core/domain/site.ts";
import { topics } from "../core/domain/topics.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { type GatewayMessage, type GatewayStats, parseGatewayMessage } from "../core/wire/gateway-message.ts";

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
/** A gateway that reports (every 30 s unless configured) and then does not for this long is silent, or for three of its own intervals. */
const SILENT_AFTER_MS = 5 * 60_000;
const SILENT_INTERVALS = 3;
/** A longer pause between two reports is an outage, not an interval. */
const INTERVAL_MAX_MS = 3600_000;
/** One that only carries uplinks says nothing by carrying none: devices sleep for an hour. */
const UNHEARD_AFTER_MS = 3600_000;

/** What is known beyond the row; made anew at each start. */
interface Followed {
  row: GatewayRow;
  condition: GatewayCondition;
  sinceMs: number | null; // null = since before we looked
  reported: { readonly stats: GatewayStats; readonly atMs: number; readonly clockAheadMs: number | null } | null;
  intervalMs: number | null;
}

/** What is known of each gateway: by its own messages, and by the uplinks that it heard. Written and told at most once per flush. */
export class GatewayStates {
  readonly #gateways = new Map<string, Followed>();
  readonly #changed = new Set<string>();
  readonly #store: GatewayStore;
  readonly #catalog: () => Pick<Catalog, "gateways">;
  readonly #metrics: Metrics;
  readonly #nowMs: () => number;
  readonly #startedMs: number;

  constructor(parts: { store: GatewayStore; catalog: () => Pick<Catalog, "gateways">; metrics: Metrics; nowMs?: () => number }) {
    this.#store = parts.store;
    this.#catalog = parts.catalog;
    this.#metrics = parts.metrics;
    this.#nowMs = parts.nowMs ?? Date.now;
    this.#startedMs = this.#nowMs();
    for (const row of parts.store.gateways()) {
      const followed: Followed = { row, condition: "unknown", sinceMs: null, reported: null, intervalMs: null };
      followed.condition = this.#conditionOf(followed, this.#startedMs);
      followed.sinceMs = sinceOf(followed, null);
      this.#gateways.set(row.gatewayId, followed);
    }
  }

  /** An uplink came through this gateway at `atMs`, event time. One later than its OFFLINE message says that it is back. */
  heard(gatewayId: string, atMs: number): void {
    const before = this.#gateways.get(gatewayId)?.row;
    if (before?.lastSeenMs != null && before.lastSeenMs >= atMs) return;
    const isBack = before?.online === false && atMs > before.atMs;
    this.#set({ gatewayId, online: isBack ? true : (before?.online ?? null), lastSeenMs: atMs, atMs: Math.max(before?.atMs ?? atMs, atMs) });
  }

  /** A message on one of the gateway's own topics. */
  message(topic: string, payload: Uint8Array, receivedAtMs: number): void {
    const message = parseGatewayMessage(topic, payload);
    const event = "gatewayId" in message ? message.event : "malformed";
    this.#metrics.count("azemichi_gateway_messages_total", { event });
    if (!("gatewayId" in message)) return;
    const before = this.#gateways.get(message.gatewayId)?.row;
    // Whatever it sends proves it alive. OFFLINE is no word of its own (it may even be the last will of a connection that was replaced already,
    // which the next thing it sends corrects), nor is a retained message that was cleared.
    const alive = message.online ?? (payload.length > 0 && topic.includes("/event/"));
    if (message.event === "other" && !alive) return;
    const after = this.#set({
      gatewayId: message.gatewayId,
      online: message.online ?? (before?.online === false ? true : (before?.online ?? null)),
      lastSeenMs: alive ? Math.max(before?.lastSeenMs ?? receivedAtMs, receivedAtMs) : (before?.lastSeenMs ?? null),
      atMs: receivedAtMs,
    });
    if (after !== undefined && message.stats !== null) keepStats(after, message, receivedAtMs);
  }

  /** How a gateway stands now, by the network's name for it; null for one that was never heard of. */
  condition(gatewayId: string): { readonly state: GatewayCondition; readonly sinceMs: number | null } | null {
    const followed = this.#gateways.get(gatewayId);
    if (followed === undefined) return null;
    this.#settle(followed, this.#nowMs());
    return { state: followed.condition, sinceMs: followed.sinceMs };
  }

  /** Keeps what changed and returns what is to be told about it, those that fell silent included. */
  flush(): { topic: string; message: GatewayState }[] {
    const nowMs = this.#nowMs();
    const fallen: Followed[] = [];
    for (const followed of this.#gateways.values()) if (this.#settle(followed, nowMs) && !this.#changed.has(followed.row.gatewayId)) fallen.push(followed);
    const changed = [...this.#changed].flatMap((id) => this.#gateways.get(id) ?? []);
    if (changed.length > 0) this.#store.saveGateways(changed.map(({ row }) => row));
    this.#changed.clear();
    return this.#messages([...changed, ...fallen], nowMs);
  }

  /** Everything known, for a broker that has just started. */
  all(): { topic: string; message: GatewayState }[] {
    return this.#messages([...this.#gateways.values()], this.#nowMs());
  }

  #set(row: GatewayRow): Followed | undefined {
    if (!NAME.test(row.gatewayId)) return undefined;
    let followed = this.#gateways.get(row.gatewayId);
    if (followed === undefined) {
      if (this.#gateways.size >= GATEWAYS_MAX) {
        this.#metrics.count("azemichi_gateways_ignored_total");
        return undefined;
      }
      followed = { row, condition: "unknown", sinceMs: null, reported: null, intervalMs: null };
      this.#gateways.set(row.gatewayId, followed);
    }
    followed.row = row;
    this.#settle(followed, this.#nowMs());
    this.#changed.add(row.gatewayId);
    return followed;
  }

  /** Brings the condition up to date; true if it is another one. */
  #settle(followed: Followed, nowMs: number): boolean {
    const condition = this.#conditionOf(followed, nowMs);
    if (condition === followed.condition) return false;
    followed.condition = condition;
    followed.sinceMs = sinceOf(followed, nowMs);
    return true;
  }

  #conditionOf({ row, intervalMs }: Followed, nowMs: number): GatewayCondition {
    if (row.online === false) return "offline";
    if (row.lastSeenMs === null) return "unknown";
    // While we were away nobody could have been heard: the wait begins with us.
    const waitedMs = nowMs - Math.max(row.lastSeenMs, this.#startedMs);
    if (row.online === true) return waitedMs > Math.max(SILENT_AFTER_MS, SILENT_INTERVALS * (intervalMs ?? 0)) ? "silent" : "online";
    return nowMs - row.lastSeenMs > UNHEARD_AFTER_MS ? "unknown" : "online";
  }

  #messages(list: readonly Followed[], nowMs: number): { topic: string; message: GatewayState }[] {
    const names = new Map(this.#catalog().gateways.map((g) => [g.eui.toLowerCase().replaceAll(/[-:]/g, ""), g.id]));
    return list.map((followed) => {
      const { row, condition, sinceMs, reported, intervalMs } = followed;
      const gatewayId = names.get(row.gatewayId) ?? row.gatewayId;
      return {
        topic: topics.gateway(gatewayId),
        message: {
          gatewayId,
          at: new Date(condition === "silent" || condition === "unknown" ? Math.max(row.atMs, nowMs) : row.atMs).toISOString(),
          online: row.online,
          lastSeenAt: isoOrNull(row.lastSeenMs),
          state: condition,
          since: isoOrNull(sinceMs),
          stats:
            reported === null
              ? null
              : {
                  at: new Date(reported.atMs).toISOString(),
                  intervalS: intervalMs === null ? null : Math.round(intervalMs / 1000),
                  rxReceived: reported.stats.rxReceived,
                  rxReceivedOk: reported.stats.rxReceivedOk,
                  txReceived: reported.stats.txReceived,
                  txEmitted: reported.stats.txEmitted,
                  clockAheadS: reported.clockAheadMs === null ? null : Math.round(reported.clockAheadMs / 1000),
                  position: reported.stats.position,
                },
        },
      };
    });
  }
}

function keepStats(followed: Followed, message: GatewayMessage, receivedAtMs: number): void {
  if (message.stats === null) return;
  const pauseMs = followed.reported === null ? null : receivedAtMs - followed.reported.atMs;
  if (pauseMs !== null && pauseMs > 0 && pauseMs <= INTERVAL_MAX_MS) followed.intervalMs = pauseMs;
  followed.reported = { stats: message.stats, atMs: receivedAtMs, clockAheadMs: message.timeMs === null ? null : message.timeMs - receivedAtMs };
}

/** When the condition that a gateway has now began; `nowMs` null: it had it already when we started. */
function sinceOf({ row, condition }: Followed, nowMs: number | null): number | null {
  switch (condition) {
    case "offline":
      return row.atMs;
    case "silent":
    case "unknown":
      return row.lastSeenMs;
    case "online":
      return nowMs === null ? null : row.atMs;
  }
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

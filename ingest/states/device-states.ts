import type { ChannelState, DeviceState } from "../../core/domain/device-state.ts";
import type { Quantity } from "../../core/domain/quantity.ts";
import type { Reading } from "../../core/domain/reading.ts";
import { silenceWords } from "../../core/domain/silence-words.ts";
import type { Catalog, Device } from "../../core/domain/site.ts";
import { topics } from "../../core/domain/topics.ts";
import type { Reception } from "../sessions.ts";
import { type Details, type DetailsStore, detailsOf, NO_DETAILS, sameDetails } from "./device-details.ts";
import { isChannelSilent, judgeSilence, silentAfterMs, type Verdict } from "./silence.ts";

/** What the states need of the store. */
export interface DeviceStateStore extends DetailsStore {
  heard(): readonly { device: string; gateway: string; source: string; timeMs: number; receivedMs: number; rssi: number | null; snr: number | null }[];
  sources(): readonly { source: string; receivedMs: number }[];
  channels(): readonly { device: string; quantity: Quantity; depthCm: number; timeMs: number }[];
  listeningSince(nowMs: number): number;
  listening(sinceMs: number, nowMs: number): void;
}
export interface DeviceStateParts {
  readonly store: DeviceStateStore;
  readonly catalog: () => Pick<Catalog, "devices" | "gateways">;
  readonly gatewayIsDown: (gatewayId: string) => boolean;
  readonly nowMs: () => number;
}

const DAY_MS = 86_400_000;
const GATEWAYS_KEPT = 8; // that heard a device, newest first
const GATEWAY_LATELY_MS = 7 * DAY_MS;
const CHANNEL_FORGOTTEN_MS = 7 * DAY_MS; // what has not come for a week was taken away, or is called otherwise now
const DETAILS_PER_FLUSH = 50; // loss and battery cost a look at the disk
const DETAILS_MS = 5 * 60_000; // how old they may get while a device goes on sending
const SETTLED_MS = 2000; // a device that paused for so long is looked at at once
const UPTIME_EVERY_MS = 10_000;
const NETWORK_DEVICES_MIN = 2; // of one device alone nobody can tell whether it or its network is quiet

interface GatewayHeard {
  readonly timeMs: number;
  readonly rssiDbm: number | null;
  readonly snrDb: number | null;
}
interface Followed {
  lastMs: number;
  receivedMs: number;
  source: string;
  readonly gateways: Map<string, GatewayHeard>;
  readonly channels: Map<string, { quantity: Quantity; depthCm: number | null; timeMs: number }>;
  told: string; // state, cause and silent channels as last told
  sinceMs: number | null;
  details: Details;
  detailsOwed: boolean; // it spoke since they were looked up
  changedMs: number; // when it last spoke, by our clock
}

/** Whether each device is heard, with the cause when it is not. Told when something changes, and cleared by the next frame. */
export class DeviceStates {
  readonly #parts: DeviceStateParts;
  readonly #followed = new Map<string, Followed>();
  readonly #sources = new Map<string, number>();
  readonly #changed = new Set<string>();
  readonly #listeningSinceMs: number;
  #uptimeMs: number;

  constructor(parts: DeviceStateParts) {
    this.#parts = parts;
    this.#uptimeMs = parts.nowMs();
    this.#listeningSinceMs = parts.store.listeningSince(this.#uptimeMs);
    for (const { source, receivedMs } of parts.store.sources()) this.#sources.set(source, receivedMs);
    for (const row of parts.store.heard()) {
      const reception: Reception[] = row.gateway === "" ? [] : [[row.gateway, row.rssi, row.snr]];
      this.heard({ deviceId: row.device, source: row.source, timeMs: row.timeMs, receivedAtMs: row.receivedMs, receptions: reception });
    }
    for (const { device, quantity, depthCm, timeMs } of parts.store.channels())
      this.#channel(device, { quantity, depthCm: depthCm === -1 ? null : depthCm, timeMs });
  }

  /** A device spoke. Greatest times win, whatever the order. */
  heard(h: { deviceId: string; source: string; timeMs: number; receivedAtMs: number; receptions: readonly Reception[] }): void {
    const followed = this.#follow(h.deviceId);
    if (h.timeMs > followed.lastMs) followed.lastMs = h.timeMs;
    if (h.receivedAtMs >= followed.receivedMs) {
      followed.receivedMs = h.receivedAtMs;
      followed.source = h.source;
    }
    for (const [gatewayId, rssiDbm, snrDb] of h.receptions) {
      const known = followed.gateways.get(gatewayId);
      if (known === undefined || h.timeMs >= known.timeMs) followed.gateways.set(gatewayId, { timeMs: h.timeMs, rssiDbm, snrDb });
    }
    if (followed.gateways.size > 2 * GATEWAYS_KEPT) {
      const kept = newestGateways(followed);
      followed.gateways.clear();
      for (const [id, gateway] of kept) followed.gateways.set(id, gateway);
    }
    this.#sources.set(h.source, Math.max(h.receivedAtMs, this.#sources.get(h.source) ?? h.receivedAtMs));
    this.#changed.add(h.deviceId);
  }

  /** Newest readings, after a commit. */
  readings(readings: readonly Reading[]): void {
    for (const { deviceId, quantity, depthCm, timeMs } of readings) {
      this.#channel(deviceId, { quantity, depthCm, timeMs });
      this.#changed.add(deviceId);
    }
  }

  /** What is to be told: devices that spoke, and those whose state turned by the mere passing of time. */
  flush(): { topic: string; message: DeviceState }[] {
    const nowMs = this.#parts.nowMs();
    if (Math.abs(nowMs - this.#uptimeMs) >= UPTIME_EVERY_MS) {
      this.#uptimeMs = nowMs;
      this.#parts.store.listening(this.#listeningSinceMs, nowMs);
    }
    const networks = this.#networks();
    const out: { topic: string; message: DeviceState }[] = [];
    let details = 0;
    for (const device of this.#parts.catalog().devices) {
      const followed = this.#followed.get(device.id);
      if (followed === undefined) continue;
      const verdict = this.#verdict(device, followed, networks, nowMs);
      const channels = channelStates(followed, device, verdict);
      const told = `${verdict.state}|${verdict.cause}|${channels.filter((c) => c.state === "silent").map((c) => `${c.quantity}${c.depthCm}`)}`;
      const turned = told !== followed.told;
      if (this.#changed.has(device.id)) {
        followed.changedMs = nowMs;
        followed.detailsOwed = true;
      }
      let hasNews = turned || this.#changed.has(device.id);
      if (details < DETAILS_PER_FLUSH && detailsDue(followed, nowMs)) {
        details += 1;
        const former = followed.details;
        followed.details = detailsOf(this.#parts.store, device, nowMs);
        followed.detailsOwed = false;
        hasNews ||= !sameDetails(former, followed.details);
      }
      if (!hasNews) continue;
      if (turned) followed.sinceMs = verdict.sinceMs ?? followed.lastMs;
      followed.told = told;
      out.push({ topic: topics.deviceState(device.id), message: this.#message({ device, followed, verdict, channels, nowMs }) });
    }
    this.#changed.clear();
    return out;
  }

  #verdict(device: Device, followed: Followed, networks: ReadonlyMap<string, { devices: number; intervalS: number }>, nowMs: number): Verdict {
    const network = networks.get(followed.source);
    const lastMs = this.#sources.get(followed.source);
    const gateways = newestGateways(followed)
      .filter(([, { timeMs }]) => followed.lastMs - timeMs <= GATEWAY_LATELY_MS)
      .map(([gatewayId]) => ({ gatewayId, isDown: this.#parts.gatewayIsDown(gatewayId) }));
    return judgeSilence({
      nowMs,
      lastMs: followed.lastMs === Number.NEGATIVE_INFINITY ? null : followed.lastMs,
      intervalS: device.intervalS,
      listeningSinceMs: this.#listeningSinceMs,
      gateways,
      network:
        network === undefined || lastMs === undefined || network.devices < NETWORK_DEVICES_MIN
          ? null
          : { lastMs, silentAfterMs: silentAfterMs(network.intervalS) },
    });
  }

  /** Of each source: how many of our devices came through it last, and the shortest interval among them. */
  #networks(): Map<string, { devices: number; intervalS: number }> {
    const found = new Map<string, { devices: number; intervalS: number }>();
    for (const { id, intervalS } of this.#parts.catalog().devices) {
      const source = this.#followed.get(id)?.source;
      if (source === undefined) continue;
      const known = found.get(source);
      if (known === undefined) found.set(source, { devices: 1, intervalS });
      else {
        known.devices += 1;
        known.intervalS = Math.min(known.intervalS, intervalS);
      }
    }
    return found;
  }

  #message(parts: { device: Device; followed: Followed; verdict: Verdict; channels: readonly ChannelState[]; nowMs: number }): DeviceState {
    const { device, followed, verdict, channels, nowMs } = parts;
    const silentChannels = channels.filter((c) => c.state === "silent").map((c) => c.quantity);
    const cause = verdict.cause ?? (verdict.state === "reporting" && silentChannels.length > 0 ? "channel" : null);
    const names = cause === "gateway" ? this.#gatewayNames(followed) : cause === "network" ? [followed.source] : cause === "channel" ? silentChannels : [];
    const { loss, battery } = followed.details;
    return {
      deviceId: device.id,
      at: iso(nowMs),
      state: verdict.state,
      since: followed.sinceMs === null || followed.sinceMs === Number.NEGATIVE_INFINITY ? null : iso(followed.sinceMs),
      lastSeenAt: followed.lastMs === Number.NEGATIVE_INFINITY ? null : iso(followed.lastMs),
      lastReceivedAt: followed.receivedMs === Number.NEGATIVE_INFINITY ? null : iso(followed.receivedMs),
      intervalS: device.intervalS,
      cause,
      note: cause === null ? null : silenceWords(cause, names),
      channels,
      radio: {
        gateways: newestGateways(followed).map(([gatewayId, g]) => ({ gatewayId, lastAt: iso(g.timeMs), rssiDbm: g.rssiDbm, snrDb: g.snrDb })),
        framesReceived: loss.received,
        framesLost: loss.lost,
        lossPct: loss.lossPct,
      },
      battery,
    };
  }

  #gatewayNames(followed: Followed): string[] {
    const names = new Map(this.#parts.catalog().gateways.map((g) => [g.eui.toLowerCase(), g.name]));
    return newestGateways(followed).map(([gatewayId]) => names.get(gatewayId) ?? gatewayId);
  }

  #follow(deviceId: string): Followed {
    const known = this.#followed.get(deviceId);
    if (known !== undefined) return known;
    const followed: Followed = {
      lastMs: Number.NEGATIVE_INFINITY,
      receivedMs: Number.NEGATIVE_INFINITY,
      source: "",
      gateways: new Map(),
      channels: new Map(),
      told: "",
      sinceMs: null,
      details: NO_DETAILS,
      detailsOwed: false,
      changedMs: Number.NEGATIVE_INFINITY,
    };
    this.#followed.set(deviceId, followed);
    return followed;
  }

  #channel(deviceId: string, channel: { quantity: Quantity; depthCm: number | null; timeMs: number }): void {
    if (channel.quantity.startsWith("radio.") || channel.quantity.startsWith("device.")) return; // not measured by a probe
    this.#follow(deviceId).channels.set(`${channel.quantity}|${channel.depthCm}`, channel);
  }
}

function detailsDue({ detailsOwed, details, changedMs }: Followed, nowMs: number): boolean {
  return detailsOwed && (nowMs - details.atMs >= DETAILS_MS || Math.abs(nowMs - changedMs) >= SETTLED_MS);
}

function newestGateways(followed: Followed): [string, GatewayHeard][] {
  return [...followed.gateways].sort(([a, x], [b, y]) => y.timeMs - x.timeMs || (a < b ? -1 : 1)).slice(0, GATEWAYS_KEPT);
}

function channelStates(followed: Followed, device: Device, verdict: Verdict): ChannelState[] {
  const channels = [...followed.channels.values()].filter(({ timeMs }) => followed.lastMs - timeMs <= CHANNEL_FORGOTTEN_MS);
  return channels
    .sort((a, b) => (a.quantity < b.quantity ? -1 : a.quantity > b.quantity ? 1 : (a.depthCm ?? -1) - (b.depthCm ?? -1)))
    .map(({ quantity, depthCm, timeMs }) => {
      const silent = verdict.state !== "reporting" || isChannelSilent(timeMs, followed.lastMs, device.intervalS);
      return { quantity, depthCm, lastAt: iso(timeMs), state: silent ? "silent" : "reporting" };
    });
}

const iso = (ms: number): string => new Date(ms).toISOString();

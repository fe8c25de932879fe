import {
  type Constellation,
  decodeMessage,
  decodeMsmHeader,
  type Epoch,
  ecefToLatLon,
  epochUnixMs,
  type FrameCounters,
  messageType,
  RtcmError,
} from "rtcm-parser";
import type { BaseHealth } from "../core/domain/live.ts";
import { RateWindow } from "./rate-window.ts";

const RATE_WINDOW_S = 60; // a 1006 every 30 s still shows a rate
const BYTES_WINDOW_S = 10;
const SILENT_AFTER_MS = 5000;
const MESSAGES_SHOWN_MAX = 64;
// Outside this range the clocks disagree, or it is a recording: no latency can be told.
const LATENCY_MS = { least: -1000, most: 30_000 };

/** What a stream says of its own form, for the sourcetable. */
export interface StreamForm {
  readonly types: readonly { readonly type: number; readonly ratePerS: number }[];
  readonly constellations: readonly Constellation[];
  readonly carriers: 0 | 1 | 2;
  readonly bytesPerS: number;
}

interface ConstellationView {
  epochRaw: number;
  satellites: Set<number>; // of the epoch that is arriving
  counted: number | null; // of the last one that is over
  lastAtMs: number;
}

/** Observes one base; it never stands in the way of its frames. */
export class BaseMonitor {
  #connected: { readonly atMs: number; readonly agent: string | null } | null = null;
  #sinceMs = 0; // of this source session, or the last one
  #agent: string | null = null;
  #types = new Map<number, { count: number; window: RateWindow }>(); // at most 4096: a type has 12 bits
  #bytes = new RateWindow(BYTES_WINDOW_S);
  #framing: FrameCounters = { frames: 0, skippedBytes: 0, crcFailures: 0 };
  #constellations = new Map<Constellation, ConstellationView>();
  #secondCarrier = false;
  #lastEpochAtMs: number | null = null;
  #latencyMs: number | null = null;
  #antenna: BaseHealth["antenna"] = null;
  #receiver: string | null = null;

  get antenna(): BaseHealth["antenna"] {
    return this.#antenna;
  }

  get receiver(): string | null {
    return this.#receiver;
  }

  connected(atMs: number, agent: string | null): void {
    this.#connected = { atMs, agent };
    this.#sinceMs = atMs;
    this.#agent = agent;
    this.#types = new Map();
    this.#bytes = new RateWindow(BYTES_WINDOW_S);
    this.#framing = { frames: 0, skippedBytes: 0, crcFailures: 0 };
    this.#constellations = new Map();
    this.#secondCarrier = false;
    this.#latencyMs = null;
    this.#antenna = null;
    this.#receiver = null;
  }

  disconnected(): void {
    this.#connected = null;
  }

  chunk(bytes: number, framing: FrameCounters, atMs: number): void {
    this.#bytes.add(atMs, bytes);
    this.#framing = framing;
  }

  /** "unreadable": a good CRC around what the standard does not allow; it is relayed all the same. */
  frame(frame: Uint8Array, epoch: Epoch | null, atMs: number): "read" | "unreadable" {
    const type = messageType(frame);
    if (type === null) return "read";
    let seen = this.#types.get(type);
    if (seen === undefined) {
      seen = { count: 0, window: new RateWindow(RATE_WINDOW_S) };
      this.#types.set(type, seen);
    }
    seen.count += 1;
    seen.window.add(atMs);
    try {
      if (epoch !== null) this.#observation(frame, type, epoch, atMs);
      else if (type === 1005 || type === 1006 || type === 1033) this.#station(frame);
    } catch (error) {
      if (!(error instanceof RtcmError)) throw error;
      return "unreadable";
    }
    return "read";
  }

  #observation(frame: Uint8Array, type: number, epoch: Epoch, atMs: number): void {
    this.#lastEpochAtMs = atMs;
    const latencyMs = Math.round(atMs - epochUnixMs(epoch, atMs));
    this.#latencyMs = latencyMs >= LATENCY_MS.least && latencyMs <= LATENCY_MS.most ? latencyMs : null;
    const satellites = type < 1070 ? this.#legacySatellites(frame, type) : this.#msmSatellites(frame);
    let view = this.#constellations.get(epoch.constellation);
    if (view === undefined) {
      view = { epochRaw: epoch.epochRaw, satellites: new Set(), counted: null, lastAtMs: atMs };
      this.#constellations.set(epoch.constellation, view);
    }
    if (view.epochRaw !== epoch.epochRaw) {
      view.counted = view.satellites.size;
      view.satellites = new Set();
      view.epochRaw = epoch.epochRaw;
    }
    view.lastAtMs = atMs;
    for (const satellite of satellites) view.satellites.add(satellite);
  }

  #msmSatellites(frame: Uint8Array): readonly number[] {
    const { satelliteIds, signalIds } = decodeMsmHeader(frame);
    // RTCM 10403.3 tables 3.5-91 ff.: signals 2 to 6, and 30 to 32 (L1C, B1C), lie on the first carrier of their system.
    if (signalIds.some((id) => id >= 8 && id < 30)) this.#secondCarrier = true;
    return satelliteIds;
  }

  #legacySatellites(frame: Uint8Array, type: number): readonly number[] {
    const message = decodeMessage(frame);
    if (!("satellites" in message)) return [];
    if (type === 1003 || type === 1004 || type === 1011 || type === 1012) this.#secondCarrier = true;
    return message.satellites.map((satellite) => ("satelliteId" in satellite ? satellite.satelliteId : 0));
  }

  #station(frame: Uint8Array): void {
    const message = decodeMessage(frame);
    if (message.kind === "1033") this.#receiver = message.receiver || null;
    if (message.kind !== "1005" && message.kind !== "1006") return;
    const { stationId, xM, yM, zM } = message;
    const { latDeg, lonDeg } = ecefToLatLon({ xM, yM, zM });
    const heightM = message.kind === "1006" ? message.antennaHeightM : null;
    this.#antenna = { stationId, x: xM, y: yM, z: zM, heightM, latDeg, lonDeg };
  }

  form(nowMs: number): StreamForm {
    return {
      types: [...this.#types].map(([type, { window }]) => ({ type, ratePerS: window.perS(nowMs, this.#sinceMs) })).sort((a, b) => a.type - b.type),
      constellations: [...this.#constellations.keys()],
      carriers: this.#constellations.size === 0 ? 0 : this.#secondCarrier ? 2 : 1,
      bytesPerS: this.#connected === null ? 0 : this.#bytes.perS(nowMs, this.#sinceMs),
    };
  }

  health(of: { readonly baseId: string; readonly mount: string; readonly sim: boolean; readonly rovers: number; readonly nowMs: number }): BaseHealth {
    const { nowMs } = of;
    const fresh = this.#lastEpochAtMs !== null && this.#lastEpochAtMs >= this.#sinceMs && nowMs - this.#lastEpochAtMs < SILENT_AFTER_MS;
    const satellites: Partial<Record<Constellation, number>> = {};
    for (const [constellation, view] of this.#constellations) {
      if (this.#connected !== null && fresh && nowMs - view.lastAtMs < SILENT_AFTER_MS) satellites[constellation] = view.counted ?? view.satellites.size;
    }
    return {
      baseId: of.baseId,
      mount: of.mount,
      at: iso(nowMs),
      state: this.#connected === null ? "absent" : fresh ? "sending" : "silent",
      sim: of.sim,
      connectedSince: this.#connected === null ? null : iso(this.#connected.atMs),
      sourceAgent: this.#agent,
      lastEpochAt: this.#lastEpochAtMs === null ? null : iso(this.#lastEpochAtMs),
      epochAgeS: this.#lastEpochAtMs === null ? null : (nowMs - this.#lastEpochAtMs) / 1000,
      epochLatencyMs: this.#connected !== null && fresh ? this.#latencyMs : null,
      bytesPerS: this.#connected === null ? 0 : round(this.#bytes.perS(nowMs, this.#sinceMs), 10),
      ...this.#framing,
      messages: [...this.#types]
        .sort(([, a], [, b]) => b.count - a.count)
        .slice(0, MESSAGES_SHOWN_MAX)
        .map(([type, { count, window }]) => ({ type, count, ratePerS: round(window.perS(nowMs, this.#sinceMs), 1000) }))
        .sort((a, b) => a.type - b.type),
      satellites,
      antenna: this.#antenna,
      receiver: this.#receiver,
      rovers: of.rovers,
    };
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();
const round = (value: number, perUnit: number): number => Math.round(value * perUnit) / perUnit;

import { type Constellation, type Epoch, type FrameCounters, messageType, RtcmError } from "rtcm-parser";
import type { BaseMinute } from "../core/domain/base-minute.ts";
import type { BaseHealth, BaseTruth, Sentence } from "../core/domain/live.ts";
import { FramingWatch } from "./framing-watch.ts";
import { HEALTH_WORDS, MEASURE_WORDS } from "./health-words.ts";
import { Minutes, minuteOf } from "./minutes.ts";
import { FRESH_MS, ObservationWatch } from "./observation-watch.ts";
import { RateWindow } from "./rate-window.ts";
import type { LastBase } from "./relay-memory.ts";
import { StationView } from "./station-view.ts";
import { exceeds, RATE_EVIDENCE_S } from "./thresholds.ts";
import { TypeCounts } from "./type-counts.ts";
import { type Evidence, judge, type Measured, type Verdict } from "./verdict.ts";

const BYTES_WINDOW_S = 10;
/** Where QZSS is seen: within so many degrees of its middle meridian. */
const QZSS = { meridianDeg: 135, withinDeg: 50 };

/** What a stream says of its own form, for the sourcetable. */
export interface StreamForm {
  readonly types: readonly { readonly type: number; readonly ratePerS: number }[];
  readonly constellations: readonly Constellation[];
  readonly carriers: 0 | 1 | 2;
  readonly bytesPerS: number;
}

/** What a verdict needs beside the stream. */
export interface Circumstances {
  readonly nowMs: number;
  readonly clock: Evidence["clock"];
  readonly lonDeg: number | null; // of the survey; null: the transmitted position counts, and without one Japan is taken for granted
  readonly kind: "physical" | "network";
}

/** Observes one base; it never stands in the way of its frames. */
export class BaseMonitor {
  #connected: { readonly atMs: number; readonly agent: string | null } | null = null;
  #everConnected = false;
  #sinceMs = 0; // of this source session, or the last one
  #agent: string | null = null;
  #types = new TypeCounts();
  #bytes = new RateWindow(BYTES_WINDOW_S);
  #lastEpochAtMs: number | null = null;
  readonly #framing = new FramingWatch();
  readonly #station = new StationView();
  readonly #observations = new ObservationWatch();
  readonly #minutes = new Minutes();

  get antenna(): BaseHealth["antenna"] {
    return this.#station.antenna;
  }

  get receiver(): string | null {
    return this.#station.receiver;
  }

  /** After a restart of the relay: what this base delivered before. */
  restore(last: LastBase, nowMs: number): void {
    this.#observations.systems.restore(last.systems, nowMs);
  }

  /** What to keep of it over a restart. */
  get last(): LastBase {
    const { antenna, receiver } = this.#station;
    const arp = antenna === null ? null : { xM: antenna.x, yM: antenna.y, zM: antenna.z };
    return { lastEpochAtMs: this.#lastEpochAtMs, arp, receiver, systems: this.#observations.systems.known };
  }

  connected(atMs: number, agent: string | null): void {
    if (this.#everConnected) this.#minutes.at(atMs).reconnects += 1;
    this.#everConnected = true;
    this.#connected = { atMs, agent };
    this.#sinceMs = atMs;
    this.#agent = agent;
    this.#types = new TypeCounts();
    this.#bytes = new RateWindow(BYTES_WINDOW_S);
    this.#framing.reset();
    this.#station.reset();
    this.#observations.reset(atMs);
  }

  disconnected(): void {
    this.#connected = null;
  }

  chunk(bytes: number, framing: FrameCounters, atMs: number): void {
    this.#bytes.add(atMs, bytes);
    const news = this.#framing.chunk(bytes, framing, atMs);
    const minute = this.#minutes.at(atMs);
    minute.bytes += bytes;
    minute.frames += news.frames;
    minute.crcFailures += news.crcFailures;
  }

  /** "unreadable": a good CRC around what the standard does not allow; it is relayed all the same. */
  frame(frame: Uint8Array, epoch: Epoch | null, atMs: number): "read" | "unreadable" {
    const type = messageType(frame);
    if (type === null) return "read";
    this.#types.count(type, atMs);
    try {
      if (epoch !== null) {
        this.#lastEpochAtMs = atMs;
        this.#observations.frame(frame, type, epoch, atMs, this.#minutes.at(atMs));
      } else if (type === 1005 || type === 1006 || type === 1033) this.#station.frame(frame, atMs);
    } catch (error) {
      if (!(error instanceof RtcmError)) throw error;
      return "unreadable";
    }
    return "read";
  }

  form(nowMs: number): StreamForm {
    return {
      types: this.#types.rates(nowMs, this.#sinceMs),
      constellations: this.#observations.constellations,
      carriers: this.#observations.carriers,
      bytesPerS: this.#connected === null ? 0 : this.#bytes.perS(nowMs, this.#sinceMs),
    };
  }

  /** @param of.clock "off": our own clock is wrong, so no latency is told */
  health(of: {
    readonly baseId: string;
    readonly mount: string;
    readonly sim: boolean;
    readonly rovers: number;
    readonly nowMs: number;
    readonly clock?: Evidence["clock"];
  }): BaseHealth {
    const { nowMs } = of;
    const state = this.#stateAt(nowMs);
    return {
      baseId: of.baseId,
      mount: of.mount,
      at: iso(nowMs),
      state,
      sim: of.sim,
      connectedSince: this.#connected === null ? null : iso(this.#connected.atMs),
      sourceAgent: this.#agent,
      lastEpochAt: this.#lastEpochAtMs === null ? null : iso(this.#lastEpochAtMs),
      epochAgeS: this.#lastEpochAtMs === null ? null : (nowMs - this.#lastEpochAtMs) / 1000,
      epochLatencyMs: state === "sending" && of.clock !== "off" ? this.#observations.epochs.latencyMs : null,
      bytesPerS: this.#connected === null ? 0 : round(this.#bytes.perS(nowMs, this.#sinceMs), 10),
      ...this.#framing.total,
      messages: this.#types.shown(nowMs, this.#sinceMs),
      satellites: state === "sending" ? this.#observations.satellites(nowMs) : {},
      antenna: this.#station.antenna,
      receiver: this.#station.receiver,
      rovers: of.rovers,
    };
  }

  /** What is to be said of it now, and what that rests on. */
  truth(around: Circumstances): Pick<BaseTruth, "verdict" | "findings" | "medianCnrDbHz"> {
    const { verdict, findings } = this.#judge(around);
    const cnrDbHz = this.#observations.signals.medianCnrDbHz(around.nowMs);
    return { verdict, findings, medianCnrDbHz: cnrDbHz === null ? null : round(cnrDbHz, 10) };
  }

  /** A reason to leave this base when that can be done safely; null: none. */
  softFault(nowMs: number): Sentence | null {
    const lost = this.#observations.lostSystems(nowMs)[0];
    if (lost !== undefined) return HEALTH_WORDS.systemLost(lost);
    const fallDb = this.#cnrFallDb(nowMs);
    if (fallDb !== null && exceeds("cnrFallDb", fallDb)?.severity === "fault") return MEASURE_WORDS.cnrFallDb(fallDb);
    const share = this.#framing.crcShare(nowMs);
    return share !== null && exceeds("crcShare", share)?.severity === "fault" ? MEASURE_WORDS.crcShare(share) : null;
  }

  /** Satellites of the last epoch, less one for each system beside the first (its clock offset is one unknown more): RTK needs 5. */
  satellitesForRtk(nowMs: number): number {
    const { GPS = 0, GLONASS = 0, GALILEO = 0, QZSS = 0, BEIDOU = 0 } = this.#observations.satellites(nowMs);
    const systems = [GPS + QZSS, GLONASS, GALILEO, BEIDOU].filter((count) => count > 0); // QZSS keeps GPS time
    return systems.reduce((sum, count) => sum + count, 0) - Math.max(0, systems.length - 1);
  }

  /** The record of a minute that is over, each once; ask once a second. */
  minuteRecord(of: { readonly baseId: string; readonly verdict: BaseTruth["verdict"]; readonly nowMs: number }): BaseMinute | null {
    const minute = this.#minutes.take(of.nowMs);
    return minute === null ? null : minuteOf(minute, of.baseId, of.verdict);
  }

  /** The least latency of the last minute, for the check of our own clock; null where none can be told. */
  leastLatencyMs(nowMs: number): number | null {
    return this.#stateAt(nowMs) === "sending" ? this.#minutes.leastLatencyMs(nowMs) : null;
  }

  #judge({ nowMs, clock, lonDeg, kind }: Circumstances): Verdict {
    const { epochs, systems } = this.#observations;
    const settled = nowMs - this.#sinceMs >= RATE_EVIDENCE_S * 1000;
    const state = this.#stateAt(nowMs);
    return judge({
      observedS: this.#minutes.hour(nowMs).observedS,
      state,
      quietS: this.#everConnected ? (nowMs - Math.max(this.#sinceMs, this.#lastEpochAtMs ?? 0)) / 1000 : null,
      measured: this.#measured(nowMs, state, clock),
      lostSystems: this.#observations.lostSystems(nowMs),
      fewSatellites: systems.few(nowMs),
      movingBaseMessage: this.#types.has(4072),
      computedStation: kind === "physical" && this.#station.computed,
      glonassWithoutBias: settled && this.#observations.constellations.includes("GLONASS") && !this.#types.has(1230),
      qzssMissing: settled && this.#lacksQzss(lonDeg),
      foreignBytes: this.#framing.isMixed(nowMs),
      notNow: state === "sending" && epochs.notNow,
      clock,
    });
  }

  #measured(nowMs: number, state: BaseHealth["state"], clock: Evidence["clock"]): Measured {
    const { epochs, signals } = this.#observations;
    const hour = this.#minutes.hour(nowMs);
    const sends = state === "sending";
    const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
    const intervalMs = epochs.intervalMs;
    return {
      arpAgeS: sends ? (nowMs - (this.#station.arpAtMs ?? this.#sinceMs)) / 1000 : null,
      epochIntervalS: sends && intervalMs !== null ? intervalMs / 1000 : null,
      bytesPerS: sends ? this.#bytes.perS(nowMs, this.#sinceMs) : null,
      crcShare: this.#framing.crcShare(nowMs),
      medianCnrDbHz: sends ? signals.medianCnrDbHz(nowMs) : null,
      cnrFallDb: this.#cnrFallDb(nowMs),
      slipsPerSatelliteHour: share(hour.slips * 3600, hour.satelliteS),
      halfCycleShare: share(hour.halfCycles, hour.cells),
      missedShare: share(hour.missedEpochs, hour.epochs + hour.missedEpochs),
      reconnectsPerHour: hour.reconnects,
      duplicatesPerHour: hour.duplicates,
      outOfOrderPerHour: hour.outOfOrder,
      latencyMs: sends && clock === "trusted" && !epochs.notNow ? this.#minutes.latencyMedianMs(nowMs) : null,
    };
  }

  #cnrFallDb(nowMs: number): number | null {
    const nowDbHz = this.#observations.signals.medianCnrDbHz(nowMs);
    const bestDbHz = this.#minutes.bestMedianCnrDbHz(nowMs, this.#observations.sameSystemsSinceMs);
    return nowDbHz === null || bestDbHz === null ? null : Math.max(0, bestDbHz - nowDbHz);
  }

  /** MSM of other systems without QZSS, where it is in the sky. */
  #lacksQzss(surveyLonDeg: number | null): boolean {
    const lonDeg = surveyLonDeg ?? this.#station.antenna?.lonDeg ?? QZSS.meridianDeg;
    if (Math.abs(lonDeg - QZSS.meridianDeg) > QZSS.withinDeg) return false;
    return this.#types.hasAny(1071, 1077) && !this.#observations.constellations.includes("QZSS");
  }

  #stateAt(nowMs: number): BaseHealth["state"] {
    if (this.#connected === null) return "absent";
    const fresh = this.#lastEpochAtMs !== null && this.#lastEpochAtMs >= this.#sinceMs && nowMs - this.#lastEpochAtMs < FRESH_MS;
    return fresh ? "sending" : "silent";
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();
const round = (value: number, perUnit: number): number => Math.round(value * perUnit) / perUnit;

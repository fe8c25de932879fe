import { encodeMessage, epochOf, type MsmToSend } from "rtcm-parser";
import { BaseMonitor } from "../../correction-relay/health.ts";
import { frame1006 } from "./support.ts";

type System = "GPS" | "GLONASS" | "GALILEO" | "QZSS" | "BEIDOU";
const GPS_EPOCH_MS = Date.UTC(1980, 0, 6);
const WEEK_MS = 604_800_000;

export interface Sky {
  readonly systems: Readonly<Partial<Record<System, number>>>; // satellites of each
  readonly cnrDbHz?: number;
  readonly lockIndicator?: number; // DF407
  readonly halfCycle?: boolean;
}

/** MSM7 of one system at a Unix time, one signal per satellite. */
export function msm7(constellation: System, satellites: number, sky: Sky, unixMs: number, more: boolean): Uint8Array {
  const gpsMs = unixMs - GPS_EPOCH_MS + 18_000;
  const epochMs = constellation === "GLONASS" ? (unixMs + 3 * 3_600_000) % 86_400_000 : (gpsMs - (constellation === "BEIDOU" ? 14_000 : 0)) % WEEK_MS;
  const ids = Array.from({ length: satellites }, (_, i) => i + 1);
  const message: MsmToSend = {
    kind: "msm",
    constellation,
    msm: 7,
    stationId: 0,
    epochMs,
    dayOfWeek: constellation === "GLONASS" ? 0 : null,
    multipleMessage: more,
    iods: 0,
    reserved: 0,
    clockSteering: 0,
    externalClock: 0,
    divergenceFreeSmoothing: false,
    smoothingInterval: 0,
    signalIds: [2],
    satellites: ids.map((satelliteId) => ({ satelliteId, wholeMs: 70, modMs: 0.5, extendedInfo: 7, roughRateMps: 0 })),
    cells: ids.map((satelliteId) => ({
      satelliteId,
      signalId: 2,
      finePseudorangeMs: 0,
      finePhaseRangeMs: 0,
      fineRateMps: 0,
      lockIndicator: sky.lockIndicator ?? 500,
      halfCycle: sky.halfCycle ?? false,
      cnrDbHz: sky.cnrDbHz ?? 45,
    })),
  };
  return encodeMessage(message);
}

/** A base at 1 Hz that sends what it is told, and its position every ten seconds; a look every second. */
export class SyntheticBase {
  readonly monitor: BaseMonitor;
  nowMs: number;
  #frames = 0;
  #arpAtMs = 0;
  crcFailures = 0;

  constructor(nowMs: number, monitor = new BaseMonitor()) {
    this.monitor = monitor;
    this.nowMs = nowMs;
    this.connect();
  }

  connect(): void {
    this.#frames = 0;
    this.crcFailures = 0;
    this.monitor.connected(this.nowMs, "NTRIP Test/1");
  }

  /** @param latencyMs from an epoch's own time to its arrival */
  send(seconds: number, sky: Sky, latencyMs = 300): void {
    for (let s = 0; s < seconds; s += 1) {
      this.nowMs += 1000;
      const frames = Object.entries(sky.systems).map(([name, count], i, all) => msm7(name as System, count, sky, this.nowMs - latencyMs, i < all.length - 1));
      if (this.nowMs - this.#arpAtMs >= 10_000) {
        frames.push(frame1006());
        this.#arpAtMs = this.nowMs;
      }
      let bytes = 0;
      for (const frame of frames) {
        this.monitor.frame(frame, epochOf(frame), this.nowMs);
        bytes += frame.length;
      }
      this.#frames += frames.length;
      this.monitor.chunk(bytes, { frames: this.#frames, skippedBytes: this.crcFailures * 100, crcFailures: this.crcFailures }, this.nowMs);
    }
  }

  quiet(seconds: number): void {
    this.nowMs += seconds * 1000;
  }

  truth(clock: "trusted" | "unknown" | "off" = "trusted") {
    return this.monitor.truth({ nowMs: this.nowMs, clock, lonDeg: null, kind: "physical" });
  }

  /** Codes of what health says, hints left out. */
  says(): string[] {
    return this.truth()
      .findings.filter(({ severity }) => severity !== "hint")
      .map(({ code, severity }) => `${severity} ${code}`);
  }
}

import { type Constellation, type Epoch, epochUnixMs, gpsTowMsOf } from "rtcm-parser";
import type { Minute } from "./minutes.ts";
import { median } from "./quantiles.ts";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const LEAD_LOST_MS = 10_000;
const DELTAS_KEPT = 60;
const JUMP_MS = { back: 10_000, forward: 3_600_000 }; // another recording, or the receiver's clock was set: no gap
const BEHIND_MAX = 2; // then it is no disorder but another time
/** Outside this range the clocks disagree, or it is a recording: no latency can be told. */
export const LATENCY_MS = { least: -1000, most: 30_000 };
const DUPLICATE_TYPES_MAX = 64;

/** The times of a base's epochs, by one of its systems: what is missing, double, late or in disorder. */
export class EpochWatch {
  #lead: Constellation | null = null;
  #leadAtMs = 0;
  #lastTowMs: number | null = null;
  readonly #deltasMs: number[] = [];
  readonly #lastFrames = new Map<number, { readonly epochRaw: number; readonly crc: number }>(); // by type
  #behind = 0; // epochs in a row
  #latencyMs: number | null = null;
  #notNow = false;

  /** Between two epochs, as the base usually sends; null before there are five. */
  get intervalMs(): number | null {
    return this.#deltasMs.length < 5 ? null : median(this.#deltasMs);
  }

  /** Arrival minus the epoch's own time, of the last epoch; null where the two clocks disagree. */
  get latencyMs(): number | null {
    return this.#latencyMs;
  }

  /** The stream's own time is not now: a recording, or our clock is wrong. */
  get notNow(): boolean {
    return this.#notNow;
  }

  reset(): void {
    this.#lead = null;
    this.#lastTowMs = null;
    this.#behind = 0;
    this.#deltasMs.length = 0;
    this.#lastFrames.clear();
    this.#latencyMs = null;
    this.#notNow = false;
  }

  frame(frame: Uint8Array, type: number, epoch: Epoch, atMs: number, minute: Minute): void {
    if (this.#isDuplicate(frame, type, epoch.epochRaw)) minute.duplicates += 1;
    if (!this.#leads(epoch.constellation, atMs)) return;
    this.#leadAtMs = atMs;
    const towMs = epoch.constellation === "GLONASS" ? epoch.epochRaw : gpsTowMsOf({ constellation: epoch.constellation, epochRaw: epoch.epochRaw });
    const deltaMs = this.#lastTowMs === null ? null : wrapped(towMs - this.#lastTowMs, epoch.constellation === "GLONASS" ? DAY_MS : WEEK_MS);
    if (deltaMs === 0) return;
    if (deltaMs !== null && deltaMs < 0 && deltaMs >= -JUMP_MS.back && this.#behind < BEHIND_MAX) {
      this.#behind += 1;
      return;
    }
    if (deltaMs !== null && deltaMs > 0) minute.outOfOrder += this.#behind;
    this.#behind = 0;
    this.#lastTowMs = towMs;
    if (deltaMs !== null && deltaMs > 0 && deltaMs <= JUMP_MS.forward) this.#count(deltaMs, minute);
    this.#began(epoch, atMs, minute);
  }

  #count(deltaMs: number, minute: Minute): void {
    const intervalMs = this.intervalMs;
    if (intervalMs !== null && deltaMs > 1.5 * intervalMs) minute.missedEpochs += Math.round(deltaMs / intervalMs) - 1;
    this.#deltasMs.push(deltaMs);
    if (this.#deltasMs.length > DELTAS_KEPT) this.#deltasMs.shift();
  }

  #began(epoch: Epoch, atMs: number, minute: Minute): void {
    minute.epochs += 1;
    const latencyMs = Math.round(atMs - epochUnixMs(epoch, atMs));
    this.#notNow = latencyMs < LATENCY_MS.least || latencyMs > LATENCY_MS.most;
    this.#latencyMs = this.#notNow ? null : latencyMs;
    if (!this.#notNow) minute.latencyMs.add(latencyMs);
  }

  /** GLONASS does not know the day, so it leads only where nothing else is. */
  #leads(constellation: Constellation, atMs: number): boolean {
    if (constellation === this.#lead) return true;
    const vacant = this.#lead === null || (this.#lead === "GLONASS" && constellation !== "GLONASS") || atMs - this.#leadAtMs > LEAD_LOST_MS;
    if (!vacant) return false;
    this.#lead = constellation;
    this.#lastTowMs = null;
    return true;
  }

  /** The same bits twice in a row of one type: an epoch that was sent again. Two halves of an epoch differ. */
  #isDuplicate(frame: Uint8Array, type: number, epochRaw: number): boolean {
    const crc = ((frame.at(-3) as number) << 16) | ((frame.at(-2) as number) << 8) | (frame.at(-1) as number);
    const last = this.#lastFrames.get(type);
    if (last?.epochRaw === epochRaw && last.crc === crc) return true;
    if (last !== undefined || this.#lastFrames.size < DUPLICATE_TYPES_MAX) this.#lastFrames.set(type, { epochRaw, crc });
    return false;
  }
}

/** Into half a period on either side of zero. */
function wrapped(deltaMs: number, periodMs: number): number {
  if (deltaMs > periodMs / 2) return deltaMs - periodMs;
  return deltaMs < -periodMs / 2 ? deltaMs + periodMs : deltaMs;
}

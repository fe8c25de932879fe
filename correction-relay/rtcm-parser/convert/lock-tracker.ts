/** One observation of one signal, as the input tells it. */
export interface Observed {
  /** Minimum continuous lock, ms. */
  readonly minLockMs: number;
  /** In the system's own time, which begins anew after `periodMs`. */
  readonly epochMs: number;
  readonly periodMs: number;
  /** The input's lock does not hold for what is sent here: another signal took its place, or the phase was not sent before. */
  readonly restart: boolean;
}

interface Track {
  minLockMs: number;
  epochMs: number;
  /** No lock can have lasted longer, as far as the input tells; Infinity before the first slip. */
  sinceSlipMs: number;
  sent: number;
}

/**
 * Lock indicators of a coarser table, signal by signal: the lock that is sent never exceeds the one received, nor the
 * time since a slip, and every slip is sent as a fall or as 0. A fall within one step of the coarser table would be lost
 * without memory of what was sent last: then the step below is sent, for that epoch.
 *
 * A slip is a fall of the received lock; also a lock shorter than the time since the signal was last seen (RTCM 10403.3,
 * DF402: then it may have been lost in between), and time that runs backwards.
 * Memory is bounded by the keys: satellites × signals.
 */
export class LockTracker {
  readonly #indicatorFor: (lockMs: number) => number;
  readonly #tracks = new Map<number, Track>();

  /** @param indicatorFor the largest indicator whose minimum lock does not exceed the time */
  constructor(indicatorFor: (lockMs: number) => number) {
    this.#indicatorFor = indicatorFor;
  }

  /** The indicator to send for this observation of the signal `key`. */
  next(key: number, { minLockMs, epochMs, periodMs, restart }: Observed): number {
    const track = this.#tracks.get(key);
    if (track === undefined) {
      const sinceSlipMs = restart ? 0 : Number.POSITIVE_INFINITY;
      const sent = this.#indicatorFor(Math.min(minLockMs, sinceSlipMs));
      this.#tracks.set(key, { minLockMs, epochMs, sinceSlipMs, sent });
      return sent;
    }
    const elapsedMs = (((epochMs - track.epochMs) % periodMs) + periodMs) % periodMs;
    const lost = restart || elapsedMs > periodMs / 2;
    const slipped = lost || minLockMs < track.minLockMs || minLockMs < elapsedMs;
    if (slipped) track.sinceSlipMs = lost ? 0 : elapsedMs;
    else track.sinceSlipMs += elapsedMs;
    const indicator = this.#indicatorFor(Math.min(minLockMs, track.sinceSlipMs));
    track.sent = slipped ? Math.min(indicator, Math.max(0, track.sent - 1)) : indicator;
    track.minLockMs = minLockMs;
    track.epochMs = epochMs;
    return track.sent;
  }

  /** 0 was sent in place of the signal, which is not there now. It keeps its lock if the input shows that it did. */
  absent(key: number): void {
    const track = this.#tracks.get(key);
    if (track !== undefined) track.sent = 0;
  }

  /** Another receiver from now on: every signal known so far slips at its next observation. */
  reset(): void {
    for (const track of this.#tracks.values()) track.minLockMs = Number.POSITIVE_INFINITY;
  }
}

const DAY_MS = 86_400_000;

/** When the epochs of a system begin anew: GLONASS sends ms of day (its day of week is often unknown), the others ms of week. */
export function epochPeriodMs(constellation: string): number {
  return constellation === "GLONASS" ? DAY_MS : 7 * DAY_MS;
}

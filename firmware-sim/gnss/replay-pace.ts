import { epochOf, gpsTowMsOf } from "rtcm-parser";

const DAY_MS = 86_400_000;
const GLONASS_TO_GPS_MS = -3 * 3_600_000 + 18_000; // UTC+3 h to GPS time, by today's leap seconds
const PAUSE_MAX_MS = 30_000; // a longer gap in a recording is no pause to sit through
const BACKWARDS_MAX_MS = 30_000;

/** The recording's own clock: how long to wait before each frame. Systems in one recording may be seconds apart; the foremost sets the pace. */
export class ReplayPace {
  #timeOfDayMs: number | null = null;

  /** ms to wait before this frame is sent: 0 unless it begins a later epoch than any before it. */
  delayBeforeMs(frame: Uint8Array): number {
    const epoch = epochOf(frame);
    if (epoch === null) return 0;
    const { constellation, epochRaw } = epoch;
    const rawMs = constellation === "GLONASS" ? epochRaw + GLONASS_TO_GPS_MS : gpsTowMsOf({ constellation, epochRaw });
    const timeOfDayMs = ((rawMs % DAY_MS) + DAY_MS) % DAY_MS;
    const last = this.#timeOfDayMs;
    if (last === null) {
      this.#timeOfDayMs = timeOfDayMs;
      return 0;
    }
    const aheadMs = ((timeOfDayMs - last + 1.5 * DAY_MS) % DAY_MS) - DAY_MS / 2; // nearest, over midnight too
    if (aheadMs <= 0 && aheadMs >= -BACKWARDS_MAX_MS) return 0;
    this.#timeOfDayMs = timeOfDayMs;
    return aheadMs > 0 && aheadMs <= PAUSE_MAX_MS ? aheadMs : 0;
  }
}

import type { FrameCounters } from "rtcm-parser";
import { RateWindow } from "./rate-window.ts";

const WINDOW_S = 60;
const FOREIGN_SHARE = 0.1;
const FAILURES_MIN = 3; // one damaged frame in a minute is no share

/** How clean the bytes of a base arrive, over the last minute and never since the start. */
export class FramingWatch {
  #total: FrameCounters = { frames: 0, skippedBytes: 0, crcFailures: 0 };
  #frames = new RateWindow(WINDOW_S);
  #failures = new RateWindow(WINDOW_S);
  #skipped = new RateWindow(WINDOW_S);
  #bytes = new RateWindow(WINDOW_S);

  get total(): FrameCounters {
    return this.#total;
  }

  reset(): void {
    this.#total = { frames: 0, skippedBytes: 0, crcFailures: 0 };
    this.#frames = new RateWindow(WINDOW_S);
    this.#failures = new RateWindow(WINDOW_S);
    this.#skipped = new RateWindow(WINDOW_S);
    this.#bytes = new RateWindow(WINDOW_S);
  }

  /** @returns what came since the last call */
  chunk(bytes: number, total: FrameCounters, atMs: number): FrameCounters {
    const news = {
      frames: Math.max(0, total.frames - this.#total.frames),
      skippedBytes: Math.max(0, total.skippedBytes - this.#total.skippedBytes),
      crcFailures: Math.max(0, total.crcFailures - this.#total.crcFailures),
    };
    this.#total = total;
    this.#bytes.add(atMs, bytes);
    if (news.frames > 0) this.#frames.add(atMs, news.frames);
    if (news.crcFailures > 0) this.#failures.add(atMs, news.crcFailures);
    if (news.skippedBytes > 0) this.#skipped.add(atMs, news.skippedBytes);
    return news;
  }

  /**
   * More than a tenth of the bytes is neither RTCM nor what damaged frames leave behind: UBX or NMEA on the same port,
   * in which a false preamble now and then is no damaged frame.
   */
  isMixed(nowMs: number): boolean {
    const { bytes, frames, failures, skipped } = this.#sums(nowMs);
    if (bytes === 0 || frames === 0) return false;
    const frameBytes = (bytes - skipped) / frames;
    return skipped - failures * frameBytes > FOREIGN_SHARE * bytes;
  }

  /** Damaged frames among all; null where false preambles would be counted as such, or with too little to tell. */
  crcShare(nowMs: number): number | null {
    const { frames, failures } = this.#sums(nowMs);
    if (frames + failures < FAILURES_MIN || this.isMixed(nowMs)) return null;
    return failures < FAILURES_MIN ? 0 : failures / (frames + failures);
  }

  #sums(nowMs: number): { readonly bytes: number; readonly frames: number; readonly failures: number; readonly skipped: number } {
    const whole = (window: RateWindow): number => window.perS(nowMs, Number.NEGATIVE_INFINITY) * WINDOW_S;
    return { bytes: whole(this.#bytes), frames: whole(this.#frames), failures: whole(this.#failures), skipped: whole(this.#skipped) };
  }
}

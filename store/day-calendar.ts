/** The clock of a site: what it is ahead of UTC at a moment, in ms, east positive. */
export interface ZoneOffsets {
  offsetMs(atMs: number): number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000; // no zone changes its clocks at another moment
const LOOK_MS = 15 * HOUR_MS; // no clock is further from UTC
const WEEK_MS = 7 * DAY_MS;
const FIRST_MS = Date.UTC(2014, 11, 25); // readings of before 2015 carry no date of their own (DESIGN.md §6)
const LAST_MS = Date.UTC(2045, 0, 1);
const SPANS_MAX = 10_000; // days remembered; then the cache starts anew

/** The days of a site's calendar, numbered from 1970-01-01. */
export class DayCalendar {
  /** The zone's offsets over the years, where they change: equal for zones with the same days. */
  readonly offsets: string;
  /** The one offset of a zone that never changes its clocks, in ms; else null. */
  readonly fixedMs: number | null;
  readonly #zone: ZoneOffsets;
  readonly #spans = new Map<number, { readonly fromMs: number; readonly toMs: number }>();

  constructor(zone: ZoneOffsets) {
    this.#zone = zone;
    const changes: string[] = [];
    let lastMs = Number.NaN;
    for (let week = 0; FIRST_MS + week * WEEK_MS < LAST_MS; week += 1) {
      const offsetMs = zone.offsetMs(FIRST_MS + week * WEEK_MS);
      if (offsetMs !== lastMs) changes.push(`${week}:${offsetMs}`);
      lastMs = offsetMs;
    }
    this.offsets = changes.join(" ");
    this.fixedMs = changes.length === 1 ? lastMs : null;
  }

  dayOf(atMs: number): number {
    return Math.floor((atMs + this.#offset(atMs)) / DAY_MS);
  }

  /** From the first moment of the day to that of the next, Unix ms. */
  spanOf(day: number): { readonly fromMs: number; readonly toMs: number } {
    const known = this.#spans.get(day);
    if (known) return known;
    if (this.#spans.size >= SPANS_MAX) this.#spans.clear();
    const span = { fromMs: this.#startOf(day), toMs: this.#startOf(day + 1) };
    this.#spans.set(day, span);
    return span;
  }

  #startOf(day: number): number {
    if (this.fixedMs !== null) return day * DAY_MS - this.fixedMs;
    let atMs = day * DAY_MS - LOOK_MS;
    while (this.dayOf(atMs) < day) atMs += QUARTER_MS;
    return atMs;
  }

  #offset(atMs: number): number {
    return this.fixedMs ?? this.#zone.offsetMs(atMs);
  }
}
